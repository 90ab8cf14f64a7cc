//! The sink against the sinks' conformance suite, with a real server.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use arrow_array::builder::{Int32Builder, LargeListBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array,
    RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow_schema::DataType;
use jiff::{SignedDuration, Timestamp};

use super::super::tests::{connection, session};
use super::merge::HAS_MERGE;
use super::records::Records;
use super::{PostgresSink, PostgresTable};
use crate::batch::{arrow_schema, element_field};
use crate::catchup::{Access, Holder, Lease, LeaseStore, Slice, SqliteLedger};
use crate::identity::{Clock, Explain, FixedClock, JobName, RunId};
use crate::schema::{Column, ColumnName, Evolution, TableSchema};
use crate::sink::conformance::{self, World};
use crate::sink::{Commit, StagedRows, TableSink};
use crate::stop::Stop;

const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// A table of the server that tests share, with an embedded ledger.
struct PostgresWorld {
    at: PostgresTable,
    ledger: SqliteLedger,
    clock: FixedClock,
    job: JobName,
    keys: Vec<ColumnName>,
    _folder: tempfile::TempDir,
}

/// A schema in which each new table gets an index, so that a copy of it is not as good as itself.
const INDEXED: &str = "
create schema indexed;
create function indexed.add_index() returns event_trigger language plpgsql as $$
declare made record;
begin
    for made in select * from pg_event_trigger_ddl_commands() where schema_name = 'indexed' and object_type = 'table' loop
        execute format('create index on %s (id)', made.object_identity);
    end loop;
end $$;
create event trigger add_index on ddl_command_end when tag in ('CREATE TABLE') execute function indexed.add_index()";

impl PostgresWorld {
    /// Creates a world with a table of this schema, on a server that has the functions of this version.
    fn new(schema: &str, version: i32) -> Self {
        static WORLDS: AtomicU32 = AtomicU32::new(0);
        let folder = tempfile::TempDir::new().unwrap();
        let name = format!("\"{schema}\".\"People {}\"", WORLDS.fetch_add(1, Ordering::Relaxed));
        let mut at = PostgresTable::open(&connection(), &name.parse().unwrap(), &Stop::default()).unwrap();
        at.version = at.version.min(version);
        Self {
            at,
            ledger: SqliteLedger::open(&folder.path().join("ledger.db")).unwrap(),
            clock: FixedClock(Mutex::new(Timestamp::from_second(1_714_550_400).unwrap())),
            job: "people".parse().unwrap(),
            keys: Vec::new(),
            _folder: folder,
        }
    }
}

impl World for PostgresWorld {
    type Sink<'w> = PostgresSink<'w>;

    fn next_run(&self) -> Lease {
        self.pass(LEASE * 2);
        let now = self.clock.now();
        let holder = Holder { run_id: RunId::new(now), host: "host".into(), process: 7 };
        self.ledger.acquire(&self.job.clone().into(), Access::Exclusive, &holder, now, LEASE).unwrap()
    }

    fn sink<'w>(&'w self, lease: &'w Lease) -> PostgresSink<'w> {
        PostgresSink { at: &self.at, job: &self.job, lease, keys: &self.keys, adopt: false, clock: &self.clock }
    }

    fn slice(&self, number: u8) -> Option<Slice> {
        (number == 1).then_some(Slice::Whole)
    }

