//! Conversion of a source's column names to a table's.

use std::collections::{BTreeMap, HashMap};

use super::{ColumnName, MOST_COLUMNS, NameError, TableSchema};

/// Rule that turns source names into column names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NamingRule {
    /// `Is Gateway?` becomes `is_gateway`: runs of characters outside `[0-9a-zA-Z$]` are one underscore.
    #[default]
    Words,
    /// `numberOfPaidEmployees` becomes `number_of_paid_employees`; acronyms stay whole.
    Camel,
}

impl NamingRule {
    /// Returns the column name for a source name; `None` if no character of it remains.
    pub fn apply(self, source: &str) -> Option<ColumnName> {
        let text = match self {
            Self::Words => source.to_owned(),
            Self::Camel => split_camel(source),
        };
        ColumnName::new(&words(&text)).ok()
    }

    /// Returns the index of the field in `fields` that a source name means, by any of the spellings that a table may have of it.
    pub fn field<'a>(self, source: &str, fields: impl Iterator<Item = &'a ColumnName>) -> Option<usize> {
        let spellings = [self.apply(source), ColumnName::new(source).ok(), self.spelled_out(source)];
        let mut best: Option<(usize, usize)> = None;
        for (place, field) in fields.enumerate() {
            let Some(rank) = spellings.iter().position(|spelling| spelling.as_ref() == Some(field)) else { continue };
            if best.is_none_or(|(known, _)| rank < known) {
                best = Some((rank, place));
            }
        }
        best.map(|(_, place)| place)
    }

    /// Returns the replaced job's spelling of acronyms (`higher_d_f_a_decision`), which its tables still have.
    fn spelled_out(self, source: &str) -> Option<ColumnName> {
        match self {
            Self::Words => None,
            Self::Camel => {
                let mut out = String::new();
                for (i, c) in source.chars().enumerate() {
                    if c.is_uppercase() && i > 0 {
                        out.push('_');
                    }
                    out.extend(c.to_lowercase());
                }
                ColumnName::new(&out).ok()
            }
        }
    }
}

/// Column naming of a module: its rule, and its renames as exceptions.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    /// Rule for all other names, and for the members of objects.
    pub rule: NamingRule,
    /// Column names by source name.
    pub renames: &'a BTreeMap<String, ColumnName>,
}

impl Naming<'_> {
    /// Returns the column name for a header. The spelling that `table` already has for it is kept.
    pub fn column(self, header: &str, table: &TableSchema) -> Option<ColumnName> {
        match self.renames.get(header) {
            Some(column) => Some(column.clone()),
            None => self.rule.spelled_out(header).filter(|old| table.has(old)).or_else(|| self.rule.apply(header)),
        }
    }
}

fn words(source: &str) -> String {
    source
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '$'))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("_")
        .to_ascii_lowercase()
}

