//! Names in the source that fill a table's columns and the fields of its structs, so that no value of another name is taken for
//! one of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{ColumnName, NameError, Naming, NamingRule, TableSchema};

/// The names that have filled a table's columns so far.
///
/// A name is usual if it differs from its column in nothing but case and the characters between words: `Order ID` for
/// `order_id`. Only unusual ones are kept, such as `_id` for `id`: a column without one is filled by usual names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceNames {
    /// Unusual names, by the path of their column or field: `id`, `customer.id`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unusual: BTreeMap<String, String>,
    /// Columns that no file has had yet.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    unseen: BTreeSet<String>,
    /// True if nothing is known of the columns: then everything is taken.
    #[serde(skip)]
    is_learning: bool,
}

impl SourceNames {
    /// Returns the names of a table that remembers none: the next files tell them.
    pub fn learning(table: Option<&TableSchema>) -> Self {
        let columns = table.map(TableSchema::columns).unwrap_or_default();
        let unseen = columns.iter().map(|column| column.name.to_string()).collect();
        Self { unseen, is_learning: true, ..Self::default() }
    }

    /// Reads the form that a table remembers; `None` if it is of another kind.
    pub fn remembered(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Returns the form that a table remembers.
    pub fn to_text(&self) -> String {
        // Maps of text have a form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Takes down the name that fills a column. `is_new`: the table does not have it yet.
    ///
    /// # Errors
    /// Another name fills it.
    pub fn take(&mut self, naming: Naming<'_>, column: &ColumnName, source: &str, is_new: bool) -> Result<(), NameError> {
        let is_first = self.unseen.remove(column.as_str()) || is_new;
        let is_unusual = is_unusual(naming.rule, column.as_str(), source);
        // What the module names is meant so.
        let is_said = naming.renames.contains_key(source);
        match self.unusual.get(column.as_str()) {
            Some(known) if is_alike(naming.rule, known, source) || is_said => {}
            Some(known) => return Err(other(column, known, source)),
            None if !is_unusual => return Ok(()),
            None if is_first || is_said => {}
            None => return Err(other(column, column.as_str(), source)),
        }
        self.unusual.insert(column.to_string(), source.to_owned());
        Ok(())
    }

    /// Takes down the columns of a new table that no file has had.
    pub fn set_unseen<'c>(&mut self, columns: impl Iterator<Item = &'c ColumnName>) {
        self.unseen.extend(columns.map(ToString::to_string));
    }

    /// Leaves out columns that no file fills.
    pub fn forget<'c>(&mut self, columns: impl Iterator<Item = &'c ColumnName>) {
        for column in columns {
            self.unseen.remove(column.as_str());
        }
    }

    /// Returns true if a member of an object may fill the field at this path, which it has by the naming rule.
    pub fn may_fill(&self, rule: NamingRule, path: &str, field: &ColumnName, member: &str) -> bool {
        match self.unusual.get(path) {
            Some(known) => is_alike(rule, known, member),
            None => self.is_learning || !is_unusual(rule, field.as_str(), member),
        }
    }

    /// Returns true if a member is known to have filled the field at this path.
    pub fn has_been(&self, rule: NamingRule, path: &str, member: &str) -> bool {
        self.unusual.get(path).is_some_and(|known| is_alike(rule, known, member))
    }

    /// Takes down the member that fills the field at this path, if it is unusual.
    pub fn take_member(&mut self, rule: NamingRule, path: &str, field: &ColumnName, member: &str) {
        if is_unusual(rule, field.as_str(), member) {
            self.unusual.entry(path.to_owned()).or_insert_with(|| member.to_owned());
        }
    }
}

fn other(column: &ColumnName, known: &str, found: &str) -> NameError {
    NameError::OtherSource { column: column.clone(), known: known.to_owned(), found: found.to_owned() }
}

/// Returns true if a source name differs from its column in more than case and the characters between words.
fn is_unusual(rule: NamingRule, column: &str, source: &str) -> bool {
    // Columns that others made may have another spelling of the same words.
    let is_spelling = |name: Option<ColumnName>| name.is_some_and(|name| name.as_str() == column);
    usual(rule, source) != column && !is_spelling(ColumnName::new(source).ok()) && !is_spelling(rule.spelled_out(source))
}

