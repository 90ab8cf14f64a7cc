//! The format of a module's files.

use std::io::Read;

use super::bytes::open_text;
use super::{CsvFormat, Encoding, JsonFormat, SourceError, ValueRules};

/// Format of a module's files.
#[derive(Debug, Clone)]
pub enum Format {
    /// Lines of fields under a header.
    Csv(CsvFormat),
    /// Objects.
    Json(JsonFormat),
}

impl Format {
    /// Returns the rules of the values.
    pub fn values(&self) -> &ValueRules {
        match self {
            Self::Csv(format) => &format.values,
            Self::Json(format) => &format.values,
        }
    }

    /// Returns the encoding of the text.
    pub fn encoding(&self) -> Encoding {
        match self {
            Self::Csv(format) => format.encoding,
            Self::Json(format) => format.encoding,
        }
    }

    /// Returns the same format for text that was converted to UTF-8.
    #[cfg(feature = "spark")]
    #[must_use]
    pub fn in_utf8(&self) -> Self {
        match self.clone() {
            Self::Csv(format) => Self::Csv(CsvFormat { encoding: Encoding::Utf8, ..format }),
            Self::Json(format) => Self::Json(JsonFormat { encoding: Encoding::Utf8, ..format }),
        }
    }

    /// Returns a file's text, decompressed, as UTF-8 without a byte order mark; bytes that are invalid in its encoding come out
    /// as bytes that are not UTF-8. Gzip (with several members too) and zstd are recognised by their first bytes.
    ///
    /// # Errors
    /// It is compressed in another format, or has the byte order mark of another encoding.
    pub fn text(&self, key: &str, bytes: Box<dyn Read + Send>) -> Result<Box<dyn Read + Send>, SourceError> {
        open_text(key, bytes, self.encoding())
    }
}
