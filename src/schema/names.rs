//! Conversion of a source's column names to a table's.

use std::collections::{BTreeMap, HashMap, HashSet};

use deunicode::deunicode;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

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
    /// `Größe (m)` becomes `größe_m` and `名前` stays `名前`: as `words`, with the letters and digits of all scripts.
    Unicode,
    /// `Größe (m)` becomes `groesse_m` and `名前` becomes `ming_qian`: as `words`, after all letters were written in Latin ones.
    Transliterate,
}

impl NamingRule {
    /// Returns the column name for a source name; `None` if no character of it remains.
    pub fn apply(self, source: &str) -> Option<ColumnName> {
        let words = match self {
            Self::Words => words(source),
            Self::Camel => words(&split_camel(source)),
            Self::Unicode => unicode_words(source),
            Self::Transliterate => words(&latin(source)),
        };
        ColumnName::new(&words).ok()
    }

    /// Returns a source name with a space between its words, where the rule finds words in the case of letters; else as it is.
    pub(super) fn in_words(self, source: &str) -> String {
        match self {
            Self::Words => source.to_owned(),
            Self::Camel => split_camel(source),
            Self::Unicode => source.nfc().collect(),
            Self::Transliterate => latin(source),
        }
    }

    /// Returns the index of the field in `fields` that a source name means, by any of the spellings that a table may have of it.
    /// Where members differ in what the rule removes, each has a field of its own spelling.
    pub fn field<'a>(self, source: &str, fields: impl Iterator<Item = &'a ColumnName>) -> Option<usize> {
        let spellings = [self.own_spelling(source), self.apply(source), self.spelled_out(source)];
        let mut best: Option<(usize, usize)> = None;
        for (place, field) in fields.enumerate() {
            let Some(rank) = spellings.iter().position(|spelling| spelling.as_ref() == Some(field)) else { continue };
            if best.is_none_or(|(known, _)| rank < known) {
                best = Some((rank, place));
            }
        }
        best.map(|(_, place)| place)
    }

    /// Returns the name of a member beside another one that the rule gives the same name: its own spelling, in which `_x0020_`
    /// stands for a blank, as in XML names (ECMA-376, 22.9.2.19), and so for what types can't have in names. `None` if they
    /// differ in case alone, which names don't: such members are one.
    pub(super) fn own_spelling(self, source: &str) -> Option<ColumnName> {
        let mut own = String::with_capacity(source.len());
        for c in source.trim().chars() {
            if c.is_whitespace() || ColumnName::new(c.encode_utf8(&mut [0; 4])).is_err() {
                own.push_str(&format!("_x{:04x}_", u32::from(c)));
            } else {
                own.push(c);
            }
        }
        ColumnName::new(&own).ok().filter(|own| self.apply(source).as_ref() != Some(own))
    }

    /// Returns the replaced job's spelling of acronyms (`higher_d_f_a_decision`), which its tables still have.
    pub(super) fn spelled_out(self, source: &str) -> Option<ColumnName> {
        match self {
            Self::Words | Self::Unicode | Self::Transliterate => None,
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
    /// Handling of names that are no column of their own.
    pub duplicates: DuplicateNames,
}

/// Handling of names that stand twice, that become the same column, or that leave no column name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateNames {
    /// The file is refused.
    #[default]
    Refuse,
    /// A second column `name` is called `name_1`, and a fourth field without a name `column_4`. Only for files whose fields have
    /// an order: not for JSON.
    Rename,
    /// Names that become the same column fill it together, and names of `renames` are found in any case. Only for JSON, whose
    /// records may each have another spelling.
    Merge,
}

