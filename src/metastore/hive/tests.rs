use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::{HiveMetastore, HiveSettings, convert};
use crate::identity::FencingToken;
use crate::metastore::{
    Database, Metastore, MetastoreError, Parameters, Partition, PartitionValue, Table, TableName, conformance,
};
use crate::runtime;
use crate::schema::{Column, ColumnName, TableSchema};
use crate::test_services;

fn metastore(uris: &[&str]) -> HiveMetastore {
    let uris = uris.iter().map(|uri| uri.parse().unwrap()).collect();
    HiveMetastore::open(&HiveSettings { uris, timeout_seconds: 300 })
}

fn columns_of(list: &[(&str, &str)]) -> TableSchema {
    TableSchema::new(list.iter().map(|(name, ty)| Column::new(ColumnName::new(name).unwrap(), ty.parse().unwrap())).collect())
}

fn table(name: &str) -> Table {
    let name: TableName = name.parse().unwrap();
    let location = format!("file://{}/{name}", test_services::hive().warehouse.display());
    let partition_by = columns_of(&[("date_uploaded", "date")]).columns().to_vec();
    Table { name, location, schema: columns_of(&[("id", "bigint")]), partition_by, parameters: Table::first_parameters() }
}

fn partition(table: &Table, value: &str, run: &str) -> Partition {
    let parameters = [("numRows", "3"), ("numFiles", "1"), ("totalSize", "10")];
    let parameters = parameters.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    Partition { value: PartitionValue::from(value), location: format!("{}/{value}/{run}", table.location), parameters }
}

fn make(metastore: &HiveMetastore, table: &Table) {
    let location = format!("file://{}/{}", test_services::hive().warehouse.display(), table.name.database);
    metastore.create_database(&Database { name: table.name.database.clone(), location }).unwrap();
    metastore.create_table(table).unwrap();
}

#[test]
fn passes_the_conformance_suite() {
    let hive = test_services::hive();
    conformance::suite(&metastore(&[&hive.uri]), &metastore(&[&hive.uri]));
    // The service made it.
    std::fs::remove_dir_all("/tmp/adg_conformance").unwrap();
}

#[test]
fn the_next_service_is_asked_where_one_does_not_answer() {
    let hive = test_services::hive();
    let metastore = metastore(&["thrift://127.0.0.1:1", "thrift://no.such.host.invalid:9083", &hive.uri]);
    metastore.check().unwrap();
    let before = metastore.calls();
    metastore.check().unwrap();
    assert_eq!(metastore.calls(), before + 1, "the one that answered is asked first");
    let nobody = super::tests::metastore(&["thrift://127.0.0.1:1"]);
    let error = nobody.check().unwrap_err().to_string();
    assert!(error.contains("failed to list databases in the metastore thrift://127.0.0.1:1"), "{error}");
}

/// Passes calls on to the metastore, and answers to it; while `swallow` is above zero, it cuts the connection instead of that
/// many next answers.
fn forgetful_proxy(target: &str, swallow: &Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("thrift://{}", listener.local_addr().unwrap());
    let (target, swallow) = (target.trim_start_matches("thrift://").to_owned(), Arc::clone(swallow));
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(&target).unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            let (mut from, mut to, swallow) = (server, client, Arc::clone(&swallow));
            std::thread::spawn(move || {
                let mut buffer = vec![0; 1 << 16];
                while let Ok(count @ 1..) = from.read(&mut buffer) {
                    if swallow.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                        break;
                    }
                    if to.write_all(&buffer[..count]).is_err() {
                        break;
                    }
                }
                let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
            });
        }
    });
    uri
}

#[test]
fn a_reply_lost_after_the_service_acted_is_recognised() {
    let hive = test_services::hive();
    let swallow = Arc::new(AtomicUsize::new(0));
    let (flaky, sound) = (metastore(&[&forgetful_proxy(&hive.uri, &swallow)]), metastore(&[&hive.uri]));
    let table = table("adg_lost.bids");
    let lose = |replies| swallow.store(replies, Ordering::SeqCst);
    lose(1);
    flaky.create_database(&Database { name: table.name.database.clone(), location: "file:///tmp/adg_lost".into() }).unwrap();
    lose(1);
    flaky.create_table(&table).unwrap();
    assert_eq!(sound.table(&table.name).unwrap(), Some(table.clone()));
    // The first publish sets the fence; from then on a publish is: read the table, look, add or swap.
    let fence = FencingToken(1);
    flaky.publish(&table.name, &[partition(&table, "2024-01-01", "a")], fence).unwrap();
    for (run, replies) in [("b", 1), ("c", 2), ("d", 3)] {
        lose(replies);
        let day = partition(&table, "2024-01-01", run);
        flaky.publish(&table.name, std::slice::from_ref(&day), fence).unwrap();
        assert_eq!(sound.partitions(&table.name).unwrap(), [day]);
    }
    lose(1);
    let after = columns_of(&[("id", "bigint"), ("note", "string")]);
    flaky.alter_table(&table.name, &table.schema, &after, &Parameters::new()).unwrap();
    assert_eq!(sound.table(&table.name).unwrap().unwrap().schema, after);
    lose(1);
    flaky.drop_partition(&table.name, &PartitionValue::from("2024-01-01"), fence).unwrap();
    assert!(sound.partitions(&table.name).unwrap().is_empty());
}

