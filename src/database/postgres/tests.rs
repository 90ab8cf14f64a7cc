//! Reading from a real server. `tests/types.sql` has a value of each type that some reader gets wrong.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;

use super::{CopyBatch, PostgresConnection, Session, TlsMode};
use crate::test_services;

fn session() -> Session {
    let config: tokio_postgres::Config = test_services::postgres().url.parse().unwrap();
    let [tokio_postgres::config::Host::Tcp(host)] = config.get_hosts() else { panic!("{config:?}") };
    let connection = PostgresConnection {
        host: host.clone(),
        port: config.get_ports()[0],
        database: config.get_dbname().unwrap().to_owned(),
        user: config.get_user().unwrap().to_owned(),
        password: None,
        tls: TlsMode::Disable,
        ca: None,
    };
    Session::open(&connection).unwrap()
}

/// Returns each row's values as text, and what did not fit.
fn read(session: &Session, query: &str, most: usize) -> (Vec<Vec<String>>, Vec<String>) {
    let columns = session.describe(query).unwrap();
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mut copy = session.copy(query, columns).unwrap();
    let (mut rows, mut misfits) = (Vec::new(), Vec::new());
    while let Some(CopyBatch { batch, misfits: found }) = copy.next_batch(most).unwrap() {
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
                "2|123456789012345678901234567890.123456789|null|{digits}|null|null|null|00:00:00|00:00:00+14|-1 years|null|null|\
                 []|[]|[]|sad|1|null||000|-$0.01|::1/128||null|null|     ||0|-inf|empty|null"
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
            "1 n2 1234567890123456789012345678.0123456789",
            "1 ts -infinity",
            "1 tstz -infinity",
            "1 d -infinity",
            "3 ts 9223371331199999999 microseconds after 2000-01-01 00:00:00",
            "3 tstz 9223371331199999999 microseconds after 2000-01-01 00:00:00",
            "3 ia [0:1]={7,8}",
        ]
    );
}
