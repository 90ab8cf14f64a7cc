//! The scopes of leases.

use std::fmt;
use std::str::FromStr;

use crate::identity::JobName;

use super::Shard;

/// The object of a lease. Scopes are compared by their text: a lease on a job does not cover the leases on its shards.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LeaseScope {
    /// A job, or a share of its dates: `shop`, `shop#1/8`.
    Job {
        /// The job.
        job: JobName,
        /// The share; none for the whole job.
        shard: Option<Shard>,
    },
    /// A kind of work on a table, whichever job does it: `table:db.t/compact`.
    Table {
        /// `db.t`.
        table: String,
        /// `compact`.
        work: String,
    },
}

/// The kind of access to a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reading: any number of holders at a time, none of them exclusive.
    Shared,
    /// Writing: one holder.
    Exclusive,
}

impl LeaseScope {
    /// Returns the scope of a share of a job's dates, or of the whole job.
    pub fn of(job: &JobName, shard: Option<Shard>) -> Self {
        Self::Job { job: job.clone(), shard }
    }

    /// Returns the share, if the scope is a share of a job's dates.
    pub fn shard(&self) -> Option<Shard> {
        match self {
            Self::Job { shard, .. } => *shard,
            Self::Table { .. } => None,
        }
    }
}

impl From<JobName> for LeaseScope {
    fn from(job: JobName) -> Self {
        Self::Job { job, shard: None }
    }
}

/// Writes the scope as ledgers store it. No job's name contains `#` or `:`.
impl fmt::Display for LeaseScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job { job, shard: None } => job.fmt(f),
            Self::Job { job, shard: Some(shard) } => write!(f, "{job}#{shard}"),
            Self::Table { table, work } => write!(f, "table:{table}/{work}"),
        }
    }
}

impl FromStr for LeaseScope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((table, work)) = text.strip_prefix("table:").and_then(|rest| rest.split_once('/')) {
            return Ok(Self::Table { table: table.to_owned(), work: work.to_owned() });
        }
        let (job, shard) = text.split_once('#').map_or((text, None), |(job, shard)| (job, Some(shard)));
        let shard = shard.map(str::parse).transpose().map_err(|error: super::ShardError| error.to_string())?;
        Ok(Self::Job { job: job.parse().map_err(|error: crate::identity::NameError| error.to_string())?, shard })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_scope_is_read_back() {
        for text in ["shop", "shop#1/8", "table:db.t/compact"] {
            assert_eq!(text.parse::<LeaseScope>().unwrap().to_string(), text);
        }
        for wrong in ["", "Shop", "shop#9/8", "table:db.t"] {
            assert!(wrong.parse::<LeaseScope>().is_err(), "{wrong}");
        }
    }
}
