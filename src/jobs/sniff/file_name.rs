//! The pattern of a file's key: its date, the name of its collection, and what counts its parts.

use jiff::civil::Date;

use crate::identity::{CollectionName, ProcessingDate};

/// A key as a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamePattern {
    /// Pattern for `source.files`.
    pub(super) pattern: String,
    /// Date in the key.
    pub(super) date: Option<ProcessingDate>,
    /// Text for `{collection}`.
    pub(super) collection: Option<String>,
}

/// Returns the pattern of a key.
pub(super) fn pattern_of(key: &str) -> NamePattern {
    let (dated, date) = with_date(key);
    let (counted, collection) = with_collection(&dated);
    NamePattern { pattern: counted, date, collection }
}

/// Replaces the date in a key by its token.
fn with_date(key: &str) -> (String, Option<ProcessingDate>) {
    if let Some(found) = hive_folders(key) {
        return found;
    }
    for (length, token, separator) in [
        (10, "{date}", Some('-')),
        (10, "{date:%Y_%m_%d}", Some('_')),
        (10, "{date:%Y/%m/%d}", Some('/')),
        (8, "{date:%Y%m%d}", None),
    ] {
        for (at, _) in key.char_indices() {
            let Some(text) = key.get(at..at + length) else { continue };
            let follows_digit = key[..at].ends_with(|c: char| c.is_ascii_digit());
            let before_digit = key[at + length..].starts_with(|c: char| c.is_ascii_digit());
            // Digits around a date without separators make it another number.
            let is_part = follows_digit || before_digit;
            if let Some(date) = date(text, separator).filter(|_| !is_part) {
                return (format!("{}{token}{}", &key[..at], &key[at + length..]), Some(date));
            }
        }
    }
    (key.to_owned(), None)
}

/// Replaces the date in folders such as `year=2024/month=05/day=01`.
fn hive_folders(key: &str) -> Option<(String, Option<ProcessingDate>)> {
    let part = |name: &str| {
        let at = key.find(&format!("{name}="))? + name.len() + 1;
        let digits: String = key[at..].chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some((at, digits))
    };
    let (year, month, day) = (part("year")?, part("month")?, part("day")?);
    let date = Date::new(year.1.parse().ok()?, month.1.parse().ok()?, day.1.parse().ok()?).ok()?;
    let mut parts = [(year, "{year}"), (month, "{month}"), (day, "{day}")];
    parts.sort_by_key(|((at, _), _)| std::cmp::Reverse(*at));
    let mut pattern = key.to_owned();
    for ((at, digits), token) in parts {
        pattern.replace_range(at..at + digits.len(), token);
    }
    Some((pattern, date.to_string().parse().ok()))
}

fn date(text: &str, separator: Option<char>) -> Option<ProcessingDate> {
    let iso = match separator {
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{}-{}-{}", text.get(..4)?, text.get(4..6)?, text.get(6..)?)
        }
        None => return None,
        Some(separator) => {
            let is_separated =
                text.chars().enumerate().all(|(i, c)| if i == 4 || i == 7 { c == separator } else { c.is_ascii_digit() });
            is_separated.then(|| text.replace(separator, "-"))?
        }
    };
    let date: ProcessingDate = iso.parse().ok()?;
    // A number of eight digits is a date only if it may be one of a file.
    (separator.is_some() || ("1990-01-01".."2100-01-01").contains(&iso.as_str())).then_some(date)
}

/// Replaces the name of the collection, and the digits that count parts, in the last part of a key.
fn with_collection(key: &str) -> (String, Option<String>) {
    let start = key.rfind('/').map_or(0, |at| at + 1);
    let (folders, name) = key.split_at(start);
    let (stem, extension) = name.split_at(name.find('.').unwrap_or(name.len()));
    let is_word =
        |word: &&str| word.len() > 1 && word.parse::<CollectionName>().is_ok() && !word.starts_with(|c: char| c.is_ascii_digit());
    let words =
        || stem.split(['-', '.', '{', '}']).filter(|word| !matches!(*word, "date" | "seq")).filter_map(trimmed).filter(is_word);
    let in_name = words().max_by_key(|word| word.len()).map(str::to_owned);
    let is_part = |word: &str| word.starts_with("part") || word.starts_with("data");
    let in_folders = || {
        folders.split('/').rev().filter(|folder| !folder.contains(['=', '{'])).find(|folder| is_word(folder)).map(str::to_owned)
    };
    let collection = in_name.filter(|word| !is_part(word)).or_else(in_folders);
    let Some(collection) = collection else { return (format!("{folders}{}{extension}", counted(stem)), None) };
    let whole = format!("{folders}{}{extension}", counted(stem));
    let at = whole.rfind(&collection).unwrap_or_default();
    (format!("{}{{collection}}{}", &whole[..at], &whole[at + collection.len()..]), Some(collection))
}

/// Returns a word without the underscores and digits at its ends.
fn trimmed(word: &str) -> Option<&str> {
    let word = word.trim_matches(|c: char| c == '_' || c.is_ascii_digit());
    (!word.is_empty()).then_some(word)
}

/// Replaces digits at the end of a name, which count parts or tell a time.
fn counted(stem: &str) -> String {
    let digits = stem.len() - stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (name, number) = stem.split_at(stem.len() - digits);
    match digits {
        13 => format!("{name}{{epoch_ms}}"),
        1..=20 if name.ends_with(['_', '-']) => format!("{name}{{seq}}"),
        _ => format!("{name}{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_patterns() {
        for (key, pattern, date, collection) in [
            ("2024-05-01_orders.csv", "{date}_{collection}.csv", Some("2024-05-01"), Some("orders")),
            (
                "2024-05-01_orders_1714557600123.csv.gz",
                "{date}_{collection}_{epoch_ms}.csv.gz",
                Some("2024-05-01"),
                Some("orders"),
            ),
            ("orders_20240501.csv", "{collection}_{date:%Y%m%d}.csv", Some("2024-05-01"), Some("orders")),
            ("in/orders-2024-05-01-003.json", "in/{collection}-{date}-{seq}.json", Some("2024-05-01"), Some("orders")),
            (
                "orders/year=2024/month=05/day=01/part-00000.csv",
                "{collection}/year={year}/month={month}/day={day}/part-{seq}.csv",
                Some("2024-05-01"),
                Some("orders"),
            ),
            ("2024/05/01/clicks.json", "{date:%Y/%m/%d}/{collection}.json", Some("2024-05-01"), Some("clicks")),
            ("orders.csv", "{collection}.csv", None, Some("orders")),
            ("12345678901.csv", "12345678901.csv", None, None),
        ] {
            let found = pattern_of(key);
            let found_date = found.date.map(|date| date.to_string());
            assert_eq!(
                (found.pattern.as_str(), found_date.as_deref(), found.collection.as_deref()),
                (pattern, date, collection),
                "{key}"
            );
        }
    }
}
