//! Conversion of tables and partitions between adg's types and Glue's.

use std::collections::HashMap;

use aws_sdk_glue::error::BuildError;
use aws_sdk_glue::types::{
    Column as GlueColumn, Partition as GluePartition, PartitionInput, SerDeInfo, StorageDescriptor, Table as GlueTable,
    TableInput,
};

use crate::metastore::table::personal;
use crate::metastore::{Parameters, Partition, PartitionValue, Table, TableName};
use crate::schema::{Column, ColumnName, ColumnType, TableSchema};
use crate::store::{normal_location, tidy_location};

/// Table parameter with the highest fencing token that published, in decimal.
pub(super) const FENCE: &str = "adg.fence";
/// Table parameter by which Glue's own jobs and crawlers know the file format.
const CLASSIFICATION: &str = "classification";
/// Parameters of this backend that callers neither set nor see.
const HIDDEN: [&str; 2] = [FENCE, CLASSIFICATION];

const INPUT_FORMAT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";
const OUTPUT_FORMAT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat";
const SERDE: &str = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";

/// Returns the table as Hive and Athena create it.
pub(super) fn table_input(table: &Table) -> Result<TableInput, BuildError> {
    let columns: Result<Vec<GlueColumn>, BuildError> = table.schema.columns().iter().map(column).collect();
    let mut columns = columns?;
    let keys: Result<Vec<GlueColumn>, BuildError> = table.partition_by.iter().map(column).collect();
    mark_personal(&mut columns, &table.parameters);
    let descriptor = StorageDescriptor::builder()
        .set_columns(Some(columns))
        .location(&table.location)
        .input_format(INPUT_FORMAT)
        .output_format(OUTPUT_FORMAT)
        .serde_info(SerDeInfo::builder().serialization_library(SERDE).parameters("serialization.format", "1").build())
        // Hive's word for none.
        .number_of_buckets(-1)
        .build();
    TableInput::builder()
        .name(table.name.table.as_str())
        .table_type("EXTERNAL_TABLE")
        .set_parameters(Some(table.parameters.clone().into_iter().collect()))
        .parameters(CLASSIFICATION, "parquet")
        .storage_descriptor(descriptor)
        .set_partition_keys(Some(keys?))
        .build()
}

/// Returns a new column for Glue.
pub(super) fn column(column: &Column) -> Result<GlueColumn, BuildError> {
    GlueColumn::builder().name(column.name.as_str()).r#type(column.ty.to_string()).build()
}

/// Marks the columns that the table's parameters name as personal data.
pub(super) fn mark_personal(columns: &mut [GlueColumn], parameters: &Parameters) {
    for name in personal(parameters) {
        for column in columns.iter_mut().filter(|column| column.name() == name) {
            column.parameters.get_or_insert_default().insert("pii".to_owned(), "true".to_owned());
        }
    }
}

/// Returns the table, or the part of it that adg does not know.
pub(super) fn table(name: &TableName, table: &GlueTable) -> Result<Table, String> {
    if !is_known(table) {
        return Err("files other than Parquet without buckets".to_owned());
    }
    Ok(Table {
        name: name.clone(),
        location: tidy_location(table.storage_descriptor().and_then(StorageDescriptor::location).unwrap_or_default()),
        schema: schema(table)?,
        partition_by: table.partition_keys().iter().map(read_column).collect::<Result<_, _>>()?,
        parameters: shown(table.parameters()),
    })
}

/// Returns the table's columns without the partition columns, or the part of them that adg does not know.
pub(super) fn schema(table: &GlueTable) -> Result<TableSchema, String> {
    let columns = table.storage_descriptor().map(StorageDescriptor::columns).unwrap_or_default();
    let columns: Result<Vec<Column>, String> = columns.iter().map(read_column).collect();
    Ok(TableSchema::new(columns?))
}

