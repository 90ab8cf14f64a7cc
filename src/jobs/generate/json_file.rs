//! A JSON file of random records, in an envelope if the module says that its records lie in one.

use std::io::{self, Write};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::config::{CollectionSettings, JsonSettings, Module};

use super::Generate;
use super::columns::{Columns, called};
use super::values::{field, quoted};

pub(super) fn write(
    target: &mut dyn Write,
    module: &Module,
    settings: &CollectionSettings,
    columns: &Columns,
    request: &Generate,
    mut rng: ChaCha8Rng,
) -> io::Result<()> {
    let json = module.source.json.clone().unwrap_or_default();
    let names: Vec<String> = columns.iter().map(|(name, word)| quoted(&called(module, name, word))).collect();
    let personal: Vec<bool> = columns.iter().map(|(name, _)| settings.pii.contains(name)).collect();
    let closing = open(target, &json, request, &names, &personal)?;
    for row in 0..request.rows {
        let mut members = Vec::with_capacity(columns.len());
        for ((_, word), name) in columns.iter().zip(&names) {
            match field(word, row, request, &mut rng) {
                Some(field) => members.push(format!("{name}: {}", field.json())),
                None if rng.random_bool(0.5) => members.push(format!("{name}: null")),
                // No value at all is null too.
                None => {}
            }
        }
        let comma = if row + 1 < request.rows { "," } else { "" };
        writeln!(target, "{{{}}}{comma}", members.join(", "))?;
    }
    writeln!(target, "{closing}")
}

/// Writes the text before the records. Returns the text after them.
fn open(
    target: &mut dyn Write,
    json: &JsonSettings,
    request: &Generate,
    names: &[String],
    personal: &[bool],
) -> io::Result<String> {
    let Some(records) = &json.records else {
        writeln!(target, "[")?;
        return Ok("]".to_owned());
    };
    let day = request.date;
    writeln!(target, r#"{{"extract": {{"start": "{day}T00:00:00.000", "end": "{day}T23:59:59.999"}},"#)?;
    if let Some(path) = &json.fields {
        let fields = names.iter().zip(personal).map(|(name, pii)| format!(r#"{{"fieldName": {name}, "pii": {pii}}}"#));
        let (opening, closing) = nested(path);
        writeln!(target, "{opening}[{}]{closing},", fields.collect::<Vec<_>>().join(", "))?;
    }
    let (opening, closing) = nested(records);
    writeln!(target, "{opening}[")?;
    Ok(format!("]{closing}}}"))
}

/// Returns the members that lead to a value, and the brackets that close them.
fn nested(path: &str) -> (String, String) {
    let names: Vec<String> = path.split('.').map(quoted).collect();
    (names.join(": {") + ": ", "}".repeat(names.len() - 1))
}
