//! Dates in file names: `{date}`, `{date:%Y%m%d}`, `{year}`, `{month}`, `{day}`, `{hour}`.

use jiff::civil::Date;
use jiff::fmt::strtime::{self, BrokenDownTime};

use crate::identity::ProcessingDate;

/// A token of a file pattern that gives a date, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DateToken {
    /// `{date}`: `2024-05-01`. `{date:%Y%m%d}`: in `strptime` notation.
    Format(String),
    /// `{year}`: four digits.
    Year,
    /// `{month}`: one or two digits, as Spark writes `month=5` and others `month=05`.
    Month,
    /// `{day}`: one or two digits.
    Day,
    /// `{hour}`: one or two digits.
    Hour,
}

/// Directives that a format may have, each with the regular expression of its texts.
const DIRECTIVES: [(char, &str); 9] = [
    ('Y', "[0-9]{4}"),
    ('y', "[0-9]{2}"),
    ('m', "[0-9]{2}"),
    ('d', "[0-9]{2}"),
    ('H', "[0-9]{2}"),
    ('j', "[0-9]{3}"),
    ('b', "[A-Za-z]{3}"),
    ('B', "[A-Za-z]{3,9}"),
    ('%', "%"),
];

impl DateToken {
    /// Reads the text of a token between its braces; `None` if it is of another kind.
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "date" => Some(Self::Format("%Y-%m-%d".to_owned())),
            "year" => Some(Self::Year),
            "month" => Some(Self::Month),
            "day" => Some(Self::Day),
            "hour" => Some(Self::Hour),
            _ => word.strip_prefix("date:").map(|format| Self::Format(format.to_owned())),
        }
    }

    /// Returns the regular expression of its texts.
    ///
    /// # Errors
    /// Its format has a directive that is not known, as the message says.
    pub(super) fn regex(&self) -> Result<String, String> {
        match self {
            Self::Year => Ok("[0-9]{4}".to_owned()),
            Self::Month | Self::Day | Self::Hour => Ok("[0-9]{1,2}".to_owned()),
            Self::Format(format) if !format.contains('%') => Err(format!(
                "`{{date:{format}}}` has no directive such as `%Y`; write `%Y` for the year, `%m` for the month, `%d` for the \
                 day, as in `{{date:%Y%m%d}}`"
            )),
            Self::Format(format) => format_regex(format),
        }
    }

    /// Returns the token's text for a date, as it is shown.
    pub(super) fn text(&self, date: ProcessingDate) -> String {
        match self {
            Self::Year => format!("{:04}", date.date().year()),
            Self::Month => format!("{:02}", date.date().month()),
            Self::Day => format!("{:02}", date.date().day()),
            Self::Hour => date.hour().map_or_else(|| "{hour}".to_owned(), |hour| format!("{hour:02}")),
            Self::Format(format) => strtime::format(format, date.begin()).unwrap_or_else(|_| date.to_string()),
        }
    }

    /// Returns all texts of the token for a date; none if they are not known: a whole day has many hours, and a month many names.
    pub(super) fn texts(&self, date: ProcessingDate) -> Vec<String> {
        let spelled = |number: i8| {
            let short = (number < 10).then(|| number.to_string());
            std::iter::once(format!("{number:02}")).chain(short).collect()
        };
        match self {
            Self::Year => vec![self.text(date)],
            Self::Month => spelled(date.date().month()),
            Self::Day => spelled(date.date().day()),
            Self::Hour => date.hour().map(spelled).unwrap_or_default(),
            Self::Format(format) => {
                let is_one =
                    !["%b", "%B"].iter().any(|name| format.contains(name)) && (date.hour().is_some() || !format.contains("%H"));
                if is_one { vec![self.text(date)] } else { Vec::new() }
            }
        }
    }

    /// Adds what a text of this token says to `found`. `None` if it contradicts, or is no date.
    fn add(&self, text: &str, found: &mut Parts) -> Option<()> {
        match self {
            Self::Year => keep(&mut found.year, text.parse().ok()?),
            Self::Month => keep(&mut found.month, text.parse().ok()?),
            Self::Day => keep(&mut found.day, text.parse().ok()?),
            Self::Hour => keep(&mut found.hour, text.parse().ok()?),
            Self::Format(format) => {
                let broken = strtime::parse(format, text).ok()?;
                if let Some(hour) = broken.hour() {
                    keep(&mut found.hour, hour)?;
                }
                match broken.to_date() {
                    Ok(date) => {
                        keep(&mut found.year, date.year())?;
                        keep(&mut found.month, date.month())?;
                        keep(&mut found.day, date.day())
                    }
                    Err(_) => found.add_broken(&broken),
                }
            }
        }
    }
}

