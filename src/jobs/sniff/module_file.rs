//! A module file for files of which one was looked at.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::jobs::run::JobError;
use crate::schema::NamingRule;
use crate::source::{Delimited, Objects, Sniffed, SniffedColumn, SniffedKind, TypedKind};

use super::file_name::NamePattern;

/// The settings of a module's source, and what they leave open.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SourcePart {
    /// `source` of the module file.
    pub(super) source: Map<String, Value>,
    /// Rule for column names, if it is not the default.
    pub(super) column_names: Option<&'static str>,
    /// Declared columns.
    pub(super) columns: IndexMap<String, String>,
    /// Doubts, each a sentence.
    pub(super) doubts: Vec<String>,
}

/// Returns the settings under which a file is read.
pub(super) fn source_part(name: &NamePattern, sniffed: &Sniffed) -> SourcePart {
    let mut source = Map::new();
    source.insert("files".to_owned(), json!(name.pattern));
    if name.pattern.contains("{seq}") {
        source.insert("pick".to_owned(), json!("all"));
    }
    let mut doubts = sniffed.doubts.clone();
    if name.date.is_none() {
        doubts.push("the name of the file has no date: `source.files` must have `{date}`".to_owned());
    }
    let (kind, settings) = match &sniffed.kind {
        SniffedKind::Delimited(found, has_header) => ("csv", csv(found, *has_header, sniffed, &mut doubts)),
        SniffedKind::Objects(objects) => ("json", json_settings(objects, sniffed)),
        SniffedKind::Typed(kind) => (typed_name(kind), Map::new()),
    };
    if !settings.is_empty() || kind != "csv" {
        source.insert(kind.to_owned(), Value::Object(settings));
    }
    let is_delimited = matches!(sniffed.kind, SniffedKind::Delimited(..));
    let unnamed = |rule: NamingRule| {
        sniffed.columns.iter().any(|column| !column.name.trim().is_empty() && rule.apply(&column.name).is_none())
    };
    let column_names = (is_delimited && unnamed(NamingRule::Words)).then_some("unicode");
    let rule = if column_names.is_some() { NamingRule::Unicode } else { NamingRule::Words };
    let columns = if is_delimited { declared(&sniffed.columns, rule) } else { IndexMap::new() };
    for column in &sniffed.columns {
        doubts.extend(column.doubts.iter().map(|doubt| format!("`{}`: {doubt}", column.name)));
    }
    SourcePart { source, column_names, columns, doubts }
}

/// Returns the columns with the types of their values. A column without values is text.
fn declared(columns: &[SniffedColumn], rule: NamingRule) -> IndexMap<String, String> {
    let mut declared = IndexMap::new();
    for (place, column) in columns.iter().enumerate() {
        let by_rule = rule.apply(&column.name).map(|name| name.to_string());
        let name = match by_rule {
            Some(name) if declared.contains_key(&name) => numbered(&declared, &name),
            Some(name) => name,
            None => format!("column_{}", place + 1),
        };
        let ty = column.ty.as_ref().map_or_else(|| "string".to_owned(), ToString::to_string);
        declared.insert(name, ty);
    }
    declared
}

fn numbered(taken: &IndexMap<String, String>, name: &str) -> String {
    let mut number = 1;
    while taken.contains_key(&format!("{name}_{number}")) {
        number += 1;
    }
    format!("{name}_{number}")
}

fn csv(found: &Delimited, has_header: bool, sniffed: &Sniffed, doubts: &mut Vec<String>) -> Map<String, Value> {
    let mut csv = Map::new();
    let mut set = |name: &str, value: Value| drop(csv.insert(name.to_owned(), value));
    if found.sep_line {
        set("dialect", json!("excel"));
    } else if found.delimiter != "," {
        set("delimiter", json!(found.delimiter));
    }
    match found.quote {
        None => set("quote", json!("none")),
        Some('"') => {}
        Some(quote) => set("quote", json!(quote.to_string())),
    }
    if found.backslash {
        set("escape", json!("\\"));
    }
    if found.trim {
        set("trim", json!(true));
    }
    if !has_header {
        set("header", json!("none"));
    }
    if found.skip_lines > 0 {
        set("skip_lines", json!(found.skip_lines));
    }
    if found.footer_lines > 0 {
        set("footer_lines", json!(found.footer_lines));
    }
    if found.trailing_delimiter {
        set("trailing_delimiter", json!(true));
    }
    if sniffed.encoding != "utf-8" {
        set("encoding", json!(sniffed.encoding));
    }
    let mut names: Vec<Option<String>> =
        sniffed.columns.iter().map(|column| NamingRule::Words.apply(&column.name).map(|name| name.to_string())).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) || sniffed.columns.iter().any(|column| column.name.trim().is_empty()) {
        set("duplicate_names", json!("rename"));
        doubts.push("names of the header stand twice, or are empty: their columns get numbers".to_owned());
    }
    notations(&mut csv, &sniffed.columns);
    csv
}

