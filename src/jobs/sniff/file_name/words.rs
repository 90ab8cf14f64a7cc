//! Words of a name: those that every file has, and those that tell files apart.

use std::ops::Range;

/// Kind of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// The same in every file.
    Fixed,
    /// Letters with a number, such as `shop2` and `v2`: likely the same in every file.
    LikelyFixed,
    /// An identifier such as `8a1f0c1e`.
    Random,
    /// A number of seconds, or of parts of a second, since 1970.
    Epoch,
    /// Another number, of which `letters` bytes of letters stand before the digits.
    Number { letters: usize },
}

/// Endings of names with digits.
const ENDINGS: &[&str] = &["bz2", "lz4", "parquet", "geojson", "ndjson", "deflate", "snappy"];
/// Words with digits that are the same in every file.
const KNOWN: &[&str] = &["s3", "ec2", "b2b", "b2c", "d2c", "utf8", "utf16", "h2o", "co2", "iso8859", "md5", "sha256"];

impl Word {
    /// Returns the kind of a word of letters and digits.
    pub(super) fn of(word: &str) -> Self {
        let is_digit = |c: char| c.is_ascii_digit();
        let letters = word.len() - word.trim_end_matches(is_digit).len();
        let letters = word.len() - letters;
        let digits = &word[letters..];
        let lower = word.to_ascii_lowercase();
        match () {
            () if !word.contains(is_digit) && !is_random(word) && !is_hash(word) => Self::Fixed,
            () if letters == 0 && is_epoch(digits) => Self::Epoch,
            // Of hexadecimal digits, some have no letter.
            () if letters == 0 && digits.len() >= 8 && !digits.starts_with('0') => Self::Random,
            () if letters == 0 || is_week(&lower[..letters], digits) => Self::Number { letters },
            () if is_hash(word) || is_random(word) => Self::Random,
            () if digits.len() >= 3 && digits.starts_with('0') && !word[..letters].contains(is_digit) => Self::Number { letters },
            () if KNOWN.contains(&lower.as_str()) => Self::Fixed,
            () => Self::LikelyFixed,
        }
    }
}

/// Returns true for `v2`.
pub(super) fn is_version(word: &str) -> bool {
    word.strip_prefix('v').is_some_and(|digits| digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns true for `W22`.
fn is_week(letters: &str, digits: &str) -> bool {
    matches!(letters, "w" | "kw" | "cw") && digits.len() == 2
}

/// Returns true for digits that tell a time of 2001 to 2033 since 1970, in seconds to nanoseconds.
fn is_epoch(digits: &str) -> bool {
    digits.starts_with('1') && matches!(digits.len(), 10 | 13 | 16 | 19)
}

/// Returns true for hexadecimal digits of which some are letters: no word of a name has eight letters from a to f only.
fn is_hash(word: &str) -> bool {
    word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) && word.contains(|c: char| c.is_ascii_alphabetic())
}

/// Returns true for `EventLogFile`: each capital begins a word of three letters or more.
fn is_of_words(word: &str) -> bool {
    let is_upper = |c: char| c.is_ascii_uppercase();
    let is_word = |(at, _): (usize, &str)| word[at + 1..].split(is_upper).next().is_some_and(|rest| rest.len() > 1);
    word.bytes().all(|byte| byte.is_ascii_alphabetic()) && word.match_indices(is_upper).all(is_word)
}

/// Returns true if letters and digits alternate, or cases do, as in no word.
fn is_random(word: &str) -> bool {
    let kind = |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase());
    let bytes = word.as_bytes();
    let changes = bytes.windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count();
    let to_digits = bytes.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    let many = if word.len() < 10 { changes * 2 > word.len() } else { changes * 5 >= word.len() * 2 };
    word.is_ascii() && !is_of_words(word) && (word.len() >= 6 && many || word.len() >= 8 && to_digits >= 3)
}

/// Returns the places of the words of letters and digits.
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
        match found.last_mut().filter(|last| last.end == at) {
            Some(last) => last.end = at + c.len_utf8(),
            None => found.push(at..at + c.len_utf8()),
        }
    }
    found
}

