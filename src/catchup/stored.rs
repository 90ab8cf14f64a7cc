//! Attempts and leases in plain texts and numbers, as backends store them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Attempt, Counts, Holder, LeaseScope, Shard, SourceFile, Status, Unit};

/// Returns the shares whose leases have not expired. `leases` are the names and ends of unreleased leases, as a backend stores
/// them.
pub(super) fn live_shards(leases: impl IntoIterator<Item = (String, String)>, now: Timestamp) -> Result<Vec<Shard>, String> {
    let mut live = Vec::new();
    for (name, expires) in leases {
        let (scope, expires): (LeaseScope, Timestamp) = (parsed("lease", &name)?, parsed("end of a lease", &expires)?);
        live.extend(scope.shard().filter(|_| expires > now));
    }
    Ok(live)
}

/// An attempt as a backend stores it. Times and dates sort as texts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredAttempt {
    pub(super) module: String,
    pub(super) collection: String,
    /// The slice. The name is from the time when all slices were dates.
    pub(super) date: String,
    pub(super) run_id: String,
    pub(super) attempt: u32,
    pub(super) status: String,
    pub(super) counts: Counts,
    #[serde(default)]
    pub(super) metrics: BTreeMap<String, i64>,
    pub(super) schema_fingerprint: Option<String>,
    /// JSON.
    pub(super) sources: String,
    pub(super) location: Option<String>,
    pub(super) started: String,
    pub(super) ended: Option<String>,
    pub(super) error: Option<String>,
}

impl StoredAttempt {
    /// # Errors
    /// None in practice: a list of plain texts is always JSON.
    pub(super) fn of(attempt: &Attempt) -> Result<Self, String> {
        Ok(Self {
            module: attempt.unit.job.to_string(),
            collection: attempt.unit.node.to_string(),
            date: attempt.unit.slice.to_string(),
            run_id: attempt.run_id.to_string(),
            attempt: attempt.attempt,
            status: attempt.status.to_string(),
            counts: attempt.counts,
            metrics: attempt.metrics.clone(),
            schema_fingerprint: attempt.schema_fingerprint.clone(),
            sources: serde_json::to_string(&attempt.sources).map_err(|error| error.to_string())?,
            location: attempt.location.clone(),
            started: attempt.started.to_string(),
            ended: attempt.ended.map(|ended| ended.to_string()),
            error: attempt.error.clone(),
        })
    }

    /// Returns the metrics as JSON, for backends without maps.
    pub(super) fn metrics_json(&self) -> String {
        serde_json::to_string(&self.metrics).unwrap_or_default()
    }

    /// # Errors
    /// A description of the content that adg did not write.
    pub(super) fn restore(self) -> Result<Attempt, String> {
        Ok(Attempt {
            unit: Unit {
                job: parsed("module", &self.module)?,
                node: parsed("collection", &self.collection)?,
                slice: parsed("date", &self.date)?,
            },
            run_id: parsed("run id", &self.run_id)?,
            attempt: self.attempt,
            status: status(&self.status)?,
            counts: self.counts,
            metrics: self.metrics,
            schema_fingerprint: self.schema_fingerprint,
            sources: serde_json::from_str::<Vec<SourceFile>>(&self.sources)
                .map_err(|_| format!("the source list `{}`", self.sources))?,
            location: self.location,
            started: parsed("time", &self.started)?,
            ended: self.ended.as_deref().map(|ended| parsed("time", ended)).transpose()?,
            error: self.error,
        })
    }
}

/// A holder as a backend stores it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredHolder {
    pub(super) run_id: String,
    pub(super) host: String,
    pub(super) process: u32,
}

impl StoredHolder {
    pub(super) fn of(holder: &Holder) -> Self {
        Self { run_id: holder.run_id.to_string(), host: holder.host.clone(), process: holder.process }
    }

    /// # Errors
    /// A description of the content that adg did not write.
    pub(super) fn restore(self) -> Result<Box<Holder>, String> {
        Ok(Box::new(Holder { run_id: parsed("run id of a lease", &self.run_id)?, host: self.host, process: self.process }))
    }
}

pub(super) fn status(word: &str) -> Result<Status, String> {
    Status::from_word(word).ok_or_else(|| format!("the status `{word}`"))
}

/// Parses a stored text. The error quotes the text.
pub(super) fn parsed<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("the {what} `{text}`"))
}
