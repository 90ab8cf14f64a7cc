//! The columns of generated files, and their names in the source.

use crate::config::{ColumnTypeWord, Module};
use crate::schema::{ColumnType, NamingRule};

pub(super) type Columns = Vec<(String, ColumnTypeWord)>;

/// Returns the source's name of a column.
pub(super) fn called(module: &Module, name: &str, word: &ColumnTypeWord) -> String {
    match module.renames.iter().find(|(_, column)| *column == name) {
        Some((source, _)) => source.clone(),
        None => {
            let end = if module.column_names == NamingRule::Words && word.ty == ColumnType::Boolean { "?" } else { "" };
            header(module.column_names, name) + end
        }
    }
}

/// Returns a header as the source would write it: the naming rule turns it back into the column's name.
pub(super) fn header(rule: NamingRule, name: &str) -> String {
    let mut words = name.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    });
    let written = match rule {
        NamingRule::Camel => words.next().unwrap_or_default().to_lowercase() + &words.collect::<String>(),
        NamingRule::Words | NamingRule::Unicode | NamingRule::Transliterate => words.collect::<Vec<_>>().join(" "),
    };
    // Where a digit begins a word the rule does not find it again.
    if rule.apply(&written).is_some_and(|column| column.as_str() == name) { written } else { name.to_owned() }
}
