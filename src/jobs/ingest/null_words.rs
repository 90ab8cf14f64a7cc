//! Texts of JSON files that mean null.

use crate::config::JsonSettings;
use crate::source::Nulls;

/// Returns the texts that mean null. Null has its own word; what stands in quotes is a text, an empty one too unless it is
/// listed.
pub(super) fn null_words(settings: &JsonSettings) -> Nulls {
    let keeps_empty = !settings.null_values.iter().any(String::is_empty);
    let mut words = settings.null_values.clone();
    words.push(String::new());
    Nulls::new(&words, keeps_empty)
}
