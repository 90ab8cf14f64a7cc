//! A file's header: its fields and the columns that they become.

use crate::schema::{ColumnName, ColumnType};

use super::MarkedFields;

/// Fields of a file, from its header or a first reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The file.
    pub key: String,
    /// Names of the fields in the source, in order.
    pub names: Vec<String>,
    /// The column of each, then those that the file itself fills.
    pub columns: Vec<ColumnName>,
    /// The type that the file tells of each name; empty if it tells none.
    pub types: Vec<Option<ColumnType>>,
    /// Other names that fill a column, with the place of the first one. JSON only.
    pub aliases: Vec<(String, usize)>,
    /// Names in the file's first line, used or not. `None` if the file has no such line.
    pub line: Option<Vec<String>>,
    /// The file's own list of its fields, if it has one.
    pub marked: Option<MarkedFields>,
    /// True if the header is complete. If false, fields that the file's beginning does not have may still follow.
    pub is_whole: bool,
    /// True if the first record of a file that should have no header has the names of the columns.
    pub begins_with_names: bool,
    /// True if the file has no text, not even a header.
    pub is_blank: bool,
    /// Another delimiter, which would split the lines of a file of one field.
    pub split_by: Option<char>,
    /// Kind of document of which the beginning of a file of delimited text is, such as HTML.
    pub kind_of_text: Option<&'static str>,
    /// Notes about what is no value in the file.
    pub notes: Vec<String>,
    /// True if the first line is one field, and those below it have several.
    pub is_below_a_title: bool,
}

impl Header {
    /// Returns the header of a file without any text.
    pub fn blank(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            names: Vec::new(),
            columns: Vec::new(),
            types: Vec::new(),
            aliases: Vec::new(),
            line: None,
            marked: None,
            is_whole: true,
            begins_with_names: false,
            is_blank: true,
            split_by: None,
            kind_of_text: None,
            notes: Vec::new(),
            is_below_a_title: false,
        }
    }
}

/// Part of a file that is read to find its fields. JSON names its fields in its records only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// The beginning, which most likely has all fields.
    Head,
    /// The whole file, if the format has no header.
    Full,
}