pub(super) fn read_column(column: &GlueColumn) -> Result<Column, String> {
    let text = column.r#type().unwrap_or_default();
    let name = ColumnName::new(column.name()).map_err(|_| format!("the column name `{}`", column.name()))?;
    let ty: ColumnType =
        as_hive_means(text).parse().map_err(|_| format!("the type `{text}` of the column `{}`", column.name()))?;
    Ok(Column::new(name, ty))
}

/// Spells out a bare `decimal`: to Hive it is `decimal(10,0)`, to a module file a double. Hive's own metastore never has it
/// bare; Glue keeps what it was given.
fn as_hive_means(text: &str) -> String {
    let mut meant = String::with_capacity(text.len());
    for piece in text.split_inclusive(['<', '>', ',', ':', '(', ')']) {
        let word = piece.trim_end_matches(['<', '>', ',', ':', '(', ')']);
        let end = &piece[word.len()..];
        // A field's name is followed by a colon, and a precision by a bracket.
        if word.trim().eq_ignore_ascii_case("decimal") && !matches!(end, ":" | "(") {
            meant.push_str("decimal(10,0)");
        } else {
            meant.push_str(word);
        }
        meant.push_str(end);
    }
    meant
}

/// Returns the highest token that has published, if any.
pub(super) fn fence(table: &GlueTable) -> Result<Option<u64>, String> {
    let text = table.parameters().and_then(|parameters| parameters.get(FENCE));
    text.map(|text| text.parse::<u64>().map_err(|_| format!("the fence `{text}`"))).transpose()
}

/// Returns true if adg supports the table: Parquet files without buckets. An account has other tables, and views.
pub(super) fn is_known(table: &GlueTable) -> bool {
    let format = table.storage_descriptor().and_then(StorageDescriptor::input_format).unwrap_or_default();
    let buckets = table.storage_descriptor().map_or(0, StorageDescriptor::number_of_buckets);
    let provider = table.parameters().and_then(|all| all.get("spark.sql.sources.provider")).map(String::as_str);
    let is_parquet = format.contains("Parquet") && matches!(provider, None | Some("parquet" | "hive"));
    is_parquet && buckets <= 0
}

/// Returns the partition.
pub(super) fn partition(partition: GluePartition) -> Partition {
    Partition {
        value: PartitionValue::new(partition.values().to_vec()),
        location: location(partition.storage_descriptor()),
        parameters: partition.parameters.unwrap_or_default().into_iter().collect(),
    }
}

/// Returns the only partition of a table without partition columns; none if it has some.
pub(super) fn as_partition(table: &GlueTable) -> Option<Partition> {
    table.partition_keys().is_empty().then(|| Partition {
        value: PartitionValue::default(),
        location: location(table.storage_descriptor()),
        parameters: shown(table.parameters()),
    })
}

/// Returns a partition whose files have the format of a table with that descriptor.
pub(super) fn partition_input(partition: &Partition, descriptor: &StorageDescriptor) -> PartitionInput {
    let mut descriptor = descriptor.clone();
    descriptor.location = Some(partition.location.clone());
    // Spark keeps the table's place there; of a partition it would be the wrong one.
    if let Some(parameters) = descriptor.serde_info.as_mut().and_then(|serde| serde.parameters.as_mut()) {
        parameters.remove("path");
    }
    PartitionInput::builder()
        .set_values(Some(partition.value.texts().to_vec()))
        .storage_descriptor(descriptor)
        .set_parameters(Some(partition.parameters.clone().into_iter().collect()))
        .build()
}

fn location(descriptor: Option<&StorageDescriptor>) -> String {
    normal_location(descriptor.and_then(StorageDescriptor::location).unwrap_or_default())
}

