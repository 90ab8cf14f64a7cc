//! Conversion of text to timestamps.

use std::borrow::Cow;

use jiff::civil::{DateTime, Time};
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::{Offset, TimeZone};

use super::clock::ClockRules;
use super::dates::{DAYS, epoch_days, plain_date};
use super::epoch;
use super::listed::{are_not_iso, check, has_short_year, strptime};
use super::trim;

static ISO: DateTimeParser = DateTimeParser::new();
const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Returns the microseconds since the epoch, reading the clock time as UTC; `None` if nanoseconds would be lost.
fn epoch_micros(datetime: DateTime) -> Option<i64> {
    let time = datetime.time();
    let nanos = time.subsec_nanosecond();
    if nanos % 1_000 != 0 {
        return None;
    }
    let seconds = i64::from(epoch_days(datetime.date())) * SECONDS_PER_DAY
        + i64::from(time.hour()) * 3_600
        + i64::from(time.minute()) * 60
        + i64::from(time.second());
    Some(seconds * MICROS_PER_SECOND + i64::from(nanos / 1_000))
}

/// Parses `HH:MM:SS` with an optional fraction of up to nine digits.
#[inline]
fn plain_time(text: &[u8]) -> Option<Time> {
    let [h1, h2, b':', m1, m2, b':', s1, s2, fraction @ ..] = text else { return None };
    let digit = |byte: &u8| Some(byte.wrapping_sub(b'0')).filter(|d| *d <= 9);
    let two = |a, b| Some((digit(a)? * 10 + digit(b)?).cast_signed());
    let nanos = match fraction {
        [] => 0,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
            let mut value = 0_i32;
            for byte in digits {
                value = value * 10 + i32::from(digit(byte)?);
            }
            (digits.len()..9).fold(value, |value, _| value * 10)
        }
        _ => return None,
    };
    Time::new(two(h1, h2)?, two(m1, m2)?, two(s1, s2)?, nanos).ok()
}

/// Returns true if an instant is of the years that readers agree on.
fn is_documented(micros: i64) -> bool {
    let days = i32::try_from(micros.div_euclid(SECONDS_PER_DAY * MICROS_PER_SECOND));
    days.is_ok_and(|days| DAYS.contains(&days))
}

/// Returns the seconds of an offset from UTC; `None` if no clock is so far from UTC, by the limit of Java and Spark.
fn known_offset(offset: Offset) -> Option<i32> {
    /// 18 hours.
    const MOST: u32 = 18 * 3_600;
    Some(offset.seconds()).filter(|seconds| seconds.unsigned_abs() <= MOST)
}

/// Formats of a source's timestamps: ISO 8601 with a space or a `T`, then these `strptime` formats in order, then other ISO 8601.
/// `epoch_s`, `epoch_ms` and `epoch_us` are numbers since 1970-01-01; `dotnet` is `/Date(1714557600123)/`.
#[derive(Debug, Clone, Default)]
pub struct TimestampFormats {
    listed: Vec<String>,
    are_not_iso: bool,
    clock: ClockRules,
}

impl TimestampFormats {
    /// Creates the formats from `strptime` notation.
    ///
    /// # Errors
    /// A format has an unknown directive, which the message names, or does not give the whole day.
    pub fn new(formats: &[String]) -> Result<Self, String> {
        let formats_to_check = formats.iter().filter(|format| epoch::unit(format).is_none());
        formats_to_check.into_iter().try_for_each(|format| check(format))?;
        Ok(Self { listed: formats.to_vec(), are_not_iso: are_not_iso(formats), clock: ClockRules::default() })
    }

    /// Returns the same formats with rules for clock times.
    #[must_use]
    pub fn by_clock(self, clock: ClockRules) -> Self {
        Self { clock, ..self }
    }

    /// Returns the formats that read ISO 8601 alone, with the same rules for clock times.
    #[must_use]
    pub fn without_listed(&self) -> Self {
        Self { clock: self.clock.clone(), ..Self::default() }
    }

    /// Returns true if a format with a year of two digits reads a text: its century is a guess.
    pub fn guess_the_century(&self, text: &[u8]) -> bool {
        has_short_year(&self.listed, text)
    }

    /// Returns true if a listed format reads ISO 8601 as another day.
    pub fn are_not_iso(&self) -> bool {
        self.are_not_iso
    }

    /// Returns true if clock times are in UTC, and no digit is cut or rounded.
    pub fn is_in_utc(&self) -> bool {
        self.clock.is_plain()
    }

