//! Column names of a file's fields, and the settings that they need to be names of columns of their own.

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::{ColumnName, DuplicateNames, Naming, NamingRule, TableSchema, headers_to_columns, system_columns};
use crate::source::Spellings;

/// Partition column of a module that sets no other.
const PARTITION: &str = "date_uploaded";

/// Columns of the fields, in order, and the settings by which they get their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Names {
    /// Rule for column names, if it is not the default.
    pub(super) rule: Option<&'static str>,
    /// Columns that the rule would name otherwise, by the name in the source.
    pub(super) renames: BTreeMap<String, String>,
    /// Handling of names that are no column of their own.
    pub(super) duplicates: Option<&'static str>,
    /// Names of the columns.
    pub(super) columns: Vec<String>,
    /// Doubts, each a sentence.
    pub(super) doubts: Vec<String>,
}

/// The fields of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'f> {
    /// Names in the source.
    pub(super) names: &'f [String],
    /// True if names in nested values have letters beyond ASCII.
    pub(super) has_other_letters: bool,
    /// True if the format can number names that stand twice.
    pub(super) are_numbered: bool,
    /// Names that may be one column.
    pub(super) spellings: &'f [Spellings],
}

/// Returns the columns of fields.
pub(super) fn names(fields: Fields<'_>) -> Names {
    let is_other = |c: char| c.is_alphanumeric() && !c.is_ascii();
    let has_other = fields.has_other_letters || fields.names.iter().any(|name| name.contains(is_other));
    let rule = if has_other { NamingRule::Unicode } else { NamingRule::Words };
    let mut found = Names { rule: has_other.then_some("unicode"), ..Names::default() };
    if has_other {
        let doubt = "names have letters beyond ASCII: `column_names: transliterate` would write them in Latin letters";
        found.doubts.push(doubt.to_owned());
    }
    let mut naming = Renaming::new(rule, fields.names);
    naming.rename_reserved(fields.names, &mut found);
    naming.rename_nameless(fields, &mut found);
    if fields.are_numbered {
        naming.number_duplicates(fields.names, &mut found);
    } else {
        naming.merge_spellings(fields.spellings, &mut found);
        naming.rename_duplicates(fields.names, &mut found);
    }
    found.columns = naming.columns(fields.names, &mut found);
    found
}

/// Names by the rule, and those that are taken.
struct Renaming {
    rule: NamingRule,
    taken: BTreeSet<String>,
    reserved: Vec<ColumnName>,
}

impl Renaming {
    fn new(rule: NamingRule, names: &[String]) -> Self {
        let system = system_columns(false).into_iter().map(|column| column.name);
        let reserved: Vec<ColumnName> = system.chain(ColumnName::new(PARTITION)).collect();
        let by_rule = names.iter().filter_map(|name| rule.apply(name)).map(|name| name.to_string());
        let taken = by_rule.chain(reserved.iter().map(ToString::to_string)).collect();
        Self { rule, taken, reserved }
    }

    /// Returns the column of a name by the rule; `None` if nothing that can be read remains of it.
    fn by_rule(&self, name: &str) -> Option<ColumnName> {
        self.rule.apply(name).filter(|column| column.as_str().contains(|c: char| c.is_alphanumeric() || c == '$'))
    }

    /// Returns the name, or the first with a number that is free, which is then taken.
    fn free(&mut self, name: &str) -> String {
        let numbered = (1..).map(|number| format!("{name}_{number}"));
        let mut all = std::iter::once(name.to_owned()).chain(numbered);
        let free = all.find(|name| !self.taken.contains(name)).unwrap_or_default();
        self.taken.insert(free.clone());
        free
    }

    /// Renames fields whose columns adg writes itself.
    fn rename_reserved(&mut self, names: &[String], found: &mut Names) {
        for name in names {
            let Some(column) = self.by_rule(name).filter(|column| self.reserved.contains(column)) else { continue };
            if found.renames.contains_key(name) {
                continue;
            }
            let renamed = self.free(&format!("source_{column}"));
            let instead =
                if column.as_str() == PARTITION { " (or `target.partition_by` names the partition column)" } else { "" };
            found.doubts.push(format!("adg writes a column `{column}` itself: the file's `{name}` becomes `{renamed}`{instead}"));
            found.renames.insert(name.clone(), renamed);
        }
    }

    /// Renames fields whose names leave no column name. Where fields are numbered, an empty name is left to that.
    fn rename_nameless(&mut self, fields: Fields<'_>, found: &mut Names) {
        for (place, name) in fields.names.iter().enumerate() {
            let is_left = name.trim().is_empty() && fields.are_numbered || found.renames.contains_key(name);
            if is_left || self.by_rule(name).is_some() {
                continue;
            }
            let renamed = self.free(&format!("column_{}", place + 1));
            found.doubts.push(format!("`{name}` can't be a column name: it becomes `{renamed}`"));
            found.renames.insert(name.clone(), renamed);
        }
    }

    fn column(&self, name: &str, found: &Names) -> Option<String> {
        found.renames.get(name).cloned().or_else(|| self.by_rule(name).map(|column| column.to_string()))
    }

    /// Has names that stand twice, or are empty, numbered.
    fn number_duplicates(&self, names: &[String], found: &mut Names) {
        let mut seen = BTreeSet::new();
        let is_twice = |name: &String| self.column(name, found).is_none_or(|column| !seen.insert(column));
        if names.iter().any(is_twice) {
            found.duplicates = Some("rename");
            found.doubts.push("names of the header stand twice, or are empty: their columns get numbers".to_owned());
        }
    }

