//! A file's header: its fields and the columns that they become.

use crate::schema::ColumnName;

use super::MarkedFields;

/// Fields of a file, from its header or a first reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The file.
    pub key: String,
    /// Names of the fields in the source, in order.
    pub names: Vec<String>,
    /// The column of each.
    pub columns: Vec<ColumnName>,
    /// The file's own list of its fields, if it has one.
    pub marked: Option<MarkedFields>,
    /// True if the header is complete. If false, fields that the file's beginning does not have may still follow.
    pub is_whole: bool,
}

/// Part of a file that is read to find its fields. JSON names its fields in its records only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// The beginning, which most likely has all fields.
    Head,
    /// The whole file, if the format has no header.
    Full,
}
