//! A look at a file of which nothing is known: its format, dialect, names and types, and the doubts about them.

mod delimited;
mod encodings;
mod file;
mod header;
mod notations;
mod objects;

pub use delimited::Delimited;
pub use file::{Kind, Sniffed, sniff};
pub use notations::SniffedColumn;
pub use objects::Objects;
