//! Column names, and the reasons for which a text can't be one.

use std::fmt;

/// Name of a table's column: lower case, not empty, without characters that Hive's type strings reserve.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnName(String);

impl ColumnName {
    /// Creates a name from the text in a table or module file. Upper case becomes lower case, since Hive ignores case.
    ///
    /// # Errors
    /// The name is empty, or has a character that is not allowed in a column name.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let name = name.trim().to_lowercase();
        if name.is_empty() || name.chars().any(|c| c.is_control() || "<>(),:;`\"'/\\{}=".contains(c)) {
            return Err(NameError::Unusable { name });
        }
        Ok(Self(name))
    }

    /// Returns the name as text.
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

/// Maximum number of columns of a table. More names than that are data that was taken for names.
pub const MOST_COLUMNS: usize = 20_000;
/// Reason why a source's headers can't become a table's columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name is empty or has a character that is not allowed in a column name.
    #[error("`{name}` can't be a column name")]
    Unusable {
        /// Text as written.
        name: String,
    },
    /// A header is empty, or has only characters that the rule removes.
    #[error("header {position} is `{header}`, which leaves no column name")]
    Empty {
        /// Position, counted from 1.
        position: usize,
        /// Text as written.
        header: String,
    },
    /// The same header occurs twice.
    #[error("the header `{header}` stands twice, at positions {first} and {second}")]
    Twice {
        /// Text as written.
        header: String,
        /// Position, counted from 1.
        first: usize,
        /// Position, counted from 1.
        second: usize,
    },
    /// Two headers normalise to one name.
    #[error("the headers `{first}` and `{second}` both become the column `{column}`")]
    Clash {
        /// The header that came first.
        first: String,
        /// The other header.
        second: String,
        /// Column name of both headers.
        column: ColumnName,
    },
    /// Another name fills the column.
    #[error("the column `{column}` is filled by `{known}`, and `{found}` would be taken for it")]
    OtherSource {
        /// The column.
        column: ColumnName,
        /// Name that has filled it so far.
        known: String,
        /// The other name.
        found: String,
    },
    /// There are more names than a table may have columns.
    #[error("there are {count} names, and a table has at most {MOST_COLUMNS} columns")]
    TooMany {
        /// Number of names, or of those found so far.
        count: usize,
    },
    /// The name belongs to a column that adg itself writes.
    #[error("the header `{header}` becomes `{column}`, a column that adg writes itself{}", by(.setting.as_deref()))]
    Reserved {
        /// Text as written.
        header: String,
        /// The reserved name.
        column: ColumnName,
        /// Setting for which adg writes the column; none if it always does, or if it is not known.
        setting: Option<String>,
    },
}

fn by(setting: Option<&str>) -> String {
    setting.map(|setting| format!(" (`{setting}`)")).unwrap_or_default()
}
