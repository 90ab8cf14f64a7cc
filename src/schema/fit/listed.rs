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
    if has_directive(format, 'Z') {
        return Err(format!(
            "`%Z` of `{format}` is an abbreviation, and several zones have one such as CST: write `%z` for offsets such as \
             +0200, `%Q` for names such as Europe/Berlin or UTC, or the very letters (`CET`) and the zone that they mean in \
             `time_zone`"
        ));
    }
    if !format.contains('%') {
        return Err(format!(
            "`{format}` has no directive such as `%Y`; write it in the notation of strptime: `%Y` for yyyy, `%m` for MM, \
             `%d` for dd, `%H:%M:%S` for HH:mm:ss"
        ));
    }
    let day = Date::constant(2001, 2, 3);
    let sample = day.at(4, 5, 6, 0).to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
    let written = jiff::fmt::strtime::format(format, &sample).map_err(|error| error.to_string())?;
    match jiff::fmt::strtime::parse(format, &written) {
        Err(error) => Err(format!("`{format}` can't be read: {error}")),
        Ok(read) if read.to_date().is_ok_and(|read| read == day) => Ok(()),
        Ok(_) => Err(format!("`{format}` does not say the whole day; write it as in `%Y-%m-%d`")),
    }
}

/// Returns true if a format has a directive, with or without flags such as those of `%-d`.
fn has_directive(format: &str, wanted: char) -> bool {
    let mut chars = format.chars();
    while chars.any(|c| c == '%') {
        if chars.find(|c| !matches!(c, '-' | '_' | '0'..='9' | '^' | '#' | ':' | '.')) == Some(wanted) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_that_read_no_day_are_told() {
        for (format, reason) in [
            ("%d.%m.%Y %H:%M %Z", "`%z` for offsets"),
            ("%Y-%m-%d %^Z", "`%z` for offsets"),
            ("%d.%m", "does not say the whole day"),
            ("dd.MM.yyyy", "`%Y` for yyyy"),
            ("%Y-%m-%d %L", "`L`"),
        ] {
            let error = check(format).unwrap_err();
            assert!(error.contains(reason), "{format}: {error}");
        }
        for format in ["%d.%m.%Y %%Z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M CET", "%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%d %Q"] {
            assert_eq!(check(format), Ok(()), "{format}");
        }
    }
}
