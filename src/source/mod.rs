//! Files as sources of rows: their keys, their bytes, and the parser that turns bytes into columns.

mod bytes;
mod csv;
mod decode;
mod dialects;
mod encoding;
mod envelope;
mod error;
mod fields;
mod file;
mod foreign;
mod format;
mod from_file;
mod header;
mod json;
mod keys;
mod known;
mod looks;
mod members;
mod name_date;
mod packing;
mod parser;
mod pattern;
mod sniff;
mod stream;
mod survey;
mod typed;
mod zip;

pub use csv::{CsvFormat, HeaderRule};
pub use dialects::DialectName;
pub use encoding::Encoding;
pub use envelope::{Envelope, KeyService, KeyServiceError, KeyServiceSettings, NewKey, WrappedKey, decrypt};
pub use error::SourceError;
pub use fields::MarkedFields;
pub use file::{Batches, Reading};
pub use format::Format;
pub use from_file::{FileColumn, FileValue};
pub use header::{Header, Sample};
pub use json::{JsonFormat, Sought, sought};
pub use keys::{DayKeys, KeyPatternError, Pick, SourceKey};
pub use known::Expected;
#[cfg(feature = "spark")]
pub use packing::is_packed;
pub use parser::json::{DocumentFlaw, GIVEN_TWICE, Items, Layout, Part, PathStep, Reshape, Unwrap, parse_path, written_path};
pub use parser::{
    BadRecord, ColumnPlan, Dialect, Escape, FixedField, FixedWidth, HashField, HashVersion, LineEnds, LongRecords, Nulls, Place,
    RawBatch, ReadSizes, RowHash, Sequences, Trailer, TrailerFlaw, TypedBatch, ValueRules, Widths, typed_batch,
};
pub use pattern::{KeyPattern, Slicing, must_be_of_keys, with_date};
pub use sniff::{Delimited, Kind as SniffedKind, Notation, Objects, Sniffed, SniffedColumn, Spellings, sniff};
pub use survey::{Question, Survey};
pub use typed::{BinaryText, Sheet, TypedFormat, TypedKind};
