//! Source objects of a date and a collection.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::{CollectionName, ErrorKind, Explain, ProcessingDate};
use crate::store::ObjectInfo;

/// Selection among several files of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The file with the greatest `{epoch_ms}`, else the file last written.
    #[default]
    Newest,
    /// All files, in the order of `{seq}`, then `{epoch_ms}`, then name.
    All,
}

/// An invalid file pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyPatternError {
    /// An unknown `{word}`.
    #[error(
        "the file pattern `{pattern}` has `{{{word}}}`; known are {{date}}, {{date:%Y%m%d}}, {{year}}, {{month}}, \
             {{day}}, {{hour}}, {{collection}}, {{epoch_ms}} and {{seq}}"
    )]
    UnknownToken {
        /// The pattern as written.
        pattern: String,
        /// The word.
        word: String,
    },
    /// `{date}` is missing, so that all dates would match.
    #[error(
        "the file pattern `{pattern}` has no `{{date}}`, nor `{{year}}`, `{{month}}` and `{{day}}`, so that every \
         day would read the same files; `date_from: modified` takes the times of the files"
    )]
    NoDate {
        /// The pattern as written.
        pattern: String,
    },
    /// No token gives the hour, though the slices are hours.
    #[error(
        "the file pattern `{pattern}` has no `{{hour}}`, nor `%H` in a `{{date:…}}`, so that all hours of a day would read the \
         same files"
    )]
    NoHour {
        /// The pattern as written.
        pattern: String,
    },
    /// An unmatched brace, or a duplicate token.
    #[error("the file pattern `{pattern}` can't be read: {reason}")]
    Malformed {
        /// The pattern as written.
        pattern: String,
        /// Reason.
        reason: String,
    },
}

impl Explain for KeyPatternError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Config
    }
}

/// An object that belongs to a date and a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceKey {
    /// The object.
    pub object: ObjectInfo,
    pub(super) epoch_ms: Option<Digits>,
    pub(super) seq: Option<Digits>,
}

/// A number of any length, ordered numerically.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Digits {
    length: usize,
    digits: String,
}

impl Digits {
    pub(super) fn new(text: &str) -> Self {
        let digits = text.trim_start_matches('0').to_owned();
        Self { length: digits.len(), digits }
    }
}

/// The keys of each date of each collection.
pub type DayKeys = BTreeMap<(CollectionName, ProcessingDate), Vec<SourceKey>>;

impl Pick {
    /// Returns the selected keys, in the order in which they are read.
    pub fn choose(self, mut keys: Vec<SourceKey>) -> Vec<SourceKey> {
        match self {
            Self::Newest => {
                let newest = keys.into_iter().max_by(|a, b| {
                    fn age(key: &SourceKey) -> impl Ord {
                        (&key.epoch_ms, &key.seq, key.object.modified)
                    }
                    age(a).cmp(&age(b)).then_with(|| a.object.key.cmp(&b.object.key))
                });
                newest.into_iter().collect()
            }
            Self::All => {
                keys.sort_by(|a, b| (&a.seq, &a.epoch_ms, &a.object.key).cmp(&(&b.seq, &b.epoch_ms, &b.object.key)));
                keys
            }
        }
    }
}
