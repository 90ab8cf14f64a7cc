//! Clock times of a source as instants: its time zone, hours that a day has twice or not at all, and digits beyond microseconds.

use jiff::Timestamp;
use jiff::civil::{DateTime, DateTimeRound};
use jiff::tz::TimeZone;
use jiff::{RoundMode, Unit};

/// Rules for clock times without an offset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClockRules {
    /// Time zone of the clock times; `None` for UTC.
    pub zone: Option<TimeZone>,
    /// Handling of hours that the clock shows twice or not at all.
    pub ambiguous: AmbiguousTime,
    /// Handling of digits of a second beyond the sixth.
    pub nanoseconds: Nanoseconds,
}

/// Handling of clock times that a change of the clock makes ambiguous: shown twice, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmbiguousTime {
    /// The value is invalid.
    #[default]
    Invalid,
    /// The earlier of the two instants.
    Earliest,
    /// The later of the two instants.
    Latest,
    /// As Java and Spark: the earlier instant of an hour that the clock shows twice; a time that it does not show is as much
    /// later as the clock was put forward.
    Compatible,
}

/// Handling of digits of a second beyond the sixth, which tables don't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nanoseconds {
    /// The value is invalid, unless the digits are zero.
    #[default]
    Invalid,
    /// The digits are cut off, as Spark does.
    Truncate,
    /// The value is rounded to the nearest microsecond.
    Round,
}

impl ClockRules {
    /// Returns true if clock times are in UTC, and nothing is cut or rounded.
    pub fn is_plain(&self) -> bool {
        self.zone.is_none() && self.nanoseconds == Nanoseconds::Invalid
    }

    /// Returns a clock time to the microsecond; `None` if digits would be lost.
    pub(super) fn to_micros(&self, datetime: DateTime) -> Option<DateTime> {
        let lost = datetime.time().subsec_nanosecond() % 1_000;
        let mode = match self.nanoseconds {
            _ if lost == 0 => return Some(datetime),
            Nanoseconds::Invalid => return None,
            Nanoseconds::Truncate => RoundMode::Trunc,
            Nanoseconds::Round => RoundMode::HalfExpand,
        };
        datetime.round(DateTimeRound::new().smallest(Unit::Microsecond).mode(mode)).ok()
    }

    /// Returns the seconds that a clock time of the zone is ahead of UTC; `None` if the clock shows it twice or not at all, and
    /// that is invalid.
    pub(super) fn offset(&self, datetime: DateTime) -> Option<i32> {
        self.zone.as_ref().map_or(Some(0), |zone| self.offset_in(zone, datetime))
    }

    /// Returns the same for a zone that the text names.
    pub(super) fn offset_in(&self, zone: &TimeZone, datetime: DateTime) -> Option<i32> {
        let ambiguous = zone.to_ambiguous_timestamp(datetime);
        let instant = match self.ambiguous {
            AmbiguousTime::Invalid if ambiguous.is_ambiguous() => return None,
            AmbiguousTime::Invalid | AmbiguousTime::Earliest => ambiguous.earlier(),
            AmbiguousTime::Latest => ambiguous.later(),
            AmbiguousTime::Compatible => ambiguous.compatible(),
        };
        // The last instant that jiff has is before 9999-12-31, a day that sources use for "never ends".
        let Ok(instant) = instant else { return Some(zone.to_offset(Timestamp::MAX).seconds()) };
        let utc = TimeZone::UTC.to_datetime(instant);
        // Of a clock time that is not shown, the instant's own clock time is another.
        i32::try_from(datetime.duration_since(utc).as_secs()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_zone(ambiguous: AmbiguousTime, text: &str) -> Option<i32> {
        let zone = Some(TimeZone::get("America/New_York").unwrap());
        ClockRules { zone, ambiguous, ..ClockRules::default() }.offset(text.parse().unwrap())
    }

    #[test]
    fn a_clock_time_has_the_offset_of_its_day() {
        use AmbiguousTime::{Compatible, Earliest, Invalid, Latest};
        let hours = |hours: i32| Some(hours * 3600);
        for (text, invalid, earliest, latest, compatible) in [
            ("2024-05-01T09:00:00", hours(-4), hours(-4), hours(-4), hours(-4)),
            ("2024-01-15T09:00:00", hours(-5), hours(-5), hours(-5), hours(-5)),
            ("2024-11-03T01:30:00", None, hours(-4), hours(-5), hours(-4)),
            ("2024-03-10T02:30:00", None, hours(-4), hours(-5), hours(-5)),
            ("9999-12-31T00:00:00", hours(-5), hours(-5), hours(-5), hours(-5)),
        ] {
            let found = [Invalid, Earliest, Latest, Compatible].map(|rule| in_zone(rule, text));
            assert_eq!(found, [invalid, earliest, latest, compatible], "{text}");
        }
    }

    #[test]
    fn digits_beyond_microseconds_are_cut_rounded_or_refused() {
        let of = |nanoseconds, text: &str| {
            let rules = ClockRules { nanoseconds, ..ClockRules::default() };
            rules.to_micros(text.parse().unwrap()).map(|time| time.to_string())
        };
        let text = "2024-05-01T23:59:59.9999995";
        assert_eq!(of(Nanoseconds::Invalid, text), None);
        assert_eq!(of(Nanoseconds::Truncate, text).unwrap(), "2024-05-01T23:59:59.999999");
        assert_eq!(of(Nanoseconds::Round, text).unwrap(), "2024-05-02T00:00:00");
        assert_eq!(of(Nanoseconds::Invalid, "2024-05-01T00:00:00.000001000").unwrap(), "2024-05-01T00:00:00.000001");
    }
}
