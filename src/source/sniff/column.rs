//! A column of a file of which nothing is known.

use crate::schema::fit::Formats;
use crate::schema::{ColumnType, TypeGuess};

/// Null in the text files of Hive, MySQL and PostgreSQL.
pub(super) const NULL_MARK: &str = r"\N";

/// A column as its values show it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SniffedColumn {
    /// Name in the source.
    pub name: String,
    /// Type of the values; `None` if there are none.
    pub ty: Option<ColumnType>,
    /// Setting and value of the notation, such as `decimal` and `","`.
    pub notation: Vec<(&'static str, String)>,
    /// True if its values may be numbers by either decimal sign.
    pub may_be_others: bool,
    /// Doubts, each a sentence.
    pub doubts: Vec<String>,
}

impl SniffedColumn {
    /// Returns the column with the setting that its nanoseconds need, and a doubt. `example`: one of its values.
    pub(super) fn with_nanoseconds(mut self, example: &str) -> Self {
        self.notation.push(("nanoseconds", "truncate".to_owned()));
        self.doubts.push(of_nanoseconds(example));
        self
    }
}

/// Returns the doubt about a timestamp with nanoseconds.
pub(super) fn of_nanoseconds(example: &str) -> String {
    format!(
        "`{example}` has nanoseconds, which tables don't have: digits after the sixth are cut off (`round` rounds them, a column \
         declared as `string` keeps them)"
    )
}

/// Returns true if a timestamp has digits beyond the sixth.
pub(super) fn has_nanoseconds(text: &str) -> bool {
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    let digits = fraction.bytes().take_while(u8::is_ascii_digit);
    digits.skip(6).any(|digit| digit != b'0')
}

/// Returns the narrowest type that fits all values in these formats.
pub(super) fn guessed(values: &[&str], formats: &Formats) -> Option<ColumnType> {
    let mut guess = TypeGuess::fresh();
    for value in values {
        guess.see(value.as_bytes(), formats);
    }
    guess.result().cloned()
}
