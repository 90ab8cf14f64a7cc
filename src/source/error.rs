//! Errors of source files.

use std::io;

use crate::identity::{ErrorKind, Explain};
use crate::schema::NameError;
use crate::store::StoreError;

use super::{DocumentFlaw, KeyServiceError, TrailerFlaw, foreign};

/// A source file could not be read completely. Single bad records are not errors: they go to quarantine.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file has no byte, so not even a header or a bracket.
    #[error("the source file `{key}` is empty")]
    Empty {
        /// The file.
        key: String,
    },
    /// The header's names can't be columns.
    #[error("the header of `{key}` can't be used")]
    Header {
        /// The file.
        key: String,
        /// Reason.
        source: NameError,
    },
    /// The header is none of this table's.
    #[error("`{key}` is refused: {reason}; likely cause: {cause}")]
    ForeignHeader {
        /// The file.
        key: String,
        /// Problem with its header.
        reason: String,
        /// Likely cause.
        cause: String,
    },
    /// The header can't be read as one record of text.
    #[error("the header of `{key}` can't be read: {reason}")]
    UnreadableHeader {
        /// The file.
        key: String,
        /// Reason.
        reason: String,
    },
    /// The file is compressed in a format that adg does not read.
    #[error(
        "the source file `{key}` is {found}, {}",
        if foreign::setting(found).is_some() { "not what the module file says" } else { "which adg does not read" }
    )]
    UnknownPacking {
        /// The file.
        key: String,
        /// Format recognised by its first bytes.
        found: &'static str,
    },
    /// The file's encoding differs from the module's.
    #[error("the source file `{key}` begins with the mark of {found}, but is read as {expected}")]
    WrongEncoding {
        /// The file.
        key: String,
        /// Encoding given by its byte order mark.
        found: &'static str,
        /// Encoding in the module's settings.
        expected: String,
    },
    /// Reading stopped in the middle: a truncated or damaged archive, a lost connection.
    #[error("failed to read `{key}` after {bytes} bytes of text")]
    Read {
        /// The file.
        key: String,
        /// Bytes of text read before the failure.
        bytes: u64,
        /// Cause of the failure.
        source: io::Error,
    },
    /// Its trailer says that it is not complete.
    #[error("the source file `{key}` {}", trailer(.flaw))]
    Trailer {
        /// The file.
        key: String,
        /// Problem with the trailer.
        flaw: TrailerFlaw,
    },
    /// It is not a JSON document, or not one with records.
    #[error("the source file `{key}` {}", document(.flaw, *.offset))]
    Document {
        /// The file.
        key: String,
        /// The document's flaw.
        flaw: DocumentFlaw,
        /// Byte offset of the flaw in its text, from 0.
        offset: u64,
    },
    /// It does not say which of its fields are personal data.
    #[error("the source file `{key}` has no list of fieldName and pii at `{path}`")]
    NoFields {
        /// The file.
        key: String,
        /// Path of the list in the document, from the module's settings.
        path: String,
    },
    /// An item that is not a record has no end.
    #[error("what begins at byte {offset} of `{key}` is longer than {limit} bytes without an end")]
    ItemTooLong {
        /// The file.
        key: String,
        /// Byte offset of the item in its text, from 0.
        offset: u64,
        /// Maximum bytes of a record.
        limit: usize,
    },
    /// It is not a file of that format, or has what tables don't have.
    #[error("the source file `{key}` can't be read as {format}: {reason}")]
    NotReadable {
        /// The file.
        key: String,
        /// Name of the format.
        format: &'static str,
        /// Reason.
        reason: String,
    },
    /// This build can't read its format.
    #[error("the source file `{key}` is {format}, which this build of adg does not read")]
    NotBuilt {
        /// The file.
        key: String,
        /// Name of the format.
        format: &'static str,
    },
    /// It changed since it was first read.
    #[error("the source file `{key}` was changed while it was read")]
    Changed {
        /// The file.
        key: String,
    },
    /// It has names, or members of structs, that its beginning did not have: it must be read completely first.
    #[error("the source file `{key}` has more than its beginning told")]
    SchemaDrift {
        /// The file.
        key: String,
    },
    /// Its metadata does not say how it is encrypted.
    #[error("the source file `{key}` is not as an encrypted file is: its metadata `{name}` {what}")]
    Metadata {
        /// The file.
        key: String,
        /// Name of the metadata entry.
        name: &'static str,
        /// Problem with the entry.
        what: &'static str,
    },
    /// Its key was not given.
    #[error("failed to get the key of `{key}`")]
    Key {
        /// The file.
        key: String,
        /// Error of the key service.
        source: Box<KeyServiceError>,
    },
    /// It was decrypted to bytes that are neither text nor gzip.
    #[error("the source file `{key}` was decrypted to bytes that are neither text nor gzip")]
    WrongKey {
        /// The file.
        key: String,
    },
    /// A line without an end.
    #[error("line {line} of `{key}` is longer than {limit} bytes without an end")]
    RecordTooLong {
        /// The file.
        key: String,
        /// First line of the record, counted from 1.
        line: u64,
        /// Maximum bytes of a record.
        limit: usize,
    },
}

