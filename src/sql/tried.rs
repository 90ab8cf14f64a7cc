//! Statements of many kinds over three small tables, with the rows that another engine gives.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, LargeListArray, RecordBatch,
    StringViewArray, StructArray, TimestampMicrosecondArray,
};
use arrow_cast::display::array_value_to_string;
use arrow_schema::DataType;

use super::{Input, InputRows, Inputs, SqlEngine, SqlError, StagedTable, StagedWriter, Statement};
use crate::batch::{arrow_schema, element_field};
use crate::identity::RunId;
use crate::schema::{Column, ColumnName, TableSchema};
use crate::store::{Disk, Scratch, ScratchFolder};

fn schema(columns: &[(&str, &str)]) -> TableSchema {
    let column = |(name, ty): &(&str, &str)| Column::new(ColumnName::new(name).unwrap(), ty.parse().unwrap());
    TableSchema::new(columns.iter().map(column).collect())
}

fn staged(folder: &ScratchFolder, name: &str, schema: &TableSchema, arrays: Vec<ArrayRef>) -> StagedTable {
    let mut writer = StagedWriter::new(folder, name, schema, 1 << 20);
    writer.write(&RecordBatch::try_new(Arc::new(arrow_schema(schema)), arrays).unwrap()).unwrap();
    StagedWriter::finish(schema, [writer]).unwrap()
}

fn at(text: &str) -> Option<i64> {
    text.parse::<jiff::civil::DateTime>().unwrap().to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_microsecond().into()
}

fn on(text: &str) -> Option<i32> {
    at(&format!("{text}T00:00:00")).map(|micros| i32::try_from(micros / 86_400_000_000).unwrap())
}

fn orders(folder: &ScratchFolder) -> StagedTable {
    let schema = schema(&[
        ("id", "bigint"),
        ("cust", "int"),
        ("amount", "decimal(12,2)"),
        ("status", "string"),
        ("ts", "timestamp"),
        ("d", "date"),
        ("tags", "array<string>"),
        ("js", "string"),
        ("s", "struct<x:int,y:string>"),
    ]);
    let amounts = Decimal128Array::from(vec![Some(1050), Some(2000), Some(525), None, Some(700), Some(100)]);
    let tags = StringViewArray::from(vec!["a", "b", "b", "c", "a"]);
    let tags = LargeListArray::try_new(
        element_field(DataType::Utf8View),
        arrow_buffer::OffsetBuffer::from_lengths([2, 1, 0, 0, 1, 1]),
        Arc::new(tags),
        Some(vec![true, true, true, false, true, true].into()),
    );
    let DataType::Struct(members) = arrow_schema(&schema).field(8).data_type().clone() else { unreachable!() };
    let xs: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), Some(2), None, Some(4), Some(5), Some(6)]));
    let ys: ArrayRef = Arc::new(StringViewArray::from(vec![Some("p"), Some("q"), None, None, Some("t"), Some("u")]));
    let objects = StructArray::try_new(members, vec![xs, ys], Some(vec![true, true, false, true, true, true].into()));
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![1, 2, 3, 4, 5, 6])),
        Arc::new(Int32Array::from(vec![Some(1), Some(1), Some(2), Some(2), Some(3), None])),
        Arc::new(amounts.with_precision_and_scale(12, 2).unwrap()),
        Arc::new(StringViewArray::from(vec![Some("new"), Some("paid"), Some("new"), Some("paid"), Some("new"), None])),
        Arc::new(TimestampMicrosecondArray::from(vec![
            at("2024-01-31T23:30:00"),
            at("2024-02-01T00:30:00"),
            at("2024-02-29T12:00:00"),
            at("2024-03-01T00:00:00"),
            at("2024-03-31T01:02:03"),
            None,
        ])),
        Arc::new(Date32Array::from(vec![
            on("2024-01-31"),
            on("2024-02-01"),
            on("2024-02-29"),
            on("2024-03-01"),
            on("2024-03-31"),
            None,
        ])),
        Arc::new(tags.unwrap()),
        Arc::new(StringViewArray::from(vec![
            Some(r#"{"a":1,"b":{"c":"x"}}"#),
            Some(r#"{"a":2}"#),
            Some("{}"),
            None,
            Some(r#"{"a":3,"l":[1,2]}"#),
            Some("bad"),
        ])),
        Arc::new(objects.unwrap()),
    ];
    staged(folder, "o", &schema, arrays)
}

fn customers(folder: &ScratchFolder) -> StagedTable {
    let schema = schema(&[("cust", "int"), ("name", "string"), ("valid_from", "timestamp")]);
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![1, 2, 4])),
        Arc::new(StringViewArray::from(vec!["Ann", "Bob", "Cid"])),
        Arc::new(TimestampMicrosecondArray::from(vec![at("2024-01-01T00:00:00"); 3])),
    ];
    staged(folder, "c", &schema, arrays)
}

fn prices(folder: &ScratchFolder) -> StagedTable {
    let schema = schema(&[("cust", "int"), ("ts", "timestamp"), ("price", "double")]);
    let times = ["2024-01-01T00:00:00", "2024-02-01T00:00:00", "2024-01-15T00:00:00"];
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![1, 1, 2])),
        Arc::new(TimestampMicrosecondArray::from(times.map(at).to_vec())),
        Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0])),
    ];
    staged(folder, "p", &schema, arrays)
}