/// Returns true if two source names differ in nothing but case and the characters between words.
fn is_alike(rule: NamingRule, one: &str, other: &str) -> bool {
    one == other || usual(rule, one) == usual(rule, other)
}

/// Returns a name without what differs between spellings of the same words. Characters before, behind and other than between
/// words are kept: they tell `_id` from `id`, and `na!e` from `na%e`.
fn usual(rule: NamingRule, source: &str) -> String {
    let is_between = |c: char| c == '_' || c == '-' || c == '.' || c.is_whitespace();
    let source = rule.in_words(source.trim());
    let mut out = String::with_capacity(source.len());
    for c in source.chars() {
        if !is_between(c) {
            out.extend(c.to_lowercase());
        } else if out.is_empty() || !out.ends_with('_') || out.chars().all(|c| c == '_') {
            out.push('_');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::DuplicateNames;

    fn name(name: &str) -> ColumnName {
        ColumnName::new(name).unwrap()
    }

    fn take(names: &mut SourceNames, rule: NamingRule, column: &str, source: &str, is_new: bool) -> Result<(), String> {
        let renames = BTreeMap::from([("stamp".to_owned(), name("created_at"))]);
        let naming = Naming { rule, renames: &renames, duplicates: DuplicateNames::Refuse };
        names.take(naming, &name(column), source, is_new).map_err(|error| error.to_string())
    }

    #[test]
    fn spellings_of_the_same_words_are_usual() {
        for (column, source) in [
            ("order_id", "Order ID"),
            ("order_id", "order-id"),
            ("order_id", "ORDER__ID"),
            ("order_id", " order.id "),
            ("user_id", "userId"),
            ("id", "ID"),
        ] {
            assert!(!is_unusual(NamingRule::Camel, column, source), "{source}");
        }
        for (column, source) in [("id", "_id"), ("id", "id_"), ("id", "@id"), ("na_e", "na!e"), ("user_id", "__userId")] {
            assert!(is_unusual(NamingRule::Camel, column, source), "{source}");
        }
        assert!(is_alike(NamingRule::Words, "Is Gateway?", "is gateway?") && !is_alike(NamingRule::Words, "na!e", "na%e"));
    }

    #[test]
    fn a_column_is_filled_by_one_name() {
        let mut names = SourceNames::default();
        take(&mut names, NamingRule::Words, "id", "id", true).unwrap();
        take(&mut names, NamingRule::Words, "is_gateway", "Is Gateway?", true).unwrap();
        let mut names = SourceNames::remembered(&names.to_text()).unwrap();
        take(&mut names, NamingRule::Words, "id", "ID", false).unwrap();
        take(&mut names, NamingRule::Words, "is_gateway", "is gateway?", false).unwrap();
        for (column, source) in [("id", "_id"), ("id", "@id"), ("is_gateway", "is_gateway")] {
            let error = take(&mut names, NamingRule::Words, column, source, false).unwrap_err();
            assert!(error.contains(&format!("`{source}`")), "{error}");
        }
        take(&mut names, NamingRule::Words, "created_at", "stamp", false).unwrap();
        assert!(take(&mut names, NamingRule::Words, "created_at", "created_at", false).is_err());
    }

    #[test]
    fn a_column_that_no_file_has_had_takes_the_first_name() {
        let mut names = SourceNames::default();
        names.set_unseen([name("id")].iter());
        let mut names = SourceNames::remembered(&names.to_text()).unwrap();
        take(&mut names, NamingRule::Words, "id", "_id", false).unwrap();
        assert!(take(&mut names, NamingRule::Words, "id", "id", false).is_err());
        let table = TableSchema::new(vec![crate::schema::Column::new(name("id"), crate::schema::ColumnType::String)]);
        let mut old = SourceNames::learning(Some(&table));
        assert!(old.may_fill(NamingRule::Words, "o.id", &name("id"), "_id"));
        take(&mut old, NamingRule::Words, "id", "@id", false).unwrap();
        assert!(SourceNames::remembered("7").is_none());
    }
}