impl Naming<'_> {
    /// Returns the column name for a header. The spelling that `table` already has for it is kept.
    pub fn column(self, header: &str, table: &TableSchema) -> Option<ColumnName> {
        let in_any_case = || {
            let wanted = header.to_lowercase();
            self.renames.iter().find(|(name, _)| name.to_lowercase() == wanted).map(|(_, column)| column)
        };
        let renamed = self.renames.get(header);
        match renamed.or_else(|| if self.duplicates == DuplicateNames::Merge { in_any_case() } else { None }) {
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

/// Returns the words of a name in any script. Letters that are written with a combining mark are one letter where there is one.
fn unicode_words(source: &str) -> String {
    let composed: String = source.nfc().collect();
    composed
        .split(|c: char| !(c.is_alphanumeric() || is_combining_mark(c) || c == '$'))
        // A mark alone can't be seen: that of an emoji remains of it.
        .filter(|word| word.contains(|c: char| !is_combining_mark(c)))
        .collect::<Vec<_>>()
        .join("_")
        .to_lowercase()
}

/// Writes a name in Latin letters, German ones as German does.
fn latin(source: &str) -> String {
    let mut out = String::new();
    for c in source.nfc() {
        match c {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'Ä' => out.push_str("Ae"),
            'Ö' => out.push_str("Oe"),
            'Ü' => out.push_str("Ue"),
            'ß' => out.push_str("ss"),
            _ => out.push(c),
        }
    }
    deunicode(&out)
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
pub(super) fn told(header: &str) -> String {
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
    if naming.duplicates == DuplicateNames::Rename {
        return renamed(naming, headers, table, reserved);
    }
    for (i, header) in headers.iter().enumerate() {
        if let Some(first) = raw.insert(header, i) {
            return Err(NameError::Twice { header: told(header), first: first + 1, second: i + 1 });
        }
        let empty = || NameError::Empty { position: i + 1, header: told(header) };
        let column = naming.column(header, table).ok_or_else(empty)?;
        if reserved.contains(&column) {
            return Err(NameError::Reserved { header: told(header), column, setting: None });
        }
        if let Some(first) = taken.insert(column.clone(), header) {
            return Err(NameError::Clash { first: told(first), second: told(header), column });
        }
        columns.push(column);
    }
    Ok(columns)
}

/// Returns a column of its own for each header, whatever the names.
fn renamed(
    naming: Naming<'_>,
    headers: &[String],
    table: &TableSchema,
    reserved: &[ColumnName],
) -> Result<Vec<ColumnName>, NameError> {
    let by_rule: Vec<Option<ColumnName>> = headers.iter().map(|header| naming.column(header, table)).collect();
    // A name that a header has of itself is not given to another.
    let mut taken: HashSet<ColumnName> = by_rule.iter().flatten().chain(reserved).cloned().collect();
    // For each name that stands twice, the number to begin with: there may be thousands.
    let mut next: HashMap<ColumnName, usize> = HashMap::new();
    let mut columns = Vec::with_capacity(headers.len());
    for (i, (header, column)) in headers.iter().zip(by_rule).enumerate() {
        let column = match column {
            Some(column) if reserved.contains(&column) => {
                return Err(NameError::Reserved { header: told(header), column, setting: None });
            }
            Some(column) => match next.get_mut(&column) {
                None => {
                    next.insert(column.clone(), 1);
                    column
                }
                Some(from) => numbered(column.as_str(), from, &mut taken)?,
            },
            None => numbered("column", &mut (i + 1), &mut taken)?,
        };
        columns.push(column);
    }
    Ok(columns)
}

/// Returns the name with the first free number from `from` on, which is then taken. `from` becomes the number after it.
fn numbered(name: &str, from: &mut usize, taken: &mut HashSet<ColumnName>) -> Result<ColumnName, NameError> {
    loop {
        let column = ColumnName::new(&format!("{name}_{from}"))?;
        *from += 1;
        if taken.insert(column.clone()) {
            return Ok(column);
        }
    }
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
        Naming { rule, renames: &NONE, duplicates: DuplicateNames::Refuse }
    }

    #[test]
    fn every_field_gets_a_column_where_duplicates_are_renamed() {
        let naming = Naming { duplicates: DuplicateNames::Rename, ..by(NamingRule::Words) };
        let columns = |names: &[&str]| {
            let columns = headers_to_columns(naming, &headers(names), &TableSchema::default(), &[]).unwrap();
            columns.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(columns(&["id", "name", "name", "total", "total"]), ["id", "name", "name_1", "total", "total_1"]);
        assert_eq!(columns(&["a", "a", "a_1", "A", ""]), ["a", "a_2", "a_1", "a_3", "column_5"]);
        assert_eq!(columns(&["", "column_1", "?"]), ["column_2", "column_1", "column_3"]);
    }

    #[test]
    fn letters_of_all_scripts_are_kept_or_written_in_latin() {
        for (source, unicode, latin) in [
            ("Größe (m)", "größe_m", "groesse_m"),
            ("Grö\u{308}ße", "grö\u{308}ße", "groesse"),
            ("Gro\u{308}ße", "größe", "groesse"),
            ("ÄRA", "ära", "aera"),
            ("名前", "名前", "ming_qian"),
            ("Ünvan-İsim", "ünvan_i\u{307}sim", "uenvan_isim"),
            ("Цена, руб.", "цена_руб", "tsena_rub"),
            ("año", "año", "ano"),
            ("हिन्दी", "हिन्दी", "hindii"),
            ("?!", "", ""),
        ] {
            assert_eq!(name(NamingRule::Unicode, source), unicode, "{source}");
            assert_eq!(name(NamingRule::Transliterate, source), latin, "{source}");
        }
    }

    #[test]
    fn a_rename_wins_over_the_rule() {
        let renames = BTreeMap::from([("timestamp".to_owned(), ColumnName::new("created_at").unwrap())]);
        let naming = Naming { rule: NamingRule::Camel, renames: &renames, duplicates: DuplicateNames::Refuse };
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
            for rule in [NamingRule::Words, NamingRule::Camel, NamingRule::Unicode, NamingRule::Transliterate] {
                if let Some(column) = rule.apply(&source) {
                    prop_assert_eq!(rule.apply(column.as_str()), Some(column));
                }
            }
        }
    }
}
