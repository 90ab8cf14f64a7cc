//! ORC files.

use std::io::Read;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use orc_rust::{ArrowReader, ArrowReaderBuilder};

use super::clock::CLOCK;
use super::spool::spool;
use super::unreadable::unreadable;
use crate::source::SourceError;

/// Opens a file: its schema and its batches.
pub(super) fn open(
    key: &str,
    bytes: Box<dyn Read + Send>,
    rows: usize,
) -> Result<(SchemaRef, ArrowReader<std::fs::File>), SourceError> {
    let file = spool(key, bytes)?;
    let builder = ArrowReaderBuilder::try_new(file).map_err(|error| unreadable(key, "ORC", &error))?;
    let schema = builder.schema();
    let fields: Vec<FieldRef> = schema.fields().iter().map(wide).collect();
    let as_read = Schema::new_with_metadata(fields, schema.metadata().clone());
    Ok((schema, builder.with_batch_size(rows).with_schema(Arc::new(as_read)).build()))
}

/// Returns a field as it is read: clock times are decimals, which hold all that ORC has. Nanoseconds of 64 bits end in 2262.
fn wide(field: &FieldRef) -> FieldRef {
    let ty = match field.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, None) => {
            let metadata = [(CLOCK.to_owned(), String::new())].into();
            return Arc::new(Field::new(field.name(), DataType::Decimal128(38, 9), field.is_nullable()).with_metadata(metadata));
        }
        DataType::List(item) => DataType::List(wide(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(wide).collect()),
        DataType::Map(entries, sorted) => DataType::Map(wide(entries), *sorted),
        _ => return Arc::clone(field),
    };
    Arc::new(field.as_ref().clone().with_data_type(ty))
}
