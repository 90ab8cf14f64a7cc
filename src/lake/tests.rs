//! The Hive sink against the sinks' conformance suite, with each kind of metastore.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use super::{FileSettings, HiveSink, PartitionKeys, RowDay, TableHandle, TableLayout};
use crate::catchup::{Access, Holder, Lease, LeaseStore, Slice, SqliteLedger};
use crate::identity::{Clock, FixedClock, ModuleName, RunId, SliceLength};
use crate::metastore::{GlueMetastore, GlueSettings, HiveMetastore, HiveSettings, Metastore, SqliteMetastore, TableName};
use crate::schema::{ColumnName, TimestampEncoding};
use crate::sink::conformance::{self, World};
use crate::sink::{Commit, Missing};
use crate::store::{Store, normal_location};
use crate::test_services;

const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// A table in a folder, with an embedded ledger.
struct HiveWorld {
    metastore: Box<dyn Metastore>,
    ledger: SqliteLedger,
    store: Store,
    clock: FixedClock,
    module: ModuleName,
    table: TableName,
    layout: TableLayout,
    _folder: TempDir,
}

/// Partition columns of a table that has a partition for each date, of one that has one for each day of its rows, too, and of
/// those that are one slice: in one folder, and with a partition for each day of its rows.
fn kinds() -> [PartitionKeys; 4] {
    let name = |name| ColumnName::new(name).unwrap();
    let keys = PartitionKeys::new(vec![(name("day"), "%Y-%m-%d".into())], SliceLength::Day).unwrap();
    let row_day = || Some(RowDay { name: name("row_day"), of: name("at") });
    let whole = PartitionKeys::whole();
    [keys.clone(), keys.with_row_day(row_day()), whole.clone(), whole.with_row_day(row_day())]
}

impl HiveWorld {
    /// Creates a world in `parent`, which the metastore can reach.
    fn new(parent: PathBuf, keys: PartitionKeys, metastore: impl FnOnce(&TempDir) -> Box<dyn Metastore>) -> Self {
        static WORLDS: AtomicU32 = AtomicU32::new(0);
        let folder = TempDir::new_in(parent).unwrap();
        let database = format!("sinks_{}", WORLDS.fetch_add(1, Ordering::Relaxed));
        let lake = format!("{database}.db/people");
        Self {
            metastore: metastore(&folder),
            ledger: SqliteLedger::open(&folder.path().join("ledger.db")).unwrap(),
            store: Store::folder("published", folder.path().join("lake"), true).unwrap(),
            clock: FixedClock(Mutex::new(Timestamp::from_second(1_714_550_400).unwrap())),
            module: "people".parse().unwrap(),
            table: format!("{database}.people").parse().unwrap(),
            layout: TableLayout::new(&lake, keys),
            _folder: folder,
        }
    }
}

impl World for HiveWorld {
    type Sink<'w> = HiveSink<'w>;

    fn next_run(&self) -> Lease {
        self.pass(LEASE * 2);
        let now = self.clock.now();
        let holder = Holder { run_id: RunId::new(now), host: "host".into(), process: 7 };
        self.ledger.acquire(&self.module.clone().into(), Access::Exclusive, &holder, now, LEASE).unwrap()
    }

    fn sink<'w>(&'w self, lease: &'w Lease) -> HiveSink<'w> {
        HiveSink {
            at: TableHandle {
                store: &self.store,
                metastore: &*self.metastore,
                module: &self.module,
                table: &self.table,
                layout: &self.layout,
            },
            ledger: &self.ledger,
            lease,
            run: lease.run_id,
            pii: false,
            files: FileSettings { timestamps: TimestampEncoding::default(), row_group_bytes: 1 << 20, file_bytes: 1 << 20 },
            clock: &self.clock,
        }
    }

    fn slice(&self, number: u8) -> Option<Slice> {
        let date = || format!("2024-05-{number:02}").parse().unwrap();
        match (self.layout.keys().is_whole(), number) {
            (false, _) => Some(date()),
            (true, 1) => Some(Slice::Whole),
            (true, _) => None,
        }
    }

