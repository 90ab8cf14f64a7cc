//! Scan of a table's files as one lazy frame.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;

use crate::lake::PARTITION_SCHEMA;
use crate::metastore::{Partition, Table};
use crate::schema::{Column, ColumnType};

use crate::sql::SqlError;
use crate::sql::files::{folder, parquet_files};

use super::failure::failed;
use super::grown::grown;
use super::types::{polars_schema, polars_type};

/// Returns the table's files, at the locations of its partitions, as one frame; columns that older files lack are null.
///
/// Polars itself reads structs that grew since a file was written, but loses values of structs in lists (0.55.2). So files are
/// read as they are, those of one schema together, and missing members are added here.
///
/// # Errors
/// The files are in no local folder, or can't be read.
pub(super) fn scan(table: &Table, partitions: &[Partition]) -> Result<LazyFrame, SqlError> {
    let mut schema = polars_schema(&table.schema);
    let key = |column: &Column| Field::new(column.name.as_str().into(), polars_type(&column.ty));
    let keys: Schema = table.partition_by.iter().map(key).collect();
    let root = folder(&table.location)?;
    let nested: Vec<(PlSmallStr, ColumnType)> = table
        .schema
        .columns()
        .iter()
        .filter(|column| has_members(&column.ty))
        .map(|column| (column.name.as_str().into(), column.ty.clone()))
        .collect();
    let groups = alike(&root, table, partitions, nested.is_empty())?;
    if groups.is_empty() {
        schema.merge(keys);
        return Ok(DataFrame::empty_with_schema(&schema).lazy());
    }
    let frames = groups.into_values().map(|files| group(&root, &keys, &schema, &nested, files));
    let frames = frames.collect::<Result<Vec<_>, SqlError>>()?;
    match <[LazyFrame; 1]>::try_from(frames) {
        Ok([frame]) => Ok(frame),
        Err(frames) => concat(frames, UnionArgs::default()).map_err(failed),
    }
}

/// Returns true if the type has a struct, which may grow.
fn has_members(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Array(items) | ColumnType::Map(_, items) => has_members(items),
        ColumnType::Struct(_) => true,
        _ => false,
    }
}

/// Groups files by schema, or into one group if `together`. A file of unknown schema is a group of its own.
fn alike(
    root: &Path,
    table: &Table,
    partitions: &[Partition],
    together: bool,
) -> Result<BTreeMap<String, Vec<PlRefPath>>, SqlError> {
    let mut groups: BTreeMap<String, Vec<PlRefPath>> = BTreeMap::new();
    for partition in partitions {
        let location = folder(&partition.location)?;
        let expected = partition.value.name(table.partition_by.iter().map(|column| &column.name));
        if !location.strip_prefix(root).is_ok_and(|below| has_folders(below, &expected)) {
            return Err(SqlError::Failed {
                reason: format!("the partition {} lies outside its table, at {}", partition.value, partition.location),
            });
        }
        for file in parquet_files(&location)? {
            let file = PlRefPath::try_from_path(&file).map_err(failed)?;
            let schema = match partition.parameters.get(PARTITION_SCHEMA) {
                _ if together => "",
                Some(schema) => schema,
                None => file.as_str(),
            };
            groups.entry(schema.to_owned()).or_default().push(file.clone());
        }
    }
    Ok(groups)
}

/// Returns true if a path has these folders, in this order; the one of an attempt may lie between them.
fn has_folders(path: &Path, expected: &str) -> bool {
    let mut folders = path.iter();
    // A table without partition columns has its files in its own folder.
    expected.is_empty() || expected.split('/').all(|name| folders.any(|folder| folder == name))
}

/// Returns a frame of files of one schema.
fn group(
    root: &Path,
    keys: &Schema,
    schema: &Schema,
    nested: &[(PlSmallStr, ColumnType)],
    files: Vec<PlRefPath>,
) -> Result<LazyFrame, SqlError> {
    let mut schema = schema.clone();
    let mut grow = Vec::new();
    if let (false, Some(first)) = (nested.is_empty(), files.first()) {
        let found = file_schema(first.as_std_path())?;
        for (name, ty) in nested {
            let Some(dtype) = found.get(name).filter(|dtype| schema.get(name) != Some(*dtype)) else { continue };
            schema.insert(name.clone(), dtype.clone());
            grow.push(as_grown(name, ty.clone()));
        }
    }
    let args = UnifiedScanArgs {
        glob: false,
        hive_options: HiveOptions {
            enabled: Some(true),
            hive_start_idx: root.as_os_str().len() + 1,
            schema: Some(Arc::new(keys.clone())),
            try_parse_dates: true,
        },
        // Files older than a widening have the narrower type.
        cast_columns_policy: CastColumnsPolicy {
            integer_upcast: true,
            float_upcast: true,
            // INT96 without Arrow's schema beside it, as Spark writes it.
            datetime_nanoseconds_downcast: true,
            ..CastColumnsPolicy::ERROR_ON_MISMATCH
        },
        missing_columns_policy: MissingColumnsPolicy::Insert,
        ..UnifiedScanArgs::default()
    };
    let options = ParquetOptions { schema: Some(Arc::new(schema)), ..ParquetOptions::default() };
    let sources = ScanSources::Paths(files.into_iter().collect());
    let frame: LazyFrame = DslBuilder::scan_parquet(sources, options, args).map_err(failed)?.build().into();
    Ok(if grow.is_empty() { frame } else { frame.with_columns(grow) })
}

/// Returns the column with all members that its type has by now.
fn as_grown(name: &PlSmallStr, ty: ColumnType) -> Expr {
    let dtype = polars_type(&ty);
    col(name.clone()).map(
        move |column| grown(&column, &ty).map_err(|error| PolarsError::ComputeError(error.to_string().into())),
        move |_, field| Ok(Field::new(field.name.clone(), dtype.clone())),
    )
}

fn file_schema(path: &Path) -> Result<Schema, SqlError> {
    let file =
        File::open(path).map_err(|error| SqlError::Failed { reason: format!("{} can't be read ({error})", path.display()) })?;
    let schema = ParquetReader::new(file).schema().map_err(failed)?;
    Ok(Schema::from_arrow_schema(schema.as_ref()))
}
