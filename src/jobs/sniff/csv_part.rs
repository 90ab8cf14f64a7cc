//! Settings of delimited text, as a module has them.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::schema::ColumnType;
use crate::source::{Delimited, SniffedColumn};

use super::names::Names;

/// Null in the text files of databases.
const NULL_MARK: &str = r"\N";

/// Settings of a file's format.
pub(super) type Settings = Map<String, Value>;

/// Returns the settings of a delimited text. `names`: its columns.
pub(super) fn csv(found: &Delimited, columns: &[SniffedColumn], names: &Names, doubts: &mut Vec<String>) -> Settings {
    let mut csv = Map::new();
    let notation = &found.notation;
    let has_null_marks = found.records.iter().flatten().any(|field| field == NULL_MARK);
    let dialect = dialect(found, has_null_marks, doubts);
    let mut set = |name: &str, value: Value| drop(csv.insert(name.to_owned(), value));
    if let Some(dialect) = dialect {
        set("dialect", json!(dialect));
    } else if has_null_marks {
        set("null_values", json!(["", NULL_MARK]));
        doubts.push(format!("`{NULL_MARK}` is taken for null, and the empty text too: is it?"));
    }
    if dialect.is_none() {
        if notation.delimiter != "," {
            set("delimiter", json!(notation.delimiter));
        }
        match notation.quote {
            None => set("quote", json!("none")),
            Some('"') => {}
            Some(quote) => set("quote", json!(quote.to_string())),
        }
        if let Some(escape) = notation.escape {
            set("escape", json!(escape.to_string()));
        }
        if notation.escape_unquoted {
            set("escape_unquoted", json!(true));
        }
    }
    if notation.trim {
        set("trim", json!(true));
        doubts
            .push("blanks around values and quotes are cut off (`trim`): are those around values without a meaning?".to_owned());
    }
    match empty_texts(found, columns) {
        Some(true) => set("keep_quoted_empty", json!(true)),
        Some(false) => doubts.push(
            "empty texts in quotes (`\"\"`) are read as null, as there are no empty fields without quotes: `keep_quoted_empty: \
             true` keeps them"
                .to_owned(),
        ),
        None => {}
    }
    match (found.has_header, dialect) {
        (true, Some("hive" | "postgres")) => set("header", json!("names")),
        (false, None | Some("excel")) => set("header", json!("none")),
        _ => {}
    }
    if found.skip_lines > 0 {
        set("skip_lines", json!(found.skip_lines));
    }
    if let Some(pattern) = &found.trailer {
        set("trailer", json!({ "pattern": pattern }));
    }
    if found.footer_lines > 0 {
        set("footer_lines", json!(found.footer_lines));
    }
    if found.trailing_delimiter {
        set("trailing_delimiter", json!(true));
    }
    values(&mut csv, columns, &names.columns);
    csv
}

/// Returns true if columns of text have both empty texts in quotes and empty fields without, which are null, and false if they
/// have the former only; `None` if they have none in quotes.
fn empty_texts(found: &Delimited, columns: &[SniffedColumn]) -> Option<bool> {
    let is_text = |place: &usize| columns.get(*place).is_some_and(|column| matches!(column.ty, None | Some(ColumnType::String)));
    let rows = || found.records.iter().skip(usize::from(found.has_header));
    if !found.quoted_empty.keys().any(is_text) {
        return None;
    }
    // A field is empty in more records than have it in quotes.
    let empty = |place: usize| rows().filter(|row| row.get(place).is_some_and(String::is_empty)).count();
    let quoted = |place: usize| found.quoted_empty.get(&place).copied().unwrap_or_default();
    Some((0..columns.len()).filter(is_text).any(|place| empty(place) > quoted(place)))
}

/// Returns the dialect that a file is in, if it is one with a name.
fn dialect(found: &Delimited, has_null_marks: bool, doubts: &mut Vec<String>) -> Option<&'static str> {
    let notation = &found.notation;
    if notation.sep_line {
        return Some("excel");
    }
    let is_plain = notation.escape.is_none() && !notation.trim;
    let has_quotes = notation.quote.is_some() && found.records.iter().flatten().any(|field| field.contains(['"', '\t', '\n']));
    if !is_plain || has_quotes {
        return None;
    }
    let has_backslashes = || found.records.iter().flatten().any(|field| field.contains('\\') && field != NULL_MARK);
    match notation.delimiter.as_str() {
        "\u{1}" => {
            if has_backslashes() {
                doubts.push(
                    "values have backslashes, which the dialect `hive` does not read as escapes: are they text?".to_owned(),
                );
            }
            Some("hive")
        }
        "\t" if has_null_marks => {
            doubts.push(format!(
                "tabs and `{NULL_MARK}` are written by PostgreSQL (`dialect: postgres`), MySQL (`mysql`) and others, with \
                 escapes such as `\\t`: which one is it?"
            ));
            Some("postgres")
        }
        _ => None,
    }
}

/// Sets the notation of values: for all columns where they agree, else for single ones.
pub(super) fn values(settings: &mut Settings, columns: &[SniffedColumn], names: &[String]) {
    let mut of_all: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for (key, value) in columns.iter().flat_map(|column| &column.notation) {
        let values = of_all.entry(key).or_default();
        if !values.contains(&value.as_str()) {
            values.push(value);
        }
    }
    // Plain numbers beside others in another notation would be read otherwise.
    let is_plain_number = |column: &SniffedColumn| matches!(column.ty, Some(ColumnType::Double)) && column.notation.is_empty();
    let agree = of_all.iter().all(|(key, values)| !is_of_numbers(key) || values.len() == 1);
    let are_numbers_alike = agree && !columns.iter().any(is_plain_number);
    let parsed = |value: &str| serde_json::from_str(value).unwrap_or_else(|_| json!(value));
    let mut single: Settings = Map::new();
    for (key, values) in of_all {
        if values.len() == 1 && (!is_of_numbers(key) || are_numbers_alike) {
            settings.insert(key.to_owned(), parsed(values[0]));
            continue;
        }
        for (column, name) in columns.iter().zip(names) {
            let Some((_, value)) = column.notation.iter().find(|(of, _)| *of == key) else { continue };
            let own = single.entry(name.clone()).or_insert_with(|| json!({}));
            if let Some(own) = own.as_object_mut() {
                own.insert(key.to_owned(), parsed(value));
            }
        }
    }
    if !single.is_empty() {
        settings.insert("columns".to_owned(), Value::Object(single));
    }
}

fn is_of_numbers(key: &str) -> bool {
    matches!(key, "decimal" | "thousands" | "currency" | "accounting")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_numbers_are_set_for_all_columns_only_if_they_agree() {
        let column = |notation: &[(&'static str, &str)]| SniffedColumn {
            ty: Some(ColumnType::Double),
            notation: notation.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
            ..SniffedColumn::default()
        };
        let german = || column(&[("decimal", "\",\""), ("thousands", "\".\"")]);
        let of = |columns: &[SniffedColumn]| {
            let mut settings = Map::new();
            values(&mut settings, columns, &["a".to_owned(), "b".to_owned()]);
            Value::Object(settings).to_string()
        };
        assert_eq!(of(&[german(), german()]), r#"{"decimal":",","thousands":"."}"#);
        assert_eq!(of(&[german(), column(&[])]), r#"{"columns":{"a":{"decimal":",","thousands":"."}}}"#);
        assert_eq!(
            of(&[german(), column(&[("decimal", "\".\"")])]),
            r#"{"columns":{"a":{"decimal":",","thousands":"."},"b":{"decimal":"."}}}"#
        );
    }
}
