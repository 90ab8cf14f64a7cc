//! Inputs of statements as views.

use std::path::{Path, PathBuf};

use crate::metastore::{HIVE_DEFAULT, Partition, Table};
use crate::schema::{Column, ColumnType, TableSchema};
use crate::sql::files::{folder, parquet_files};
use crate::sql::{Input, InputRows, SqlError, StagedTable};

use super::types::{duckdb_type, literal, quoted};

/// A view of an input, and the folders that it reads.
pub(super) struct View {
    pub(super) statement: String,
    pub(super) folders: Vec<PathBuf>,
}

/// Returns the view of an input.
pub(super) fn view(name: &str, input: &Input<'_>) -> Result<View, SqlError> {
    let mut folders = Vec::new();
    // The columns, for inputs without files, and for files that are older than some of them.
    let mut parts = vec![empty(input.schema)];
    match input.rows {
        InputRows::Unread => {}
        InputRows::Staged(table) if table.rows() == 0 => {}
        InputRows::Staged(table) => parts.push(of_staged(table, &mut folders)?),
        InputRows::Table(table, partitions) => {
            folders.push(folder(&table.location)?);
            for partition in partitions {
                parts.extend(of_partition(table, partition, &mut folders)?);
            }
        }
    }
    let columns = input.schema.columns().iter().map(column).collect::<Vec<_>>().join(", ");
    let statement = format!("create view {} as select {columns} from ({});\n", quoted(name), parts.join(" union all by name "));
    Ok(View { statement, folders })
}

/// Returns a column of a view. Times in UTC are times with a zone in some files, also within others.
fn column(column: &Column) -> String {
    let name = quoted(column.name.as_str());
    if has_times(&column.ty) { format!("cast({name} as {}) as {name}", duckdb_type(&column.ty)) } else { name }
}

fn has_times(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Timestamp => true,
        ColumnType::Array(items) => has_times(items),
        ColumnType::Map(key, value) => has_times(key) || has_times(value),
        ColumnType::Struct(members) => members.iter().any(|member| has_times(&member.ty)),
        _ => false,
    }
}

fn empty(schema: &TableSchema) -> String {
    let column = |column: &Column| format!("null::{} as {}", duckdb_type(&column.ty), quoted(column.name.as_str()));
    format!("select {} where false", schema.columns().iter().map(column).collect::<Vec<_>>().join(", "))
}

fn of_staged(table: &StagedTable, folders: &mut Vec<PathBuf>) -> Result<String, SqlError> {
    if table.is_encrypted() {
        return Err(SqlError::Encrypted);
    }
    let paths = table.files().iter().map(|file| file.path().to_owned()).collect::<Vec<_>>();
    folders.extend(paths.first().and_then(|path| Some(path.parent()?.to_owned())));
    Ok(format!("select * from {}", read(&paths)))
}

/// Returns the rows of a partition; `None` if it has no files.
fn of_partition(table: &Table, partition: &Partition, folders: &mut Vec<PathBuf>) -> Result<Option<String>, SqlError> {
    let at = folder(&partition.location)?;
    let files = parquet_files(&at)?;
    if files.is_empty() {
        return Ok(None);
    }
    folders.push(at);
    let key = |(column, value): (&Column, &String)| {
        let value = if value == HIVE_DEFAULT { "null".to_owned() } else { literal(value) };
        format!(", {value}::{} as {}", duckdb_type(&column.ty), quoted(column.name.as_str()))
    };
    let keys: String = table.partition_by.iter().zip(partition.value.texts()).map(key).collect();
    Ok(Some(format!("select *{keys} from {}", read(&files))))
}

fn read(files: &[PathBuf]) -> String {
    let listed = files.iter().map(|file| literal(&shown(file))).collect::<Vec<_>>().join(", ");
    format!("read_parquet([{listed}], union_by_name = true, hive_partitioning = false)")
}

/// Returns a path as text.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}