    fn rows(&self, slice: &Slice) -> Vec<String> {
        let value = self.layout.keys().value_of(slice).unwrap();
        let partitions = self.metastore.partitions_of(&self.table, &value).unwrap();
        let folders = partitions.iter().map(|one| self.store.key_at(&normal_location(&one.location)).unwrap());
        let mut rows = Vec::new();
        // As readers do, which skip what is hidden.
        let seen = |folder: String| {
            let mut files = self.store.list(&folder).unwrap();
            files.retain(|file| !file.key[folder.len()..].contains("/_"));
            files
        };
        for file in folders.flat_map(seen) {
            let schema = self.metastore.table(&self.table).unwrap().unwrap().schema;
            let bytes: Bytes = self.store.range(&file.key, 0..file.size).unwrap();
            for batch in ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap() {
                let batch = batch.unwrap();
                let text = |row: usize, column: &ColumnName| match batch.column_by_name(column.as_str()) {
                    Some(array) if array.is_valid(row) => match array.as_primitive_opt::<Int64Type>() {
                        Some(numbers) => numbers.value(row).to_string(),
                        None => array.as_string_view().value(row).to_owned(),
                    },
                    _ => "null".to_owned(),
                };
                let columns = schema.columns().iter().filter(|column| column.name.as_str() != "at");
                let row = |row| columns.clone().map(|column| text(row, &column.name)).collect::<Vec<_>>().join(",");
                rows.extend((0..batch.num_rows()).map(row));
            }
        }
        rows
    }

    fn stored(&self) -> usize {
        self.store.list("").unwrap().len()
    }

    fn pass(&self, time: SignedDuration) {
        let mut now = self.clock.0.lock().unwrap();
        *now = now.checked_add(time).unwrap();
    }
}

/// A row moves to another day, and the run dies between the swap of its new day and the drop of its old one.
#[test]
fn an_interrupted_merge_is_ended_by_the_next() {
    let [.., keys] = kinds();
    let world = HiveWorld::new(std::env::temp_dir(), keys, |folder| {
        Box::new(SqliteMetastore::open(&folder.path().join("metastore.db")).unwrap())
    });
    let merge = |rows: &[(i64, &str, i32)]| {
        let (lease, id) = (world.next_run(), ColumnName::new("id").unwrap());
        let sink = world.sink(&lease);
        conformance::merged(&sink, &Slice::Whole, rows, &Commit::Merge { keys: &[id], missing: Missing::Keep });
        lease
    };
    merge(&[(1, "a", 1), (2, "b", 2)]);
    let sees = |expected: &[&str]| {
        let mut rows = world.rows(&Slice::Whole);
        rows.sort_unstable();
        assert_eq!(rows, expected);
    };
    let before = world.metastore.partitions(&world.table).unwrap();
    let lease = merge(&[(1, "x", 3)]);
    let old: Vec<_> = before.into_iter().filter(|partition| partition.value.texts() == ["1970-01-02"]).collect();
    world.metastore.publish(&world.table, &old, lease.token).unwrap();
    sees(&["1,a", "1,x", "2,b"]);
    // Also one that has nothing new.
    let lease = merge(&[(2, "b", 2)]);
    sees(&["1,x", "2,b"]);
    world.metastore.publish(&world.table, &old, lease.token).unwrap();
    merge(&[(2, "y", 2)]);
    sees(&["1,x", "2,y"]);
}

#[test]
fn sink_with_embedded_metastore_conforms() {
    for keys in kinds() {
        conformance::suite(|| {
            HiveWorld::new(std::env::temp_dir(), keys.clone(), |folder| {
                Box::new(SqliteMetastore::open(&folder.path().join("metastore.db")).unwrap())
            })
        });
    }
}

#[test]
fn sink_with_hive_metastore_conforms() {
    let hive = test_services::hive();
    let settings = || HiveSettings { uris: vec![hive.uri.parse().unwrap()], timeout_seconds: 300 };
    // It takes seconds for each change of a table.
    for keys in kinds().into_iter().take(3) {
        let open = |_: &TempDir| -> Box<dyn Metastore> { Box::new(HiveMetastore::open(&settings())) };
        conformance::suite(|| HiveWorld::new(hive.warehouse.clone(), keys.clone(), open));
    }
}

#[test]
fn sink_with_glue_conforms() {
    let account = test_services::account(test_services::moto());
    for keys in kinds() {
        let open = |_: &TempDir| -> Box<dyn Metastore> { Box::new(GlueMetastore::open(&GlueSettings::default(), &account)) };
        conformance::suite(|| HiveWorld::new(std::env::temp_dir(), keys.clone(), open));
    }
}
