//! The items of the table, and what they are restored to.

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

    /// A module's line for other readers.
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

    /// The beginning of the keys of the leases of all shares of a module's dates.
    pub(super) fn shards(job: &JobName) -> Self {
        Self::of(job.as_str(), "lease#".to_owned())
    }

    /// What adg knows of a summary.
    pub(super) fn written(key: &SummaryKey) -> Self {
        Self { hash: "adg#summary".to_owned(), range: format!("{}#{}", key.correlation_id, key.data_product) }
    }

    /// The beginning of the keys of all days of a module.
    pub(super) fn days(job: &JobName) -> Self {
        Self::of(job.as_str(), "day#".to_owned())
    }

    /// The beginning of the keys of all attempts at a slice. They sort by run.
    pub(super) fn attempts(job: &JobName, node: &NodeName, slice: &Slice) -> Self {
        Self::of(job.as_str(), format!("attempt#{node}#{}#", in_key(&slice.to_string())))
    }

    /// The beginning of the keys of the parts of an attempt's list of sources.
    fn sources(module: &str, attempt: &StoredAttempt) -> Self {
        Self::of(module, format!("sources#{}#{}#{}#", attempt.collection, in_key(&attempt.date), attempt.run_id))
    }

    /// A replaced location, or the beginning of several.
    pub(super) fn retired(location: &str) -> Self {
        Self { hash: "adg#superseded".to_owned(), range: location.to_owned() }
    }
}

/// A slice as a part of a key, whose parts `#` divides.
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
    /// Those that share it, by their runs.
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

    /// The same day, to be done again.
    pub(super) fn failed(self) -> Self {
        Self { latest: Status::Failed.to_string(), ..self }
    }
}

/// One attempt. The list of its sources may be long, and an item has 400 KB at most: it is packed, and what is too long for one item
/// even so lies in further ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AttemptItem {
    #[serde(rename = "Correlation_Id")]
    hash: String,
    #[serde(rename = "DataProduct")]
    range: String,
    attempt: StoredAttempt,
    /// Empty where they lie in parts.
    #[serde(with = "serde_bytes")]
    sources_zstd: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sources_parts: Option<Parts>,
}

/// How the parts of a packed list add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Parts {
    count: usize,
    bytes: usize,
    /// Of all of them, as hexadecimal digits.
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

/// The sources of an attempt that are told apart by their own list are not told twice.
const PACKED: &str = "[]";
/// The most of a packed list that one item has: with the error's text, whose characters have four bytes at most, it stays below 400 KB.
const PART_BYTES: usize = 256 << 10;
/// The most of an error's text that is kept, in characters.
const ERROR_CHARS: usize = 20_000;
/// The most that a list of sources is unpacked to.
const SOURCES_BYTES: u64 = 256 << 20;

impl AttemptItem {
    /// The item, and further ones that are to be written before it.
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

    /// The beginning of the keys of the parts of its list, where that lies in parts.
    pub(super) fn parts(&self) -> Option<Key> {
        self.sources_parts.as_ref().map(|_| Key::sources(&self.attempt.module, &self.attempt))
    }

    /// Takes the parts of its list, in their order.
    ///
    /// # Errors
    /// They are not those that were written.
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
    /// What in it adg did not write.
    pub(super) fn restore(mut self) -> Result<Attempt, String> {
        let mut sources = String::new();
        let unpacked =
            zstd::Decoder::new(&*self.sources_zstd).and_then(|decoder| decoder.take(SOURCES_BYTES).read_to_string(&mut sources));
        unpacked.map_err(|error| format!("a list of sources that can't be unpacked: {error}"))?;
        self.attempt.sources = sources;
        self.attempt.restore()
    }
}

/// When a location was replaced.
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
    /// What in it adg did not write.
    pub(super) fn restore(self) -> Result<RetiredPath, String> {
        Ok(RetiredPath { at: parsed("time", &self.at)?, location: self.range })
    }
}