impl Explain for SourceError {
    fn kind(&self) -> ErrorKind {
        match self {
            _ if let Some(error) = self.store() => error.kind(),
            Self::Key { source, .. } => source.kind(),
            Self::Trailer { .. } => ErrorKind::Limit,
            Self::NotBuilt { .. } => ErrorKind::Config,
            Self::Header { .. } | Self::ForeignHeader { .. } | Self::UnreadableHeader { .. } => ErrorKind::Schema,
            _ => ErrorKind::Source,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            _ if let Some(error) = self.store() => error.hint(),
            Self::UnknownPacking { found, .. } if let Some(setting) = foreign::setting(found) => {
                Some(format!("set `source.{setting}: {{}}` in the module file, if all of its files are so"))
            }
            Self::UnknownPacking { found, .. } => Some(foreign::hint(found).into()),
            Self::WrongEncoding { found: "utf-32", .. } => Some("adg does not read utf-32; ask the source for utf-8".into()),
            Self::WrongEncoding { found, .. } => Some(format!("set `encoding: {found}` beside the format in the module file")),
            Self::Empty { .. } => {
                Some("a day without rows is a header or `[]` only; ask the source to send the file again".into())
            }
            Self::Header { source: NameError::Reserved { header, column, setting }, .. } => {
                let other = setting.as_ref().map(|setting| format!("; or change `{setting}` there")).unwrap_or_default();
                Some(format!(
                    "give it another name in the module file: `renames: {{ {}: source_{column} }}`{other}",
                    serde_json::Value::from(header.as_str())
                ))
            }
            Self::Header { source: NameError::Empty { position, header }, .. } => {
                let has_letters = header.chars().any(char::is_alphanumeric);
                let is_last = header.trim().is_empty() && *position > 1;
                let trailing =
                    if is_last { ", or set `csv: { trailing_delimiter: true }` if lines end with a delimiter" } else { "" };
                let unicode = if has_letters { ", or set `column_names: unicode` there" } else { "" };
                Some(format!(
                    "give it a name in the module file: `renames: {{ {}: NAME }}`{unicode}{trailing}; of all formats but JSON, \
                     `duplicate_names: rename` calls it `column_{position}`",
                    serde_json::Value::from(header.as_str())
                ))
            }
            Self::Header { source: NameError::Twice { .. }, .. } => Some(
                "set `duplicate_names: rename` beside the format in the module file, or `csv: { header: by_position }` with \
                 `names`"
                    .into(),
            ),
            Self::Header { source: NameError::Clash { .. }, .. } => Some(
                "give one of them another name under `renames` in the module file; of all formats but JSON, `duplicate_names: \
                 rename` numbers them; under `json`, `duplicate_names: merge` makes them one column"
                    .into(),
            ),
            Self::Header { source: NameError::OtherSource { column, found, .. }, .. } => Some(format!(
                "list it under `renames` in the module file: `\"{found}\": {column}` if it is the same field, else with another \
                 column"
            )),
            Self::Header { .. } => Some("rename the header at the source".into()),
            Self::ForeignHeader { .. } => Some(
                "ask the source for the right file, or correct `source` or `renames` in the module file; if the file is \
                 right, lower `source.min_known`"
                    .into(),
            ),
            Self::UnreadableHeader { .. } => {
                Some("look at the file's first line; `source.csv` in the module file says how it is read".into())
            }
            Self::Document { flaw: DocumentFlaw::NoRecords, .. } => Some(
                "compare the file with `source.json.records` in the module file; if a document may have none, set \
                 `without_record: skip` there"
                    .into(),
            ),
            Self::Document { flaw: DocumentFlaw::OtherRecords, .. } => Some(
                "compare the file with `source.json.records` in the module file: an array, an object or null stands there".into(),
            ),
            Self::NoFields { .. } => Some("compare the file with `source.json` in the module file".into()),
            Self::Document { flaw: DocumentFlaw::NotJson(_), offset: 0, .. } => Some(
                "compare the file with `source` in the module file (`adg sniff FILE` tells its format); if it is damaged, ask \
                 the source to send it again"
                    .into(),
            ),
            Self::Document { .. } | Self::Trailer { flaw: TrailerFlaw::OtherCount { .. }, .. } => {
                Some("ask the source to send the file again".into())
            }
            Self::Trailer { .. } => {
                Some("ask the source to send the file again, or correct `source.csv.trailer` in the module file".into())
            }
            Self::ItemTooLong { .. } => Some("a quote or bracket is missing there; ask the source to send the file again".into()),
            Self::Metadata { .. } => Some(
                "ask the source to send the file again; where its files come plain, set `source.encryption: none` in the module \
                 file"
                    .into(),
            ),
            Self::Key { source, .. } => source.hint(),
            Self::WrongKey { .. } => {
                Some("its metadata belongs to another file, or it is not encrypted; ask the source to send it again".into())
            }
            Self::NotReadable { .. } => Some(
                "compare the file with `source` in the module file; if it is damaged, ask the source to send it again".into(),
            ),
            Self::NotBuilt { .. } => Some("use the released binary, or build with `--all-features`".into()),
            Self::Changed { .. } => Some("run again".into()),
            Self::RecordTooLong { .. } => Some("look for the line's end: is this a text file with that delimiter?".into()),
            Self::Read { .. } => Some("if the file is damaged, ask the source to send it again; else run again".into()),
            _ => None,
        }
    }
}

