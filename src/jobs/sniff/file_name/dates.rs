//! Dates in a key, and the times of day that follow them.

use std::ops::Range;

use jiff::civil::Date;

/// Forms of dates: digits as `0`, letters as `A`; with their `strptime` notation. The usual ones first.
const FORMS: &[(&str, &str)] = &[
    ("0000-00-00", "%Y-%m-%d"),
    ("0000_00_00", "%Y_%m_%d"),
    ("0000/00/00", "%Y/%m/%d"),
    ("0000.00.00", "%Y.%m.%d"),
    ("00000000", "%Y%m%d"),
    ("00-00-0000", "%d-%m-%Y"),
    ("00.00.0000", "%d.%m.%Y"),
    ("00_00_0000", "%d_%m_%Y"),
    ("00AAA0000", "%d%b%Y"),
    ("00-AAA-0000", "%d-%b-%Y"),
    ("00000000", "%d%m%Y"),
    ("00-00-0000", "%m-%d-%Y"),
    ("00_00_0000", "%m_%d_%Y"),
    ("00000000", "%m%d%Y"),
];
/// Form of a date that is looked for where there is no other: it may be another number.
const SHORT: (&str, &str) = ("000000", "%y%m%d");

/// A date in a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundDate {
    /// Place in the key.
    pub(super) range: Range<usize>,
    /// Its notation.
    pub(super) format: &'static str,
    pub(super) date: Date,
    /// Place of the time of day that follows.
    pub(super) time: Option<Range<usize>>,
}

impl FoundDate {
    /// Returns the token of a pattern that stands for it.
    pub(super) fn token(&self) -> String {
        if self.format == "%Y-%m-%d" { "{date}".to_owned() } else { format!("{{date:{}}}", self.format) }
    }

    /// Returns the other date that its text may be, with the notation.
    pub(super) fn other(&self, key: &str) -> Option<(Date, &'static str)> {
        let text = key.get(self.range.clone())?;
        if self.format.starts_with("%Y") {
            return None;
        }
        let others = FORMS.iter().filter(|(form, format)| fits(form, text) && *format != self.format);
        others.filter_map(|(_, format)| Some((date(text, format)?, *format))).find(|(date, _)| *date != self.date)
    }
}

/// Returns the dates of a key, in order. `taken`: places that have none.
pub(super) fn dates(key: &str, taken: &[Range<usize>]) -> Vec<FoundDate> {
    let mut found: Vec<FoundDate> = Vec::new();
    for form in FORMS {
        find(key, *form, taken, &mut found);
    }
    found.sort_by_key(|date| date.range.start);
    found
}

/// Returns a date of six digits in a file's name.
pub(super) fn short_date(key: &str, taken: &[Range<usize>]) -> Option<FoundDate> {
    let mut found = Vec::new();
    find(key, SHORT, taken, &mut found);
    let name = key.rfind('/').map_or(0, |at| at + 1);
    found.into_iter().find(|date| date.range.start >= name)
}

