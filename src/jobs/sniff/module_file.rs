//! A module file for files of which one was looked at.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::jobs::run::JobError;
use crate::source::{Objects, Sniffed, SniffedColumn, SniffedKind, TypedKind};

use super::beside::NAMELESS;
use super::csv_part::{Settings, csv, values};
use super::file_name::NamePattern;
use super::names::{Fields, Names, names};

/// The settings of a module's source, and what they leave open.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SourcePart {
    /// `source` of the module file.
    pub(super) source: Settings,
    /// Rule for column names, if it is not the default.
    pub(super) column_names: Option<&'static str>,
    /// Columns that the rule would name otherwise, by the name in the source.
    pub(super) renames: BTreeMap<String, String>,
    /// Declared columns.
    pub(super) columns: IndexMap<String, String>,
    /// Doubts, each a sentence.
    pub(super) doubts: Vec<String>,
}

impl SourcePart {
    /// Sets that the first file of a date alone has a header.
    pub(super) fn set_header_of_first_file(&mut self) {
        if let Some(csv) = self.source.entry("csv").or_insert_with(|| json!({})).as_object_mut() {
            csv.insert("header".to_owned(), json!("first_file"));
        }
        self.doubts
            .push("the first file of a date has a header, and the others have none (`header: first_file`): is it so?".to_owned());
    }

    /// Returns true if files of both are read alike.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (&self.source, self.column_names, &self.renames) == (&other.source, other.column_names, &other.renames)
    }
}

/// Returns the settings under which a file is read.
pub(super) fn source_part(name: &NamePattern, sniffed: &Sniffed) -> SourcePart {
    let mut source = Map::new();
    source.insert("files".to_owned(), json!(name.pattern));
    if name.picks_all {
        source.insert("pick".to_owned(), json!("all"));
    }
    let of_name = name.doubts.iter().map(|doubt| doubt.text.clone());
    let mut doubts: Vec<String> = of_name.chain(sniffed.doubts.iter().cloned()).collect();
    if name.date.is_none() {
        doubts.push(
            "the name of the file has no date: `source.files` must have `{date}`, or `source.date_from: modified` \
             takes the time of the file"
                .to_owned(),
        );
    }
    let names = columns(sniffed);
    let (kind, mut settings) = match &sniffed.kind {
        SniffedKind::Delimited(found) => ("csv", csv(found, &sniffed.columns, &names, &mut doubts)),
        SniffedKind::Objects(objects) => ("json", json_settings(objects)),
        SniffedKind::Typed(kind) => (typed_name(kind), typed_settings(kind, &sniffed.columns, &names)),
    };
    if sniffed.encoding != "utf-8" {
        settings.insert("encoding".to_owned(), json!(sniffed.encoding));
    }
    if let Some(duplicates) = names.duplicates {
        settings.insert("duplicate_names".to_owned(), json!(duplicates));
    }
    if !settings.is_empty() || kind != "csv" {
        source.insert(kind.to_owned(), Value::Object(settings));
    }
    doubts.extend(names.doubts);
    for column in &sniffed.columns {
        doubts.extend(column.doubts.iter().map(|doubt| format!("`{}`: {doubt}", column.name)));
    }
    // Other files name or type their columns themselves.
    let is_delimited = matches!(sniffed.kind, SniffedKind::Delimited(..));
    let types = sniffed.columns.iter().map(|column| column.ty.as_ref().map_or_else(|| "string".to_owned(), ToString::to_string));
    let columns = if is_delimited { names.columns.into_iter().zip(types).collect() } else { IndexMap::new() };
    SourcePart { source, column_names: names.rule, renames: names.renames, columns, doubts }
}

/// Returns the columns of a file's fields.
fn columns(sniffed: &Sniffed) -> Names {
    let fields: Vec<String> = sniffed.columns.iter().map(|column| column.name.clone()).collect();
    // Fields of one name can't be renamed by it.
    let has_twice = || fields.iter().enumerate().any(|(place, name)| fields[..place].contains(name));
    let are_numbered = match &sniffed.kind {
        SniffedKind::Delimited(..) | SniffedKind::Typed(TypedKind::Excel(_)) => true,
        SniffedKind::Typed(_) => has_twice(),
        SniffedKind::Objects(_) => false,
    };
    let is_other = |c: char| c.is_alphanumeric() && !c.is_ascii();
    let has_other = |column: &SniffedColumn| column.ty.as_ref().is_some_and(|ty| ty.to_string().contains(is_other));
    let (has_other_letters, spellings) = match &sniffed.kind {
        SniffedKind::Objects(objects) => (objects.has_other_letters(), objects.spellings()),
        _ => (sniffed.columns.iter().any(has_other), Vec::new()),
    };
    names(Fields { names: &fields, has_other_letters, are_numbered, spellings: &spellings })
}

fn typed_settings(kind: &TypedKind, columns: &[SniffedColumn], names: &Names) -> Settings {
    let mut settings = Map::new();
    if let TypedKind::Excel(sheet) = kind {
        settings.extend(sheet.name.iter().map(|name| ("sheet".to_owned(), json!(name))));
        settings.extend(sheet.range.iter().map(|range| ("range".to_owned(), json!(range))));
    }
    values(&mut settings, columns, &names.columns);
    settings
}

fn json_settings(objects: &Objects) -> Settings {
    let mut settings = Map::new();
    if let Some(records) = &objects.records {
        settings.insert("records".to_owned(), json!(records));
    }
    if let Some(unwrap) = objects.unwrap {
        settings.insert("unwrap".to_owned(), json!(unwrap));
    }
    if objects.has_nanoseconds {
        settings.insert("nanoseconds".to_owned(), json!("truncate"));
    }
    if !objects.parse_json.is_empty() {
        settings.insert("parse_json".to_owned(), json!(objects.parse_json));
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

/// A collection of a module: its name, the text of its files' names if it is another, and its columns.
pub(super) struct CollectionPart {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) columns: IndexMap<String, String>,
}

impl CollectionPart {
    /// Returns the collection of files with such names.
    pub(super) fn new(name: &NamePattern, part: &SourcePart) -> Self {
        Self {
            name: name.collection.clone().unwrap_or_else(|| NAMELESS.to_owned()),
            file_name: name.file_name.clone(),
            columns: part.columns.clone(),
        }
    }
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
    if !part.renames.is_empty() {
        file.insert("renames", json!(part.renames));
    }
    if let Some(start) = start {
        file.insert("catchup", json!({ "start": start }));
    }
    file.insert("target", json!({ "database": module }));
    let all = collections.iter().map(|CollectionPart { name, file_name, columns }| {
        let mut settings = Map::new();
        settings.extend(file_name.iter().filter(|text| *text != name).map(|text| ("file_name".to_owned(), json!(text))));
        if !columns.is_empty() {
            settings.insert("columns".to_owned(), json!(columns));
        }
        (name.clone(), Value::Object(settings))
    });
    file.insert("collections", Value::Object(all.collect()));
    let yaml = serde_saphyr::to_string(&file).map_err(|error| JobError::Bug(error.to_string()))?;
    let comments = part.doubts.iter().map(|doubt| format!("# Check: {}\n", one_line(doubt))).collect::<String>();
    Ok(format!("{comments}{yaml}"))
}

/// Returns a text without line ends and other control characters, which would end a comment.
fn one_line(text: &str) -> String {
    let is_line_end = |c: char| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}');
    text.chars().map(|c| if is_line_end(c) { ' ' } else { c }).collect()
}