fn trailer(flaw: &TrailerFlaw) -> String {
    match flaw {
        TrailerFlaw::Missing => "ends without its trailer: it may be cut".to_owned(),
        TrailerFlaw::Followed { line } => format!("has a record after its trailer, on line {line}"),
        TrailerFlaw::OtherCount { told, found } => format!("has {found} records, and its trailer tells of {told}"),
    }
}

fn document(flaw: &DocumentFlaw, offset: u64) -> String {
    match flaw {
        DocumentFlaw::NotJson(reason) => format!("is not JSON at byte {offset} of its text: {reason}"),
        DocumentFlaw::Empty => "is empty".to_owned(),
        DocumentFlaw::Unended(reason) => {
            format!("has a broken record at byte {offset} of its text whose end can't be told: {reason}")
        }
        DocumentFlaw::Truncated => format!("ends in the middle, after {offset} bytes of text"),
        DocumentFlaw::Twice => "has its list of fields twice, or lists that differ in its documents".to_owned(),
        DocumentFlaw::NoRecords => "has no array of records where the module says that they are".to_owned(),
        DocumentFlaw::OtherRecords => "has something else where the module says that its records are".to_owned(),
    }
}

impl SourceError {
    /// Returns the store's error if the store failed, at once or while the file was read.
    pub fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Read { source, .. } => source.get_ref()?.downcast_ref(),
            _ => None,
        }
    }
}
