//! Settings of a module's collections.

use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::identity::{CollectionName, NameError};
use crate::schema::ColumnType;

use super::FieldPositions;

/// Handling of a date without a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingFile {
    /// The date fails for its collection; other dates and collections continue.
    #[default]
    Fail,
    /// The date is skipped and counts as done.
    Skip,
}

/// One collection.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CollectionSettings {
    /// First schema: column names and types in order. If not set, it is inferred from the first date.
    pub columns: IndexMap<String, ColumnTypeWord>,
    /// Columns that are personal data, in addition to those that the files themselves name.
    pub pii: Vec<String>,
    /// Text for `{collection}` in file names. If not set, the collection's name.
    pub file_name: Option<String>,
    /// Positions of the fields in each line, if they are not delimited. If not set, as in `source.csv`.
    pub fixed_width: Option<FieldPositions>,
    /// Handling of a date without a file. If not set, as in `source`.
    pub missing: Option<MissingFile>,
    /// Arrays in the records of JSON files that become tables of their own, by their paths:
    /// `{ items: { keys: { order_id: id } } }`. The collection's table does not have them.
    pub children: IndexMap<String, ChildSettings>,
    /// The collection and the array of which this one is the table.
    #[serde(skip)]
    pub child_of: Option<ChildOf>,
}

/// Table of the items of an array in a collection's records. It is published with the collection's table, and before it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChildSettings {
    /// Values of a record that each of its items gets: `[order_id]`, or by name with their paths: `{ order_id: id }`.
    pub keys: ChildKeys,
    /// Name of a column with the position of an item in its own array, counted from 1. If not set, there is none.
    pub position: Option<String>,
    /// Name of the table. If not set, the collection's name and the array's path, joined by `_`.
    pub table: Option<CollectionName>,
    /// First schema, as of a collection. Keys have the types that they have in the collection's `columns`.
    pub columns: IndexMap<String, ColumnTypeWord>,
    /// Columns that are personal data. If the array is one of the collection's `pii`, all columns are.
    pub pii: Vec<String>,
    /// Arrays in the items that become tables of their own. Their keys may be keys of this table.
    pub children: IndexMap<String, ChildSettings>,
}

/// Values of a record that the items of its arrays get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ChildKeys {
    /// Paths; the last name of each is that of the key.
    Paths(Vec<String>),
    /// Paths by the names of the keys.
    Named(IndexMap<String, String>),
}

impl Default for ChildKeys {
    fn default() -> Self {
        Self::Paths(Vec::new())
    }
}

/// The array of which a collection is the table.
#[derive(Debug, Clone)]
pub struct ChildOf {
    /// The collection whose records have the array.
    pub parent: CollectionName,
    /// Path to the array in a record.
    pub path: String,
    /// Values of the record that each item gets.
    pub keys: ChildKeys,
    /// Column with the position of an item.
    pub position: Option<String>,
}

impl CollectionSettings {
    /// Returns the collections of the arrays in its records, those in their items included. `name` is its own.
    ///
    /// # Errors
    /// The name of a table is none.
    pub(super) fn children_of(&self, name: &CollectionName) -> Result<Vec<(CollectionName, Self)>, NameError> {
        let mut found = Vec::new();
        for (path, child) in &self.children {
            let words = path.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            let joined = words.fold(name.to_string(), |joined, word| joined + "_" + &word.to_ascii_lowercase());
            let table = child.table.clone().map_or_else(|| joined.parse(), Ok)?;
            let settings = self.child(name, path, child);
            let below = settings.children_of(&table)?;
            found.push((table, settings));
            found.extend(below);
        }
        Ok(found)
    }

    fn child(&self, name: &CollectionName, path: &str, child: &ChildSettings) -> Self {
        let ChildSettings { keys, position, columns, pii, children, .. } = child.clone();
        let of_keys: Vec<(&str, &str)> = match &keys {
            ChildKeys::Paths(paths) => paths.iter().map(|path| (path.as_str(), path.as_str())).collect(),
            ChildKeys::Named(named) => named.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect(),
        };
        // What is personal of the record is so of its items, whatever its name there.
        let is_personal = |path: &&str| self.pii.iter().any(|column| column == path);
        let personal_keys = of_keys.iter().filter(|(_, path)| is_personal(path)).map(|(key, _)| (*key).to_owned());
        let pii = pii.into_iter().chain(self.pii.clone()).chain(personal_keys).collect();
        let of_keys = of_keys.iter().filter_map(|(key, path)| Some(((*key).to_owned(), self.columns.get(*path)?.clone())));
        let declared = if self.columns.is_empty() && columns.is_empty() { IndexMap::new() } else { of_keys.collect() };
        Self {
            columns: declared.into_iter().chain(columns).collect(),
            pii,
            file_name: Some(self.file_name.clone().unwrap_or_else(|| name.to_string())),
            missing: self.missing,
            children,
            child_of: Some(ChildOf { parent: name.clone(), path: path.to_owned(), keys, position }),
            fixed_width: None,
        }
    }
}

/// A column's type, and the word that was written for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnTypeWord {
    /// Word as written.
    pub word: String,
    /// Type that the word means.
    pub ty: ColumnType,
}

impl fmt::Display for ColumnTypeWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word)
    }
}

impl Serialize for ColumnTypeWord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.word)
    }
}

impl<'de> Deserialize<'de> for ColumnTypeWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        // A column of JSON is one of text: the documents as they are written.
        let text = if word.trim().eq_ignore_ascii_case("json") { "string" } else { &word };
        let ty = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Self { word, ty })
    }
}

impl JsonSchema for ColumnTypeWord {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ColumnType".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "string, text, json, varchar(n), char(n), uuid, boolean, tinyint, smallint, int, integer, bigint, \
             float, real, double, decimal(p,s), numeric(p,s), date, timestamp, array<…>, struct<name:…>, map<…,…>. Bare \
             decimal is double."
        })
    }
}
