//! The format of a module's files.

use std::io::Read;

use super::bytes::{open_texts, open_typed};
use super::members::Texts;
use super::{CsvFormat, Encoding, JsonFormat, SourceError, TypedFormat, TypedKind, ValueRules};

/// Format of a module's files.
#[derive(Debug, Clone)]
pub enum Format {
    /// Lines of fields under a header.
    Csv(CsvFormat),
    /// Objects.
    Json(JsonFormat),
    /// Typed fields.
    Typed(TypedFormat),
}

impl Format {
    /// Returns the rules of the values.
    pub fn values(&self) -> &ValueRules {
        match self {
            Self::Csv(format) => &format.values,
            Self::Json(format) => &format.values,
            Self::Typed(format) => &format.values,
        }
    }

    /// Returns the encoding of the text.
    pub fn encoding(&self) -> Encoding {
        match self {
            Self::Csv(format) => format.encoding,
            Self::Json(format) => format.encoding,
            Self::Typed(_) => Encoding::UTF_8,
        }
    }

    /// Returns the same format for text that was converted to UTF-8.
    #[cfg(feature = "spark")]
    #[must_use]
    pub fn in_utf8(&self) -> Self {
        match self.clone() {
            Self::Csv(format) => Self::Csv(CsvFormat { encoding: Encoding::UTF_8, ..format }),
            Self::Json(format) => Self::Json(JsonFormat { encoding: Encoding::UTF_8, ..format }),
            typed @ Self::Typed(_) => typed,
        }
    }

    /// Returns a file's texts, decompressed, as UTF-8 without a byte order mark; bytes that are invalid in its encoding come out
    /// as bytes that are not UTF-8. Compression is recognised by the first bytes; each file of a zip archive is a text.
    /// A file of typed fields is only decompressed.
    ///
    /// # Errors
    /// It is compressed in another format, or has the byte order mark of another encoding.
    pub(super) fn texts(&self, key: &str, bytes: Box<dyn Read + Send>) -> Result<Texts, SourceError> {
        match self {
            Self::Typed(format) => {
                let is_workbook = matches!(format.kind, TypedKind::Excel(_));
                open_typed(key, bytes, format.kind.name(), is_workbook).map(|bytes| Texts::one(key, bytes))
            }
            _ => open_texts(key, bytes, self.encoding()),
        }
    }

    /// Returns a file's only text, as UTF-8; `None` if it is an archive of several.
    ///
    /// # Errors
    /// It is compressed in another format, or has the byte order mark of another encoding.
    #[cfg(feature = "spark")]
    pub fn only_text(&self, key: &str, bytes: Box<dyn Read + Send>) -> Result<Option<Box<dyn Read + Send>>, SourceError> {
        let texts = self.texts(key, bytes)?;
        Ok((!texts.are_several()).then(|| texts.joined()))
    }
}
