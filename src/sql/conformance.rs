//! The guarantees of an engine as tests. Each engine runs them.

use std::sync::Arc;

use arrow_array::builder::{LargeListBuilder, StringViewBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringViewArray,
    TimestampMicrosecondArray,
};
use arrow_cast::display::array_value_to_string;

use super::{Input, InputRows, Inputs, SqlEngine, SqlError, StagedTable, StagedWriter, Statement};
use crate::batch::{arrow_schema, element_field};
use crate::identity::RunId;
use crate::schema::{Column, ColumnName, TableSchema};
use crate::store::{Disk, Scratch};

/// Statements that an engine knows.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Knows {
    All,
    /// Plain ones; it refuses all others.
    Plain,
}

/// Runs all tests.
pub(super) fn suite(engine: &dyn SqlEngine, encryption: &[bool], knows: Knows) {
    for encrypted in encryption.iter().copied() {
        let place = tempfile::tempdir().unwrap();
        let scratch =
            Scratch::create(place.path(), &RunId::new(jiff::Timestamp::UNIX_EPOCH), encrypted, &Disk::default()).unwrap();
        let folder = scratch.folder("inputs").unwrap();
        let tables = [staged(&folder, "every", every_type()), staged(&folder, "many", many(100_000))];
        values_of_every_type_come_back(engine, &tables[0]);
        rows_come_in_their_order_and_in_parts(engine, &tables[1]);
        columns_are_those_of_the_rows(engine, &tables, knows);
        what_is_not_there_is_refused(engine, &tables[0], knows);
        rows_that_nobody_takes_end_the_statement(engine, &tables[1]);
    }
}

fn schema(columns: &[(&str, &str)]) -> TableSchema {
    let column = |(name, ty): &(&str, &str)| Column::new(ColumnName::new(name).unwrap(), ty.parse().unwrap());
    TableSchema::new(columns.iter().map(column).collect())
}

fn staged(folder: &crate::store::ScratchFolder, name: &str, (schema, arrays): (TableSchema, Vec<ArrayRef>)) -> StagedTable {
    let batch = RecordBatch::try_new(Arc::new(arrow_schema(&schema)), arrays).unwrap();
    // Of two writers, as of two connections.
    let half = batch.num_rows() / 2;
    let mut writers = [0, 1].map(|part| StagedWriter::new(folder, &format!("{name}-{part}"), &schema, 1 << 20));
    writers[0].write(&batch.slice(0, half)).unwrap();
    writers[1].write(&batch.slice(half, batch.num_rows() - half)).unwrap();
    let table = StagedWriter::finish(&schema, writers).unwrap();
    assert_eq!(table.rows(), batch.num_rows() as u64);
    assert_eq!(table.batches().map(|batch| batch.unwrap().num_rows()).sum::<usize>(), batch.num_rows());
    table
}

fn every_type() -> (TableSchema, Vec<ArrayRef>) {
    let schema = schema(&[
        ("id", "bigint"),
        ("ok", "boolean"),
        ("price", "decimal(38,2)"),
        ("ratio", "double"),
        ("day", "date"),
        ("made", "timestamp"),
        ("note", "string"),
        ("tags", "array<string>"),
    ]);
    let mut tags = LargeListBuilder::new(StringViewBuilder::new()).with_field(element_field(arrow_schema::DataType::Utf8View));
    tags.append_value([Some("a"), None]);
    tags.append_null();
    tags.append_value([None::<&str>; 0]);
    let price = Decimal128Array::from(vec![Some(10_i128.pow(37)), None, Some(-5)]).with_precision_and_scale(38, 2).unwrap();
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![Some(i64::MAX), None, Some(i64::MIN)])),
        Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        Arc::new(price),
        Arc::new(Float64Array::from(vec![Some(0.1), None, Some(f64::INFINITY)])),
        Arc::new(Date32Array::from(vec![Some(-719_162), None, Some(2_932_896)])),
        Arc::new(TimestampMicrosecondArray::from(vec![Some(-62_135_596_800_000_000), None, Some(253_402_300_799_999_999)])),
        Arc::new(StringViewArray::from(vec![Some("a text of more than twelve bytes"), None, Some("")])),
        Arc::new(tags.finish()),
    ];
    (schema, arrays)
}

fn many(rows: i64) -> (TableSchema, Vec<ArrayRef>) {
    let arrays: Vec<ArrayRef> =
        vec![Arc::new(Int64Array::from_iter_values(0..rows)), Arc::new(Int64Array::from_iter_values((0..rows).map(|n| n % 7)))];
    (schema(&[("n", "bigint"), ("rest", "bigint")]), arrays)
}

fn inputs<'t>(tables: &[(&str, &'t StagedTable)]) -> Inputs<'t> {
    let input = |table: &'t StagedTable| Input { schema: table.schema(), rows: InputRows::Staged(table) };
    tables.iter().map(|(name, table)| ((*name).to_owned(), input(table))).collect()
}

