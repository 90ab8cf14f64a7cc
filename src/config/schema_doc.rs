//! Reference of the config files for machines (JSON Schema) and people (a page of Markdown), both generated from the types.

use std::fmt::Write as _;

use clap::ValueEnum;
use schemars::{Schema, schema_for};
use serde_json::{Map, Value};

use super::{Environments, Module, Pipeline};

/// Kind of config file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConfigFile {
    /// Config file of environments, `adg.yaml`.
    Environments,
    /// Module file, `modules/NAME.yaml`.
    Module,
    /// Pipeline file, `pipelines/NAME.yaml`.
    Pipeline,
}

/// Returns the JSON Schema of a file.
pub fn json_schema(file: ConfigFile) -> Schema {
    match file {
        ConfigFile::Environments => schema_for!(Environments),
        ConfigFile::Module => schema_for!(Module),
        ConfigFile::Pipeline => schema_for!(Pipeline),
    }
}

/// Returns the text of `docs/config.md`: every key of all files.
pub fn markdown() -> String {
    let mut page = String::from(
        "# The config files\n\n<!-- Written by `adg schema --markdown`; a test compares it. -->\n\nYAML (so JSON too). Relative \
         paths are relative to the folder of `adg.yaml`. An unknown key is an error, as is one without a value. `${env:NAME}` \
         and `${secret:NAME#path}` are filled into strings after parsing; a string that is nothing but a reference to a list or \
         a map of a secret becomes it. For editors: `adg schema`, `adg schema module` and `adg schema pipeline` print \
         the JSON Schemas.\n",
    );
    for (title, file) in [
        ("`adg.yaml`", ConfigFile::Environments),
        ("`modules/NAME.yaml`", ConfigFile::Module),
        ("`pipelines/NAME.yaml`", ConfigFile::Pipeline),
    ] {
        let schema = json_schema(file).to_value();
        // Writing to a String does not fail.
        let _ = write!(page, "\n## {title}\n\n{}\n", sentence(&schema));
        table(&mut page, &schema);
        if let Some(definitions) = schema["$defs"].as_object() {
            sections(&mut page, definitions);
        }
    }
    page
}

fn sections(page: &mut String, definitions: &Map<String, Value>) {
    for (name, definition) in definitions {
        let _ = write!(page, "\n### {name}\n\n{}\n", sentence(definition));
        if definition["properties"].is_object() {
            table(page, definition);
        }
        let variants = definition["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !variants.is_empty() {
            page.push('\n');
        }
        for variant in variants {
            let word = variant["const"].as_str().map(str::to_owned);
            let key = || {
                variant["properties"]
                    .as_object()
                    .and_then(|map| map.iter().next())
                    .map(|(key, value)| format!("{key}: {}", kind(value)))
            };
            let _ = writeln!(page, "- `{}`: {}", word.or_else(key).unwrap_or_default(), sentence(variant));
        }
    }
}

fn table(page: &mut String, schema: &Value) {
    let Some(properties) = schema["properties"].as_object() else { return };
    page.push_str("\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n");
    for (key, property) in properties {
        let required = schema["required"].as_array().is_some_and(|keys| keys.iter().any(|k| k == key));
        let default = match property.get("default") {
            _ if required => "required".to_owned(),
            Some(Value::Null) | None => String::new(),
            Some(value) => format!("`{value}`"),
        };
        let _ = writeln!(page, "| `{key}` | {} | {default} | {} |", kind(property), sentence(property));
    }
}

pub(super) fn sentence(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn kind(schema: &Value) -> String {
    let reference = |schema: &Value| schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).map(str::to_owned);
    if let Some(name) = reference(schema) {
        return name;
    }
    if let Some(options) = schema["anyOf"].as_array() {
        return options.iter().filter(|option| option["type"] != "null").map(kind).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) if name == "object" && schema["additionalProperties"].is_object() => {
            format!("map to {}", kind(&schema["additionalProperties"]))
        }
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect::<Vec<_>>().join(" or ")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_the_one_that_the_types_give() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/config.md");
        let written = std::fs::read_to_string(page).unwrap_or_default();
        assert_eq!(written, markdown(), "run `adg schema --markdown > docs/config.md`");
    }

    #[test]
    fn the_shipped_files_satisfy_their_schemas() {
        for (file, text) in [
            (ConfigFile::Module, include_str!("../../modules/vacancy.yaml")),
            (ConfigFile::Environments, include_str!("../../adg.yaml")),
        ] {
            let validator = jsonschema::validator_for(json_schema(file).as_value()).unwrap();
            validator.validate(&serde_saphyr::from_str::<Value>(text).unwrap()).unwrap();
        }
    }
}
