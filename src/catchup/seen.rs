//! Data of a date that readers see, derived from the attempts at it. Pure.

use super::{Attempt, Status};

/// The data of a date that readers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'a> {
    /// The rows that this attempt wrote.
    Rows(&'a Attempt),
    /// Nothing: the date was lost or unpublished.
    Nothing,
    /// No data of adg: it has not published the date.
    Unknown,
}

impl<'a> Seen<'a> {
    /// Returns the data that readers see after all `attempts` at a date, oldest first. Failed, skipped and running attempts
    /// change nothing.
    pub fn after(attempts: &'a [Attempt]) -> Self {
        let latest = attempts.iter().rev().find(|attempt| match attempt.status {
            Status::Completed | Status::Lost => true,
            Status::CleanedUp => attempt.location.is_none(),
            Status::InProgress | Status::Failed | Status::Skipped => false,
        });
        match latest {
            None => Self::Unknown,
            Some(latest) if latest.status == Status::Completed => Self::Rows(writer(attempts, latest)),
            Some(_) => Self::Nothing,
        }
    }

    /// Returns the attempt that wrote the rows that readers see.
    pub fn rows(self) -> Option<&'a Attempt> {
        match self {
            Self::Rows(attempt) => Some(attempt),
            Self::Nothing | Self::Unknown => None,
        }
    }
}

/// Returns the attempt that wrote the files of `latest`: a rerun that found no file of a published date is recorded with the same
/// location and no counts.
fn writer<'a>(attempts: &'a [Attempt], latest: &'a Attempt) -> &'a Attempt {
    let is_writer = |attempt: &&Attempt| {
        let has_written = attempt.counts.files > 0 || attempt.counts.rows_written > 0;
        attempt.status == Status::Completed && attempt.location == latest.location && has_written
    };
    attempts.iter().rfind(is_writer).unwrap_or(latest)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::catchup::Unit;
    use crate::identity::{ProcessingDate, RunId};

    fn attempt(status: Status, location: Option<&str>, files: u64) -> Attempt {
        let (run, at) = (RunId::new(Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH);
        let date: ProcessingDate = "2024-05-01".parse().unwrap();
        let unit = Unit::new("shop".parse().unwrap(), "orders".parse().unwrap(), date);
        let mut attempt = Attempt::begin(unit, run, 1, status, at);
        attempt.location = location.map(str::to_owned);
        attempt.counts.files = files;
        attempt
    }

    #[test]
    fn the_latest_that_was_published_is_seen_until_it_is_taken_away() {
        let first = attempt(Status::Completed, Some("a"), 1);
        let second = attempt(Status::Completed, Some("b"), 1);
        let failed = attempt(Status::Failed, None, 0);
        let without_file = attempt(Status::Completed, Some("b"), 0);
        let to_rebuild = attempt(Status::CleanedUp, Some("b"), 0);
        let unpublished = attempt(Status::CleanedUp, None, 0);
        let lost = attempt(Status::Lost, None, 0);
        let all = [first, second.clone(), failed, without_file, to_rebuild, unpublished, lost.clone(), second.clone()];
        assert_eq!(Seen::after(&all[..0]), Seen::Unknown);
        assert_eq!(Seen::after(&all[2..3]), Seen::Unknown);
        assert_eq!(Seen::after(&all[..1]).rows().unwrap().location.as_deref(), Some("a"));
        for seen in 2..=5 {
            assert_eq!(Seen::after(&all[..seen]), Seen::Rows(&second), "{seen}");
        }
        assert_eq!((Seen::after(&all[..6]), Seen::after(&all[..7])), (Seen::Nothing, Seen::Nothing));
        assert_eq!(Seen::after(&all), Seen::Rows(&second));
    }
}
