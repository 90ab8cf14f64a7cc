//! Binary values as text.

use arrow_schema::Field;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::number;

/// Text that a binary value becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BinaryText {
    /// The text that it is, in UTF-8. A record with a value that is no text goes to quarantine.
    #[default]
    Text,
    /// Base64.
    Base64,
    /// Hexadecimal digits in lower case.
    Hex,
}

impl BinaryText {
    /// Appends a value. Returns false if it is to be text and is none: it is appended as base64 then.
    pub(super) fn write(self, value: &[u8], out: &mut Vec<u8>) -> bool {
        let is_text = simdutf8::basic::from_utf8(value).is_ok();
        match self {
            Self::Text if is_text => out.extend_from_slice(value),
            Self::Text | Self::Base64 => out.extend_from_slice(STANDARD.encode(value).as_bytes()),
            Self::Hex => value.iter().for_each(|byte| number(format_args!("{byte:02x}"), out)),
        }
        is_text || self != Self::Text
    }
}

/// Returns true if the values of a field are UUIDs: Parquet tells it as an extension of Arrow, Avro by its logical type.
pub(super) fn is_uuid(field: &Field) -> bool {
    let has = |key: &str, value: &str| field.metadata().get(key).is_some_and(|found| found == value);
    has("ARROW:extension:name", "arrow.uuid") || has("logicalType", "uuid")
}

/// Appends a UUID; a value of another length as hexadecimal digits.
pub(super) fn write_uuid(value: &[u8], out: &mut Vec<u8>) {
    match uuid::Uuid::from_slice(value) {
        Ok(uuid) => number(uuid, out),
        Err(_) => {
            BinaryText::Hex.write(value, out);
        }
    }
}