/// Sets the notation of values: for all columns where they agree, else for single ones.
fn notations(csv: &mut Map<String, Value>, columns: &[SniffedColumn]) {
    let mut of_all: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for (key, value) in columns.iter().flat_map(|column| &column.notation) {
        let values = of_all.entry(key).or_default();
        if !values.contains(&value.as_str()) {
            values.push(value);
        }
    }
    let parsed = |value: &str| serde_json::from_str(value).unwrap_or_else(|_| json!(value));
    let mut single: Map<String, Value> = Map::new();
    for (key, values) in of_all {
        // Plain numbers beside others in another notation would be read otherwise.
        let has_plain_numbers = columns.iter().any(|column| {
            let is_number = matches!(column.ty, Some(crate::schema::ColumnType::Double));
            is_number && column.notation.is_empty()
        });
        if values.len() == 1 && (key.ends_with("formats") || !has_plain_numbers) {
            csv.insert(key.to_owned(), parsed(values[0]));
            continue;
        }
        for column in columns {
            let Some((_, value)) = column.notation.iter().find(|(of, _)| *of == key) else { continue };
            let name = NamingRule::Words.apply(&column.name).map_or_else(|| column.name.clone(), |name| name.to_string());
            let own = single.entry(name).or_insert_with(|| json!({}));
            if let Some(own) = own.as_object_mut() {
                own.insert(key.to_owned(), parsed(value));
            }
        }
    }
    if !single.is_empty() {
        csv.insert("columns".to_owned(), Value::Object(single));
    }
}

fn json_settings(objects: &Objects, sniffed: &Sniffed) -> Map<String, Value> {
    let mut settings = Map::new();
    if let Some(records) = &objects.records {
        settings.insert("records".to_owned(), json!(records));
    }
    if let Some(unwrap) = objects.unwrap {
        settings.insert("unwrap".to_owned(), json!(unwrap));
    }
    if !objects.parse_json.is_empty() {
        settings.insert("parse_json".to_owned(), json!(objects.parse_json));
    }
    if sniffed.encoding != "utf-8" {
        settings.insert("encoding".to_owned(), json!(sniffed.encoding));
    }
    settings
}

fn typed_name(kind: &TypedKind) -> &'static str {
    match kind {
        TypedKind::Parquet => "parquet",
        TypedKind::Avro => "avro",
        TypedKind::Orc => "orc",
        TypedKind::Excel(_) => "excel",
    }
}

/// A collection of a module: its name, the text of its files' names, and its columns.
pub(super) struct CollectionPart {
    pub(super) name: String,
    pub(super) columns: IndexMap<String, String>,
}

/// Returns the text of a module file. Doubts stand above it as comments.
pub(super) fn module_yaml(
    module: &str,
    part: &SourcePart,
    start: Option<&str>,
    collections: &[CollectionPart],
) -> Result<String, JobError> {
    let mut file: IndexMap<&str, Value> = IndexMap::new();
    file.insert("version", json!(1));
    file.insert("module", json!(module));
    file.insert("source", Value::Object(part.source.clone()));
    if let Some(rule) = part.column_names {
        file.insert("column_names", json!(rule));
    }
    if let Some(start) = start {
        file.insert("catchup", json!({ "start": start }));
    }
    file.insert("target", json!({ "database": module }));
    let all = collections.iter().map(|CollectionPart { name, columns }| {
        let settings = if columns.is_empty() { json!({}) } else { json!({ "columns": columns }) };
        (name.clone(), settings)
    });
    file.insert("collections", Value::Object(all.collect()));
    let yaml = serde_saphyr::to_string(&file).map_err(|error| JobError::Bug(error.to_string()))?;
    let comments = part.doubts.iter().map(|doubt| format!("# Check: {doubt}\n")).collect::<String>();
    Ok(format!("{comments}{yaml}"))
}
