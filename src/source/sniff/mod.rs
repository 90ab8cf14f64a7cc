//! A look at a file of which nothing is known: its format, dialect, names and types, and the doubts about them.

mod around;
mod candidates;
mod column;
mod days;
mod delimited;
mod encodings;
mod envelopes;
mod file;
mod header;
mod lenient;
mod notations;
mod numbers;
mod objects;
mod other;
mod shown;
mod sniffed;
mod typed;
#[cfg(feature = "excel")]
mod workbook;

pub use candidates::Notation;
pub use column::SniffedColumn;
pub use delimited::Delimited;
pub use file::sniff;
pub use objects::{Objects, Spellings};
pub use sniffed::{Kind, Sniffed};
