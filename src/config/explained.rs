//! Keys of the config files in words, from their schemas: for messages about wrong ones.

use std::collections::BTreeSet;

use serde_json::Value;

use super::schema_doc::{ConfigFile, json_schema, sentence};

/// Maximum number of places of a key, and of keys of a map, that are told.
const MOST_PLACES: usize = 3;
const MOST_KEYS: usize = 12;

/// Returns the meaning of the key at a path such as `source.csv.header`, as `docs/config.md` has it, with the words or the keys
/// that it takes; `None` if there is no such key.
pub fn explained(path: &str) -> Option<String> {
    let root = json_schema(file_of(path)).to_value();
    let mut node = &root;
    for name in path.split('.') {
        let (name, items) = name.split_once('[').map_or((name, false), |(name, _)| (name, true));
        node = options(&root, node).find_map(|option| below(option, name))?;
        if items {
            node = options(&root, node).find_map(|option| option.get("items"))?;
        }
    }
    let forms: Vec<String> = options(&root, node).filter_map(forms).collect();
    let meaning = [sentence(node), forms.join(" ")].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    let meaning = meaning.trim_end_matches('.');
    (!meaning.is_empty()).then(|| format!("`{path}` is: {meaning}"))
}

/// Returns the places where a key that is not known at a path may stand.
pub(super) fn places(path: &str, key: &str) -> Vec<String> {
    let root = json_schema(file_of(path)).to_value();
    let mut found = BTreeSet::new();
    search(&root, &root, key, &mut Vec::new(), &mut found);
    let wrong = path.rsplit_once('.').map_or("", |(parent, _)| parent);
    let mut found: Vec<String> = found.into_iter().filter(|place| place != wrong).collect();
    // A place beside the wrong one, or in it, is the likeliest.
    let begin = wrong.split('.').next().unwrap_or_default();
    found.sort_by_key(|place| (!place.starts_with(begin), place.matches('.').count()));
    found.truncate(MOST_PLACES);
    found
}

fn file_of(path: &str) -> ConfigFile {
    match path.split(['.', '[']).next() {
        Some("profiles") => ConfigFile::Environments,
        Some("pipeline" | "sources" | "transforms" | "checks" | "sinks") => ConfigFile::Pipeline,
        _ => ConfigFile::Module,
    }
}

/// Returns a schema, what it refers to, and each of its forms.
fn options<'s>(root: &'s Value, schema: &'s Value) -> impl Iterator<Item = &'s Value> {
    let resolved = |schema: &'s Value| {
        let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        name.and_then(|name| root["$defs"].get(name)).unwrap_or(schema)
    };
    let schema = resolved(schema);
    let any = schema["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    [schema].into_iter().chain(any.iter().map(resolved))
}

fn below<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    schema["properties"].get(name).or_else(|| values(schema))
}

/// Returns the schema of the values of a map with any keys.
fn values(schema: &Value) -> Option<&Value> {
    let by_pattern = || schema["patternProperties"].as_object()?.values().next();
    schema.get("additionalProperties").filter(|values| values.is_object()).or_else(by_pattern)
}

/// Returns the words or the keys that a schema takes.
fn forms(schema: &Value) -> Option<String> {
    let words = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    let words = words.iter().filter_map(|word| Some(format!("`{}`: {}", word["const"].as_str()?, sentence(word))));
    let words: Vec<String> = words.collect();
    let variants = schema["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    let variants: Vec<String> = variants.iter().map(sentence).filter(|text| !text.is_empty()).collect();
    let keys: Vec<String> = schema["properties"].as_object().into_iter().flatten().map(|(key, _)| format!("`{key}`")).collect();
    match () {
        () if !words.is_empty() => Some(words.join(" ")),
        () if !variants.is_empty() => Some(variants.join(" Or: ")),
        () if (1..=MOST_KEYS).contains(&keys.len()) => Some(format!("Its keys are {}.", keys.join(", "))),
        () => None,
    }
}

/// Collects the paths of maps that have a key. `open` are the names of the schemas around, in which none is searched again.
fn search(root: &Value, schema: &Value, key: &str, open: &mut Vec<(String, String)>, found: &mut BTreeSet<String>) {
    let path = |open: &[(String, String)]| {
        open.iter().map(|(name, _)| name.as_str()).filter(|name| !name.is_empty()).collect::<Vec<_>>().join(".")
    };
    let reference = schema["$ref"].as_str().unwrap_or_default().to_owned();
    if !reference.is_empty() && open.iter().any(|(_, around)| *around == reference) {
        return;
    }
    for option in options(root, schema) {
        let properties = option["properties"].as_object().into_iter().flatten();
        for (name, property) in properties {
            if name == key {
                found.insert(path(open));
            }
            open.push((name.clone(), reference.clone()));
            search(root, property, key, open, found);
            open.pop();
        }
        if let Some(values) = values(option) {
            open.push(("NAME".to_owned(), reference.clone()));
            search(root, values, key, open, found);
            open.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_explained_by_their_paths() {
        for (path, words) in [
            ("source.csv.header", &["Place of the fields' names", "`none`: The files have no header."][..]),
            ("source.csv.time_zone", &["such as `Europe/Berlin`"]),
            ("source.csv.trailer", &["Its keys are `pattern`"]),
            ("source.csv.fixed_width", &["Name, first and last position of each field: `[id, 1, 4]`"]),
            ("source.csv.null_values[0]", &[]),
            ("source.csv.columns.amount.decimal", &["Decimal sign"]),
            ("collections.orders.children.items.keys", &["Values of a record that each of its items gets"]),
            ("profiles.local.stores.source.url", &[]),
        ] {
            let found = explained(path);
            assert!(words.iter().all(|word| found.as_ref().is_some_and(|found| found.contains(word))), "{path}: {found:?}");
        }
        for none in ["source.delimiter", "columns of `orders`", "", "source.csv.header.x"] {
            assert_eq!(explained(none), None, "{none}");
        }
    }

    #[test]
    fn a_key_in_another_place_is_found() {
        assert_eq!(places("source.delimiter", "delimiter"), ["source.csv"]);
        assert_eq!(places("csv", "csv"), ["source"]);
        assert_eq!(places("source.csv.records", "records"), ["source.json"]);
        assert_eq!(places("pii", "children"), ["collections.NAME", "collections.NAME.children.NAME"]);
        assert!(places("source.x", "nonsense").is_empty());
    }
}
