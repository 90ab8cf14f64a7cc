//! The text of a config file as values: read, filled, checked and typed.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::reference::{Reason, ReferenceResolver, References, SecretLeaves};
use super::{ConfigError, Profile};

pub(super) fn display(file: &Path) -> String {
    file.display().to_string()
}

pub(super) fn read(file: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(file).map_err(|source| ConfigError::Unreadable { file: display(file), source })
}

pub(super) fn parse(file: &Path, text: &str) -> Result<Value, ConfigError> {
    serde_saphyr::from_str(text).map_err(|error| ConfigError::Syntax { file: display(file), reason: error.to_string() })
}

pub(super) fn fill(
    file: &Path,
    value: &mut Value,
    path: &str,
    secret: &dyn Fn(&str) -> Result<String, Reason>,
    resolver: &dyn ReferenceResolver,
) -> Result<SecretLeaves, ConfigError> {
    let references = References { env: &|name| resolver.variable(name), secret };
    references.fill(value, path).map_err(|bad| {
        let (file, path) = (display(file), bad.path.trim_start_matches('.').to_owned());
        match bad.reason {
            Reason::Wrong(reason) => ConfigError::Invalid { file, path, reason },
            Reason::Secret { name, error } => ConfigError::Secret { file, path, name, source: error },
        }
    })
}

/// Deserializes a value. An error in a leaf that came from a secret is reported without the text of the secret.
pub(super) fn typed<T: DeserializeOwned>(
    file: &Path,
    below: &str,
    value: Value,
    secrets: &SecretLeaves,
) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = joined(below, error.path());
        let secret = secrets.iter().find(|(leaf, _)| {
            path.strip_prefix(leaf.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
        let reason = match secret {
            Some((_, reference)) => format!("what `{reference}` gives can't stand there"),
            None => error.into_inner().to_string(),
        };
        ConfigError::Invalid { file: display(file), path, reason }
    })
}

fn joined(below: &str, path: &serde_path_to_error::Path) -> String {
    match (below, path.to_string().as_str()) {
        ("", path) => path.to_owned(),
        (below, ".") => below.to_owned(),
        (below, path) => format!("{below}.{path}"),
    }
}

/// Checks a profile whose references are not resolved. Ignores an error in a string with a reference.
pub(super) fn check_unfilled(file: &Path, below: &str, profile: &Value) -> Result<(), ConfigError> {
    let Err(error) = serde_path_to_error::deserialize::<_, Profile>(profile.clone()) else { return Ok(()) };
    let leaf = error.path().iter().try_fold(profile, |value, segment| match segment {
        Segment::Map { key } => value.get(key),
        Segment::Seq { index } => value.get(index),
        Segment::Enum { variant } => value.get(variant),
        Segment::Unknown => None,
    });
    if leaf.and_then(Value::as_str).is_some_and(|text| text.contains("${")) {
        return Ok(());
    }
    let path = joined(below, error.path());
    Err(ConfigError::Invalid { file: display(file), path, reason: error.into_inner().to_string() })
}

/// Refuses a key without a value, which would mean that it is not set: `json:` for files of CSV.
pub(super) fn refuse_empty(file: &Path, path: &str, value: &Value) -> Result<(), ConfigError> {
    match value {
        Value::Object(map) => map.iter().try_for_each(|(key, value)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            if value.is_null() {
                // `{ price: decimal(9,2) }` ends the value at its comma.
                let is_rest = key.contains(')') && !key.contains('(');
                let reason = if is_rest {
                    "within `{ }`, a value with a comma must be in quotes: `{ price: \"decimal(9,2)\" }`"
                } else {
                    "it is empty; write `{}` for a map of defaults, `\"NULL\"` in quotes for the word, or leave the key out"
                };
                return Err(ConfigError::Invalid { file: display(file), path, reason: reason.to_owned() });
            }
            refuse_empty(file, &path, value)
        }),
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(i, item)| refuse_empty(file, &format!("{path}[{i}]"), item))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_version(file: &Path, version: u32) -> Result<(), ConfigError> {
    if version == 1 {
        return Ok(());
    }
    let reason = format!("this version of adg reads files of version 1, not {version}");
    Err(ConfigError::Invalid { file: display(file), path: "version".into(), reason })
}