    /// Returns true if every listed format is one of ISO 8601, so that a text gives the same value with or without it.
    pub fn say_nothing_new(&self) -> bool {
        let iso = [
            "%Y-%m-%d",
            "%Y-%m-%d %H:%M",
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%dT%H:%M:%S",
            "%Y-%m-%d %H:%M:%S%.f",
            "%Y-%m-%dT%H:%M:%S%.f",
        ];
        self.clock.is_plain() && self.listed.iter().all(|format| iso.contains(&format.as_str()))
    }

    /// Returns the listed formats, in order.
    pub fn listed(&self) -> &[String] {
        &self.listed
    }

    /// Returns the microseconds since the epoch. Without an offset the clock time is that of the source's zone, else UTC; with
    /// one it is converted. A bare date is its midnight, as in Spark. More than six digits of a second fit only if the others
    /// are zero, or by the rules for the clock.
    #[inline]
    pub fn parse(&self, text: &[u8]) -> Option<i64> {
        let text = trim(text);
        let plain = if self.are_not_iso { None } else { self.plain(text) };
        plain.or_else(|| self.unusual(text)).filter(|micros| is_documented(*micros))
    }

    /// Returns the microseconds since the epoch of a number, as JSON has them: by the listed formats alone.
    pub fn parse_number(&self, text: &[u8]) -> Option<i64> {
        self.by_formats(std::str::from_utf8(text).ok()?)
    }

    /// Reads a text by the first listed format that gives an instant of the documented years.
    fn by_formats(&self, text: &str) -> Option<i64> {
        self.listed.iter().find_map(|format| self.by_format(format, text).filter(|micros| is_documented(*micros)))
    }

    #[cold]
    fn unusual(&self, text: &[u8]) -> Option<i64> {
        let text = std::str::from_utf8(text).ok()?;
        // A leap second would become the second before it.
        if text.contains(":60") {
            return None;
        }
        self.by_formats(text).or_else(|| if self.are_not_iso { None } else { self.iso(text) })
    }

    #[inline]
    fn plain(&self, text: &[u8]) -> Option<i64> {
        let (date, rest) = text.split_at_checked(10)?;
        let time = match rest {
            [b' ' | b'T', time @ ..] => plain_time(time)?,
            _ => return None,
        };
        self.of_clock(plain_date(date)?.to_datetime(time))
    }

    /// Returns the instant of a clock time without an offset.
    #[inline]
    fn of_clock(&self, datetime: DateTime) -> Option<i64> {
        if self.clock.is_plain() {
            return epoch_micros(datetime);
        }
        self.ahead(datetime, self.clock.offset(datetime)?)
    }

    /// Returns the instant of a clock time that is so many seconds ahead of UTC. Not by way of jiff's timestamps, whose last
    /// one is before 9999-12-31, a day that sources use for "never ends".
    fn ahead(&self, datetime: DateTime, seconds: i32) -> Option<i64> {
        Some(epoch_micros(self.clock.to_micros(datetime)?)? - i64::from(seconds) * MICROS_PER_SECOND)
    }

    fn iso(&self, text: &str) -> Option<i64> {
        let text = text.strip_suffix(" UTC").map_or(Cow::Borrowed(text), |text| Cow::Owned(format!("{text}Z")));
        let pieces = ISO.parse_pieces(&*text).ok()?;
        let datetime = pieces.date().to_datetime(pieces.time().unwrap_or_default());
        let zone = pieces.to_time_zone().ok()?;
        match pieces.to_numeric_offset() {
            Some(_) if zone.is_some() => {
                // An offset that the zone does not have then is refused.
                let zoned: jiff::Zoned = text.parse().ok()?;
                self.of_instant(zoned.timestamp())
            }
            None if let Some(zone) = zone => self.ahead(datetime, self.clock.offset_in(&zone, datetime)?),
            None => self.of_clock(datetime),
            Some(offset) => self.ahead(datetime, known_offset(offset)?),
        }
    }

    fn by_format(&self, format: &str, text: &str) -> Option<i64> {
        if let Some(unit) = epoch::unit(format) {
            return unit.micros(text, &self.clock);
        }
        let broken = strptime(format, text)?;
        if let Some(offset) = broken.offset() {
            known_offset(offset)?;
            return self.of_instant(broken.to_timestamp().ok()?);
        }
        let datetime = broken.to_date().ok()?.to_datetime(broken.to_time().unwrap_or_default());
        match broken.iana_time_zone() {
            Some(zone) => self.ahead(datetime, self.clock.offset_in(&TimeZone::get(zone).ok()?, datetime)?),
            None => self.of_clock(datetime),
        }
    }