fn format_regex(format: &str) -> Result<String, String> {
    let mut regex = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
            continue;
        }
        let directive = chars.next().unwrap_or(' ');
        let known = DIRECTIVES.iter().find(|(known, _)| *known == directive);
        let (_, texts) =
            known.ok_or_else(|| format!("`{{date:{format}}}` has `%{directive}`; known are %Y %y %m %d %H %j %b %B"))?;
        regex.push_str(texts);
    }
    Ok(regex)
}

/// Parts of a date, from several tokens.
#[derive(Debug, Default)]
struct Parts {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    hour: Option<i8>,
}

impl Parts {
    fn add_broken(&mut self, broken: &BrokenDownTime) -> Option<()> {
        if let Some(year) = broken.year() {
            keep(&mut self.year, year)?;
        }
        if let Some(month) = broken.month() {
            keep(&mut self.month, month)?;
        }
        if let Some(day) = broken.day() {
            keep(&mut self.day, day)?;
        }
        Some(())
    }
}

/// Keeps a value; `None` if there is another one.
fn keep<T: PartialEq>(place: &mut Option<T>, value: T) -> Option<()> {
    match place {
        Some(known) => (*known == value).then_some(()),
        None => {
            *place = Some(value);
            Some(())
        }
    }
}

/// Returns the date, or the hour, that the texts of a name's tokens give together; `None` if they give none, or contradict each
/// other.
pub(super) fn date<'t>(texts: impl Iterator<Item = (&'t DateToken, &'t str)>) -> Option<ProcessingDate> {
    let mut found = Parts::default();
    for (token, text) in texts {
        token.add(text, &mut found)?;
    }
    let date = Date::new(found.year?, found.month?, found.day?).ok()?;
    let day: ProcessingDate = date.to_string().parse().ok()?;
    found.hour.map_or(Some(day), |hour| day.at_hour(hour))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Option<String> {
        let tokens: Vec<(DateToken, &str)> = pairs.iter().map(|(word, text)| (DateToken::read(word).unwrap(), *text)).collect();
        date(tokens.iter().map(|(token, text)| (token, *text))).map(|date| date.to_string())
    }

    #[test]
    fn tokens_give_a_date_together() {
        for (pairs, expected) in [
            (&[("date", "2024-05-01")][..], Some("2024-05-01")),
            (&[("date:%Y%m%d", "20240501")], Some("2024-05-01")),
            (&[("date:%d%b%Y", "01May2024")], Some("2024-05-01")),
            (&[("date:%Y%j", "2024122")], Some("2024-05-01")),
            (&[("date:%y%m%d", "240501")], Some("2024-05-01")),
            (&[("year", "2024"), ("month", "5"), ("day", "01")], Some("2024-05-01")),
            (&[("date:%Y-%m", "2024-05"), ("day", "1")], Some("2024-05-01")),
            (&[("date:%Y%m%d", "20240501"), ("date", "2024-05-01")], Some("2024-05-01")),
            (&[("date", "2024-05-01"), ("hour", "9")], Some("2024-05-01T09")),
            (&[("date:%Y%m%dT%H", "20240501T23")], Some("2024-05-01T23")),
            (&[("date", "2024-05-01"), ("hour", "24")], None),
            (&[("date:%Y%m%d%H", "2024050109"), ("hour", "10")], None),
            (&[("date", "2024-05-01"), ("year", "2023")], None),
            (&[("year", "2024"), ("month", "13"), ("day", "01")], None),
            (&[("date", "2023-02-29")], None),
            (&[("year", "2024"), ("month", "5")], None),
        ] {
            assert_eq!(read(pairs).as_deref(), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_token_has_the_texts_that_it_reads() {
        for word in ["date", "date:%Y%m%d", "date:%d.%B.%Y", "date:%Y%j", "date:%Y%m%d%H"] {
            let expected = if word.contains("%H") { "2024-05-01T09" } else { "2024-05-01" };
            let date: ProcessingDate = expected.parse().unwrap();
            let token = DateToken::read(word).unwrap();
            let text = token.text(date);
            assert!(regex::Regex::new(&format!("^{}$", token.regex().unwrap())).unwrap().is_match(&text), "{word}: {text}");
            assert_eq!(read(&[(word, &text)]).unwrap(), expected);
        }
        assert_eq!(
            DateToken::read("date:%S").unwrap().regex().unwrap_err(),
            "`{date:%S}` has `%S`; known are %Y %y %m %d %H %j %b %B"
        );
        assert_eq!(DateToken::read("minute"), None);
    }
}
