//! Reading from a real server. `tests/types.sql` has a value of each type that some reader gets wrong.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;

use super::{CopyBatch, PostgresConnection, Session, Snapshot, TableRef, TlsMode};
use crate::database::DatabaseError;
use crate::stop::Stop;
use crate::test_services;

pub(super) fn connection() -> PostgresConnection {
    let config: tokio_postgres::Config = test_services::postgres().url.parse().unwrap();
    let [tokio_postgres::config::Host::Tcp(host)] = config.get_hosts() else { panic!("{config:?}") };
    PostgresConnection {
        host: host.clone(),
        port: config.get_ports()[0],
        database: config.get_dbname().unwrap().to_owned(),
        user: config.get_user().unwrap().to_owned(),
        password: None,
        tls: TlsMode::Disable,
        ca: None,
    }
}

pub(super) fn session() -> Session {
    Session::open(&connection(), &Stop::default()).unwrap()
}

/// Returns each row's values as text, and what did not fit.
fn read(session: &Session, query: &str, most: usize) -> (Vec<Vec<String>>, Vec<String>) {
    let columns = session.describe(query).unwrap();
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mut copy = session.copy(query, columns).unwrap();
    let (mut rows, mut misfits) = (Vec::new(), Vec::new());
    while let Some(CopyBatch { batch, misfits: found }) = copy.next_batch(most, 1 << 20).unwrap() {
        let options = FormatOptions::default().with_null("null");
        // The library shows no days of far years.
        let shown = |column: &ArrayRef| {
            if *column.data_type() == DataType::Date32 { cast(column, &DataType::Int32).unwrap() } else { Arc::clone(column) }
        };
        let columns: Vec<ArrayRef> = batch.columns().iter().map(shown).collect();
        let formats: Vec<_> = columns.iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        let first = rows.len();
        rows.extend((0..batch.num_rows()).map(|row| formats.iter().map(|format| format.value(row).to_string()).collect()));
        misfits.extend(
            found.into_iter().map(|(row, at, misfit)| format!("{} {}{} {}", first + row, names[at], misfit.path, misfit.text)),
        );
    }
    (rows, misfits)
}

#[test]
fn every_type_is_read_as_it_is_or_told() {
    let session = session();
    session.run("make a table", include_str!("tests/types.sql")).unwrap();
    let columns = session.describe("select * from types").unwrap();
    let types: Vec<String> = columns.iter().map(|column| format!("{} {}", column.name, column.ty)).collect();
    assert_eq!(
        types.join(", "),
        "id int, n string, n2 decimal(38,10), nbig string, ts timestamp, tstz timestamp, d date, t string, ttz string, \
         iv string, j string, jb string, ia array<int>, ta array<string>, ia2 array<int>, e string, dom int, u string, \
         b string, bit1 string, m string, inet1 string, hs string, c string, x string, ch char(5), nm string, oi bigint, \
         f4 float, r string, pt string"
    );
    let (rows, misfits) = read(&session, "select * from types order by id", 2);
    let rows: Vec<String> = rows.iter().map(|row| row.join("|")).collect();
    let digits = "1234567890123456789012345678901234567890.12345";
    assert_eq!(
        rows,
        [
            "1|NaN|null|null|null|null|null|24:00:00|23:59:59.999999-12|1 mon 2 days 03:04:05.000006|{\"a\":1.10,\"a\":2}|\
             {\"a\": 1.10}|[1, null, 3]|[x, null, a,b]|null|ok|5|00000000-0000-0000-0000-000000000001|00ff|101|$1,234.56|\
             10.0.0.1/8|'a' 'b'|(1,z)|<a/>|ab   |nm|4294967295|NaN|[1,5)|(1,2)"
                .to_owned(),
            format!(
                "2|123456789012345678901234567890.123456789|1234567890123456789012345678.0123456789|{digits}|\
                 null|null|null|00:00:00|00:00:00+14|-1 years|null|null|[]|[]|[]|sad|1|null||000|-$0.01|\
                 ::1/128||null|null|     ||0|-inf|empty|null"
            ),
            "3|Infinity|0.0000000000|0.00000|-4712-01-01T00:00:00|-4712-01-02T00:00:00|-2440550|12:00:00|12:00:00+00|00:00:00|\
             [1]|[1]|[1]|[null]|[]|ok|9|null|null|null|null|null|null|null|null|null|null|null|0.1|null|null"
                .to_owned(),
            format!(
                "4|-0.00000000000000000001|-0.0000000001|null|null|null|2145042905|{}{{\"big\": 12345678901234567890123}}{}",
                "null|".repeat(4),
                "|null".repeat(19)
            ),
        ]
    );
    assert_eq!(
        misfits,
        [
            "0 n2 NaN",
            "0 ts infinity",
            "0 tstz infinity",
            "0 d infinity",
            "0 ia2 {{1,2},{3,4}}",
            "1 ts -infinity",
            "1 tstz -infinity",
            "1 d -infinity",
            "3 ts 9223371331199999999 microseconds after 2000-01-01 00:00:00",
            "3 tstz 9223371331199999999 microseconds after 2000-01-01 00:00:00",
            "3 ia [0:1]={7,8}",
        ]
    );
}

