//! The rules by which a source writes values.

use crate::schema::NamingRule;
use crate::schema::fit::Formats;

use super::batch::Field;

/// Which texts are null.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nulls {
    words: Vec<Vec<u8>>,
    empty_is_null: bool,
    keep_quoted_empty: bool,
}

impl Nulls {
    /// `words` are null; `keep_quoted_empty` lets `""` be an empty text.
    pub fn new(words: &[String], keep_quoted_empty: bool) -> Self {
        let empty_is_null = words.iter().any(String::is_empty);
        let words = words.iter().filter(|word| !word.is_empty()).map(|word| word.clone().into_bytes()).collect();
        Self { words, empty_is_null, keep_quoted_empty }
    }

    /// The words that are null, other than nothing at all.
    pub fn words(&self) -> impl Iterator<Item = String> {
        self.words.iter().map(|word| String::from_utf8_lossy(word).into_owned())
    }

    /// Whether nothing at all is null in a text column too, by whether it stands in quotes.
    pub fn empty_is_null(&self, quoted: bool) -> bool {
        self.empty_is_null && !(quoted && self.keep_quoted_empty)
    }

    /// Whether a field of a text column is null.
    #[inline]
    pub fn is_null_text(&self, field: Field<'_>) -> bool {
        if field.text.is_empty() { self.empty_is_null(field.quoted) } else { self.is_word(field.text) }
    }

    /// Whether a field of any other column is null: nothing but white space always is.
    #[inline]
    pub fn is_null(&self, field: Field<'_>) -> bool {
        field.text.is_empty() || self.is_word(field.text)
    }

    /// Whether a text is one of the words that mean null.
    #[inline]
    pub(in crate::source) fn is_word(&self, text: &[u8]) -> bool {
        !self.words.is_empty() && self.words.iter().any(|word| word == text)
    }
}

/// How a source writes values.
#[derive(Debug, Clone, Default)]
pub struct ValueRules {
    /// Which texts are null.
    pub nulls: Nulls,
    /// How days and instants are written.
    pub formats: Formats,
    /// Whether arrays, structs and maps come as texts of JSON, as they must in CSV. Else a text is none of them.
    pub nested_in_text: bool,
    /// How members of objects become fields of structs.
    pub naming: NamingRule,
    /// Whether a member that its struct does not have is left out, rather than making the whole value one that does not fit.
    pub ignore_new_members: bool,
}
