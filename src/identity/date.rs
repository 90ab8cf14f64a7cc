//! Processing dates: the days, or hours of days, whose files runs read.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A day, written `YYYY-MM-DD`, or an hour of one, written `YYYY-MM-DDTHH`; one partition of each collection.
///
/// A day sorts before its hours, as its text does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessingDate {
    day: Date,
    hour: Option<i8>,
}

/// Length of the slices in which a module's files come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SliceLength {
    /// Days.
    #[default]
    Day,
    /// Hours: `{hour}` stands in the names of the files, and a partition column has the hour.
    Hour,
}

/// An error for a text that is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a date; write it as YYYY-MM-DD, or an hour as YYYY-MM-DDTHH")]
pub struct DateError {
    text: String,
}

impl ProcessingDate {
    /// The first day of the calendar.
    pub const MIN: Self = Self::of_day(Date::MIN);

    const fn of_day(day: Date) -> Self {
        Self { day, hour: None }
    }

    /// Returns the first day of its month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self::of_day(self.day.first_of_month())
    }

    /// Returns the day in `zone` at the instant `now`.
    pub fn today(now: Timestamp, zone: &TimeZone) -> Self {
        Self::of_day(now.to_zoned(zone.clone()).date())
    }

    /// Returns the latest slice in `zone` of which files are expected at the instant `now`: the day, or the last full hour.
    pub fn latest(now: Timestamp, zone: &TimeZone, length: SliceLength) -> Self {
        match length {
            SliceLength::Day => Self::today(now, zone),
            SliceLength::Hour => Self::of(now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(now), zone, length),
        }
    }

    /// Returns the slice of that length in `zone` that has an instant.
    pub fn of(instant: Timestamp, zone: &TimeZone, length: SliceLength) -> Self {
        let clock = instant.to_zoned(zone.clone()).datetime();
        Self { day: clock.date(), hour: (length == SliceLength::Hour).then(|| clock.hour()) }
    }

    /// Returns that hour of the day; `None` if a day has no such hour.
    pub fn at_hour(self, hour: i8) -> Option<Self> {
        (0..24).contains(&hour).then_some(Self { day: self.day, hour: Some(hour) })
    }

    /// Returns the hour, 0 to 23; `None` for a whole day.
    pub fn hour(self) -> Option<i8> {
        self.hour
    }

    /// Returns the whole day.
    #[must_use]
    pub fn whole_day(self) -> Self {
        Self::of_day(self.day)
    }

    /// Returns the first slice of that length in it. A whole day is its first hour; an hour is itself.
    #[must_use]
    pub fn first_slice(self, length: SliceLength) -> Self {
        match length {
            SliceLength::Day => self.whole_day(),
            SliceLength::Hour => Self { hour: self.hour.or(Some(0)), ..self },
        }
    }

    /// Returns the last slice of that length in it. A whole day is its last hour; an hour is itself.
    #[must_use]
    pub fn last_slice(self, length: SliceLength) -> Self {
        match length {
            SliceLength::Day => self.whole_day(),
            SliceLength::Hour => Self { hour: self.hour.or(Some(23)), ..self },
        }
    }

    /// Returns the day or hour after; the last one of the calendar returns itself.
    #[must_use]
    pub fn next(self) -> Self {
        match self.hour {
            Some(hour) if hour < 23 => Self { hour: Some(hour + 1), ..self },
            hour => match self.day.tomorrow() {
                Ok(day) => Self { day, hour: hour.map(|_| 0) },
                Err(_) => self,
            },
        }
    }

    /// Returns the day, or the same hour, `days` earlier; stops at the first day of the calendar.
    #[must_use]
    pub fn minus_days(self, days: u32) -> Self {
        Self { day: self.day.saturating_sub(jiff::Span::new().days(i64::from(days.min(3_000_000)))), ..self }
    }

    /// Returns the day, or the same hour, `days` later; stops at the last day of the calendar.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self { day: self.day.saturating_add(jiff::Span::new().days(i64::from(days.min(3_000_000)))), ..self }
    }

    /// Returns the days, or hours, from this one to `end`, both included.
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
        self.day.since(Date::constant(1970, 1, 1)).map_or(0, |span| span.get_days())
    }

    /// Returns the calendar date.
    pub fn date(self) -> Date {
        self.day
    }

    /// Returns the clock time of its beginning.
    pub fn begin(self) -> DateTime {
        self.day.at(self.hour.unwrap_or_default(), 0, 0, 0)
    }
}

impl fmt::Display for ProcessingDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.day.fmt(f)?;
        self.hour.map_or(Ok(()), |hour| write!(f, "T{hour:02}"))
    }
}

impl FromStr for ProcessingDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let (day, hour) = match text.split_once('T') {
            Some((day, hour)) => (day, Some(hour)),
            None => (text, None),
        };
        let day: Option<Date> = day.parse().ok();
        let date = day.and_then(|day| match hour {
            None => Some(Self::of_day(day)),
            Some(hour) => Self::of_day(day).at_hour(hour.parse().ok()?),
        });
        // Only the one spelling: jiff would also take 20210412.
        date.filter(|date| date.to_string() == text).ok_or_else(|| DateError { text: text.to_owned() })
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
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2})?$",
            "description": "A day, YYYY-MM-DD, or an hour of it, YYYY-MM-DDTHH."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_spelling_is_a_date() {
        assert_eq!("2021-04-12".parse::<ProcessingDate>().unwrap().to_string(), "2021-04-12");
        for bad in [
            "",
            "2021-4-12",
            "20210412",
            "2021-04-12T00:00:00",
            "2021-02-30",
            "12/04/2021",
            " 2021-04-12",
            "2021-04-12T",
            "2021-04-12T24",
            "2021-04-12T9",
        ] {
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
    fn hours_are_slices_of_days() {
        let of = |text: &str| text.parse::<ProcessingDate>().unwrap();
        let hours: Vec<_> = of("2024-02-28T22").to(of("2024-02-29T01")).map(|hour| hour.to_string()).collect();
        assert_eq!(hours, ["2024-02-28T22", "2024-02-28T23", "2024-02-29T00", "2024-02-29T01"]);
        assert!(of("2024-02-28") < of("2024-02-28T00") && of("2024-02-28T23") < of("2024-02-29"));
        let (day, hour) = (of("2024-02-28"), of("2024-02-28T05"));
        assert_eq!(
            (day.first_slice(SliceLength::Hour), day.last_slice(SliceLength::Hour)),
            (of("2024-02-28T00"), of("2024-02-28T23"))
        );
        assert_eq!((hour.first_slice(SliceLength::Hour), hour.whole_day(), hour.minus_days(1)), (hour, day, of("2024-02-27T05")));
        let latest = |now: &str, length| ProcessingDate::latest(now.parse().unwrap(), &TimeZone::UTC, length).to_string();
        assert_eq!(latest("2024-03-01T00:59:00Z", SliceLength::Hour), "2024-02-29T23");
        assert_eq!(latest("2024-03-01T05:00:00Z", SliceLength::Hour), "2024-03-01T04");
        assert_eq!(latest("2024-03-01T05:00:00Z", SliceLength::Day), "2024-03-01");
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
