//! Where rows come from: the keys of a day, their bytes, and the guard that turns bytes into frames and loses nothing.

mod bytes;
mod csv;
mod envelope;
mod error;
mod fields;
mod file;
mod guard;
mod json;
mod keys;
mod known;
mod pattern;
mod survey;

pub use bytes::Encoding;
#[cfg(feature = "spark")]
pub use bytes::is_packed;
pub use csv::CsvFormat;
pub use envelope::{Envelope, KeyService, KeyServiceError, KeyServiceSettings, NewKey, WrappedKey, decrypt};
pub use error::SourceError;
pub use fields::MarkedFields;
pub use file::{Batches, Format, Header, Look, Reading};
pub use guard::json::{DocumentFlaw, Layout};
pub use guard::{
    BadRecord, ColumnPlan, HashField, HashVersion, Nulls, Place, RawBatch, ReadSizes, RowHash, ValueRules, ValuedFrame,
    valued_frame,
};
pub use json::JsonFormat;
pub use keys::{DayKeys, KeyPatternError, Pick, SourceKey};
pub use known::Expected;
pub use pattern::KeyPattern;
pub use survey::{Question, Survey};
