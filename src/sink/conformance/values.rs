//! Values that the tests share, and a whole publish.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringViewArray};

use crate::batch::arrow_schema;
use crate::catchup::{Lease, Slice};
use crate::schema::{Column, ColumnName, Evolution, TableSchema};
use crate::sink::{Commit, Revision, SinkTable, StagedRows, TableSink};

use super::World;

/// The first slice of a table, which every table has.
pub(super) fn slice<W: World>(world: &W) -> Slice {
    world.slice(1).unwrap()
}

pub(super) fn name(name: &str) -> ColumnName {
    ColumnName::new(name).unwrap()
}

pub(super) fn schema(columns: &[(&str, &str)]) -> TableSchema {
    TableSchema::new(columns.iter().map(|(column, ty)| Column::new(name(column), ty.parse().unwrap())).collect())
}

/// The columns of the first rows.
pub(super) fn first() -> TableSchema {
    schema(&[("id", "bigint"), ("name", "string"), ("at", "date")])
}

/// The first columns, and one more.
pub(super) fn grown() -> TableSchema {
    schema(&[("id", "bigint"), ("name", "string"), ("at", "date"), ("city", "string")])
}

/// The change from the present columns to `after`, which has them all.
pub(super) fn evolution(before: Option<&SinkTable>, after: &TableSchema) -> Evolution {
    let before = before.map(|table| table.schema.clone());
    let is_new = |column: &&Column| before.as_ref().is_some_and(|before| !before.has(&column.name));
    let added = after.columns().iter().filter(is_new).cloned().collect();
    Evolution { added, before, after: after.clone(), ..Evolution::default() }
}

/// Rows of these ids and names, of three days.
pub(super) fn batch(rows: &[(i64, &str)]) -> RecordBatch {
    let ids: ArrayRef = Arc::new(rows.iter().map(|(id, _)| *id).collect::<Int64Array>());
    let names: ArrayRef = Arc::new(rows.iter().map(|(_, name)| Some(*name)).collect::<StringViewArray>());
    let dates: ArrayRef = Arc::new(rows.iter().map(|(id, _)| i32::try_from(id % 3).ok()).collect::<Date32Array>());
    RecordBatch::try_new(Arc::new(arrow_schema(&first())), vec![ids, names, dates]).unwrap()
}

/// Writes rows of a slice in two batches, without publishing them.
pub(super) fn staged<S: TableSink>(sink: &S, slice: &Slice, columns: &TableSchema, rows: &[(i64, &str)]) -> S::Staged {
    let mut staged = sink.begin(slice, columns).unwrap();
    let (one, other) = rows.split_at(rows.len() / 2);
    for rows in [one, other].into_iter().filter(|rows| !rows.is_empty()) {
        staged.write(&batch(rows)).unwrap();
    }
    let extent = staged.finish().unwrap();
    assert_eq!(extent.rows, rows.len() as u64);
    staged
}

/// Makes rows the only ones of a slice: a whole publish. Returns the revision.
pub(super) fn replaced<S: TableSink>(sink: &S, slice: &Slice, rows: &[(i64, &str)]) -> Result<Revision, S::Error> {
    let before = sink.state()?;
    let columns = before.as_ref().map_or_else(first, |table| table.schema.clone());
    let staged = staged(sink, slice, &columns, rows);
    let table = sink.evolve(&evolution(before.as_ref(), &columns), &BTreeSet::new())?;
    let location = sink.commit(&table, &staged, &Commit::Replace)?.location;
    Ok(Revision { location, extent: sink.count(slice)?, schema_fingerprint: Some(columns.fingerprint().to_string()) })
}

/// Commits rows of these ids, names and days, counted from 1970-01-01.
pub(crate) fn merged<S: TableSink>(sink: &S, slice: &Slice, rows: &[(i64, &str, i32)], commit: &Commit<'_>) {
    let before = sink.state().unwrap();
    let mut staged = sink.begin(slice, &first()).unwrap();
    let ids: ArrayRef = Arc::new(rows.iter().map(|(id, ..)| *id).collect::<Int64Array>());
    let names: ArrayRef = Arc::new(rows.iter().map(|(_, name, _)| Some(*name)).collect::<StringViewArray>());
    let dates: ArrayRef = Arc::new(rows.iter().map(|(.., day)| Some(*day)).collect::<Date32Array>());
    staged.write(&RecordBatch::try_new(Arc::new(arrow_schema(&first())), vec![ids, names, dates]).unwrap()).unwrap();
    staged.finish().unwrap();
    let table = sink.evolve(&evolution(before.as_ref(), &first()), &BTreeSet::new()).unwrap();
    sink.commit(&table, &staged, commit).unwrap();
}

/// Publishes rows of a slice as a new run. Returns its lease and the revision.
pub(super) fn published<W: World>(world: &W, slice: &Slice, rows: &[(i64, &str)]) -> (Lease, Revision) {
    let lease = world.next_run();
    let revision = replaced(&world.sink(&lease), slice, rows).unwrap();
    (lease, revision)
}

/// Checks the rows that readers see of a slice.
pub(super) fn sees<W: World>(world: &W, slice: &Slice, rows: &[&str]) {
    let mut found = world.rows(slice);
    found.sort_unstable();
    assert_eq!(found, rows, "{slice}");
}
