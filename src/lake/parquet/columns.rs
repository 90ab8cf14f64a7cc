//! The columns of a file, by its footer.

use arrow_schema::{DataType, Field};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::ParquetMetaData;

use crate::schema::{Column, ColumnName, ColumnType, StructField, TableSchema};
use crate::store::{ObjectInfo, Store};

use super::footers::{is_file_of, metadata};
use crate::lake::LakeError;

/// Returns the columns of the first whole Parquet file directly in the folder, as Hive types; none if there is no such file.
/// Texts of a bounded length come as plain texts, since files do not tell them apart; columns of types that adg never writes are
/// omitted.
///
/// # Errors
/// The store can't be listed or read. Damaged files are skipped.
pub fn columns_in_folder(store: &Store, folder: &str) -> Result<Option<TableSchema>, LakeError> {
    for file in store.list(folder)?.into_iter().filter(|file: &ObjectInfo| is_file_of(folder, &file.key)) {
        if let Ok(metadata) = metadata(store, &file)? {
            return Ok(columns(&metadata));
        }
    }
    Ok(None)
}

fn columns(metadata: &ParquetMetaData) -> Option<TableSchema> {
    // Without the Arrow schema in the footer, which Spark does not write.
    let schema = parquet_to_arrow_schema(metadata.file_metadata().schema_descr(), None).ok()?;
    let column = |field: &std::sync::Arc<Field>| Some(Column::new(ColumnName::new(field.name()).ok()?, column_type(field)?));
    Some(TableSchema::new(schema.fields().iter().filter_map(column).collect()))
}

fn column_type(field: &Field) -> Option<ColumnType> {
    Some(match field.data_type() {
        DataType::Utf8 => ColumnType::String,
        DataType::Boolean => ColumnType::Boolean,
        DataType::Int8 => ColumnType::TinyInt,
        DataType::Int16 => ColumnType::SmallInt,
        DataType::Int32 => ColumnType::Int,
        DataType::Int64 => ColumnType::BigInt,
        DataType::Float32 => ColumnType::Float,
        DataType::Float64 => ColumnType::Double,
        DataType::Date32 => ColumnType::Date,
        DataType::Timestamp(..) => ColumnType::Timestamp,
        DataType::Decimal128(precision, scale) => {
            ColumnType::Decimal { precision: *precision, scale: u8::try_from(*scale).ok()? }
        }
        DataType::List(element) => ColumnType::Array(Box::new(column_type(element)?)),
        DataType::Struct(fields) => {
            ColumnType::Struct(fields.iter().map(|field| struct_field(field)).collect::<Option<Vec<_>>>()?)
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => match &**fields {
                [key, value] => ColumnType::Map(Box::new(column_type(key)?), Box::new(column_type(value)?)),
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    })
}

fn struct_field(field: &Field) -> Option<StructField> {
    Some(StructField { name: ColumnName::new(field.name()).ok()?, ty: column_type(field)? })
}
