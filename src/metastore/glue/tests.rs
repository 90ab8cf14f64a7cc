use std::time::Instant;

use jiff::ToSpan;

use super::{GlueMetastore, GlueSettings};
use crate::identity::FencingToken;
use crate::metastore::{
    Database, Metastore, MetastoreError, Parameters, Partition, PartitionValue, Table, TableName, conformance,
};
use crate::schema::{Column, ColumnName, ColumnType, TableSchema};
use crate::test_services;

fn open() -> GlueMetastore {
    GlueMetastore::open(&GlueSettings::default(), &test_services::account(test_services::moto()))
}

/// Creates a table in a new database.
fn table(metastore: &GlueMetastore, name: &str) -> TableName {
    let name: TableName = name.parse().unwrap();
    let column = |name: &str, ty| Column::new(ColumnName::new(name).unwrap(), ty);
    let location = format!("s3://lake/{}", name.database);
    metastore.create_database(&Database { name: name.database.clone(), location: location.clone() }).unwrap();
    let table = Table {
        name: name.clone(),
        location: format!("{location}/{}", name.table),
        schema: TableSchema::new(vec![column("id", ColumnType::BigInt), column("title", ColumnType::String)]),
        partition_by: vec![column("date_uploaded", ColumnType::Date)],
        parameters: Table::first_parameters(),
    };
    metastore.create_table(&table).unwrap();
    name
}

/// Returns partitions of that many days, as a run would write them.
fn partitions(days: i64, run: &str) -> Vec<Partition> {
    let partition = |i: i64| {
        let value = (jiff::civil::date(1990, 1, 1) + i.days()).to_string();
        let location = format!("s3://lake/many/date_uploaded={value}/{run}");
        Partition {
            value: PartitionValue::from(value.as_str()),
            location,
            parameters: Parameters::from([("numRows".into(), "3".into())]),
        }
    };
    (0..days).map(partition).collect()
}

#[test]
fn passes_the_conformance_suite() {
    conformance::suite(&open(), &open());
}

#[test]
fn more_than_a_batch_is_published_and_swung_in_few_calls() {
    let metastore = open();
    let name = table(&metastore, "adg_batches.bids");
    let publish = |partitions: &[Partition], fence| {
        let before = metastore.calls();
        metastore.publish(&name, partitions, FencingToken(fence)).unwrap();
        metastore.calls() - before
    };
    // The table is read and its fence is set; then 2 batches are created; then the fence is looked at again.
    assert_eq!(publish(&partitions(150, "a"), 1), 2 + 2 + 1);
    // 250 of which 150 are there: 3 batches are tried, and, after another look at the fence, 2 of what is there are swapped.
    assert_eq!(publish(&partitions(250, "b"), 1), 1 + 3 + 1 + 2 + 1);
    assert_eq!(publish(&partitions(1, "c"), 1), 1 + 1 + 1);
    let mut expected = partitions(250, "b");
    expected[..1].clone_from_slice(&partitions(1, "c"));
    assert_eq!(metastore.partitions(&name).unwrap(), expected);
}

#[test]
fn a_stranger_is_refused_with_the_statement_that_is_missing() {
    let account = test_services::account_as(test_services::moto(), "AKIANOBODY", "nothing");
    let error = GlueMetastore::open(&GlueSettings::default(), &account).table(&"a.b".parse().unwrap()).unwrap_err();
    let MetastoreError::Denied { hint, .. } = &error else { panic!("{error:?}") };
    assert!(hint.contains("glue:GetTable") && hint.contains("arn:aws:glue:"), "{hint}");
}

#[test]
fn a_type_that_is_too_long_is_refused_by_name() {
    let metastore = open();
    let name = table(&metastore, "adg_long.bids");
    let before = metastore.table(&name).unwrap().unwrap().schema;
    let members: Vec<String> = (0..12_000).map(|i| format!("m{i}:string")).collect();
    let mut after = before.clone();
    let ty: ColumnType = format!("struct<{}>", members.join(",")).parse().unwrap();
    after.push(Column::new(ColumnName::new("payload").unwrap(), ty));
    let error = metastore.alter_table(&name, &before, &after, &Parameters::new()).unwrap_err();
    assert!(matches!(&error, MetastoreError::TypeTooLong { column, .. } if column.as_str() == "payload"), "{error}");
    assert_eq!(metastore.table(&name).unwrap().unwrap().schema, before);
}

#[test]
#[ignore = "a measurement: `cargo test ten_thousand -- --ignored --nocapture`"]
fn ten_thousand_partitions() {
    let metastore = open();
    let name = table(&metastore, "adg_many.bids");
    for (what, run) in [("registered", "a"), ("swapped", "b")] {
        let partitions = partitions(10_000, run);
        let (start, before) = (Instant::now(), metastore.calls());
        metastore.publish(&name, &partitions, FencingToken(1)).unwrap();
        println!("{what} 10,000 partitions in {:.1} s, {} calls", start.elapsed().as_secs_f64(), metastore.calls() - before);
        assert_eq!(metastore.partitions(&name).unwrap(), partitions);
    }
}
