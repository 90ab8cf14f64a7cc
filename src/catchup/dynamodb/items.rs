//! The items of the table, and their conversion from and to the ledger's types.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::identity::{JobName, NodeName};

use crate::catchup::stored::{StoredAttempt, StoredHolder, parsed};
use crate::catchup::{Attempt, LeaseScope, RetiredPath, Slice, Status, SummaryKey};

/// The key of an item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Key {
    #[serde(rename = "Correlation_Id")]
    pub(super) hash: String,
    #[serde(rename = "DataProduct")]
    pub(super) range: String,
}

impl Key {
    fn of(module: &str, range: String) -> Self {
        Self { hash: format!("adg#{module}"), range }
    }

    /// Returns the key of a module's summary line for other readers.
    pub(super) fn summary(correlation_id: &str, data_product: &str) -> Self {
        Self { hash: correlation_id.to_owned(), range: data_product.to_owned() }
    }

    pub(super) fn version() -> Self {
        Self::of("ledger", "version".to_owned())
    }

    pub(super) fn lease(scope: &LeaseScope) -> Self {
        match scope {
            LeaseScope::Job { job, shard: None } => Self::of(job.as_str(), "lease".to_owned()),
            LeaseScope::Job { job, shard: Some(shard) } => Self::of(job.as_str(), format!("lease#{shard}")),
            LeaseScope::Table { table, work } => Self::of(&format!("table:{table}"), format!("lease/{work}")),
        }
    }

    /// Returns the prefix of the keys of the leases on all shares of a job's dates.
    pub(super) fn shards(job: &JobName) -> Self {
        Self::of(job.as_str(), "lease#".to_owned())
    }

    /// Returns the key of adg's own record of a summary.
    pub(super) fn written(key: &SummaryKey) -> Self {
        Self { hash: "adg#summary".to_owned(), range: format!("{}#{}", key.correlation_id, key.data_product) }
    }

    /// Returns the prefix of the keys of all days of a job.
    pub(super) fn days(job: &JobName) -> Self {
        Self::of(job.as_str(), "day#".to_owned())
    }

    /// Returns the prefix of the keys of all attempts at a slice. They sort by run.
    pub(super) fn attempts(job: &JobName, node: &NodeName, slice: &Slice) -> Self {
        Self::of(job.as_str(), format!("attempt#{node}#{}#", in_key(&slice.to_string())))
    }

    /// Returns the prefix of the keys of the parts of an attempt's list of sources.
    fn sources(module: &str, attempt: &StoredAttempt) -> Self {
        Self::of(module, format!("sources#{}#{}#{}#", attempt.collection, in_key(&attempt.date), attempt.run_id))
    }

    /// Returns the key of a replaced location, or the prefix of the keys of several.
    pub(super) fn retired(location: &str) -> Self {
        Self { hash: "adg#superseded".to_owned(), range: location.to_owned() }
    }
}

/// Escapes a slice as a part of a key, whose parts are separated by `#`.
fn in_key(slice: &str) -> String {
    slice.replace('%', "%25").replace('#', "%23")
}

/// The holders of a lease.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LeaseItem {
    #[serde(rename = "Correlation_Id")]
    pub(super) hash: String,
    #[serde(rename = "DataProduct")]
    pub(super) range: String,
    pub(super) token: u64,
    pub(super) holder: StoredHolder,
    pub(super) expires: String,
    pub(super) released: bool,
    /// Shared holders, by run id.
    #[serde(default)]
    pub(super) shared: BTreeMap<String, SharedHolder>,
}

/// A holder that shares a lease.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SharedHolder {
    pub(super) token: u64,
    pub(super) holder: StoredHolder,
    pub(super) expires: String,
}

/// The latest status of a date.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DayItem {
    #[serde(rename = "Correlation_Id")]
    hash: String,
    #[serde(rename = "DataProduct")]
    range: String,
    pub(super) collection: String,
    pub(super) day: String,
    pub(super) latest: String,
}

impl DayItem {
    pub(super) fn of(attempt: &StoredAttempt) -> Self {
        let Key { hash, range } = Key::of(&attempt.module, format!("day#{}#{}", attempt.collection, in_key(&attempt.date)));
        let (collection, day, latest) = (attempt.collection.clone(), attempt.date.clone(), attempt.status.clone());
        Self { hash, range, collection, day, latest }
    }

    /// Returns the same day with the status Failed, so that it is tried again.
    pub(super) fn failed(self) -> Self {
        Self { latest: Status::Failed.to_string(), ..self }
    }
}

/// One attempt. The list of its sources may be long, and an item has 400 KB at most: the list is packed, and a packed list that
/// is still too long for the item is divided into further items.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AttemptItem {
    #[serde(rename = "Correlation_Id")]
    hash: String,
    #[serde(rename = "DataProduct")]
    range: String,
    attempt: StoredAttempt,
    /// Packed list of sources; empty where it is divided into parts.
    #[serde(with = "serde_bytes")]
    sources_zstd: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sources_parts: Option<Parts>,
}