    /// Takes spellings of one name for one column, unless a record has several of them.
    fn merge_spellings(&self, spellings: &[Spellings], found: &mut Names) {
        let clashes = |group: &Spellings| {
            let columns: BTreeSet<_> = group.names.iter().map(|name| self.column(name, found)).collect();
            columns.len() < group.names.len()
        };
        // With `merge`, names of `renames` are found in any case: names of one record would become one.
        if spellings.iter().any(|group| group.together && clashes(group)) {
            return;
        }
        for group in spellings.iter().filter(|group| !group.together) {
            if group.names.iter().any(|name| found.renames.contains_key(name)) {
                continue;
            }
            // The spelling with the most words.
            let columns = group.names.iter().filter_map(|name| self.column(name, found));
            let Some(target) = columns.max_by_key(|column| column.matches('_').count()) else { continue };
            for name in &group.names {
                if self.column(name, found).as_ref() != Some(&target) {
                    found.renames.insert(name.clone(), target.clone());
                }
            }
            let shown = group.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            found.duplicates = Some("merge");
            found.doubts.push(format!("{shown} are taken for one column `{target}`: are they one?"));
        }
    }

    /// Renames fields of which the columns of others have the names already, where they have no order to be numbered by.
    fn rename_duplicates(&mut self, names: &[String], found: &mut Names) {
        if found.duplicates.is_some() {
            return;
        }
        let mut seen = BTreeSet::new();
        for name in names {
            let Some(column) = self.column(name, found) else { continue };
            if seen.insert(column.clone()) {
                continue;
            }
            let renamed = self.free(&format!("{column}_1"));
            found.doubts.push(format!("another field becomes `{column}` too: `{name}` becomes `{renamed}`"));
            found.renames.insert(name.clone(), renamed);
        }
    }

    /// Returns the columns as a run names them.
    fn columns(&self, names: &[String], found: &mut Names) -> Vec<String> {
        let renames = found.renames.iter().filter_map(|(name, column)| Some((name.clone(), ColumnName::new(column).ok()?)));
        let renames: BTreeMap<String, ColumnName> = renames.collect();
        let naming = Naming { rule: self.rule, renames: &renames, duplicates: DuplicateNames::Rename };
        match headers_to_columns(naming, names, &TableSchema::default(), &self.reserved) {
            Ok(columns) => columns.iter().map(ToString::to_string).collect(),
            Err(error) => {
                found.doubts.push(format!("the names can't be columns: {error}"));
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &[&str], are_numbered: bool, spellings: &[Spellings]) -> Names {
        let list: Vec<String> = list.iter().map(|&name| name.to_owned()).collect();
        names(Fields { names: &list, has_other_letters: false, are_numbered, spellings })
    }

    fn renames(found: &Names) -> Vec<(&str, &str)> {
        found.renames.iter().map(|(name, column)| (name.as_str(), column.as_str())).collect()
    }

    #[test]
    fn names_that_stand_twice_are_numbered_as_a_run_numbers_them() {
        let found = of(&["a", "a", "a_1", "A", ""], true, &[]);
        assert_eq!(found.columns, ["a", "a_2", "a_1", "a_3", "column_5"]);
        assert_eq!((found.duplicates, found.renames.len(), found.doubts.len()), (Some("rename"), 0, 1));
        let plain = of(&["id", "name"], true, &[]);
        assert_eq!(
            (plain.columns.as_slice(), plain.duplicates, plain.doubts.len()),
            (&["id".to_owned(), "name".into()][..], None, 0)
        );
    }

    #[test]
    fn columns_of_adg_itself_are_renamed() {
        let found = of(&["id", "Date Uploaded", "error_desc", "source_error_desc", "row_hash_id"], true, &[]);
        assert_eq!(renames(&found), [("Date Uploaded", "source_date_uploaded"), ("error_desc", "source_error_desc_1")]);
        assert_eq!(found.columns, ["id", "source_date_uploaded", "source_error_desc_1", "source_error_desc", "row_hash_id"]);
        let twice = of(&["error_desc", "error_desc"], true, &[]);
        assert_eq!(
            (twice.columns, twice.duplicates),
            (vec!["source_error_desc".into(), "source_error_desc_1".into()], Some("rename"))
        );
    }

    #[test]
    fn names_of_other_scripts_and_of_signs_are_columns() {
        let found = of(&["名前", "Größe", "o\u{308}l", "\u{1F980}", "\u{2764}\u{FE0F}", "column_5"], true, &[]);
        assert_eq!(found.rule, Some("unicode"));
        assert_eq!(found.columns, ["名前", "größe", "öl", "column_4", "column_5_1", "column_5"]);
        assert_eq!(renames(&found), [("\u{2764}\u{FE0F}", "column_5_1"), ("\u{1F980}", "column_4")]);
        let composed = of(&["o\u{308}l", "öl"], true, &[]);
        assert_eq!((composed.columns, composed.duplicates), (vec!["öl".into(), "öl_1".into()], Some("rename")));
    }

    #[test]
    fn spellings_become_one_column_unless_a_record_has_both() {
        let group = |names: &[&str], together| Spellings { names: names.iter().map(|&name| name.to_owned()).collect(), together };
        let apart = of(&["userId", "user_id"], false, &[group(&["userId", "user_id"], false)]);
        assert_eq!((apart.duplicates, renames(&apart)), (Some("merge"), vec![("userId", "user_id")]));
        let together = of(&["ID", "id"], false, &[group(&["ID", "id"], true)]);
        assert_eq!((together.duplicates, renames(&together)), (None, vec![("id", "id_1")]));
        let two = of(&["userId", "user_id"], false, &[group(&["userId", "user_id"], true)]);
        assert_eq!((two.duplicates, two.renames.len(), two.doubts.len()), (None, 0, 0));
    }
}
