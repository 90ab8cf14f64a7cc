//! The likely form of a file.

use super::column::SniffedColumn;
use super::delimited::Delimited;
use super::objects::Objects;
use crate::source::TypedKind;

/// The likely form of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Sniffed {
    /// Its format.
    pub kind: Kind,
    /// Name of the encoding of its text.
    pub encoding: &'static str,
    /// True if it is an archive.
    pub is_archive: bool,
    /// Its columns, as far as they are known without a table.
    pub columns: Vec<SniffedColumn>,
    /// Doubts, each a sentence.
    pub doubts: Vec<String>,
}

/// Format of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Delimited text.
    Delimited(Delimited),
    /// JSON.
    Objects(Objects),
    /// Typed fields.
    Typed(TypedKind),
}
