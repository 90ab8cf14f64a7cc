//! Conversion of tables and partitions to Hive's thrift types and back.

use hive_metastore as hms;
use pilota::{AHashMap, FastStr};

use crate::identity::FencingToken;
use crate::schema::{Column, ColumnName, TableSchema};
use crate::store::{normal_location, tidy_location};

use super::super::{Database, Parameters, Partition, PartitionValue, Table, TableName, spark_statistics};

/// Table parameter with the highest fencing token that has published.
const FENCE: &str = "adg.fence";
/// Table parameter with the time of the last change, in seconds: set by the service and by Hive.
pub(super) const LAST_CHANGED: &str = "transient_lastDdlTime";
/// Parameters that the service or this backend writes for its own use.
const HIDDEN: [&str; 2] = [FENCE, LAST_CHANGED];

/// Hive's input format, output format and SerDe of Parquet.
const INPUT_FORMAT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";
const OUTPUT_FORMAT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat";
const SERDE: &str = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";

type Map = AHashMap<FastStr, FastStr>;

pub(super) fn text(text: impl AsRef<str>) -> FastStr {
    FastStr::new(text.as_ref())
}

fn map(parameters: &Parameters) -> Map {
    parameters.iter().map(|(key, value)| (text(key), text(value))).collect()
}