/// Returns a value as the file of statements has it.
fn shown(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return "null".to_owned();
    }
    let text = || array_value_to_string(array, row).unwrap();
    match array.data_type() {
        ty if ty.is_numeric() => format!("{:.4}", text().parse::<f64>().unwrap()),
        DataType::Date32 => format!("{}T00:00:00", text()),
        DataType::Timestamp(..) => text().chars().take(19).collect(),
        DataType::LargeList(_) => {
            let items = array.as_list::<i64>().value(row);
            let items = (0..items.len()).map(|item| shown(&items, item)).collect::<Vec<_>>();
            format!("[{}]", items.join(", "))
        }
        DataType::Struct(_) => {
            let members = array.as_struct().columns().iter().map(|member| shown(member, row)).collect::<Vec<_>>();
            format!("{{{}}}", members.join(", "))
        }
        _ => text(),
    }
}

fn found(engine: &dyn SqlEngine, inputs: &Inputs<'_>, sql: &str) -> Result<Vec<String>, SqlError> {
    let statement = Statement::parse(sql)?;
    let mut found = Vec::new();
    let mut take = |batch: RecordBatch| {
        let row = |row| batch.columns().iter().map(|column| shown(column, row)).collect::<Vec<_>>().join(" | ");
        found.extend((0..batch.num_rows()).map(row));
        Ok(())
    };
    engine.run(&statement, inputs, &mut take)?;
    found.sort();
    Ok(found)
}

/// A statement of the file.
#[derive(serde::Deserialize)]
struct Tried {
    name: String,
    sql: String,
    rows: Vec<String>,
}

/// Runs a test over the three tables.
fn with_inputs(test: impl FnOnce(&Inputs<'_>)) {
    let place = tempfile::tempdir().unwrap();
    let scratch = Scratch::create(place.path(), &RunId::new(jiff::Timestamp::UNIX_EPOCH), false, &Disk::default()).unwrap();
    let folder = scratch.folder("inputs").unwrap();
    let tables = BTreeMap::from([("o", orders(&folder)), ("c", customers(&folder)), ("p", prices(&folder))]);
    let input = |table| Input { schema: StagedTable::schema(table), rows: InputRows::Staged(table) };
    test(&tables.iter().map(|(name, table)| ((*name).to_owned(), input(table))).collect());
}

/// Runs all statements: an engine gives the rows of the file for those that it knows, by their names, and refuses the others.
pub(super) fn suite(engine: &dyn SqlEngine, knows: impl Fn(&str) -> bool) {
    let statements = include_str!("tried.jsonl").lines().map(|line| serde_json::from_str::<Tried>(line).unwrap());
    with_inputs(|inputs| {
        for Tried { name, sql, rows } in statements {
            match found(engine, inputs, &sql) {
                Ok(found) => {
                    assert_eq!(found, rows, "{name}: {sql}");
                    assert!(knows(&name), "`{name}` is known now: tell so");
                }
                Err(SqlError::Refused { .. } | SqlError::Failed { .. }) => assert!(!knows(&name), "{name} is refused"),
                Err(error) => panic!("{name}: {error}"),
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::duckdb::DuckDb;
    use crate::sql::polars::Polars;

    /// `adg query` runs these by one or the other.
    #[test]
    fn plain_statements_have_the_same_rows_in_both_engines_or_are_refused_by_polars() {
        let (polars, duckdb) = (Polars { decrypted_bytes: bytesize::ByteSize::mib(64) }, DuckDb::of_tests(None));
        let columns = ["id", "cust", "amount", "status", "ts", "d"];
        let literals = [
            "1",
            "2.5",
            "-1",
            "5.25",
            "100000000000000000000",
            "'1'",
            "'new'",
            "'2024-02-01'",
            "'2024-02-01 00:30:00'",
            "date '2024-02-01'",
            "timestamp '2024-02-01 00:30:00'",
        ];
        let (mut statements, mut known, mut others) = (Vec::new(), 0, Vec::new());
        for column in columns {
            for literal in literals {
                let signs = ["=", "<>", "<", ">="].map(|sign| format!("select id from o where {column} {sign} {literal}"));
                statements.extend(signs);
                statements.push(format!("select id from o where not ({column} in ({literal}, 1) and {column} is not null)"));
                statements.push(format!("select id from o where {column} between {literal} and {literal}"));
            }
            statements.push(format!("select count({column}), count(*), min({column}) as a, max({column}) as b from o"));
            statements.push(format!("select count(*) from o where {column} is null or cust = 2 and {column} is not null"));
            statements.push(format!("select {column}, count(*) as n from o group by {column}"));
            statements.push(format!("select distinct {column} from o"));
            for order in ["", " desc", " nulls first", " desc nulls last"] {
                statements.push(format!("select {column} from o order by {column}{order} limit 2 offset 1"));
            }
        }
        with_inputs(|inputs| {
            for sql in &statements {
                let Ok(polars) = found(&polars, inputs, sql) else { continue };
                known += 1;
                match found(&duckdb, inputs, sql) {
                    Ok(duckdb) if duckdb == polars => {}
                    duckdb => others.push(format!("{sql}: {polars:?} and {duckdb:?}")),
                }
            }
        });
        assert_eq!(others, [""; 0]);
        assert!(known > 100, "{known} of {}", statements.len());
    }
}