    fn rows(&self, _: &Slice) -> Vec<String> {
        let table = self.at.name.in_statement();
        let Some(traits) = self.at.traits(&self.at.session).unwrap() else { return Vec::new() };
        let shown = |name: &str| {
            let name = super::super::reading::quoted(name);
            format!("coalesce({name}::text, 'null')")
        };
        // The tests do not look at days.
        let columns = traits.columns.iter().filter(|column| column.name != "at").map(|column| shown(&column.name));
        let statement = format!("select concat_ws(',', {}) from {table}", columns.collect::<Vec<_>>().join(", "));
        self.at.session.rows("read", &statement, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    }

    fn stored(&self) -> usize {
        let name = self.at.name.in_statement();
        let records = Records { session: &self.at.session, name: &name };
        let current = records.table().unwrap().is_some_and(|record| record.current.is_some());
        usize::try_from(records.kept().unwrap()).unwrap() + usize::from(current)
    }

    fn pass(&self, time: SignedDuration) {
        let mut now = self.clock.0.lock().unwrap();
        *now += time;
    }
}

/// The schema of records is created by whichever comes first, as by two runs.
#[test]
fn the_sink_conforms() {
    session().run("make a schema", "create schema sinks").unwrap();
    conformance::suite(|| PostgresWorld::new("sinks", i32::MAX));
}

/// Names of indexes are those of a schema, which has all tables that are kept.
#[test]
fn a_table_that_is_replaced_again_and_again_keeps_the_name_of_its_key() {
    session().run("make a schema", "create schema keyed").unwrap();
    let world = PostgresWorld { keys: vec![ColumnName::new("id").unwrap()], ..PostgresWorld::new("keyed", i32::MAX) };
    let key = "select conname::text from pg_constraint where conrelid = to_regclass($1) and contype = 'p'";
    let table = world.at.name.in_statement();
    let key = || world.at.session.row("read", key, &[&table]).unwrap().get::<_, String>(0);
    let mut names = Vec::new();
    for run in 0..3 {
        let lease = world.next_run();
        conformance::merged(&world.sink(&lease), &Slice::Whole, &[(run, "a", 1)], &Commit::Replace);
        names.push(key());
    }
    assert!(names[0].ends_with("_pkey") && names.iter().all(|name| *name == names[0]), "{names:?}");
    assert_eq!((world.rows(&Slice::Whole), world.stored()), (vec!["2,a".to_owned()], 3));
}

#[test]
fn the_sink_conforms_where_tables_are_replaced_within() {
    session().run("make a schema", INDEXED).unwrap();
    let world = PostgresWorld::new("indexed", i32::MAX);
    let lease = world.next_run();
    let after = TableSchema::new(vec![Column::new(ColumnName::new("id").unwrap(), "bigint".parse().unwrap())]);
    world.sink(&lease).evolve(&Evolution { after, ..Evolution::default() }, &BTreeSet::new()).unwrap();
    assert!(!world.at.traits(&world.at.session).unwrap().unwrap().is_plain);
    conformance::suite(|| PostgresWorld::new("indexed", i32::MAX));
}

#[test]
fn the_sink_conforms_on_servers_without_merge() {
    session().run("make a schema", "create schema old").unwrap();
    conformance::suite(|| PostgresWorld::new("old", HAS_MERGE - 1));
}

/// Columns of all types, with values at their limits.
fn every_type() -> (TableSchema, RecordBatch) {
    let texts = |values: [Option<&str>; 3]| Arc::new(StringViewArray::from_iter(values)) as ArrayRef;
    let mut lists = LargeListBuilder::new(Int32Builder::new()).with_field(element_field(DataType::Int32));
    lists.append_value([Some(1), None, Some(i32::MIN)]);
    lists.append_value([]);
    lists.append_null();
    let decimals = |precision, scale, values: [Option<i128>; 3]| {
        Arc::new(Decimal128Array::from_iter(values).with_precision_and_scale(precision, scale).unwrap()) as ArrayRef
    };
    let most = 10_i128.pow(38) - 1;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("text", texts([Some("a\tb\\N\n'\"é"), Some(""), None])),
        ("varchar(3)", texts([Some("abc"), Some(""), None])),
        ("char(3)", texts([Some("abc"), Some("   "), None])),
        ("boolean", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("smallint", Arc::new(Int16Array::from(vec![Some(i16::MIN), Some(i16::MAX), None]))),
        ("int", Arc::new(Int32Array::from(vec![Some(i32::MIN), Some(i32::MAX), None]))),
        ("bigint", Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(i64::MAX), None]))),
        ("float", Arc::new(Float32Array::from(vec![Some(f32::MIN_POSITIVE), Some(f32::INFINITY), None]))),
        ("double", Arc::new(Float64Array::from(vec![Some(-0.1), Some(f64::MAX), None]))),
        ("decimal(38,0)", decimals(38, 0, [Some(most), Some(-most), None])),
        ("decimal(38,38)", decimals(38, 38, [Some(most), Some(-1), None])),
        ("decimal(12,2)", decimals(12, 2, [Some(10_000), Some(0), None])),
        ("date", Arc::new(Date32Array::from(vec![Some(-719_162), Some(2_932_896), None]))),
        (
            "timestamp",
            Arc::new(TimestampMicrosecondArray::from(vec![Some(-62_135_596_800_000_000), Some(253_402_300_799_999_999), None])),
        ),
        ("array<int>", Arc::new(lists.finish())),
    ];
    let column = |(nth, (ty, _)): (usize, &(&str, ArrayRef))| {
        let ty = if *ty == "text" { "string" } else { ty };
        Column::new(ColumnName::new(&format!("c{nth}")).unwrap(), ty.parse().unwrap())
    };
    let schema = TableSchema::new(columns.iter().enumerate().map(column).collect());
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::new(arrow_schema(&schema)), arrays).unwrap();
    (schema, batch)
}

#[test]
fn every_type_is_read_back_as_it_was_written() {
    session().run("make a schema", "create schema typed").unwrap();
    let (world, (schema, batch)) = (PostgresWorld::new("typed", i32::MAX), every_type());
    let lease = world.next_run();
    let sink = world.sink(&lease);
    let mut staged = sink.begin(&Slice::Whole, &schema).unwrap();
    staged.write(&batch).unwrap();
    assert_eq!(staged.finish().unwrap().rows, 3);
    let table = sink.evolve(&Evolution { after: schema.clone(), ..Evolution::default() }, &BTreeSet::new()).unwrap();
    assert_eq!(table.schema, schema);
    sink.commit(&table, &staged, &Commit::Replace).unwrap();
    let query = format!("select * from {}", world.at.name.in_statement());
    let columns = world.at.session.describe(&query).unwrap();
    let read = world.at.session.copy(&query, columns).unwrap().next_batch(10, 1 << 20).unwrap().unwrap();
    assert!(read.misfits.is_empty());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        assert_eq!(read.batch.column_by_name(field.name()).unwrap(), column, "{field}");
    }
}

#[test]
fn a_text_that_the_server_does_not_have_is_told_with_its_column() {
    session().run("make a schema", "create schema zeros").unwrap();
    let world = PostgresWorld::new("zeros", i32::MAX);
    let lease = world.next_run();
    let name = ColumnName::new("name").unwrap();
    let schema = TableSchema::new(vec![Column::new(name, "string".parse().unwrap())]);
    let mut staged = world.sink(&lease).begin(&Slice::Whole, &schema).unwrap();
    let texts: ArrayRef = Arc::new(StringViewArray::from_iter([Some("a"), Some("b\0c")]));
    let error = staged.write(&RecordBatch::try_new(Arc::new(arrow_schema(&schema)), vec![texts]).unwrap()).unwrap_err();
    assert!(error.to_string().contains("`name`") && error.hint().unwrap().contains("chr(0)"), "{error}");
}
