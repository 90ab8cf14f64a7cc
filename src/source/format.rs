//! The format of a module's files.

use std::io::Read;

use super::bytes::{open_text, open_typed};
use super::members::Repeated;
use super::{CsvFormat, Encoding, HeaderRule, JsonFormat, SourceError, TypedFormat, TypedKind, ValueRules};

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

    /// Returns a file's text, decompressed, as UTF-8 without a byte order mark; bytes that are invalid in its encoding come out
    /// as bytes that are not UTF-8. Compression is recognised by the first bytes; the files of a zip archive are one text.
    /// A file of typed fields is only decompressed.
    ///
    /// # Errors
    /// It is compressed in another format, or has the byte order mark of another encoding.
    pub fn text(&self, key: &str, bytes: Box<dyn Read + Send>) -> Result<Box<dyn Read + Send>, SourceError> {
        let repeated = match self {
            Self::Csv(format) => Repeated {
                skipped: format.dialect.skip_lines,
                header: matches!(format.header, HeaderRule::Names | HeaderRule::ByPosition),
            },
            Self::Json(_) => Repeated::default(),
            Self::Typed(format) => return open_typed(key, bytes, format.kind.name(), matches!(format.kind, TypedKind::Excel(_))),
        };
        open_text(key, bytes, self.encoding(), repeated)
    }
}
