//! Avro object container files.
//!
//! The library's own reader of such files never ends where a block has more bytes than its records, and leaves out records
//! without bytes. So blocks are read here. The library gets each of them as one value, the array of its records: it must have as
//! many items as the block says, and take all of its bytes.

mod codec;
mod container;
#[cfg(test)]
mod tests;

use std::io::Read;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, NullArray, RecordBatch};
use arrow_avro::errors::AvroError;
use arrow_avro::reader::{Decoder, ReaderBuilder};
use arrow_avro::schema::{AvroSchema, Fingerprint, FingerprintAlgorithm, SchemaStore};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use serde_json::{Value, json};

use self::container::{Block, Container, Flaw, write_long};
use super::super::stream::failed;
use super::unreadable::unreadable;
use crate::source::SourceError;

const AVRO: &str = "Avro";
/// Bytes before a value that tell the library its schema, in the format of Confluent: a zero, then the number of the schema.
const PREFIX: [u8; 5] = [0; 5];
/// The schema that they tell.
const ID: Fingerprint = Fingerprint::Id(0);

/// Maximum number of records of a block, as the library has it for arrays.
const MOST_RECORDS: i64 = i32::MAX as i64;

/// The records of a file.
pub(super) struct AvroReader {
    container: Container,
    /// `None` if no field has bytes.
    decoder: Option<Decoder>,
    schema: SchemaRef,
    /// Places of the fields that are always null.
    nulls: Vec<usize>,
    /// Maximum number of records in a batch.
    at_once: usize,
    /// Records of a block, and the number of those that were returned.
    block: Option<(RecordBatch, usize)>,
}

/// Opens a file: its schema and its records, so many at once.
pub(super) fn open(key: &str, bytes: Box<dyn Read + Send>, at_once: usize) -> Result<(SchemaRef, AvroReader), SourceError> {
    let open = || {
        let (schema, container) = Container::open(bytes)?;
        let mut schema = serde_json::from_str(&schema).map_err(|error| Flaw::Wrong(format!("its schema is no JSON: {error}")))?;
        let nulls = take_nulls(&mut schema)?;
        let has_more = schema["fields"].as_array().is_some_and(|fields| !fields.is_empty());
        let decoder = if has_more { Some(decoder(&schema)?) } else { None };
        let mut fields = decoder.as_ref().map(fields_of).transpose()?.unwrap_or_default();
        for (place, name) in &nulls {
            fields.insert(*place, Arc::new(Field::new(name, DataType::Null, true)));
        }
        let (schema, nulls) = (Arc::new(Schema::new(fields)), nulls.into_iter().map(|(place, _)| place).collect());
        Ok((Arc::clone(&schema), AvroReader { container, decoder, schema, nulls, at_once, block: None }))
    };
    open().map_err(|flaw| explained(key, flaw))
}

/// Takes the fields out of a schema that are always null: they have no bytes, and the library refuses them in arrays of records.
/// Returns their places and names.
fn take_nulls(schema: &mut Value) -> Result<Vec<(usize, String)>, Flaw> {
    let fields = schema.get_mut("fields").and_then(Value::as_array_mut).filter(|fields| !fields.is_empty());
    let fields = fields.ok_or_else(|| Flaw::Wrong("its values are no records with fields".to_owned()))?;
    let is_null = |field: &Value| field["type"] == "null" || field["type"]["type"] == "null";
    let name = |field: &Value| field["name"].as_str().unwrap_or_default().to_owned();
    let nulls = fields.iter().enumerate().filter(|(_, field)| is_null(field)).map(|(place, field)| (place, name(field)));
    let nulls = nulls.collect();
    fields.retain(|field| !is_null(field));
    Ok(nulls)
}

/// Returns the decoder of blocks of records of that schema.
fn decoder(schema: &Value) -> Result<Decoder, Flaw> {
    let array = json!({ "type": "array", "items": schema });
    let block = json!({ "type": "record", "name": "adg_block", "fields": [{ "name": "rows", "type": array }] });
    let mut store = SchemaStore::new_with_type(FingerprintAlgorithm::Id);
    store.set(ID, AvroSchema::new(block.to_string()))?;
    Ok(ReaderBuilder::new().with_writer_schema_store(store).with_active_fingerprint(ID).with_batch_size(1).build_decoder()?)
}

/// Returns the fields of the records that a decoder returns.
fn fields_of(decoder: &Decoder) -> Result<Vec<FieldRef>, Flaw> {
    match decoder.schema().fields().first().map(|rows| rows.data_type()) {
        Some(DataType::List(item)) if let DataType::Struct(fields) = item.data_type() => Ok(fields.to_vec()),
        _ => Err(Flaw::Wrong("its values are no records".to_owned())),
    }
}

impl AvroReader {
    /// Returns the next records; `None` at the end of the file.
    pub(super) fn next_batch(&mut self, key: &str) -> Result<Option<RecordBatch>, SourceError> {
        self.next_records().map_err(|flaw| explained(key, flaw))
    }

    fn next_records(&mut self) -> Result<Option<RecordBatch>, Flaw> {
        loop {
            if let Some((records, done)) = self.block.as_mut().filter(|(records, done)| *done < records.num_rows()) {
                let part = records.slice(*done, self.at_once.min(records.num_rows() - *done));
                *done += part.num_rows();
                return Ok(Some(part));
            }
            let Some(block) = self.container.next_block()? else { return Ok(None) };
            self.block = Some((self.records(&block)?, 0));
        }
    }

    /// Returns the records of a block.
    fn records(&mut self, block: &Block) -> Result<RecordBatch, Flaw> {
        let count = usize::try_from(block.count).unwrap_or_default();
        let mut columns = match &mut self.decoder {
            // Arrays without items have no blocks.
            _ if count == 0 && block.data.is_empty() => return Ok(RecordBatch::new_empty(Arc::clone(&self.schema))),
            None if block.data.is_empty() && block.count <= MOST_RECORDS => Vec::new(),
            Some(decoder) if count > 0 => decoded(decoder, block)?,
            _ => return Err(other(block)),
        };
        for place in &self.nulls {
            columns.insert(*place, Arc::new(NullArray::new(count)));
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// Returns the fields of a block's records, except those that are always null.
fn decoded(decoder: &mut Decoder, block: &Block) -> Result<Vec<ArrayRef>, Flaw> {
    let mut value = Vec::with_capacity(PREFIX.len() + block.data.len() + 20);
    value.extend_from_slice(&PREFIX);
    write_long(block.count, &mut value);
    value.extend_from_slice(&block.data);
    write_long(0, &mut value);
    let refused = |error: AvroError| Flaw::Wrong(error.to_string());
    if decoder.decode(&value).map_err(refused)? != value.len() {
        return Err(other(block));
    }
    let batch = decoder.flush().map_err(refused)?;
    let records = batch.and_then(|batch| batch.column(0).as_list_opt::<i32>()?.values().as_struct_opt().cloned());
    let records = records.filter(|records| i64::try_from(records.len()) == Ok(block.count)).ok_or_else(|| other(block))?;
    Ok(records.columns().to_vec())
}

fn other(block: &Block) -> Flaw {
    Flaw::Wrong(format!("a block has other bytes than those of its {} records", block.count))
}

fn explained(key: &str, flaw: Flaw) -> SourceError {
    match flaw {
        Flaw::Io(source) => failed(key, source),
        Flaw::Library(error) => unreadable(key, AVRO, &error),
        Flaw::Wrong(reason) => SourceError::NotReadable { key: key.to_owned(), format: AVRO, reason },
    }
}