fn parameters(map: Option<&Map>) -> Parameters {
    let all = map.into_iter().flatten().filter(|(key, _)| !HIDDEN.contains(&key.as_str()));
    all.map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

fn field(column: &Column) -> hms::FieldSchema {
    hms::FieldSchema { name: Some(text(column.name.as_str())), r#type: Some(text(column.ty.to_string())), comment: None }
}

/// # Errors
/// The part that this version does not understand.
fn column(field: &hms::FieldSchema) -> Result<Column, String> {
    let name = ColumnName::new(field.name.as_deref().unwrap_or_default()).map_err(|error| error.to_string())?;
    let ty = field.r#type.as_deref().unwrap_or_default().parse().map_err(|error| format!("the column `{name}`: {error}"))?;
    Ok(Column::new(name, ty))
}

pub(super) fn database(database: &Database) -> hms::Database {
    hms::Database {
        name: Some(text(database.name.as_str())),
        location_uri: Some(text(&database.location)),
        parameters: Some(Map::default()),
        ..hms::Database::default()
    }
}

pub(super) fn table(table: &Table) -> hms::Table {
    let serde = hms::SerDeInfo {
        name: None,
        serialization_lib: Some(text(SERDE)),
        parameters: Some([(text("serialization.format"), text("1"))].into_iter().collect()),
    };
    let sd = hms::StorageDescriptor {
        cols: Some(table.schema.columns().iter().map(field).collect()),
        location: Some(text(&table.location)),
        input_format: Some(text(INPUT_FORMAT)),
        output_format: Some(text(OUTPUT_FORMAT)),
        compressed: Some(false),
        num_buckets: Some(-1),
        serde_info: Some(serde),
        bucket_cols: Some(Vec::new()),
        sort_cols: Some(Vec::new()),
        parameters: Some(Map::default()),
        ..hms::StorageDescriptor::default()
    };
    hms::Table {
        table_name: Some(text(table.name.table.as_str())),
        db_name: Some(text(table.name.database.as_str())),
        owner: Some(text(std::env::var("USER").as_deref().unwrap_or("adg"))),
        sd: Some(sd),
        partition_keys: Some(table.partition_by.iter().map(field).collect()),
        parameters: Some(map(&table.parameters)),
        table_type: Some(text("EXTERNAL_TABLE")),
        ..hms::Table::default()
    }
}

/// # Errors
/// The part that this version does not understand.
pub(super) fn table_from(name: &TableName, found: &hms::Table) -> Result<Table, String> {
    let sd = found.sd.as_ref().ok_or("no location")?;
    only_parquet(found, sd)?;
    let keys = found.partition_keys.as_deref().unwrap_or_default();
    Ok(Table {
        name: name.clone(),
        location: tidy_location(sd.location.as_deref().unwrap_or_default()),
        schema: schema(found)?,
        partition_by: keys.iter().map(column).collect::<Result<_, _>>()?,
        parameters: parameters(found.parameters.as_ref()),
    })
}

/// # Errors
/// Its files are not Parquet, or lie in buckets: readers would not understand adg's files beside them.
fn only_parquet(found: &hms::Table, sd: &hms::StorageDescriptor) -> Result<(), String> {
    let provider = found.parameters.as_ref().and_then(|all| all.get("spark.sql.sources.provider")).map(FastStr::as_str);
    let format = sd.input_format.as_deref().unwrap_or_default();
    match (format == INPUT_FORMAT, provider) {
        (true, None | Some("parquet" | "hive")) if sd.num_buckets.unwrap_or(-1) <= 0 => Ok(()),
        _ => Err(format!("files other than Parquet without buckets (its input format is `{format}`)")),
    }
}

/// # Errors
/// The part that this version does not understand.
pub(super) fn schema(found: &hms::Table) -> Result<TableSchema, String> {
    let fields = found.sd.as_ref().and_then(|sd| sd.cols.as_deref()).unwrap_or_default();
    Ok(TableSchema::new(fields.iter().map(column).collect::<Result<_, _>>()?))
}

/// Returns the table with new columns and with `set` added to its parameters; columns that stay keep their comments.
pub(super) fn with_columns(mut found: hms::Table, after: &TableSchema, set: &Parameters) -> hms::Table {
    if let Some(sd) = &mut found.sd {
        let before = sd.cols.take().unwrap_or_default();
        let comment = |name: &FastStr| before.iter().find(|field| field.name.as_ref() == Some(name))?.comment.clone();
        let mut fields: Vec<_> = after.columns().iter().map(field).collect();
        for field in &mut fields {
            field.comment = field.name.as_ref().and_then(comment);
        }
        sd.cols = Some(fields);
    }
    found.parameters.get_or_insert_default().extend(map(set));
    found
}

/// Applies `change` to the table's parameters, including the hidden ones.
///
/// # Errors
/// The error of `change`.
pub(super) fn change_parameters(
    found: &mut hms::Table,
    change: impl FnOnce(&mut Parameters) -> Result<(), String>,
) -> Result<(), String> {
    let texts = |(key, value): (FastStr, FastStr)| (key.to_string(), value.to_string());
    let mut all = found.parameters.take().unwrap_or_default().into_iter().map(texts).collect();
    change(&mut all)?;
    found.parameters = Some(map(&all));
    Ok(())
}

/// Returns true if the table has all these parameters.
pub(super) fn has_parameters(found: &hms::Table, set: &Parameters) -> bool {
    let all = parameters(found.parameters.as_ref());
    set.iter().all(|(key, value)| all.get(key) == Some(value))
}

/// Returns the highest fencing token that has published to the table.
pub(super) fn fence(found: &hms::Table) -> Option<FencingToken> {
    found.parameters.as_ref()?.get(FENCE)?.parse().ok().map(FencingToken)
}

/// Returns the time of its last change in seconds, by the service's clock.
pub(super) fn last_changed(found: &hms::Table) -> Option<i64> {
    found.parameters.as_ref()?.get(LAST_CHANGED)?.parse().ok()
}

pub(super) fn with_fence(mut found: hms::Table, fence: FencingToken) -> hms::Table {
    let parameters = found.parameters.get_or_insert_default();
    parameters.retain(|key, _| !spark_statistics::is_one(key));
    parameters.insert(text(FENCE), text(fence.0.to_string()));
    found
}

/// Returns true if the table has no partition columns.
pub(super) fn is_whole(table: &hms::Table) -> bool {
    table.partition_keys.as_ref().is_none_or(Vec::is_empty)
}

/// Returns the only partition of a table without partition columns.
pub(super) fn as_partition(table: &hms::Table) -> Partition {
    Partition {
        value: PartitionValue::default(),
        location: normal_location(table.sd.as_ref().and_then(|sd| sd.location.as_deref()).unwrap_or_default()),
        parameters: parameters(table.parameters.as_ref()),
    }
}

/// Returns a table without partition columns whose readers are sent to the folder of that partition.
pub(super) fn moved(mut found: hms::Table, to: &Partition) -> hms::Table {
    if let Some(sd) = &mut found.sd {
        sd.location = Some(text(&to.location));
        if let Some(path) = sd.serde_info.as_mut().and_then(|serde| serde.parameters.as_mut()?.get_mut("path")) {
            // Spark reads its own tables there.
            *path = text(&to.location);
        }
    }
    found.parameters.get_or_insert_default().extend(map(&to.parameters));
    found
}

/// Returns true if the table has Spark's own statistics.
pub(super) fn has_spark_statistics(table: &hms::Table) -> bool {
    table.parameters.iter().flat_map(|parameters| parameters.keys()).any(|key| spark_statistics::is_one(key))
}

/// Returns a partition with its table's format and columns: its files are written with the table's current columns.
pub(super) fn partition(table: &hms::Table, partition: &Partition) -> hms::Partition {
    let mut sd = table.sd.clone().unwrap_or_default();
    sd.location = Some(text(&partition.location));
    if let Some(serde) = &mut sd.serde_info {
        // Spark keeps the table's place there; of a partition it would be the wrong one.
        serde.parameters.get_or_insert_default().remove("path");
    }
    hms::Partition {
        values: Some(values(&partition.value)),
        db_name: table.db_name.clone(),
        table_name: table.table_name.clone(),
        sd: Some(sd),
        parameters: Some(map(&partition.parameters)),
        ..hms::Partition::default()
    }
}

/// # Errors
/// The part that this version does not understand.
pub(super) fn partition_from(found: &hms::Partition) -> Partition {
    let values = found.values.as_deref().unwrap_or_default();
    let location = found.sd.as_ref().and_then(|sd| sd.location.as_deref()).unwrap_or_default();
    Partition {
        value: PartitionValue::new(values.iter().map(ToString::to_string).collect()),
        location: normal_location(location),
        parameters: parameters(found.parameters.as_ref()),
    }
}

/// Returns the values of a partition, in the order of the columns.
pub(super) fn values(value: &PartitionValue) -> Vec<FastStr> {
    value.texts().iter().map(text).collect()
}

/// Returns the partition's name as Hive writes it: `date_uploaded=2024-01-01`.
pub(super) fn partition_name(table: &hms::Table, value: &PartitionValue) -> FastStr {
    let keys = table.partition_keys.iter().flatten().filter_map(|key| ColumnName::new(key.name.as_deref()?).ok());
    text(value.name(&keys.collect::<Vec<_>>()))
}
