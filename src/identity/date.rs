//! Processing dates: the days whose files runs read.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

/// A day, written `YYYY-MM-DD`; one partition of each collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessingDate(Date);

/// An error for a text that is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a date; write it as YYYY-MM-DD")]
pub struct DateError {
    text: String,
}

impl ProcessingDate {
    /// The first day of the calendar.
    pub const MIN: Self = Self(Date::MIN);

    /// Returns the first day of its month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self(self.0.first_of_month())
    }

    /// Returns the day in `zone` at the instant `now`.
    pub fn today(now: Timestamp, zone: &TimeZone) -> Self {
        Self(now.to_zoned(zone.clone()).date())
    }

    /// Returns the day after; the last day of the calendar returns itself.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.tomorrow().unwrap_or(self.0))
    }

    /// Returns the day `days` earlier; stops at the first day of the calendar.
    #[must_use]
    pub fn minus_days(self, days: u32) -> Self {
        Self(self.0.saturating_sub(jiff::Span::new().days(i64::from(days.min(3_000_000)))))
    }

    /// Returns the day `days` later; stops at the last day of the calendar.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().days(i64::from(days.min(3_000_000)))))
    }

    /// Returns the days from this one to `end`, both included.
    pub fn to(self, end: Self) -> impl Iterator<Item = Self> {
        let mut next = (self <= end).then_some(self);
        std::iter::from_fn(move || {
            let day = next?;
            next = (day < end).then(|| day.next());
            Some(day)
        })
    }

    /// Returns the number of days since 1970-01-01.
    pub fn epoch_days(self) -> i32 {
        // Between two days the span is in days, and the calendar's years end at ±9999.
        self.0.since(Date::constant(1970, 1, 1)).map_or(0, |span| span.get_days())
    }

    /// Returns the calendar date.
    pub fn date(self) -> Date {
        self.0
    }
}

impl fmt::Display for ProcessingDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ProcessingDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let date: Option<Date> = text.parse().ok();
        // Only the one spelling: jiff would also take 20210412 and a date with a time.
        date.filter(|date| date.to_string() == text).map(Self).ok_or_else(|| DateError { text: text.to_owned() })
    }
}

impl serde::Serialize for ProcessingDate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for ProcessingDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for ProcessingDate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ProcessingDate".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date", "description": "A day, YYYY-MM-DD." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_spelling_is_a_date() {
        assert_eq!("2021-04-12".parse::<ProcessingDate>().unwrap().to_string(), "2021-04-12");
        for bad in ["", "2021-4-12", "20210412", "2021-04-12T00:00:00", "2021-02-30", "12/04/2021", " 2021-04-12"] {
            assert!(bad.parse::<ProcessingDate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn today_depends_on_the_zone() {
        let now: Timestamp = "2024-03-31T23:30:00Z".parse().unwrap();
        assert_eq!(ProcessingDate::today(now, &TimeZone::UTC).to_string(), "2024-03-31");
        assert_eq!(ProcessingDate::today(now, &TimeZone::get("Europe/London").unwrap()).to_string(), "2024-04-01");
    }

    #[test]
    fn a_range_has_both_ends() {
        let day = |text: &str| text.parse::<ProcessingDate>().unwrap();
        let days: Vec<_> = day("2024-02-28").to(day("2024-03-01")).map(|d| d.to_string()).collect();
        assert_eq!(days, ["2024-02-28", "2024-02-29", "2024-03-01"]);
        assert_eq!(day("2024-03-01").to(day("2024-02-28")).count(), 0);
        assert_eq!(day("9999-12-30").to(day("9999-12-31")).count(), 2);
    }
}
