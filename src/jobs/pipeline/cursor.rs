//! Cursors: columns that tell which rows of a source are new.

use jiff::{SignedDuration, Span, SpanRelativeTo};

use crate::config::{DatabaseSource, NullCursors};
use crate::schema::ColumnName;

/// A cursor of a source.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) column: ColumnName,
    pub(super) from: CursorFrom,
    /// Extent that is read again behind the watermark; none if the column's type decides.
    pub(super) overlap: Option<Overlap>,
    pub(super) nulls: NullCursors,
    /// Time zone of values without one; none if it is that of the server.
    pub(super) time_zone: Option<String>,
}

/// First value that a run reads.
#[derive(Debug, PartialEq)]
pub(super) enum CursorFrom {
    /// The largest value that the tables have.
    Destination,
    /// So long before the run.
    Ago(SignedDuration),
    /// This value, as the database reads it.
    Value(String),
}

/// Extent of a cursor's values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Overlap {
    Time(SignedDuration),
    Number(i64),
}

impl Cursor {
    /// Reads the cursor of a source; none if it has none.
    ///
    /// # Errors
    /// The setting that makes no sense, and the reason.
    pub(super) fn of(source: &DatabaseSource) -> Result<Option<Self>, (&'static str, String)> {
        let Some(column) = &source.cursor else {
            let others = [
                ("from", source.from.is_some()),
                ("overlap", source.overlap.is_some()),
                ("nulls", source.nulls != NullCursors::default()),
                ("time_zone", source.time_zone.is_some()),
            ];
            return match others.into_iter().find(|(_, is_set)| *is_set) {
                Some((what, _)) => Err((what, "it is for a source with a `cursor`".to_owned())),
                None => Ok(None),
            };
        };
        let column = ColumnName::new(column).map_err(|error| ("cursor", error.to_string()))?;
        let overlap =
            source.overlap.as_ref().map(|text| overlap(&text.to_string())).transpose().map_err(|reason| ("overlap", reason))?;
        if let Some(zone) = &source.time_zone {
            jiff::tz::TimeZone::get(zone).map_err(|error| ("time_zone", error.to_string()))?;
        }
        let from = source.from.as_ref().map_or(CursorFrom::Destination, |text| from(&text.to_string()));
        Ok(Some(Self { column, from, overlap, nulls: source.nulls, time_zone: source.time_zone.clone() }))
    }
}

fn from(text: &str) -> CursorFrom {
    match text {
        "destination" => CursorFrom::Destination,
        text => duration(text).map_or_else(|| CursorFrom::Value(text.to_owned()), CursorFrom::Ago),
    }
}

fn overlap(text: &str) -> Result<Overlap, String> {
    let number = text.parse().ok().filter(|number| *number >= 0).map(Overlap::Number);
    number.or_else(|| duration(text).map(Overlap::Time)).ok_or_else(|| format!("`{text}` is no extent; write `10min` or `1000`"))
}

/// Returns a duration such as `15min`, `2hour` and `3day`; a day is 24 hours.
fn duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok().filter(|duration| !duration.is_negative())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_durations_or_values() {
        for (text, hours) in [("2hour", 2), ("3day", 72), ("120min", 2), ("1 day 2 hours", 26)] {
            assert_eq!(from(text), CursorFrom::Ago(SignedDuration::from_hours(hours)), "{text}");
        }
        for text in ["2024-05-01", "1000", "min", "-3day"] {
            assert_eq!(from(text), CursorFrom::Value(text.to_owned()));
        }
        assert_eq!(from("destination"), CursorFrom::Destination);
        assert_eq!(overlap("1000"), Ok(Overlap::Number(1000)));
        assert_eq!(overlap("10min"), Ok(Overlap::Time(SignedDuration::from_mins(10))));
        assert!(overlap("-1").is_err() && overlap("some").is_err());
    }
}
