//! Conversion of text to dates.

use jiff::civil::{Date, Time};
use jiff::fmt::temporal::Pieces;

use super::epoch;
use super::listed::{are_not_iso, check, has_short_year, strptime};
use super::trim;

/// First and last date that Hive and Spark document, 0001-01-01 and 9999-12-31: readers differ on dates outside.
pub(super) const DAYS: std::ops::RangeInclusive<i32> = -719_162..=2_932_896;

/// Returns the days since 1970-01-01.
pub(super) fn epoch_days(date: Date) -> i32 {
    let since = date.since(Date::constant(1970, 1, 1));
    // Between two days the span is in days, and jiff's years end at ±9999.
    since.map_or(0, |span| span.get_days())
}

/// Parses `YYYY-MM-DD`, the form that nearly every value has.
#[inline]
pub(super) fn plain_date(text: &[u8]) -> Option<Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let digit = |byte: u8| Some(byte.wrapping_sub(b'0')).filter(|d| *d <= 9);
    let two = |a, b| Some(digit(a)? * 10 + digit(b)?);
    let year = i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?);
    Date::new(year, two(m1, m2)?.cast_signed(), two(d1, d2)?.cast_signed()).ok()
}

/// Formats of a source's dates: `YYYY-MM-DD` first, then these `strptime` formats in order, then other ISO 8601 forms. If one of
/// them reads `2001-02-03` as another day, they alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DateFormats {
    listed: Vec<String>,
    are_not_iso: bool,
}

impl DateFormats {
    /// Creates the formats from `strptime` notation.
    ///
    /// # Errors
    /// A format has an unknown directive, which the message names, or does not give the whole day.
    pub fn new(formats: &[String]) -> Result<Self, String> {
        if let Some(format) = formats.iter().find(|format| epoch::unit(format).is_some()) {
            return Err(format!(
                "`{format}` is an instant: list it in `timestamp_formats`, and declare the column as `timestamp`"
            ));
        }
        formats.iter().try_for_each(|format| check(format))?;
        Ok(Self { listed: formats.to_vec(), are_not_iso: are_not_iso(formats) })
    }

    /// Returns the listed formats, in order.
    pub fn listed(&self) -> &[String] {
        &self.listed
    }

    /// Returns true if a listed format reads ISO 8601 as another day.
    pub fn are_not_iso(&self) -> bool {
        self.are_not_iso
    }

    /// Returns true if a format with a year of two digits reads a text: its century is a guess.
    pub fn guess_the_century(&self, text: &[u8]) -> bool {
        has_short_year(&self.listed, text)
    }

    /// Returns the days since the epoch. A date with a clock time fits only at midnight.
    #[inline]
    pub fn parse(&self, text: &[u8]) -> Option<i32> {
        let text = trim(text);
        let iso = if self.are_not_iso { None } else { plain_date(text) };
        iso.or_else(|| self.unusual(text)).map(epoch_days).filter(|days| DAYS.contains(days))
    }

    /// Returns the days since the epoch of a number, as JSON has them: by the listed formats alone.
    pub fn parse_number(&self, text: &[u8]) -> Option<i32> {
        let text = std::str::from_utf8(text).ok()?;
        let day = self.listed.iter().find_map(|format| strptime(format, text)?.to_date().ok()).map(epoch_days)?;
        DAYS.contains(&day).then_some(day)
    }

    #[cold]
    fn unusual(&self, text: &[u8]) -> Option<Date> {
        let text = std::str::from_utf8(text).ok()?;
        let iso = Some("%Y-%m-%d").filter(|_| !self.are_not_iso);
        let listed = self.listed.iter().map(String::as_str).chain(iso);
        listed
            .into_iter()
            .find_map(|format| {
                let broken = strptime(format, text)?;
                Some((broken.to_date().ok()?, broken.to_time().ok()))
            })
            .or_else(|| {
                // Midnight in UTC is a day, as programs write it that have no dates.
                let is_utc = |pieces: &Pieces<'_>| pieces.to_numeric_offset().is_none_or(|offset| offset.seconds() == 0);
                let pieces = Pieces::parse(text).ok().filter(is_utc).filter(|_| !self.are_not_iso)?;
                Some((pieces.date(), pieces.time()))
            })
            .filter(|(_, time)| time.is_none_or(|time| time == Time::midnight()))
            .map(|(date, _)| date)
    }
}
