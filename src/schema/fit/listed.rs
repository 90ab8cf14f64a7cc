//! The `strptime` formats that a module lists.

use jiff::civil::Date;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use super::strict;
use super::trim;

/// Returns true if a format reads ISO 8601, with or without a clock time, as another day.
pub(super) fn are_not_iso(formats: &[String]) -> bool {
    let iso = Date::constant(2001, 2, 3);
    let texts = ["2001-02-03", "2001-02-03 04:05", "2001-02-03 04:05:06", "2001-02-03T04:05:06", "2001-02-03 04:05:06.7"];
    let is_other = |format: &str, text: &str| strptime(format, text).is_some_and(|day| day.to_date().is_ok_and(|day| day != iso));
    formats.iter().any(|format| texts.iter().any(|text| is_other(format, text)))
}

/// Reads a text in a format, digit for digit.
pub(super) fn strptime(format: &str, text: &str) -> Option<BrokenDownTime> {
    let broken = jiff::fmt::strtime::parse(format, text).ok()?;
    strict::fits(format, text).then_some(broken)
}

/// Returns true if a format with a year of two digits reads a text.
pub(super) fn has_short_year(formats: &[String], text: &[u8]) -> bool {
    let short = || formats.iter().filter(|format| strict::has_short_year(format));
    std::str::from_utf8(trim(text)).is_ok_and(|text| short().any(|format| strptime(format, text).is_some()))
}

/// Checks that a date written in a format can be read back.
pub(super) fn check(format: &str) -> Result<(), String> {
    let day = Date::constant(2001, 2, 3);
    let sample = day.at(4, 5, 6, 0).to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
    let written = jiff::fmt::strtime::format(format, &sample).map_err(|error| error.to_string())?;
    let read = jiff::fmt::strtime::parse(format, &written).and_then(|broken| broken.to_date());
    match read {
        Ok(read) if read == day => Ok(()),
        _ => Err(format!("`{format}` does not say the whole day; write it as in `%Y-%m-%d`")),
    }
}
