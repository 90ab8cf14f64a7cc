//! A file's header: its fields and the columns that they become.

use crate::schema::ColumnName;

use super::MarkedFields;

/// What a file has, as its header or a first reading says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The file.
    pub key: String,
    /// What the source calls its fields, in order.
    pub names: Vec<String>,
    /// The column of each.
    pub columns: Vec<ColumnName>,
    /// What the file itself says of its fields.
    pub marked: Option<MarkedFields>,
    /// Whether that is all of it: else what was not in the file's beginning may still come.
    pub is_whole: bool,
}

/// How much of a file is read to say what it has. JSON names its fields in its records only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// As much as most likely tells.
    Beginning,
    /// All of it, where there is no header.
    Whole,
}