/// Returns the place where the endings of a file's name begin, such as `.csv.gz`.
pub(super) fn ending(name: &str) -> usize {
    let mut at = name.len();
    while let Some(dot) = name[..at].rfind('.').filter(|dot| *dot > 0) {
        let word = name[dot + 1..at].to_ascii_lowercase();
        let is_short = (1..=5).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !is_short && !ENDINGS.contains(&word.as_str()) {
            break;
        }
        at = dot;
    }
    at
}

/// Returns the places of identifiers such as `8a1f0c1e-0c2f-4d6b-9a51-2f1d3c4b5a69`.
pub(super) fn uuids(key: &str) -> Vec<Range<usize>> {
    const LENGTH: usize = 36;
    let is_uuid = |at: &usize| {
        let is_alone = !key[..*at].ends_with(|c: char| c.is_ascii_hexdigit());
        is_alone && key.get(*at..at + LENGTH).is_some_and(|text| uuid::Uuid::parse_str(text).is_ok())
    };
    key.char_indices().map(|(at, _)| at).filter(is_uuid).map(|at| at..at + LENGTH).collect()
}

/// Returns the places of regions such as `eu-west-1`.
pub(super) fn regions(key: &str) -> Vec<Range<usize>> {
    const PLACES: &[&str] = &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "cn", "mx"];
    let words = words(key);
    let text = |range: &Range<usize>| &key[range.clone()];
    let mut found = Vec::new();
    for (place, first) in words.iter().enumerate().filter(|(_, word)| PLACES.contains(&text(word))) {
        let mut end = first.end;
        for word in words[place + 1..].iter().take(3) {
            if word.start != end + 1 || !key[end..].starts_with('-') {
                break;
            }
            end = word.end;
            if text(word).len() == 1 && text(word).bytes().all(|byte| byte.is_ascii_digit()) {
                found.push(first.start..end);
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_tell_files_apart_are_found() {
        for (word, kind) in [
            ("orders", Word::Fixed),
            ("CloudTrail", Word::Fixed),
            ("SalesOrderLines", Word::Fixed),
            ("EventLogFile", Word::Fixed),
            ("abcdefab", Word::Random),
            ("decade", Word::Fixed),
            ("v2", Word::LikelyFixed),
            ("s3", Word::Fixed),
            ("shop2", Word::LikelyFixed),
            ("Q1", Word::LikelyFixed),
            ("AbCdEf", Word::Random),
            ("nYrlLQoRL2hQvaIr", Word::Random),
            ("8a1f0c1e", Word::Random),
            ("k3j9x2m1", Word::Random),
            ("1714557600123", Word::Epoch),
            ("1714557600", Word::Epoch),
            ("00000", Word::Number { letters: 0 }),
            ("84913", Word::Number { letters: 0 }),
            ("part00000", Word::Number { letters: 4 }),
            ("KW22", Word::Number { letters: 2 }),
            ("68463867", Word::Random),
            ("0068463867", Word::Number { letters: 0 }),
            ("c000", Word::Number { letters: 1 }),
        ] {
            assert_eq!(Word::of(word), kind, "{word}");
        }
    }

    #[test]
    fn names_end_with_their_formats() {
        for (name, expected) in [
            ("a.csv.gz", ".csv.gz"),
            ("part-0.c000.snappy.parquet", ".snappy.parquet"),
            ("a.001", ""),
            (".csv", ""),
            ("a.b2", ""),
        ] {
            assert_eq!(&name[ending(name)..], expected, "{name}");
        }
        let of = |found: Vec<Range<usize>>, key: &'static str| found.into_iter().map(|range| &key[range]).collect::<Vec<_>>();
        let key = "a_eu-west-1_us-gov-east-2-eu-x";
        assert_eq!(of(regions(key), key), ["eu-west-1", "us-gov-east-2"]);
        let key = "a-8a1f0c1e-0c2f-4d6b-9a51-2f1d3c4b5a69.csv";
        assert_eq!(of(uuids(key), key), ["8a1f0c1e-0c2f-4d6b-9a51-2f1d3c4b5a69"]);
    }
}