/// Runs a statement; returns its rows as texts.
fn rows(engine: &dyn SqlEngine, sql: &str, inputs: &Inputs<'_>) -> Result<Vec<Vec<String>>, SqlError> {
    let statement = Statement::parse(sql)?;
    let columns = engine.columns(&statement, inputs)?;
    let mut found = Vec::new();
    engine.run(&statement, inputs, &mut |batch| {
        assert_eq!(*batch.schema(), arrow_schema(&columns), "{sql}");
        for row in 0..batch.num_rows() {
            let text =
                |array: &ArrayRef| if array.is_null(row) { "null".into() } else { array_value_to_string(array, row).unwrap() };
            found.push(batch.columns().iter().map(text).collect());
        }
        Ok(())
    })?;
    Ok(found)
}

fn values_of_every_type_come_back(engine: &dyn SqlEngine, table: &StagedTable) {
    let found = rows(engine, "select * from t", &inputs(&[("t", table)])).unwrap();
    let expected = [
        [
            "9223372036854775807",
            "true",
            "100000000000000000000000000000000000.00",
            "0.1",
            "0001-01-01",
            "0001-01-01T00:00:00",
            "a text of more than twelve bytes",
            "[a, ]",
        ],
        ["null"; 8],
        ["-9223372036854775808", "false", "-0.05", "inf", "9999-12-31", "9999-12-31T23:59:59.999999", "", "[]"],
    ];
    assert_eq!(found, expected);
}

fn rows_come_in_their_order_and_in_parts(engine: &dyn SqlEngine, table: &StagedTable) {
    let statement = Statement::parse("select n from t order by n desc").unwrap();
    let (mut found, mut parts) = (Vec::new(), 0);
    engine
        .run(&statement, &inputs(&[("t", table)]), &mut |batch| {
            parts += 1;
            found.extend(batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().values().iter().copied());
            Ok(())
        })
        .unwrap();
    assert_eq!(found.len(), 100_000);
    assert!(found.windows(2).all(|pair| pair[0] > pair[1]));
    assert!(parts > 1, "{parts}");
}

fn columns_are_those_of_the_rows(engine: &dyn SqlEngine, tables: &[StagedTable; 2], knows: Knows) {
    let (every, many) = (tables[0].schema(), tables[1].schema());
    let unread = |schema| Input { schema, rows: InputRows::Unread };
    let unread: Inputs<'_> = [("every".to_owned(), unread(every)), ("many".to_owned(), unread(many))].into();
    let read = inputs(&[("every", &tables[0]), ("many", &tables[1])]);
    for (sql, columns) in [
        ("select Id, PRICE as Total from Every", "`id` bigint, `total` decimal(38,2)"),
        ("select rest, count(*), max(n) from many group by rest", "`rest` bigint, `count` bigint, `max` bigint"),
        ("select rest, avg(n), n + 1 from many group by all", "`rest` bigint, `avg` double, `column_3` bigint"),
        ("select e.note, m.n from every e join many m on e.id = m.n", "`note` string, `n` bigint"),
        ("with x as (select n from many where rest = 1) select max(n) as top from x", "`top` bigint"),
        ("select day, made, tags from every", "`day` date, `made` timestamp, `tags` array<string>"),
        ("select n, row_number() over (partition by rest order by n) as place from many", "`n` bigint, `place` bigint"),
    ] {
        let statement = Statement::parse(sql).unwrap();
        let told = match engine.columns(&statement, &unread) {
            Err(SqlError::Refused { .. }) if knows == Knows::Plain => continue,
            told => told.unwrap(),
        };
        let texts: Vec<String> = told.columns().iter().map(ToString::to_string).collect();
        assert_eq!(texts.join(", "), columns, "{sql}");
        assert_eq!(engine.columns(&statement, &read).unwrap(), told);
        rows(engine, sql, &read).unwrap();
    }
    assert_eq!(rows(engine, "select count(*) from many", &read).unwrap(), [["100000"]]);
    assert_eq!(rows(engine, "select * from many", &unread).unwrap(), Vec::<Vec<String>>::new());
}

fn what_is_not_there_is_refused(engine: &dyn SqlEngine, table: &StagedTable, knows: Knows) {
    let inputs = inputs(&[("t", table)]);
    for (sql, reason) in [
        ("select nothing from t", "nothing"),
        ("select * from other", "other"),
        ("select no_function(id) from t", if knows == Knows::All { "no_function" } else { "without DuckDB" }),
        ("select id as a, note as \"A\" from t", "two columns are called `a`"),
    ] {
        let refused = engine.columns(&Statement::parse(sql).unwrap(), &inputs);
        let told = refused.as_ref().map_or_else(ToString::to_string, |columns| format!("{columns:?}"));
        assert!(matches!(refused, Err(SqlError::Refused { .. })) && told.contains(reason), "{sql}: {told}");
    }
}

fn rows_that_nobody_takes_end_the_statement(engine: &dyn SqlEngine, table: &StagedTable) {
    let statement = Statement::parse("select * from t").unwrap();
    let stop = |_| Err(SqlError::Bug("enough".to_owned()));
    assert!(
        matches!(engine.run(&statement, &inputs(&[("t", table)]), &mut { stop }), Err(SqlError::Bug(text)) if text == "enough")
    );
}