/// Number, total size and checksum of the parts of a packed list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Parts {
    count: usize,
    bytes: usize,
    /// SHA-256 of all parts together, as hexadecimal digits.
    sha256: String,
}

impl Parts {
    fn of(packed: &[u8]) -> Self {
        let sha256 = Sha256::digest(packed).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { count: packed.len().div_ceil(PART_BYTES), bytes: packed.len(), sha256 }
    }
}

/// A part of a packed list of sources.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SourcesItem {
    #[serde(rename = "Correlation_Id")]
    hash: String,
    #[serde(rename = "DataProduct")]
    range: String,
    #[serde(with = "serde_bytes")]
    part: Vec<u8>,
}

/// Empty list in place of an attempt's sources, which are stored packed instead.
const PACKED: &str = "[]";
/// Most bytes of a packed list in one item: with the error's text, whose characters have four bytes at most, it stays below
/// 400 KB.
const PART_BYTES: usize = 256 << 10;
/// Most characters of an error's text that are kept.
const ERROR_CHARS: usize = 20_000;
/// Most bytes to which a list of sources is unpacked.
const SOURCES_BYTES: u64 = 256 << 20;

impl AttemptItem {
    /// Returns the item, and further items that must be written before it.
    ///
    /// # Errors
    /// The list of sources can't be packed.
    pub(super) fn of(mut attempt: StoredAttempt) -> Result<(Self, Vec<SourcesItem>), String> {
        let range = format!("attempt#{}#{}#{}", attempt.collection, in_key(&attempt.date), attempt.run_id);
        let Key { hash, range } = Key::of(&attempt.module, range);
        let sources = std::mem::replace(&mut attempt.sources, PACKED.to_owned());
        attempt.error = attempt.error.map(|error| error.chars().take(ERROR_CHARS).collect());
        let packed = zstd::encode_all(sources.as_bytes(), 3).map_err(|error| error.to_string())?;
        if packed.len() <= PART_BYTES {
            return Ok((Self { hash, range, attempt, sources_zstd: packed, sources_parts: None }, Vec::new()));
        }
        let beginning = Key::sources(&attempt.module, &attempt);
        let parts = packed.chunks(PART_BYTES).enumerate().map(|(number, part)| SourcesItem {
            hash: beginning.hash.clone(),
            range: format!("{}{number:05}", beginning.range),
            part: part.to_vec(),
        });
        let parts = parts.collect();
        let sources_parts = Some(Parts::of(&packed));
        Ok((Self { hash, range, attempt, sources_zstd: Vec::new(), sources_parts }, parts))
    }

    /// Returns the prefix of the keys of the parts of its list, if the list is divided into parts.
    pub(super) fn parts(&self) -> Option<Key> {
        self.sources_parts.as_ref().map(|_| Key::sources(&self.attempt.module, &self.attempt))
    }

    /// Joins the parts of its list, in their order.
    ///
    /// # Errors
    /// The parts differ from those that were written.
    pub(super) fn join(&mut self, parts: Vec<SourcesItem>) -> Result<(), String> {
        let packed = parts.into_iter().flat_map(|item| item.part).collect::<Vec<u8>>();
        match self.sources_parts.take() {
            Some(wanted) if wanted != Parts::of(&packed) => {
                Err(format!("a list of sources of {} bytes in parts of {}", wanted.bytes, packed.len()))
            }
            _ => {
                self.sources_zstd = packed;
                Ok(())
            }
        }
    }

    /// # Errors
    /// A description of the content that adg did not write.
    pub(super) fn restore(mut self) -> Result<Attempt, String> {
        let mut sources = String::new();
        let unpacked =
            zstd::Decoder::new(&*self.sources_zstd).and_then(|decoder| decoder.take(SOURCES_BYTES).read_to_string(&mut sources));
        unpacked.map_err(|error| format!("a list of sources that can't be unpacked: {error}"))?;
        self.attempt.sources = sources;
        self.attempt.restore()
    }
}

/// The time at which a location was replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RetiredItem {
    #[serde(rename = "Correlation_Id")]
    hash: String,
    #[serde(rename = "DataProduct")]
    range: String,
    at: String,
}

impl RetiredItem {
    pub(super) fn of(path: &RetiredPath) -> Self {
        let Key { hash, range } = Key::retired(&path.location);
        Self { hash, range, at: path.at.to_string() }
    }

    /// # Errors
    /// A description of the content that adg did not write.
    pub(super) fn restore(self) -> Result<RetiredPath, String> {
        Ok(RetiredPath { at: parsed("time", &self.at)?, location: self.range })
    }
}
