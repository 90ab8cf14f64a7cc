use aws_sdk_dynamodb::types::{AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::items::{Key, LeaseItem};
use super::version::{VERSION, VersionItem};
use super::{DynamoDbLedger, DynamoDbSettings};
use crate::catchup::conformance::{self, versions};
use crate::catchup::stored::StoredHolder;
use crate::catchup::{
    Access, Attempt, Continued, Counts, Holder, JobSummaries, Lease, LeaseStore, Ledger, LedgerError, RetiredPaths, RunLog,
    Status, Summary, SummaryKey, Unit,
};
use crate::identity::{CollectionName, FencingToken, ModuleName, ProcessingDate, RunId};
use crate::runtime;
use crate::test_services;

/// Creates the replaced job's table, empty, under the given name. Returns a function that opens it.
fn table(name: &str) -> impl Fn() -> DynamoDbLedger {
    let account = test_services::account(test_services::moto());
    let settings = DynamoDbSettings { table: name.to_owned(), region: None, endpoint: None, role_chain: Vec::new() };
    let open = move || DynamoDbLedger::open(&settings, &account);
    let ledger = open();
    let (hash, range) = ("Correlation_Id", "DataProduct");
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let text = |name: &str| {
        let text = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        text.build().unwrap()
    };
    let create = ledger.client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let create = create.key_schema(key(hash, KeyType::Hash)).key_schema(key(range, KeyType::Range));
    runtime::wait(create.attribute_definitions(text(hash)).attribute_definitions(text(range)).send()).unwrap().unwrap();
    open
}

fn key() -> SummaryKey {
    SummaryKey { correlation_id: "kickstart_vacancy_adg".into(), data_product: "KICKSTART-ADG".into() }
}

fn module() -> ModuleName {
    "vacancy".parse().unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

fn lease(ledger: &DynamoDbLedger) -> Lease {
    let holder = Holder { run_id: RunId::new(now()), host: "host".into(), process: 7 };
    ledger.acquire(&module().into(), Access::Exclusive, &holder, now(), SignedDuration::from_secs(60)).unwrap()
}

/// Writes the summary line as the replaced job does.
fn replaced_job_writes(ledger: &DynamoDbLedger, date: &str, run: u64, status: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = ledger
        .client
        .put_item()
        .table_name(&ledger.table)
        .item("Correlation_Id", text(&key().correlation_id))
        .item("DataProduct", text(&key().data_product))
        .item("Date", text(date))
        .item("Run_Id", AttributeValue::N(run.to_string()))
        .item("Status", text(status));
    runtime::wait(put.send()).unwrap().unwrap();
}

/// Returns all attributes of the summary, as another reader gets them.
fn summary_line(ledger: &DynamoDbLedger) -> Vec<(String, String)> {
    let all = ledger
        .client
        .query()
        .table_name(&ledger.table)
        .key_condition_expression("Correlation_Id = :id")
        .expression_attribute_values(":id", AttributeValue::S(key().correlation_id))
        .scan_index_forward(false);
    let items = runtime::wait(all.send()).unwrap().unwrap().items.unwrap_or_default();
    assert_eq!(items.len(), 1, "other readers take the newest item of the id");
    let mut line: Vec<(String, String)> =
        items[0].iter().map(|(name, value)| (name.clone(), value.as_s().or_else(|_| value.as_n()).unwrap().clone())).collect();
    line.sort();
    line
}

fn done(date: &str) -> Attempt {
    Attempt::begin(Unit::new(module(), "bids".parse().unwrap(), day(date)), RunId::new(now()), 1, Status::Completed, now())
}

fn day(text: &str) -> ProcessingDate {
    text.parse().unwrap()
}

#[test]
fn passes_the_conformance_suite() {
    let open = table("conformance");
    conformance::suite(&open(), &open());
}

#[test]
fn a_ledger_of_the_replaced_job_is_continued_whatever_its_status() {
    for (i, (status, expected)) in [
        ("Completed", "2021-04-13"),
        ("COMPLETED", "2021-04-13"),
        ("Failed", "2021-04-12"),
        ("In-Progress", "2021-04-12"),
        ("?", "2021-04-12"),
    ]
    .into_iter()
    .enumerate()
    {
        let ledger = table(&format!("taken_over_{i}"))();
        let lease = lease(&ledger);
        // Who only plans finds the same, and writes nothing.
        let planned = |first: &str, again| {
            let found = ledger.continues_from(&module(), &key()).unwrap();
            assert_eq!(found, Some(Continued { first: day(first), again }), "{status}");
        };
        assert_eq!(ledger.continues_from(&module(), &key()).unwrap(), None);
        assert_eq!(ledger.take_over(&lease, &module(), &key()).unwrap(), None);
        replaced_job_writes(&ledger, "2021-04-12", 41, status);
        planned(expected, true);
        assert_eq!(ledger.take_over(&lease, &module(), &key()).unwrap(), Some(day(expected)), "{status}");
        planned(expected, false);
        // What adg writes itself is nobody else's doing.
        ledger.summarise(&lease, &module(), &key(), Summary { date: day("2021-05-01"), status: Status::InProgress }).unwrap();
        assert_eq!(ledger.take_over(&lease, &module(), &key()).unwrap(), Some(day(expected)), "{status}");
        // The replaced job went on for some days, and then it is adg's turn again: from there on nothing is done.
        for date in ["2021-06-01", "2021-06-02"] {
            ledger.record(&lease, &done(date)).unwrap();
        }
        replaced_job_writes(&ledger, "2021-06-01", 50, "Completed");
        planned("2021-06-02", true);
        assert_eq!(ledger.take_over(&lease, &module(), &key()).unwrap(), Some(day("2021-06-02")));
        let days = &ledger.days(&module()).unwrap()[&"bids".parse::<CollectionName>().unwrap()];
        assert_eq!((days[&day("2021-06-01")], days[&day("2021-06-02")]), (Status::Completed, Status::Failed));
    }
}

#[test]
fn the_summary_is_as_the_replaced_job_writes_it() {
    let ledger = table("summary")();
    let lease = lease(&ledger);
    let line = |date: &str, run: &str, status: &str| {
        let texts = [
            ("Correlation_Id", "kickstart_vacancy_adg"),
            ("DataProduct", "KICKSTART-ADG"),
            ("Date", date),
            ("Run_Id", run),
            ("Status", status),
        ];
        texts.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    };
    let write = |date: &str, status| ledger.summarise(&lease, &module(), &key(), Summary { date: day(date), status }).unwrap();
    write("2021-04-12", Status::InProgress);
    assert_eq!(summary_line(&ledger), line("2021-04-12", "1", "In-Progress"));
    write("2021-04-12", Status::Completed);
    assert_eq!(summary_line(&ledger), line("2021-04-12", "1", "Completed"));
    write("2021-04-13", Status::InProgress);
    write("2021-04-13", Status::Failed);
    assert_eq!(summary_line(&ledger), line("2021-04-13", "2", "Failed"));
    write("2021-04-14", Status::Failed);
    assert_eq!(summary_line(&ledger), line("2021-04-14", "2", "Failed"));
    // Each beginning is a run of its own, also of one that began before and never ended.
    write("2021-04-13", Status::InProgress);
    write("2021-04-13", Status::InProgress);
    assert_eq!(summary_line(&ledger), line("2021-04-13", "4", "In-Progress"));
}

#[test]
fn many_sources_and_a_long_error_fit_into_an_item() {
    let ledger = table("long")();
    let lease = lease(&ledger);
    let collection: CollectionName = "bids".parse().unwrap();
    let mut attempt =
        Attempt::begin(Unit::new(module(), collection.clone(), day("2021-04-12")), RunId::new(now()), 1, Status::Failed, now());
    attempt.counts = Counts { rows_read: u64::MAX, ..Counts::default() };
    attempt.error = Some("x".repeat(1 << 20));
    let source =
        |i: u32| crate::catchup::SourceFile { key: format!("2021-04-12_bids_{i}_delta.csv"), size: i.into(), etag: None };
    attempt.sources = (0..20_000).map(source).collect();
    ledger.record(&lease, &attempt).unwrap();
    let found = ledger.attempts(&Unit::new(module(), collection.clone(), day("2021-04-12"))).unwrap();
    assert_eq!((found[0].sources.len(), found[0].counts), (20_000, attempt.counts));
}

#[test]
fn a_list_of_sources_that_is_longer_than_an_item_is_kept_whole_in_parts() {
    let ledger = table("parts")();
    let lease = lease(&ledger);
    let collection: CollectionName = "bids".parse().unwrap();
    let mut attempt = Attempt::begin(
        Unit::new(module(), collection.clone(), day("2021-04-12")),
        RunId::new(now()),
        1,
        Status::Completed,
        now(),
    );
    // Names that can't be packed to much less.
    let random = |i: u64| format!("{:x}{:x}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15), i.wrapping_mul(0xc2b2_ae3d_27d4_eb4f));
    let source = |i: u64| crate::catchup::SourceFile { key: random(i), size: i, etag: Some(random(i ^ 0xff51_afd7_ed55_8ccd)) };
    attempt.sources = (1..20_000).map(source).collect();
    ledger.record(&lease, &attempt).unwrap();
    ledger.record(&lease, &attempt).unwrap();
    let read = || ledger.attempts(&Unit::new(module(), collection.clone(), day("2021-04-12")));
    assert_eq!(read().unwrap(), [attempt.clone()]);
    assert_eq!(ledger.history(&module()).unwrap()[&collection].len(), 1);
    // A part that is gone is told, and not taken for a shorter list.
    let text = |text: String| AttributeValue::S(text);
    let range = format!("sources#bids#2021-04-12#{}#00001", attempt.run_id);
    let delete = ledger.client.delete_item().table_name("parts").key("Correlation_Id", text(format!("adg#{}", module())));
    runtime::wait(delete.key("DataProduct", text(range)).send()).unwrap().unwrap();
    assert!(matches!(read(), Err(LedgerError::Corrupt { .. })));
}

#[test]
fn a_stranger_is_refused_with_the_statement_that_is_missing() {
    let account = test_services::account_as(test_services::moto(), "AKIANOBODY", "nothing");
    let settings = DynamoDbSettings { table: "summary".into(), region: None, endpoint: None, role_chain: Vec::new() };
    let error = DynamoDbLedger::open(&settings, &account).check().unwrap_err();
    let LedgerError::Denied { hint, .. } = &error else { panic!("{error:?}") };
    assert!(hint.contains("dynamodb:GetItem") && hint.contains("table/summary"), "{hint}");
}

#[test]
fn a_line_is_one_modules_and_what_else_it_has_stays() {
    let ledger = table("shared")();
    let lease = lease(&ledger);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = ledger.client.put_item().table_name("shared").item("Correlation_Id", text(&key().correlation_id));
    let put = put.item("DataProduct", text(&key().data_product)).item("Date", text("2021-04-12")).item("Cluster_Id", text("j-1"));
    runtime::wait(put.item("Run_Id", text("7.0")).send()).unwrap().unwrap();
    assert_eq!(
        ledger.take_over(&lease, &module(), &key()).unwrap(),
        Some(day("2021-04-12")),
        "without a status it is tried again"
    );
    ledger.summarise(&lease, &module(), &key(), Summary { date: day("2021-04-12"), status: Status::InProgress }).unwrap();
    let line = summary_line(&ledger);
    assert!(line.contains(&("Cluster_Id".into(), "j-1".into())) && line.contains(&("Run_Id".into(), "8".into())), "{line:?}");
    let elsewhere: ModuleName = "payment".parse().unwrap();
    let holder = Holder { run_id: RunId::new(now()), host: "host".into(), process: 7 };
    let other =
        ledger.acquire(&elsewhere.clone().into(), Access::Exclusive, &holder, now(), SignedDuration::from_secs(60)).unwrap();
    assert!(matches!(ledger.take_over(&other, &elsewhere, &key()), Err(LedgerError::Shared { .. })));
}

#[test]
fn a_run_whose_lease_was_granted_without_an_answer_has_it() {
    let ledger = table("granted")();
    let holder = Holder { run_id: RunId::new(now()), host: "host".into(), process: 7 };
    let take = || ledger.acquire(&module().into(), Access::Exclusive, &holder, now(), SignedDuration::from_secs(60)).unwrap();
    assert_eq!(take(), take());
}

#[test]
fn who_comes_second_finds_the_lease_changed_and_no_other_failure_is_taken_for_that() {
    let open = table("raced");
    let item = |token: u64| {
        let Key { hash, range } = Key::lease(&module().into());
        let holder = StoredHolder::of(&Holder { run_id: RunId::new(now()), host: "host".into(), process: 7 });
        LeaseItem {
            hash,
            range,
            token,
            holder,
            expires: now().to_string(),
            released: false,
            shared: std::collections::BTreeMap::new(),
        }
    };
    let ledger = open();
    assert!(ledger.put_lease(&item(1), None).unwrap());
    assert!(!ledger.put_lease(&item(2), None).unwrap());
    assert!(ledger.put_lease(&item(2), Some(&item(1))).unwrap());
    assert!(!ledger.put_lease(&item(3), Some(&item(1))).unwrap());
    let nowhere = DynamoDbLedger { table: "nowhere".to_owned(), ..open() };
    let missing = nowhere.put_lease(&item(1), None).unwrap_err();
    assert!(matches!(missing, LedgerError::Missing { .. }), "{missing:?}");
    let wrong = ledger.put_lease(&LeaseItem { range: String::new(), ..item(1) }, None).unwrap_err();
    assert!(matches!(wrong, LedgerError::Unavailable { .. }), "{wrong:?}");
    let held = Lease {
        scope: module().into(),
        access: Access::Exclusive,
        token: FencingToken(2),
        run_id: RunId::new(now()),
        expires: now(),
    };
    let renewed = nowhere.renew(&held, now(), SignedDuration::from_secs(60)).map(drop);
    assert!(matches!(renewed, Err(LedgerError::Missing { .. })), "{renewed:?}");
    let forgotten = nowhere.forget_retired(&held, "file:///x").unwrap_err();
    assert!(!matches!(forgotten, LedgerError::LeaseLost { .. }), "{forgotten:?}");
}

/// An attribute as the AWS command line writes it.
fn attribute(json: &Value) -> AttributeValue {
    let (kind, value) = json.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "B" => AttributeValue::B(STANDARD.decode(text()).unwrap().into()),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "NULL" => AttributeValue::Null(true),
        "M" => AttributeValue::M(value.as_object().unwrap().iter().map(|(name, json)| (name.clone(), attribute(json))).collect()),
        other => panic!("{other}"),
    }
}

#[test]
fn a_ledger_of_version_0_1_is_read_and_continued() {
    let ledger = table("version_0_1")();
    let json = std::fs::read(versions::of_version_0_1("dynamodb.json")).unwrap();
    let items: Vec<serde_json::Map<String, Value>> = serde_json::from_slice(&json).unwrap();
    for item in items {
        let item = item.iter().map(|(name, json)| (name.clone(), attribute(json))).collect();
        runtime::wait(ledger.client.put_item().table_name(&ledger.table).set_item(Some(item)).send()).unwrap().unwrap();
    }
    versions::reads_version_0_1(&ledger);
    let key = SummaryKey { correlation_id: "shop_dataset".into(), data_product: "SHOP".into() };
    // The line is as adg left it: nobody went on.
    assert_eq!(ledger.continues_from(&"shop".parse().unwrap(), &key).unwrap(), None);
}

#[test]
fn a_ledger_of_a_newer_version_is_refused() {
    let open = table("newer_version");
    let ledger = open();
    ledger.release(&lease(&ledger)).unwrap();
    open().history(&module()).unwrap();
    ledger.put_alone("write", &VersionItem::of(VERSION + 1)).unwrap();
    let newer = open();
    versions::refuses_a_newer_one(&newer.history(&module()).unwrap_err());
    versions::refuses_a_newer_one(&newer.check().unwrap_err());
    let holder = Holder { run_id: RunId::new(now()), host: "host".into(), process: 7 };
    let taken = newer.acquire(&module().into(), Access::Exclusive, &holder, now(), SignedDuration::from_secs(60));
    versions::refuses_a_newer_one(&taken.unwrap_err());
}