/// Returns the first column of all rows of a table, in the ranges of a snapshot, each read by a connection of its own.
fn in_ranges(snapshot: &Snapshot, table: &str, pages: u64) -> (usize, Vec<i64>) {
    let table = TableRef { schema: None, name: table.to_owned() };
    let queries = snapshot.queries(&[], &table, Some(pages), None).unwrap();
    let rows = queries.iter().flat_map(|query| read(&snapshot.join().unwrap(), query, 1000).0);
    let mut found: Vec<i64> = rows.map(|row| row[0].parse().unwrap()).collect();
    found.sort_unstable();
    (queries.len(), found)
}

#[test]
fn ranges_of_a_snapshot_have_each_row_once_whatever_others_write() {
    let session = session();
    let tables = "create table ranged (id bigint, t text); \
                  insert into ranged select i, repeat('x', 500) from generate_series(1, 2000) i; \
                  create table parted (id bigint, t text) partition by range (id); \
                  create table parted_1 partition of parted for values from (0) to (1500); \
                  create table parted_2 partition of parted for values from (1500) to (9000); \
                  insert into parted select * from ranged; \
                  create table heir (more int) inherits (ranged); \
                  create view viewed as select * from ranged";
    session.run("make tables", tables).unwrap();
    let snapshot = Snapshot::take(&connection(), &Stop::default()).unwrap();
    let all: Vec<i64> = (1..=2000).collect();
    let (count, before) = in_ranges(&snapshot, "ranged", 20);
    assert!(count > 4 && before == all, "{count} ranges");
    // Rows move, go and come, also in parts of the table.
    let changes = "update ranged set t = t || 'y' where id % 2 = 0; delete from ranged where id % 3 = 0; \
                   insert into ranged select i, 'new' from generate_series(3000, 3100) i; insert into heir values (7, 'h', 1); \
                   update parted set id = id + 1400; analyze ranged";
    session.run("change", changes).unwrap();
    for (table, pages, is_one) in
        [("ranged", 20, false), ("ranged", 1_000_000, true), ("parted", 20, false), ("viewed", 20, true)]
    {
        let (count, found) = in_ranges(&snapshot, table, pages);
        assert!(found == all && (count == 1) == is_one, "{table} by {pages} pages: {} rows in {count} ranges", found.len());
    }
    let no_table =
        snapshot.queries(&[], &TableRef { schema: Some("public".to_owned()), name: "no such".to_owned() }, Some(1), None);
    assert!(matches!(no_table, Err(DatabaseError::Statement { reason, .. }) if reason.contains("does not exist")));
    // A table that is read can't be emptied in between.
    session.run("set a limit", "set lock_timeout to 100").unwrap();
    assert!(session.run("empty a table", "truncate ranged").is_err());
}

#[test]
fn a_stop_ends_the_statement_in_the_server() {
    let stop = Stop::default();
    let session = Session::open(&connection(), &stop).unwrap();
    let sleep = "select pg_sleep(600)::text as s";
    let columns = session.describe(sleep).unwrap();
    let asking = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        stop.request();
    });
    assert!(matches!(session.copy(sleep, columns), Err(DatabaseError::Stopped(_))));
    asking.join().unwrap();
    let other = self::session();
    let running = "select count(*) from pg_stat_activity where query like '%pg_sleep(600)%' and state = 'active' and pid <> \
                   pg_backend_pid()";
    let is_over = || read(&other, running, 1).0[0][0] == "0";
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !is_over() {
        assert!(std::time::Instant::now() < until, "the statement goes on");
    }
}
