//! An open file of typed fields, as a stream of batches.

use std::io::Read;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};

use super::avro::{self, AvroReader};
use super::column_types::column_type;
use super::text::raw_batch;
use super::unreadable::unreadable;
use super::{BinaryText, TypedFormat, TypedKind, parquet};
use crate::schema::{ColumnName, ColumnType, Naming, TableSchema, headers_to_columns};
use crate::source::{Header, RawBatch, SourceError};
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReader;

/// Rows read at once.
const ROWS: usize = 4096;

/// An open file of typed fields.
pub(in crate::source) struct TypedBatches {
    key: String,
    reader: Reader,
    /// Text that binary values become.
    binary: BinaryText,
    /// Fields as they are read, if they say more than those of the batches.
    schema: Option<SchemaRef>,
    /// Records read so far.
    count: u64,
}

enum Reader {
    Parquet(ParquetRecordBatchReader),
    Avro(Box<AvroReader>),
    #[cfg(feature = "orc")]
    Orc(Box<orc_rust::ArrowReader<std::fs::File>>),
    #[cfg(feature = "excel")]
    Excel(super::excel::ExcelRows),
}

impl TypedBatches {
    fn new(key: &str, reader: Reader, format: &TypedFormat) -> Self {
        let schema = match &reader {
            #[cfg(feature = "orc")]
            Reader::Orc(reader) => Some(arrow_array::RecordBatchReader::schema(&**reader)),
            _ => None,
        };
        Self { key: key.to_owned(), reader, binary: format.binary, schema, count: 0 }
    }

    /// Opens a file and reads its header. `existing` and `reserved` are as for [`headers_to_columns`].
    pub(in crate::source) fn open(
        key: &str,
        bytes: Box<dyn Read + Send>,
        format: &TypedFormat,
        (naming, existing, reserved): (Naming<'_>, &TableSchema, &[ColumnName]),
    ) -> Result<(Header, Self), SourceError> {
        let (fields, reader) = open(key, bytes, &format.kind)?;
        let names: Vec<String> = match &fields {
            Fields::Typed(schema) => schema.fields().iter().map(|field| field.name().clone()).collect(),
            #[cfg(feature = "excel")]
            Fields::Named(names, _) => names.clone(),
        };
        let columns = headers_to_columns(naming, &names, existing, reserved)
            .map_err(|source| SourceError::Header { key: key.to_owned(), source })?;
        let types: Vec<Option<ColumnType>> = match &fields {
            Fields::Typed(schema) => {
                let ty = |field: &arrow_schema::Field| {
                    column_type(field.data_type(), naming.rule).map_err(|what| SourceError::NotReadable {
                        key: key.to_owned(),
                        format: format.kind.name(),
                        reason: format!("the field `{}` has a type that no table has: {what}", field.name()),
                    })
                };
                schema.fields().iter().map(|field| ty(field).map(Some)).collect::<Result<_, _>>()?
            }
            #[cfg(feature = "excel")]
            Fields::Named(..) => Vec::new(),
        };
        let notes = match fields {
            Fields::Typed(_) => Vec::new(),
            #[cfg(feature = "excel")]
            Fields::Named(_, notes) => notes,
        };
        let header = Header { names, columns, types, notes, is_whole: true, is_blank: false, ..Header::blank(key) };
        Ok((header, Self::new(key, reader, format)))
    }

    /// Opens the records of a file whose header is known.
    pub(in crate::source) fn of(header: &Header, bytes: Box<dyn Read + Send>, format: &TypedFormat) -> Result<Self, SourceError> {
        let (fields, reader) = open(&header.key, bytes, &format.kind)?;
        let is_same = match &fields {
            Fields::Typed(schema) => schema.fields().iter().map(|field| field.name()).eq(&header.names),
            #[cfg(feature = "excel")]
            Fields::Named(names, _) => *names == header.names,
        };
        if !is_same {
            return Err(SourceError::Changed { key: header.key.clone() });
        }
        Ok(Self::new(&header.key, reader, format))
    }

    /// Returns the next records; `None` at the end of the file.
    pub(in crate::source) fn next_batch(&mut self) -> Result<Option<RawBatch>, SourceError> {
        let checked = |batch: Option<Result<RecordBatch, ArrowError>>, format| {
            batch.transpose().map_err(|error| unreadable(&self.key, format, &error))
        };
        let batch = match &mut self.reader {
            Reader::Parquet(reader) => checked(reader.next(), "Parquet")?,
            Reader::Avro(reader) => reader.next_batch(&self.key)?,
            #[cfg(feature = "orc")]
            Reader::Orc(reader) => checked(reader.next(), "ORC")?,
            #[cfg(feature = "excel")]
            Reader::Excel(rows) => return Ok(rows.next_batch()),
        };
        Ok(batch.map(|batch| {
            let first = self.count + 1;
            self.count += batch.num_rows() as u64;
            raw_batch(&batch, self.schema.as_ref().unwrap_or(batch.schema_ref()), first, self.binary)
        }))
    }
}

/// The fields of a file.
enum Fields {
    Typed(SchemaRef),
    #[cfg(feature = "excel")]
    Named(Vec<String>, Vec<String>),
}

fn open(key: &str, bytes: Box<dyn Read + Send>, kind: &TypedKind) -> Result<(Fields, Reader), SourceError> {
    match kind {
        TypedKind::Parquet => {
            let (schema, reader) = parquet::open(key, bytes, ROWS)?;
            Ok((Fields::Typed(schema), Reader::Parquet(reader)))
        }
        TypedKind::Avro => {
            let (schema, reader) = avro::open(key, bytes, ROWS)?;
            Ok((Fields::Typed(schema), Reader::Avro(Box::new(reader))))
        }
        #[cfg(feature = "orc")]
        TypedKind::Orc => {
            let (schema, reader) = super::orc::open(key, bytes, ROWS)?;
            Ok((Fields::Typed(schema), Reader::Orc(Box::new(reader))))
        }
        #[cfg(feature = "excel")]
        TypedKind::Excel(sheet) => {
            let (names, rows, notes) = super::excel::open(key, bytes, sheet, ROWS)?;
            Ok((Fields::Named(names, notes), Reader::Excel(rows)))
        }
        #[cfg(not(all(feature = "orc", feature = "excel")))]
        other => Err(SourceError::NotBuilt { key: key.to_owned(), format: other.name() }),
    }
}
