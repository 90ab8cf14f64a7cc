//! The format of a module's files.

use std::io::Read;

use super::bytes::open_text;
use super::{CsvFormat, Encoding, JsonFormat, SourceError, ValueRules};

/// How a module's files are written.
#[derive(Debug, Clone)]
pub enum Format {
    /// Lines of fields under a header.
    Csv(CsvFormat),
    /// Objects.
    Json(JsonFormat),
}

impl Format {
    /// How values are written.
    pub fn values(&self) -> &ValueRules {
        match self {
            Self::Csv(format) => &format.values,
            Self::Json(format) => &format.values,
        }
    }

    /// How their text is encoded.
    pub fn encoding(&self) -> Encoding {
        match self {
            Self::Csv(format) => format.encoding,
            Self::Json(format) => format.encoding,
        }
    }

    /// The same of text that is UTF-8 by now.
    #[cfg(feature = "spark")]
    #[must_use]
    pub fn in_utf8(&self) -> Self {
        match self.clone() {
            Self::Csv(format) => Self::Csv(CsvFormat { encoding: Encoding::Utf8, ..format }),
            Self::Json(format) => Self::Json(JsonFormat { encoding: Encoding::Utf8, ..format }),
        }
    }

    /// A file's text, unpacked, as UTF-8 without a byte order mark; what is not text in its encoding is left as bytes that are not
    /// UTF-8. Gzip (of several members too) and zstd are recognised by their first bytes.
    ///
    /// # Errors
    /// It is packed otherwise, or has the mark of another encoding.
    pub fn text(&self, key: &str, bytes: Box<dyn Read + Send>) -> Result<Box<dyn Read + Send>, SourceError> {
        open_text(key, bytes, self.encoding())
    }
}