/// Inserts a space before each word of a camel-case name: between lower and upper case, and before the last capital of an
/// acronym that a lower-case letter follows.
fn split_camel(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len() + 8);
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|b| chars[b]);
        let after = chars.get(i + 1);
        let starts_word = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase() || b.is_ascii_digit() || (b.is_uppercase() && after.is_some_and(|a| a.is_lowercase()))
            });
        if starts_word {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// Maximum number of a header's characters that are shown.
const TOLD: usize = 200;

/// Returns a header for display: on one line, and cut to the maximum length.
fn told(header: &str) -> String {
    let mut told = String::new();
    for c in header.chars().take(TOLD) {
        if c.is_control() { told.extend(c.escape_default()) } else { told.push(c) }
    }
    if header.chars().nth(TOLD).is_some() {
        told.push('…');
    }
    told
}

/// Returns the column name of each header, in order.
///
/// A camel-case acronym keeps the spelling that `table` already has for it.
///
/// # Errors
/// A header occurs twice, is empty, clashes with another after normalising, or becomes a `reserved` name; or there are too many
/// headers.
pub fn headers_to_columns(
    naming: Naming<'_>,
    headers: &[String],
    table: &TableSchema,
    reserved: &[ColumnName],
) -> Result<Vec<ColumnName>, NameError> {
    let mut raw: HashMap<&str, usize> = HashMap::new();
    let mut taken: HashMap<ColumnName, &str> = HashMap::new();
    let mut columns = Vec::with_capacity(headers.len());
    if headers.len() > MOST_COLUMNS {
        return Err(NameError::TooMany { count: headers.len() });
    }
    for (i, header) in headers.iter().enumerate() {
        if let Some(first) = raw.insert(header, i) {
            return Err(NameError::Twice { header: told(header), first: first + 1, second: i + 1 });
        }
        let empty = || NameError::Empty { position: i + 1, header: told(header) };
        let column = naming.column(header, table).ok_or_else(empty)?;
        if reserved.contains(&column) {
            return Err(NameError::Reserved { header: told(header), column });
        }
        if let Some(first) = taken.insert(column.clone(), header) {
            return Err(NameError::Clash { first: told(first), second: told(header), column });
        }
        columns.push(column);
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, ColumnType};
    use proptest::prelude::*;

    fn name(rule: NamingRule, source: &str) -> String {
        rule.apply(source).map(|c| c.to_string()).unwrap_or_default()
    }

    fn by(rule: NamingRule) -> Naming<'static> {
        static NONE: BTreeMap<String, ColumnName> = BTreeMap::new();
        Naming { rule, renames: &NONE }
    }

    #[test]
    fn a_rename_wins_over_the_rule() {
        let renames = BTreeMap::from([("timestamp".to_owned(), ColumnName::new("created_at").unwrap())]);
        let naming = Naming { rule: NamingRule::Camel, renames: &renames };
        let columns = headers_to_columns(naming, &headers(&["timestamp", "timeStamp"]), &TableSchema::default(), &[]).unwrap();
        assert_eq!(columns.iter().map(ToString::to_string).collect::<Vec<_>>(), ["created_at", "time_stamp"]);
    }

    fn headers(names: &[&str]) -> Vec<String> {
        names.iter().map(|&n| n.to_owned()).collect()
    }

    #[test]
    fn words_follow_the_replaced_job() {
        for (source, column) in [
            ("Is Gateway?", "is_gateway"),
            ("Hours per Week", "hours_per_week"),
            ("Cost Total $", "cost_total_$"),
            (" id ", "id"),
            ("a--b__c", "a_b_c"),
            ("É", ""),
        ] {
            assert_eq!(name(NamingRule::Words, source), column);
        }
    }

    #[test]
    fn camel_keeps_acronyms_whole() {
        for (source, column) in [
            ("numberOfPaidEmployees", "number_of_paid_employees"),
            ("higherDFADecision", "higher_dfa_decision"),
            ("ID", "id"),
            ("userID", "user_id"),
            ("address1Line", "address1_line"),
            ("already_snake", "already_snake"),
        ] {
            assert_eq!(name(NamingRule::Camel, source), column);
        }
    }

    #[test]
    fn an_old_table_keeps_its_spelling() {
        let old = ColumnName::new("higher_d_f_a_decision").unwrap();
        let table = TableSchema::new(vec![Column::new(old.clone(), ColumnType::String)]);
        let columns = headers_to_columns(by(NamingRule::Camel), &headers(&["higherDFADecision", "newDFA"]), &table, &[]).unwrap();
        assert_eq!(columns, [old, ColumnName::new("new_dfa").unwrap()]);
    }

    #[test]
    fn of_several_spellings_the_rules_own_is_meant() {
        let column = |name| ColumnName::new(name).unwrap();
        let (ours, old) = (column("dfa_decision"), column("d_f_a_decision"));
        let field = |fields: &[&ColumnName]| NamingRule::Camel.field("DFADecision", fields.iter().copied());
        assert_eq!(field(&[&ours, &old]), Some(0));
        assert_eq!(field(&[&old, &ours]), Some(1));
        assert_eq!(field(&[&column("x"), &old]), Some(1));
        assert_eq!(field(&[&column("x")]), None);
        assert_eq!(AsRef::<str>::as_ref(&old), "d_f_a_decision");
    }

    #[test]
    fn clashes_name_both_headers() {
        let check = |names: &[&str]| {
            headers_to_columns(
                by(NamingRule::Words),
                &headers(names),
                &TableSchema::default(),
                &[ColumnName::new("error_desc").unwrap()],
            )
            .unwrap_err()
            .to_string()
        };
        assert_eq!(
            check(&["Is Gateway", "x", "Is Gateway?"]),
            "the headers `Is Gateway` and `Is Gateway?` both become the column `is_gateway`"
        );
        assert_eq!(check(&["a", "b", "a"]), "the header `a` stands twice, at positions 1 and 3");
        assert_eq!(check(&["a\nb: done", "a\nb: done"]), r"the header `a\nb: done` stands twice, at positions 1 and 2");
        assert!(check(&[&"é".repeat(100_000), &"é".repeat(100_000)]).len() < 1000);
        let many: Vec<String> = (0..=MOST_COLUMNS).map(|i| format!("c{i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(check(&many), "there are 20001 names, and a table has at most 20000 columns");
        let as_many = headers(&many[..MOST_COLUMNS]);
        assert!(headers_to_columns(by(NamingRule::Words), &as_many, &TableSchema::default(), &[]).is_ok());
        assert_eq!(check(&["a", "?"]), "header 2 is `?`, which leaves no column name");
        assert_eq!(check(&["Error Desc"]), "the header `Error Desc` becomes `error_desc`, a column that adg writes itself");
    }

    proptest! {
        #[test]
        fn names_are_stable_under_their_own_rule(source in "\\PC{0,24}") {
            for rule in [NamingRule::Words, NamingRule::Camel] {
                if let Some(column) = rule.apply(&source) {
                    prop_assert_eq!(rule.apply(column.as_str()), Some(column));
                }
            }
        }
    }
}
