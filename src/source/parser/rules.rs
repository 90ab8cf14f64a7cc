//! Rules for a source's values.

use std::collections::BTreeMap;

use crate::schema::fit::Formats;
use crate::schema::{ColumnName, NamingRule};

use super::batch::Field;
use super::json::scan::{Kind, Value};

/// Texts that mean null.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nulls {
    words: Vec<Vec<u8>>,
    empty_is_null: bool,
    keep_quoted_empty: bool,
    keep_quoted_words: bool,
}

impl Nulls {
    /// Creates the rules: `words` are null; `keep_quoted_empty` makes `""` an empty text.
    #[must_use]
    pub fn new(words: &[String], keep_quoted_empty: bool) -> Self {
        let empty_is_null = words.iter().any(String::is_empty);
        let words = words.iter().filter(|word| !word.is_empty()).map(|word| word.clone().into_bytes()).collect();
        Self { words, empty_is_null, keep_quoted_empty, keep_quoted_words: false }
    }

    /// Returns the same rules under which a word in quotes is a text.
    #[must_use]
    pub fn keeping_quoted_words(self) -> Self {
        Self { keep_quoted_words: true, ..self }
    }

    /// Returns the words that mean null, without the empty text.
    pub fn words(&self) -> impl Iterator<Item = String> {
        self.words.iter().map(|word| String::from_utf8_lossy(word).into_owned())
    }

    /// Returns true if an empty field is null in a text column too. `quoted`: the field was quoted.
    pub fn empty_is_null(&self, quoted: bool) -> bool {
        self.empty_is_null && !(quoted && self.keep_quoted_empty)
    }

    /// Returns true if a field of a text column is null.
    #[inline]
    pub fn is_null_text(&self, field: Field<'_>) -> bool {
        if field.text.is_empty() { field.missing || self.empty_is_null(field.quoted) } else { self.is_null_word(field) }
    }

    /// Returns true if a field of any other column is null. The cast turns a field of only white space into null too.
    #[inline]
    pub fn is_null(&self, field: Field<'_>) -> bool {
        field.text.is_empty() || self.is_null_word(field)
    }

    #[inline]
    fn is_null_word(&self, field: Field<'_>) -> bool {
        self.is_word(field.text) && !(field.quoted && self.keep_quoted_words)
    }

    /// Returns true if values of JSON other than null may mean null.
    #[inline]
    pub(in crate::source) fn may_be_of_json(&self) -> bool {
        !self.words.is_empty() || self.empty_is_null(true)
    }

    /// Returns true if a value of JSON is a text that means null, or a number or boolean that is written as one.
    #[inline]
    pub(in crate::source) fn is_null_value(&self, text: &[u8], value: Value) -> bool {
        self.may_be_of_json() && self.means_null(text, value)
    }

    fn means_null(&self, text: &[u8], value: Value) -> bool {
        match value.kind {
            Kind::Null | Kind::Array | Kind::Object => false,
            Kind::Text { .. } if value.start == value.end => self.empty_is_null(true),
            Kind::Text { escaped: true } => self.is_word(value.meaning(text).as_bytes()),
            _ => self.is_word(value.text(text)),
        }
    }

    /// Returns true if a text is one of the words that mean null.
    #[inline]
    pub(in crate::source) fn is_word(&self, text: &[u8]) -> bool {
        !self.words.is_empty() && self.words.iter().any(|word| word == text)
    }
}

/// Rules for a source's values.
#[derive(Debug, Clone, Default)]
pub struct ValueRules {
    /// Texts that mean null.
    pub nulls: Nulls,
    /// Notation of dates, timestamps, numbers and booleans.
    pub formats: Formats,
    /// Notation of fields that have a type of their own, as cells of workbooks do; `None` if no field has one.
    pub of_typed: Option<Box<Formats>>,
    /// True if arrays, structs and maps are written as JSON text, as they must be in CSV. If false, a text is none of them.
    pub nested_in_text: bool,
    /// Rule that turns members of objects into fields of structs.
    pub naming: NamingRule,
    /// True if a member that its struct does not have is ignored; if false, it makes the whole value invalid.
    pub ignore_new_members: bool,
    /// Rules of single columns, in place of these.
    pub columns: BTreeMap<ColumnName, ValueRules>,
}

impl ValueRules {
    /// Returns true if values are written as programs write them, in all columns, and a null word in quotes is null.
    pub fn is_plain(&self) -> bool {
        self.columns.is_empty() && self.formats.is_plain() && !self.nulls.keep_quoted_words
    }

    /// Returns the rules of a column's values.
    #[inline]
    pub fn of(&self, column: &ColumnName) -> &Self {
        self.columns.get(column).unwrap_or(self)
    }
}
