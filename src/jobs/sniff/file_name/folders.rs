//! Dates and their parts in the folders of a key.

use std::ops::Range;

use jiff::civil::Date;

/// A part of a key with the text that stands for it in the pattern.
pub(super) type Replaced = (Range<usize>, String);

/// Returns the places of the folders' names. `folders`: a key up to its last slash.
pub(super) fn names(folders: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut found = Vec::new();
    for name in folders.split('/') {
        found.push(at..at + name.len());
        at += name.len() + 1;
    }
    found.retain(|range| !range.is_empty());
    found
}

fn folders(key: &str) -> Vec<Range<usize>> {
    names(key.rfind('/').map_or("", |at| &key[..at]))
}

/// Returns the label of a folder such as `year=2024` in lower case, and the place of its value.
fn labelled(key: &str, folder: &Range<usize>) -> Option<(String, Range<usize>)> {
    let (label, value) = key.get(folder.clone())?.split_once('=')?;
    Some((label.to_lowercase(), folder.end - value.len()..folder.end))
}

/// Returns a date that stands in several folders, such as `year=2024/month=05/day=01` or `2024/5/1`, with their tokens.
pub(super) fn date(key: &str) -> Option<(Date, Vec<Replaced>)> {
    let folders = folders(key);
    let labels = |names: &[&str]| {
        let mut found = folders.iter().filter_map(|folder| labelled(key, folder));
        found.find(|(label, _)| names.contains(&label.as_str())).map(|(_, value)| value)
    };
    let of_labels = || {
        let parts = [labels(&["year", "yyyy", "y"])?, labels(&["month", "mm", "m"])?, labels(&["day", "dd", "d"])?];
        let hour = labels(&["hour", "hh", "h", "hr"]).filter(|hour| is_hour(&key[hour.clone()]));
        Some((parts, hour))
    };
    // Those with two digits each have one token.
    let short = |parts: &[Range<usize>; 3]| parts[1].len() == 1 || parts[2].len() == 1;
    let of_numbers = || {
        let found = folders.windows(3).map(|parts| [parts[0].clone(), parts[1].clone(), parts[2].clone()]);
        found.filter(short).find(|parts| read(key, parts).is_some()).map(|parts| (parts, None))
    };
    let (parts, hour) = of_labels().filter(|(parts, _)| read(key, parts).is_some()).or_else(of_numbers)?;
    let date = read(key, &parts)?;
    let hour = hour.or_else(|| hour_after(key, parts[2].end));
    let tokens = ["{year}", "{month}", "{day}"].map(str::to_owned);
    let replaced = parts.into_iter().zip(tokens).chain(hour.map(|hour| (hour, "{hour}".to_owned())));
    Some((date, replaced.collect()))
}

fn read(key: &str, [year, month, day]: &[Range<usize>; 3]) -> Option<Date> {
    let text = |range: &Range<usize>, most: usize| {
        let text = key.get(range.clone())?;
        (text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
    };
    let year = text(year, 4).filter(|year| year.len() == 4)?.parse().ok().filter(|year| (1990..2100).contains(year))?;
    Date::new(year, text(month, 2)?.parse().ok()?, text(day, 2)?.parse().ok()?).ok()
}

fn is_hour(text: &str) -> bool {
    (1..=2).contains(&text.len()) && text.parse::<u8>().is_ok_and(|hour| hour < 24)
}

/// Returns the place of a folder of two digits that follows the folders of a date, and is an hour.
fn hour_after(key: &str, end: usize) -> Option<Range<usize>> {
    let folder = folders(key).into_iter().find(|folder| folder.start == end + 1)?;
    (folder.len() == 2 && is_hour(&key[folder.clone()])).then_some(folder)
}

/// Returns the folders that are parts of a date which stands elsewhere: its year, its month, its hour. `taken`: other places.
pub(super) fn parts_of(key: &str, date: Date, taken: &[Range<usize>]) -> Vec<Replaced> {
    let is_taken = |range: &Range<usize>| taken.iter().any(|taken| taken.start < range.end && range.start < taken.end);
    let mut found: Vec<Replaced> = Vec::new();
    let (mut has_year, mut has_month) = (false, false);
    for folder in folders(key) {
        let (label, value) = labelled(key, &folder).unwrap_or_else(|| (String::new(), folder.clone()));
        if is_taken(&value) {
            continue;
        }
        let text = &key[value.clone()];
        let is = |number: i64| text.len() <= 4 && text.parse() == Ok(number);
        let with = match label.as_str() {
            "hour" | "hh" | "h" | "hr" if is_hour(text) => "{hour}",
            _ if text == date.strftime("%Y").to_string() => "{year}",
            _ if text == date.strftime("%Y-%m").to_string() => "{date:%Y-%m}",
            _ if text == date.strftime("%Y%m").to_string() => "{date:%Y%m}",
            _ if has_month && is(date.day().into()) => "{day}",
            _ if has_year && is(date.month().into()) => "{month}",
            _ => continue,
        };
        has_year |= with == "{year}";
        has_month |= with == "{month}" || with.starts_with("{date");
        found.push((value, with.to_owned()));
    }
    let ends = taken.iter().map(|range| range.end).filter(|end| key[*end..].starts_with('/'));
    let hour = ends.filter_map(|end| hour_after(key, end)).find(|hour| !is_taken(hour));
    if let Some(hour) = hour.filter(|hour| !found.iter().any(|(range, _)| range == hour)) {
        found.push((hour, "{hour}".to_owned()));
    }
    found
}