    fn of_instant(&self, instant: jiff::Timestamp) -> Option<i64> {
        self.ahead(TimeZone::UTC.to_datetime(instant), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::DateFormats;
    use super::*;

    #[test]
    fn an_instant_with_an_offset_or_a_zone_loses_no_digit() {
        let formats =
            TimestampFormats::new(&["%d.%m.%Y %H:%M:%S%.f %z".to_owned(), "%d.%m.%Y %H:%M:%S%.f %Q".to_owned()]).unwrap();
        let micros = Some(86_400_123_456);
        for (text, expected) in [
            ("1970-01-02T01:00:00.123456+01:00[Europe/Paris]", micros),
            ("1970-01-02T01:00:00.1234567+01:00[Europe/Paris]", None),
            ("02.01.1970 01:00:00.123456 +0100", micros),
            ("02.01.1970 01:00:00.1234567 +0100", None),
            ("03.01.1970 01:00:00.123456 +2500", None),
            ("02.01.1970 01:00:00.123456 Europe/Paris", micros),
            ("02.01.1970 01:00:00.1234567 Europe/Paris", None),
            // The clock shows it twice, and not at all.
            ("27.10.2024 02:30:00.5 Europe/Berlin", None),
            ("2024-10-27T02:30:00[Europe/Berlin]", None),
            ("31.03.2024 02:30:00.5 Europe/Berlin", None),
        ] {
            assert_eq!(formats.parse(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn most_dates_and_times_take_the_short_way() {
        assert_eq!(plain_date(b"2024-02-29"), Some(jiff::civil::date(2024, 2, 29)));
        for other in ["2024-02-30", "2024-2-29", "2024/02/29", "202:-02-29", "2024-02-2x", ""] {
            assert_eq!(plain_date(other.as_bytes()), None, "{other}");
        }
        for (text, nanos) in [
            ("01:19:59", Some(0)),
            ("01:19:59.5", Some(500_000_000)),
            ("01:19:59.090", Some(90_000_000)),
            ("01:19:59.123456789", Some(123_456_789)),
            ("01:19:59.", None),
            ("01:19:59.1234567890", None),
            ("01:19:59.1x", None),
            ("01:19:60", None),
            ("01:19", None),
            ("0::19:59", None),
        ] {
            let time = nanos.map(|nanos| jiff::civil::time(1, 19, 59, nanos));
            assert_eq!(plain_time(text.as_bytes()), time, "{text}");
        }
        let plain = |text: &[u8]| TimestampFormats::default().plain(text);
        let micros = Some(86_400_000_000 + 4_799_500_000);
        assert_eq!((plain(b"1970-01-02 01:19:59.5"), plain(b"1970-01-02T01:19:59.5")), (micros, micros));
        assert_eq!((plain(b"1970-01-02"), plain(b"1970-01-02 "), plain(b"1970-01-02x01:19:59")), (None, None, None));
    }
    use proptest::prelude::*;

    const NOON: i64 = 1_718_798_400_000_000; // 2024-06-19 12:00:00 UTC

    fn formats(list: &[&str]) -> Vec<String> {
        list.iter().map(|&f| f.to_owned()).collect()
    }

    #[test]
    fn a_listed_format_that_is_not_iso_is_the_only_one() {
        let dates = DateFormats::new(&formats(&["%Y-%d-%m"])).unwrap();
        for (text, days) in [("1970-02-01", Some(1)), ("1970-01-13", None), ("1970-1-2", Some(31)), ("1970-01-02T00:00:00", None)]
        {
            assert_eq!(dates.parse(text.as_bytes()), days, "{text}");
        }
        let times = TimestampFormats::new(&formats(&["%Y-%d-%m %H:%M:%S"])).unwrap();
        for (text, micros) in
            [("1970-02-01 00:00:01", Some(86_401_000_000)), ("1970-01-13 00:00:00", None), ("1970-01-02T00:00:00", None)]
        {
            assert_eq!(times.parse(text.as_bytes()), micros, "{text}");
        }
        let days = TimestampFormats::new(&formats(&["%Y-%d-%m"])).unwrap();
        assert_eq!(days.parse(b"1970-02-01"), Some(86_400_000_000));
        assert!(!DateFormats::new(&formats(&["%d/%m/%Y", "%F"])).unwrap().are_not_iso());
    }

    #[test]
    fn dates_fit_when_no_clock_time_is_lost() {
        let dates = DateFormats::new(&formats(&["%d/%m/%Y"])).unwrap();
        for (text, days) in [
            ("1970-01-02", Some(1)),
            (" 1969-12-31 ", Some(-1)),
            ("2024-02-29", Some(19782)),
            ("9999-12-31", Some(2_932_896)),
            ("0001-01-01", Some(-719_162)),
            ("31/12/2020", Some(18627)),
            ("1970-1-2", Some(1)),
            ("1970-01-02 00:00:00", Some(1)),
            ("1970-01-02T00:00:00", Some(1)),
            ("1970-01-02 00:00:01", None),
            ("2023-02-29", None),
            ("12/31/2020", None),
            ("", None),
            ("1970-01-02Z", None),
            ("1970-01-02T00:00:00.000Z", Some(1)),
            ("1970-01-02T00:00:00+01:00", None),
            ("1970-01-02T00:00:01Z", None),
            ("19700102x", None),
            ("0000-12-31", None),
            ("-000001-01-01", None),
        ] {
            assert_eq!(dates.parse(text.as_bytes()), days, "{text}");
        }
    }

    #[test]
    fn timestamps_fit_to_the_microsecond() {
        let timestamps = TimestampFormats::new(&formats(&["%d/%m/%Y %H:%M"])).unwrap();
        for (text, micros) in [
            ("2024-06-19 12:00:00", Some(NOON)),
            ("2024-06-19T12:00:00", Some(NOON)),
            ("2024-06-19T12:00:00Z", Some(NOON)),
            ("2024-06-19 12:00:00.000001", Some(NOON + 1)),
            ("2024-06-19 12:00:00.1", Some(NOON + 100_000)),
            ("2024-06-19 12:00:00.000001000", Some(NOON + 1)),
            ("2024-06-19T14:00:00+02:00", Some(NOON)),
            ("2024-06-19 12:00", Some(NOON)),
            ("2024-06-19", Some(NOON - 43_200_000_000)),
            ("19/06/2024 12:00", Some(NOON)),
            ("1969-12-31 23:59:59.999999", Some(-1)),
            ("2024-06-19 12:00:00.000000001", None),
            ("2016-12-31 23:59:60", None),
            ("9999-12-31 23:59:59.999999", Some(253_402_300_799_999_999)),
            ("9999-12-31T23:59:59-01:00", None),
            ("0000-12-31 23:59:59", None),
            ("2024-06-19 25:00:00", None),
            ("2024-06-20T06:00:00+18:00", Some(NOON)),
            ("2024-06-18T18:00:00-18:00", Some(NOON)),
            ("2024-06-20T06:01:00+18:01", None),
            ("2024-06-18T11:00:00-25:00", None),
            ("2024-06-19T12:00:00+99:00", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(timestamps.parse(text.as_bytes()), micros, "{text}");
        }
    }

    #[test]
    fn formats_are_tried_in_order_and_a_number_is_no_iso_text() {
        let formats = TimestampFormats::new(&formats(&["epoch_s", "epoch_ms"])).unwrap();
        assert_eq!(formats.parse(b"1714557600"), Some(1_714_557_600_000_000));
        assert_eq!(formats.parse(b"1714557600123"), Some(1_714_557_600_123_000));
        assert_eq!(formats.parse(b"2024-05-01 10:00:00 UTC"), Some(1_714_557_600_000_000));
        assert_eq!(formats.parse(b"2024-05-01T10:00:00.000+0000"), Some(1_714_557_600_000_000));
        assert_eq!(TimestampFormats::default().parse_number(b"14121008"), None);
        assert_eq!(DateFormats::default().parse_number(b"20240501"), None);
        assert_eq!(DateFormats::new(&["%Y%m%d".to_owned()]).unwrap().parse_number(b"19700102"), Some(1));
    }

    #[test]
    fn a_listed_format_goes_before_the_basic_form_of_iso() {
        let swapped = formats(&["%Y%d%m %H:%M:%S", "%Y%d%m"]);
        assert_eq!(DateFormats::new(&swapped[1..]).unwrap().parse(b"19700201"), Some(1));
        assert_eq!(TimestampFormats::new(&swapped).unwrap().parse(b"19700201 00:00:01"), Some(86_401_000_000));
    }

    #[test]
    fn a_wrong_format_is_refused_at_once() {
        for wrong in ["%Q-%!", "dd/MM/yyyy", "%d/%m", ""] {
            assert!(TimestampFormats::new(&formats(&[wrong])).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_agrees_with_jiff(micros in -60_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let stamp = jiff::Timestamp::from_microsecond(micros).unwrap();
            let text = stamp.to_zoned(TimeZone::UTC).datetime().to_string();
            prop_assert_eq!(TimestampFormats::default().parse(text.as_bytes()), Some(micros));
        }

        #[test]
        fn no_bytes_make_it_panic(text in prop::collection::vec(any::<u8>(), 0..32)) {
            let _ = DateFormats::default().parse(&text);
            let _ = TimestampFormats::default().parse(&text);
        }
    }
}
