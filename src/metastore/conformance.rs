//! Conformance suite that every metastore backend must pass.

use crate::identity::FencingToken;
use crate::schema::{Column, ColumnName, TableSchema};

use super::{Database, Metastore, MetastoreError, Parameters, Partition, PartitionValue, Registered, Table, TableName};

fn columns(list: &[(&str, &str)]) -> TableSchema {
    TableSchema::new(list.iter().map(|(name, ty)| Column::new(ColumnName::new(name).unwrap(), ty.parse().unwrap())).collect())
}

fn name() -> TableName {
    "adg_conformance.bids".parse().unwrap()
}

fn table() -> Table {
    Table {
        name: name(),
        location: "file:///tmp/adg_conformance/bids".into(),
        schema: columns(&[("id", "bigint"), ("cost_$", "decimal(18,2)"), ("tags", "array<struct<a:int,b:map<string,date>>>")]),
        partition_by: columns(&[("date_uploaded", "date")]).columns().to_vec(),
        parameters: Table::first_parameters(),
    }
}

fn partition(date: &str, run: &str) -> Partition {
    Partition {
        value: PartitionValue::from(date),
        location: format!("file:///tmp/adg_conformance/bids/date_uploaded={date}/{run}"),
        // Hive's service counts files itself where it is not told.
        parameters: [("numRows", "3"), ("numFiles", "1"), ("totalSize", "10"), ("adg.note", "it's \"quoted\"")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    }
}

/// Runs the suite. Both handles open the same metastore, which has no database `adg_conformance`.
pub(super) fn suite(metastore: &dyn Metastore, other: &dyn Metastore) {
    metastore.check().unwrap();
    tables_are_created_once(metastore, other);
    columns_change_only_from_what_was_read(metastore, other);
    partitions_are_swapped(metastore, other);
    all_registered_places_are_found(metastore, other);
    a_publish_removes_statistics_of_spark(metastore, other);
    a_late_sleeper_is_fenced(metastore, other);
    partitions_of_several_columns_are_kept_apart(metastore, other);
    a_table_without_partition_columns_is_moved(metastore, other);
}

fn tables_are_created_once(metastore: &dyn Metastore, other: &dyn Metastore) {
    let database = Database { name: name().database, location: "file:///tmp/adg_conformance".into() };
    assert!(metastore.table(&name()).unwrap().is_none());
    assert!(matches!(metastore.partitions(&name()), Err(MetastoreError::NoSuchTable { .. })));
    assert!(metastore.partition(&name(), &PartitionValue::from("2024-01-01")).unwrap().is_none());
    metastore.create_database(&database).unwrap();
    other.create_database(&database).unwrap();
    metastore.create_table(&table()).unwrap();
    assert!(matches!(other.create_table(&table()), Err(MetastoreError::TableExists { .. })));
    assert_eq!(other.table(&name()).unwrap(), Some(table()));
    assert!(other.tables().unwrap().contains(&name()));
    // Names are whole names: neither a part of a name nor a longer one is found.
    for near in ["adg_conformance.bid", "adg_conformance.bids_x", "adg.bids"] {
        assert!(metastore.table(&near.parse().unwrap()).unwrap().is_none(), "{near}");
    }
}

fn columns_change_only_from_what_was_read(metastore: &dyn Metastore, other: &dyn Metastore) {
    let before = table().schema;
    let mut after = before.clone();
    after.push(columns(&[("note", "string")]).columns()[0].clone());
    let owner = Parameters::from([("adg.module".into(), "vacancy".into())]);
    other.alter_table(&name(), &before, &after, &owner).unwrap();
    let again = metastore.alter_table(&name(), &before, &after, &Parameters::new());
    assert!(matches!(again, Err(MetastoreError::Changed { .. })));
    let now = metastore.table(&name()).unwrap().unwrap();
    let mut parameters = table().parameters;
    parameters.extend(owner);
    assert_eq!(now, Table { schema: after, parameters, ..table() });
}

fn partitions_are_swapped(metastore: &dyn Metastore, other: &dyn Metastore) {
    let fence = FencingToken(5);
    metastore.publish(&name(), &[partition("2024-01-02", "b"), partition("2024-01-01", "a")], fence).unwrap();
    metastore.publish(&name(), &[partition("2024-01-01", "c")], fence).unwrap();
    metastore.publish(&name(), &[], fence).unwrap();
    assert_eq!(other.partitions(&name()).unwrap(), [partition("2024-01-01", "c"), partition("2024-01-02", "b")]);
    assert_eq!(other.partition(&name(), &PartitionValue::from("2024-01-02")).unwrap(), Some(partition("2024-01-02", "b")));
    other.drop_partition(&name(), &PartitionValue::from("2024-01-02"), fence).unwrap();
    other.drop_partition(&name(), &PartitionValue::from("2024-01-02"), fence).unwrap();
    assert_eq!(metastore.partitions(&name()).unwrap().len(), 1);
    let unknown: TableName = "adg_conformance.nothing".parse().unwrap();
    assert!(matches!(
        metastore.publish(&unknown, &[partition("2024-01-01", "a")], fence),
        Err(MetastoreError::NoSuchTable { .. })
    ));
}

fn all_registered_places_are_found(metastore: &dyn Metastore, other: &dyn Metastore) {
    // As somebody makes a copy by hand, in another folder, of a partition of ours.
    let copy: TableName = "adg_conformance.bids_copy".parse().unwrap();
    let location = "file:///tmp/adg_conformance/elsewhere".to_owned();
    other.create_table(&Table { name: copy.clone(), location, ..table() }).unwrap();
    let ours = partition("2024-01-01", "c").location;
    let copied = Partition { location: ours.clone(), ..partition("2030-01-01", "x") };
    let away = Partition { location: "file:///tmp/adg_conformance/bids_copy/y".into(), ..partition("2030-01-02", "y") };
    other.publish(&copy, &[copied, away], FencingToken(1)).unwrap();
    let mut found = metastore.registered_below(&table().location).unwrap();
    found.sort();
    let at = |table: &str| Registered { table: table.to_owned(), location: ours.clone() };
    assert_eq!(found, [at("adg_conformance.bids"), at("adg_conformance.bids_copy")]);
}

fn a_publish_removes_statistics_of_spark(metastore: &dyn Metastore, other: &dyn Metastore) {
    let now = other.table(&name()).unwrap().unwrap();
    let statistics =
        [("spark.sql.statistics.numRows", "3"), ("spark.sql.statistics.colStats.id.max", "9"), ("spark.sql.x", "stays")];
    let set = statistics.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    other.alter_table(&name(), &now.schema, &now.schema, &set).unwrap();
    // With the fence that the table has.
    metastore.publish(&name(), &[partition("2024-01-01", "c")], FencingToken(5)).unwrap();
    let mut expected = now.parameters;
    expected.insert("spark.sql.x".into(), "stays".into());
    let found = other.table(&name()).unwrap().unwrap().parameters;
    assert_eq!(found, expected);
}

fn a_late_sleeper_is_fenced(metastore: &dyn Metastore, other: &dyn Metastore) {
    other.publish(&name(), &[partition("2024-01-03", "late")], FencingToken(5)).unwrap();
    other.fence_off(&name(), FencingToken(6)).unwrap();
    other.fence_off(&name(), FencingToken(6)).unwrap();
    assert!(matches!(metastore.fence_off(&name(), FencingToken(5)), Err(MetastoreError::Fenced { found: 6, ours: 5, .. })));
    for date in ["2024-01-03", "2024-01-04"] {
        let slept = metastore.publish(&name(), &[partition(date, "slept")], FencingToken(5));
        assert!(matches!(slept, Err(MetastoreError::Fenced { found: 6, ours: 5, .. })));
        let dropped = metastore.drop_partition(&name(), &PartitionValue::from(date), FencingToken(5));
        assert!(matches!(dropped, Err(MetastoreError::Fenced { .. })));
    }
    assert_eq!(metastore.partition(&name(), &PartitionValue::from("2024-01-03")).unwrap(), Some(partition("2024-01-03", "late")));
}

fn partitions_of_several_columns_are_kept_apart(metastore: &dyn Metastore, other: &dyn Metastore) {
    let name: TableName = "adg_conformance.hours".parse().unwrap();
    let location = "file:///tmp/adg_conformance/hours".to_owned();
    let partition_by = columns(&[("day", "string"), ("hour", "int")]).columns().to_vec();
    let table = Table { name: name.clone(), location, partition_by, ..table() };
    metastore.create_table(&table).unwrap();
    assert_eq!(other.table(&name).unwrap(), Some(table));
    // Hive escapes the slashes in the partition's name.
    let of = |hour: &str, run: &str| Partition {
        value: PartitionValue::new(vec!["2024/05/01".into(), hour.into()]),
        ..partition("2024-05-01", run)
    };
    let fence = FencingToken(1);
    metastore.publish(&name, &[of("10", "a"), of("9", "b")], fence).unwrap();
    metastore.publish(&name, &[of("9", "c")], fence).unwrap();
    assert_eq!(other.partition(&name, &of("9", "c").value).unwrap(), Some(of("9", "c")));
    other.drop_partition(&name, &of("9", "c").value, fence).unwrap();
    assert_eq!(other.partitions(&name).unwrap(), [of("10", "a")]);
}

fn a_table_without_partition_columns_is_moved(metastore: &dyn Metastore, other: &dyn Metastore) {
    let name: TableName = "adg_conformance.rates".parse().unwrap();
    let base = "file:///tmp/adg_conformance/rates".to_owned();
    let table = Table { name: name.clone(), location: base.clone(), partition_by: Vec::new(), ..table() };
    metastore.create_table(&table).unwrap();
    // Hive's service takes `DO_NOT_UPDATE_STATS` for itself where a table has no partitions.
    let found = other.table(&name).unwrap().unwrap();
    let table = Table { parameters: found.parameters.clone(), ..table };
    assert_eq!((&found, found.parameters.get("EXTERNAL").map(String::as_str)), (&table, Some("TRUE")));
    assert_eq!(other.partitions(&name).unwrap(), [table.as_partition()]);
    let to = |run: &str| {
        let parameters = [("numRows", "3"), ("numFiles", "1"), ("totalSize", "10"), ("adg.note", run)];
        let parameters = parameters.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        Partition { value: PartitionValue::default(), location: format!("{base}/_adg/{run}"), parameters }
    };
    for (run, fence) in [("a", 5), ("b", 5), ("b", 6), ("c", 7)] {
        metastore.publish(&name, &[to(run)], FencingToken(fence)).unwrap();
        let mut parameters = table.parameters.clone();
        parameters.extend(to(run).parameters);
        let expected = Partition { parameters, ..to(run) };
        assert_eq!(other.partition(&name, &PartitionValue::default()).unwrap(), Some(expected.clone()));
        assert_eq!(other.partitions(&name).unwrap().as_slice(), std::slice::from_ref(&expected));
        let now = other.table(&name).unwrap().unwrap();
        assert_eq!(now, Table { location: expected.location, parameters: expected.parameters, ..table.clone() });
    }
    let late = metastore.publish(&name, &[to("late")], FencingToken(6));
    assert!(matches!(late, Err(MetastoreError::Fenced { found: 7, ours: 6, .. })), "{late:?}");
    let found = other.registered_below(&base).unwrap();
    assert_eq!(found, [Registered { table: name.to_string(), location: format!("{base}/_adg/c") }]);
    // Columns change wherever it lies.
    let mut after = table.schema.clone();
    after.push(columns(&[("note", "string")]).columns()[0].clone());
    other.alter_table(&name, &table.schema, &after, &Parameters::new()).unwrap();
    let now = metastore.table(&name).unwrap().unwrap();
    assert_eq!((now.schema, now.location), (after, format!("{base}/_adg/c")));
    assert_eq!(metastore.partition(&self::name(), &PartitionValue::default()).unwrap(), None);
}