#[test]
fn a_change_that_somebody_else_made_in_between_is_not_lost() {
    let hive = test_services::hive();
    let metastore = metastore(&[&hive.uri]);
    let table = table("adg_between.bids");
    make(&metastore, &table);
    let read = runtime::wait(metastore.find_table(&table.name)).unwrap().unwrap().unwrap();
    // Somebody adds a column, with a comment, after we have read.
    let theirs = columns_of(&[("id", "bigint"), ("theirs", "string")]);
    metastore.alter_table(&table.name, &table.schema, &theirs, &Parameters::from([("owner".into(), "them".into())])).unwrap();
    let stale = convert::with_columns(read.clone(), &columns_of(&[("id", "bigint"), ("ours", "string")]), &Parameters::new());
    let fault = runtime::wait(metastore.alter(&table.name, &read, stale)).unwrap().unwrap_err();
    assert!(fault.is_conflict(), "{fault:?}");
    let ours = columns_of(&[("id", "bigint"), ("ours", "string")]);
    let refused = metastore.alter_table(&table.name, &table.schema, &ours, &Parameters::new());
    assert!(matches!(refused, Err(MetastoreError::Changed { .. })));
    let both = columns_of(&[("id", "bigint"), ("theirs", "string"), ("ours", "string")]);
    metastore.alter_table(&table.name, &theirs, &both, &Parameters::new()).unwrap();
    let now = metastore.table(&table.name).unwrap().unwrap();
    assert_eq!((now.schema, now.parameters["owner"].as_str()), (both, "them"));
}

/// `cargo test --release --lib -- --ignored --nocapture ten_thousand`
#[test]
#[ignore = "takes minutes; prints the figures of docs/services.md"]
fn ten_thousand_partitions_are_registered() {
    let service = test_services::Service::start(&["hive", "--database", "postgres"]);
    let metastore = metastore(&[&service.fact("uri")]);
    let mut table = table("adg_many.bids");
    table.location = format!("file://{}/adg_many", service.fact("warehouse"));
    let location = format!("file://{}", service.fact("warehouse"));
    metastore.create_database(&Database { name: table.name.database.clone(), location }).unwrap();
    metastore.create_table(&table).unwrap();
    let first: crate::identity::ProcessingDate = "2000-01-01".parse().unwrap();
    for run in ["a", "b"] {
        let all: Vec<_> = (0..10_000).map(|day| partition(&table, &first.plus_days(day).to_string(), run)).collect();
        let (began, calls) = (Instant::now(), metastore.calls());
        metastore.publish(&table.name, &all, FencingToken(1)).unwrap();
        println!("10,000 partitions, run {run}: {:.1} s, {} calls", began.elapsed().as_secs_f64(), metastore.calls() - calls);
    }
    let began = Instant::now();
    assert_eq!(metastore.partitions(&table.name).unwrap().len(), 10_000);
    println!("listed in {:.1} s", began.elapsed().as_secs_f64());
}

/// adg's side of `bench/partitions.py`, which sends the tables to register on standard input: `register TABLE FIRST COUNT`.
#[test]
#[ignore = "driven by `make bench ONLY=partitions`"]
fn registers_what_the_bench_asks_for() {
    let variable = |name| std::env::var(name).unwrap();
    let (metastore, database) = (metastore(&[&variable("BENCH_METASTORE")]), variable("BENCH_DATABASE"));
    let first: crate::identity::ProcessingDate = "2000-01-01".parse().unwrap();
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let ["register", name, from, count] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let table = metastore.table(&format!("{database}.{name}").parse().unwrap()).unwrap().unwrap();
        let (from, count): (u32, u32) = (from.parse().unwrap(), count.parse().unwrap());
        let days: Vec<_> = (from..from + count).map(|day| partition(&table, &first.plus_days(day).to_string(), "a")).collect();
        metastore.publish(&table.name, &days, FencingToken(1)).unwrap();
        println!("done");
    }
}