fn find(key: &str, (form, format): (&str, &'static str), taken: &[Range<usize>], found: &mut Vec<FoundDate>) {
    for (at, _) in key.char_indices() {
        let range = at..at + form.len();
        let Some(text) = key.get(range.clone()).filter(|text| fits(form, text)) else { continue };
        let overlaps = |other: &Range<usize>| other.start < range.end && range.start < other.end;
        let is_taken = taken.iter().any(overlaps)
            || found.iter().any(|date| overlaps(&date.range) || date.time.as_ref().is_some_and(overlaps));
        let (before, rest) = (&key[..at], &key[range.end..]);
        // Digits around it make it another number, and a folder's name is whole.
        let is_part = before.ends_with(|c: char| c.is_ascii_digit()) || form.contains('/') && !(at == 0 || before.ends_with('/'));
        let Some(date) = date(text, format).filter(|_| !is_taken && !is_part) else { continue };
        let follows = rest.starts_with(|c: char| c.is_ascii_digit());
        let time = time(rest, format == "%Y%m%d").map(|time| range.end + time.start..range.end + time.end);
        if !follows || time.is_some() {
            found.push(FoundDate { range, format, date, time });
        }
    }
}

fn fits(form: &str, text: &str) -> bool {
    form.len() == text.len()
        && form.bytes().zip(text.bytes()).all(|(form, byte)| match form {
            b'0' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_alphabetic(),
            _ => form == byte,
        })
}

/// Returns the date of a text, if it may be one of a file.
fn date(text: &str, format: &str) -> Option<Date> {
    Date::strptime(format, text).ok().filter(|date| (1990..2100).contains(&date.year()))
}

/// Returns the place of a time of day at the beginning of a text, without the sign before it. `may_follow`: there need not be a
/// sign.
fn time(text: &str, may_follow: bool) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let begins = usize::from(bytes.first().is_some_and(|byte| b"Tt_- .".contains(byte)));
    let has_mark = bytes.first().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'T'));
    if begins == 0 && !may_follow {
        return None;
    }
    let number = |at: usize, most: u8| {
        let digits = bytes.get(at..at + 2).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
        ((digits[0] - b'0') * 10 + digits[1] - b'0' <= most).then_some(at + 2)
    };
    let mut end = number(begins, 23)?;
    let (mut parts, mut is_separated) = (1, false);
    while parts < 3 {
        let sign = usize::from(bytes.get(end).is_some_and(|byte| b":-_.h".contains(byte)));
        let Some(next) = number(end + sign, 59) else { break };
        is_separated |= sign == 1;
        (end, parts) = (next, parts + 1);
    }
    if parts == 3 {
        let sign = usize::from(bytes.get(end).is_some_and(|byte| b".,-_".contains(byte)));
        let digits = bytes.iter().skip(end + sign).take_while(|byte| byte.is_ascii_digit()).count();
        // Other digits after a sign are a number of their own.
        if matches!(digits, 3 | 6 | 9) && (sign == 0 || bytes[end] != b'_') {
            end += sign + digits;
        }
    }
    // `08h`
    let is_hour = parts == 1 && matches!(bytes.get(end), Some(b'h' | b'H'));
    end += usize::from(is_hour);
    if has_mark {
        end += offset(&text[end..]);
    }
    let rest = &text[end..];
    let zone = rest.strip_prefix(['Z', 'z']);
    let is_whole = !zone.unwrap_or(rest).starts_with(|c: char| c.is_alphanumeric());
    let is_time = has_mark || is_hour || zone.is_some() || begins == 0 || is_separated && parts > 1;
    (is_whole && is_time).then_some(begins..end)
}

/// Returns the length of an offset from UTC that a text begins with: `+0200`, `-05:00`; 0 if there is none.
fn offset(text: &str) -> usize {
    let Some(digits) = text.strip_prefix(['+', '-']) else { return 0 };
    let length = digits.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(digits.len());
    let is_offset =
        matches!(digits.as_bytes()[..length], [b'0' | b'1', _] | [b'0' | b'1', _, _, _] | [b'0' | b'1', _, b':', _, _]);
    if is_offset { 1 + length } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_follow_dates() {
        for (text, expected) in [
            ("T0005Z_x", Some("0005")),
            ("T101500+0200.csv", Some("101500+0200")),
            ("T10:15:00-05:00.csv", Some("10:15:00-05:00")),
            ("T101500-00017.csv", Some("101500")),
            ("-05-00-00-x", Some("05-00-00")),
            ("103000.csv", Some("103000")),
            ("103000123.csv", Some("103000123")),
            ("09/x", Some("09")),
            ("T10:30:00.123Z", Some("10:30:00.123")),
            ("_10-30_x", Some("10-30")),
            ("_08h.csv", Some("08h")),
            ("_10h30.csv", Some("10h30")),
            ("_08hours", None),
            ("_0001.csv", None),
            ("_103000.csv", None),
            ("_001.csv", None),
            ("T9999", None),
            ("-05-orders", None),
            ("_x", None),
        ] {
            assert_eq!(time(text, true).map(|range| &text[range]), expected, "{text}");
        }
    }

    #[test]
    fn dates_stand_in_keys_in_many_forms() {
        for (key, expected) in [
            ("2024-05-01_a_20240501", "{date} {date:%Y%m%d}"),
            ("a-31.05.2024.csv", "{date:%d.%m.%Y}"),
            ("a_05-31-2024.csv", "{date:%m-%d-%Y}"),
            ("a_31052024.csv", "{date:%d%m%Y}"),
            ("01May2024_a.csv", "{date:%d%b%Y}"),
            ("2024/05/01/a.csv", "{date:%Y/%m/%d}"),
            ("20240501103000_a.csv", "{date:%Y%m%d}"),
            ("202405017_a.csv", ""),
            ("120240501_a.csv", ""),
            ("99999999.csv", ""),
        ] {
            let found = dates(key, &[]).iter().map(FoundDate::token).collect::<Vec<_>>().join(" ");
            assert_eq!(found, expected, "{key}");
        }
        let other = dates("a_01-02-2024.csv", &[])[0].other("a_01-02-2024.csv");
        assert_eq!(other.map(|(date, format)| (date.to_string(), format)), Some(("2024-01-02".to_owned(), "%m-%d-%Y")));
        assert!(short_date("a_240501.csv", &[]).is_some() && short_date("240501/a.csv", &[]).is_none());
    }
}