fn shown(parameters: Option<&HashMap<String, String>>) -> Parameters {
    let shown = parameters.into_iter().flatten().filter(|(key, _)| !HIDDEN.contains(&key.as_str()));
    shown.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Table {
        let column = |name: &str, ty: &str| Column::new(ColumnName::new(name).unwrap(), ty.parse().unwrap());
        Table {
            name: "vacancy.bids".parse().unwrap(),
            location: "s3://lake/vacancy/bids".into(),
            schema: TableSchema::new(vec![column("id", "bigint"), column("cost_$", "array<struct<a:decimal(18,2)>>")]),
            partition_by: vec![column("date_uploaded", "date"), column("hour", "string")],
            parameters: Table::first_parameters(),
        }
    }

    /// Returns the table that Glue would answer with for an input.
    fn kept(input: TableInput) -> GlueTable {
        let table = GlueTable::builder().name(input.name).set_parameters(input.parameters);
        table.set_storage_descriptor(input.storage_descriptor).set_partition_keys(input.partition_keys).build().unwrap()
    }

    fn typed(ty: &str) -> GlueColumn {
        GlueColumn::builder().name("X").r#type(ty).build().unwrap()
    }

    #[test]
    fn a_table_comes_back_as_it_was_given() {
        let input = table_input(&ours()).unwrap();
        assert_eq!(input.table_type(), Some("EXTERNAL_TABLE"));
        let parameters = input.parameters().unwrap();
        assert_eq!((parameters["EXTERNAL"].as_str(), parameters["classification"].as_str()), ("TRUE", "parquet"));
        let mut found = kept(input);
        assert!(is_known(&found));
        assert_eq!(fence(&found), Ok(None));
        found.parameters.get_or_insert_default().insert(FENCE.into(), "7".into());
        assert_eq!(fence(&found), Ok(Some(7)));
        assert_eq!(table(&ours().name, &found), Ok(ours()));
        // As a Hadoop with S3A writes it: the scheme stays the table's own.
        found.storage_descriptor.as_mut().unwrap().location = Some("s3a://lake/vacancy/bids/".into());
        assert_eq!(table(&ours().name, &found), Ok(Table { location: "s3a://lake/vacancy/bids".into(), ..ours() }));
    }

    #[test]
    fn what_adg_does_not_know_is_named() {
        assert_eq!(read_column(&typed("binary")), Err("the type `binary` of the column `X`".into()));
        let mut found = kept(table_input(&ours()).unwrap());
        found.parameters.get_or_insert_default().insert(FENCE.into(), "x".into());
        assert_eq!(fence(&found), Err("the fence `x`".into()));
        found.storage_descriptor.as_mut().unwrap().input_format = Some("org.apache.hadoop.mapred.TextInputFormat".into());
        assert_eq!(table(&ours().name, &found), Err("files other than Parquet without buckets".into()));
        assert!(!is_known(&found));
    }

    #[test]
    fn a_bare_decimal_is_hives() {
        for (text, ty) in [
            ("decimal", "decimal(10,0)"),
            ("DECIMAL( 9, 2 )", "decimal(9,2)"),
            ("struct<decimal:decimal,b:array<decimal>>", "struct<decimal:decimal(10,0),b:array<decimal(10,0)>>"),
            ("map<string,decimal(9,2)>", "map<string,decimal(9,2)>"),
            ("double", "double"),
        ] {
            assert_eq!(read_column(&typed(text)).unwrap().ty.to_string(), ty, "{text}");
        }
    }

    #[test]
    fn a_partition_is_like_its_table_but_for_the_place() {
        let table = kept(table_input(&ours()).unwrap());
        let ours = Partition {
            value: PartitionValue::new(vec!["2024-01-01".into(), "09".into()]),
            location: "s3://lake/vacancy/bids/date_uploaded=2024-01-01/run".into(),
            parameters: Parameters::from([("numRows".into(), "3".into())]),
        };
        let input = partition_input(&ours, table.storage_descriptor().unwrap());
        let descriptor = input.storage_descriptor().unwrap();
        assert_eq!(descriptor.columns(), table.storage_descriptor().unwrap().columns());
        assert_eq!(descriptor.serde_info().unwrap().serialization_library(), Some(SERDE));
        let found = GluePartition::builder().set_values(input.values).set_parameters(input.parameters);
        assert_eq!(partition(found.set_storage_descriptor(input.storage_descriptor).build()), ours);
    }
}
