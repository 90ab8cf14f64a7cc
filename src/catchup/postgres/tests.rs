use jiff::{SignedDuration, Timestamp};

use super::PostgresLedger;
use crate::catchup::conformance::{self, versions};
use crate::catchup::{Access, Attempt, Holder, LeaseStore, Ledger, LedgerError, RunLog, Status, Unit};
use crate::identity::{CollectionName, Explain, ModuleName, ProcessingDate, RunId};
use crate::secrets::SecretText;
use crate::test_services;

fn url(text: &str) -> SecretText {
    serde_json::from_value(text.into()).unwrap()
}

#[test]
fn passes_the_conformance_suite() {
    let server = test_services::postgres();
    let open = || PostgresLedger::open(&url(&server.url), None).unwrap();
    conformance::suite(&open(), &open());
}

#[test]
fn it_says_what_it_is_and_who_may_not_without_a_password() {
    let url = |text: &str| serde_json::from_value::<SecretText>(text.into()).unwrap();
    let address = test_services::postgres().url.clone();
    let ledger = PostgresLedger::open(&url(&address), None).unwrap();
    let told = ledger.check().unwrap();
    let (version, place) = told.strip_prefix("PostgreSQL ").unwrap().split_once(" at ").unwrap();
    assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{told}");
    assert!(place.starts_with("postgresql://") && place.ends_with("/adg") && !place.contains('@'), "{told}");
    // One who may sign in, and nothing more.
    ledger.client().unwrap().batch_execute("create role reader login password 'known'").unwrap();
    let (_, host) = address.split_once('@').unwrap();
    let reader = PostgresLedger::open(&url(&format!("postgresql://reader:known@{host}")), None);
    let refused = reader.and_then(|ledger| ledger.history(&"shop".parse().unwrap())).unwrap_err();
    assert!(matches!(refused, LedgerError::Denied { .. }), "{refused:?}");
    assert!(!format!("{refused} {refused:?}").contains("known"), "{refused}");
}

/// The order of attempts follows the leases of the ledger: runs come from machines with clocks of their own.
#[test]
fn the_later_lease_counts_and_not_the_later_clock() {
    let ledger = PostgresLedger::open(&url(&test_services::postgres().url), None).unwrap();
    let at = |seconds: i64| Timestamp::from_second(1_700_000_000 + seconds).unwrap();
    let (module, collection, date) =
        ("clocks".parse::<ModuleName>().unwrap(), "bids".parse::<CollectionName>().unwrap(), "2024-01-01");
    let mut statuses = [(100, Status::Completed), (0, Status::CleanedUp)].into_iter().map(|(clock, status)| {
        let run_id = RunId::new(at(clock));
        let holder = Holder { run_id, host: "host".into(), process: 7 };
        let lease =
            ledger.acquire(&module.clone().into(), Access::Exclusive, &holder, at(clock), SignedDuration::from_secs(60)).unwrap();
        let day: ProcessingDate = date.parse().unwrap();
        ledger
            .record(&lease, &Attempt::begin(Unit::new(module.clone(), collection.clone(), day), run_id, 1, status, at(clock)))
            .unwrap();
        ledger.release(&lease).unwrap();
        ledger.days(&module).unwrap()[&collection][&day]
    });
    assert_eq!((statuses.next(), statuses.next()), (Some(Status::Completed), Some(Status::CleanedUp)));
}

#[test]
fn a_lost_connection_is_made_again_and_a_stranger_is_refused() {
    let server = test_services::postgres();
    let ledger = PostgresLedger::open(&url(&server.url), None).unwrap();
    let kill = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'adg' and pid = pg_backend_pid()";
    assert!(ledger.client().unwrap().batch_execute(kill).is_err());
    ledger.check().unwrap();
    let stranger = server.url.replace("adg@", "nobody:hunter2@");
    let error = PostgresLedger::open(&url(&stranger), None).map(drop).unwrap_err();
    assert!(matches!(error, LedgerError::Denied { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("hunter2"));
}

/// Creates a separate database on the server that all tests share.
fn database(name: &str) -> SecretText {
    let server = &test_services::postgres().url;
    let mut client = postgres::Client::connect(server, postgres::NoTls).unwrap();
    client.batch_execute(&format!("create database {name}")).unwrap();
    let (address, _) = server.rsplit_once('/').unwrap();
    url(&format!("{address}/{name}"))
}

#[test]
fn a_ledger_of_version_0_1_is_read_and_continued() {
    let url = database("version_0_1");
    let script = std::fs::read_to_string(versions::of_version_0_1("postgres.sql")).unwrap();
    postgres::Client::connect(url.reveal(), postgres::NoTls).unwrap().batch_execute(&script).unwrap();
    versions::reads_version_0_1(&PostgresLedger::open(&url, None).unwrap());
}

#[test]
fn a_ledger_of_a_newer_version_is_refused() {
    let url = database("newer_version");
    let ledger = PostgresLedger::open(&url, None).unwrap();
    ledger.client().unwrap().batch_execute("update adg_ledger_version set version = 3").unwrap();
    versions::refuses_a_newer_one(&PostgresLedger::open(&url, None).map(drop).unwrap_err());
}

#[test]
fn a_server_that_only_reads_and_a_database_that_is_missing_are_told_apart() {
    let read_only = database("read_only");
    let alter = "alter database read_only set default_transaction_read_only = on";
    postgres::Client::connect(read_only.reveal(), postgres::NoTls).unwrap().batch_execute(alter).unwrap();
    let error = PostgresLedger::open(&read_only, None).map(drop).unwrap_err();
    assert_eq!((error.kind().number(), error.hint().unwrap().contains("not a replica")), (20, true), "{error:?}");
    let nowhere = url(&read_only.reveal().replace("read_only", "nowhere"));
    let error = PostgresLedger::open(&nowhere, None).map(drop).unwrap_err();
    assert_eq!((error.kind().number(), error.hint().unwrap().contains("createdb")), (10, true), "{error:?}");
    let error = PostgresLedger::open(&url("no address: hunter2"), None).map(drop).unwrap_err();
    assert_eq!((error.kind().number(), format!("{error:?}").contains("hunter2")), (10, false), "{error:?}");
}
