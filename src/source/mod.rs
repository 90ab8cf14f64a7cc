//! Where rows come from: the keys of a day, their bytes, and the guard that turns bytes into frames and loses nothing.

mod bytes;
mod csv;
mod error;
mod guard;
mod keys;
mod survey;

pub use bytes::{Encoding, open_text};
pub use csv::{CsvBatches, CsvFormat, Header, ReadSizes, frame};
pub use error::SourceError;
pub use guard::{BadRecord, ColumnPlan, Nulls, RawBatch, ValueRules, ValuedFrame};
pub use keys::{DayKeys, KeyPattern, KeyPatternError, Pick, SourceKey};
pub use survey::Survey;
