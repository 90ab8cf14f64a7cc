//! Encodings of texts, by the names of the WHATWG Encoding Standard.

use std::borrow::Cow;

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Encoding of a source's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Default for Encoding {
    fn default() -> Self {
        Self::UTF_8
    }
}

impl Encoding {
    /// UTF-8, with or without a byte order mark.
    pub const UTF_8: Self = Self(UTF_8);

    /// Returns the encoding of a name, such as `windows-1250`, `latin1` or `shift_jis`; `None` if there is none.
    pub fn named(name: &str) -> Option<Self> {
        encoding_rs::Encoding::for_label_no_replacement(name.as_bytes()).map(Self)
    }

    /// Returns the encoding's name, as it is written in module files.
    pub fn name(self) -> String {
        if self.0 == UTF_16LE { "utf-16".to_owned() } else { self.0.name().to_ascii_lowercase() }
    }

    /// Returns true if it is UTF-16 of either byte order.
    pub(super) fn is_utf16(self) -> bool {
        self.0 == UTF_16LE || self.0 == UTF_16BE
    }

    pub(super) fn table(self) -> &'static encoding_rs::Encoding {
        self.0
    }
}

impl Serialize for Encoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for Encoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{name}` is no encoding; names are such as utf-8, utf-16, windows-1252 and shift_jis"
            ))
        })
    }
}

impl JsonSchema for Encoding {
    fn schema_name() -> Cow<'static, str> {
        "Encoding".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Name of an encoding by the WHATWG Encoding Standard: utf-8 (with or without a byte order mark), \
             utf-16 (big-endian where its byte order mark says so), utf-16be, windows-1250 to windows-1258, iso-8859-1 to \
             iso-8859-16, ibm866, koi8-r, koi8-u, macintosh, gbk, gb18030, big5, euc-jp, iso-2022-jp, shift_jis, euc-kr.",
        })
    }
}
