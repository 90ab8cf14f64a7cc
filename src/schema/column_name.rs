//! A column's name, and the reasons for which a text can't be one.

use std::fmt;

/// A column's name in a table: lower case, not empty, without characters that Hive's type strings reserve.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnName(String);

impl ColumnName {
    /// Takes a name as a table or module file gives it; upper case is lowered, since Hive ignores case.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let name = name.trim().to_lowercase();
        if name.is_empty() || name.chars().any(|c| c.is_control() || "<>(),:;`\"'/\\{}=".contains(c)) {
            return Err(NameError::Unusable { name });
        }
        Ok(Self(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ColumnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for ColumnName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// More columns than these are no table: they are data that was taken for names.
pub const MOST_COLUMNS: usize = 20_000;
/// Why a source's headers can't become a table's columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name has nothing that may stand in a column name.
    #[error("`{name}` can't be a column name")]
    Unusable {
        /// As written.
        name: String,
    },
    /// A header is empty, or has only characters that the rule removes.
    #[error("header {position} is `{header}`, which leaves no column name")]
    Empty {
        /// Counted from 1.
        position: usize,
        /// As written.
        header: String,
    },
    /// The same header stands twice.
    #[error("the header `{header}` stands twice, at positions {first} and {second}")]
    Twice {
        /// As written.
        header: String,
        /// Counted from 1.
        first: usize,
        /// Counted from 1.
        second: usize,
    },
    /// Two headers normalise to one name.
    #[error("the headers `{first}` and `{second}` both become the column `{column}`")]
    Clash {
        /// The header that came first.
        first: String,
        /// The other header.
        second: String,
        /// What both become.
        column: ColumnName,
    },
    /// There are more than a table may have.
    #[error("there are {count} names, and a table has at most {MOST_COLUMNS} columns")]
    TooMany {
        /// How many there are, or were found so far.
        count: usize,
    },
    /// The name belongs to a column that adg itself writes.
    #[error("the header `{header}` becomes `{column}`, a column that adg writes itself")]
    Reserved {
        /// As written.
        header: String,
        /// The reserved name.
        column: ColumnName,
    },
}
