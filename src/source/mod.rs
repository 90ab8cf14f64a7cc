//! Files as sources of rows: their keys, their bytes, and the parser that turns bytes into columns.

mod bytes;
mod csv;
mod envelope;
mod error;
mod fields;
mod file;
mod format;
mod header;
mod json;
mod keys;
mod known;
mod parser;
mod pattern;
mod survey;

pub use bytes::Encoding;
#[cfg(feature = "spark")]
pub use bytes::is_packed;
pub use csv::CsvFormat;
pub use envelope::{Envelope, KeyService, KeyServiceError, KeyServiceSettings, NewKey, WrappedKey, decrypt};
pub use error::SourceError;
pub use fields::MarkedFields;
pub use file::{Batches, Reading};
pub use format::Format;
pub use header::{Header, Sample};
pub use json::JsonFormat;
pub use keys::{DayKeys, KeyPatternError, Pick, SourceKey};
pub use known::Expected;
pub use parser::json::{DocumentFlaw, Layout};
pub use parser::{
    BadRecord, ColumnPlan, HashField, HashVersion, Nulls, Place, RawBatch, ReadSizes, RowHash, TypedBatch, ValueRules,
    typed_batch,
};
pub use pattern::KeyPattern;
pub use survey::{Question, Survey};
