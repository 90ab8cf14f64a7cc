//! Numbers and checksums in the text of a control file, at places that the module names.

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;

use md5::{Digest, Md5};
use regex::{Captures, Regex};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use sha2::Sha256;

use crate::config::ControlSettings;

/// Refuses settings that tell nothing, and patterns without their token.
///
/// # Errors
/// The name of a wrong setting, and the reason.
pub(super) fn check(settings: &ControlSettings) -> Result<(), (&'static str, String)> {
    let ControlSettings { rows, bytes, checksum, .. } = settings;
    let patterns = [("rows", rows, "{rows}"), ("bytes", bytes, "{bytes}"), ("checksum", checksum, "{checksum}")];
    for (what, pattern, token) in patterns {
        if let Some(pattern) = pattern.as_ref().filter(|pattern| !pattern.starts_with('/') && !pattern.contains(token)) {
            return Err((what, without_token(pattern, token)));
        }
    }
    if patterns.iter().all(|(_, pattern, _)| pattern.is_none()) {
        let reason = "it has none of `rows`, `bytes` and `checksum`, so that nothing is compared; a file for which a date merely \
                      waits is `source.complete.marker`";
        return Err(("files", reason.to_owned()));
    }
    Ok(())
}

fn without_token(pattern: &str, token: &str) -> String {
    format!("`{pattern}` has no `{token}`, and is no JSON Pointer, which begins with `/`")
}

/// Returns the number in a text: at a JSON Pointer such as `/counts/rows`, else in the place of a pattern such as `ROWS={rows}`;
/// `*` matches anything within a line.
///
/// # Errors
/// The pattern does not have the token, or the text has several numbers in its place.
pub(super) fn number(text: &str, pattern: &str, token: &str) -> Result<Option<u64>, String> {
    if pattern.starts_with('/') {
        return Ok(match at_pointer(text, pattern)? {
            serde_json::Value::String(text) => whole(&text),
            // `12.0` is 12.
            value => value.as_u64().or_else(|| whole(value.to_string().trim_end_matches('0').strip_suffix('.')?)),
        });
    }
    // As much as stands there, if nothing is said of what follows: `12.5` is not 12.
    // Letters and groups of three digits behind it belong to it: `2 000` and `2e3` are not 2.
    let value = if pattern.ends_with(token) {
        r"(?<value>[0-9][0-9.,'_]*(?:[ \x{A0}\x{2009}\x{202F}][0-9]{3}\b|[0-9A-Za-z])*)"
    } else {
        "(?<value>[0-9][0-9.,'_]*?)"
    };
    let found = find(text, pattern, (token, value), "")?;
    let found = found.into_iter().map(|found| (whole(&found), found)).collect();
    Ok(only(pattern, found)?.flatten())
}

/// Returns the checksum of a file in a text, by the same rules, with the token `{checksum}`; `{file}` is the file's name.
///
/// # Errors
/// The pattern does not have the token, or the text has several checksums in its place.
pub(super) fn checksum(text: &str, pattern: &str, file: &str) -> Result<Option<(Sum, String)>, String> {
    let found = if pattern.starts_with('/') {
        let pointer = pattern.replace("{file}", &file.replace('~', "~0").replace('/', "~1"));
        at_pointer(text, &pointer)?.as_str().map(str::to_owned).into_iter().collect()
    } else {
        find(text, pattern, ("{checksum}", "\\b(?<value>[0-9a-fA-F]+)\\b"), file)?
    };
    let sum = |found: String| {
        let hex = found.trim().to_lowercase();
        Some(((Sum::of_length(hex.len())?, hex), found))
    };
    only(pattern, found.into_iter().filter_map(sum).collect())
}

/// Returns the only one of the values in the place of a pattern, each with its text; `None` if there is none.
///
/// # Errors
/// They differ.
fn only<T: PartialEq>(pattern: &str, found: Vec<(T, String)>) -> Result<Option<T>, String> {
    let mut found = found.into_iter();
    let Some((value, text)) = found.next() else { return Ok(None) };
    match found.find(|(other, _)| *other != value) {
        None => Ok(Some(value)),
        Some((_, other)) => Err(format!(
            "`{pattern}` stands there several times, with {text} and {other}; write more of the line into it, such as the words \
             before it, with `*` for some of them"
        )),
    }
}

/// Returns the value at a JSON Pointer; null if there is none, or if the text is no JSON document.
///
/// # Errors
/// A name on the way stands twice in its object: readers differ in which of them they keep.
fn at_pointer(text: &str, pointer: &str) -> Result<serde_json::Value, String> {
    let mut value: Box<RawValue> = serde_json::from_str(text).unwrap_or_default();
    for segment in pointer.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        let next = match value.get().as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(value.get()).unwrap_or_default();
                let mut named = members.into_iter().filter(|(other, _)| *other == name);
                let found = named.next();
                if let (Some((_, one)), Some((_, other))) = (&found, named.next()) {
                    return Err(format!("the name `{name}` of `{pointer}` stands twice, with {one} and {other}"));
                }
                found.map(|(_, value)| value)
            }
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(value.get()).unwrap_or_default();
                name.parse().ok().and_then(|place: usize| items.into_iter().nth(place))
            }
            _ => None,
        };
        value = next.unwrap_or_default();
    }
    Ok(serde_json::from_str(value.get()).unwrap_or_default())
}

/// Members of a JSON object, in order.
#[derive(Default)]
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

/// Returns the texts in the places of the token, wherever the text has the pattern; `value` is what one may be. The name of a
/// file counts only where it is no part of a longer one.
fn find(text: &str, pattern: &str, (token, value): (&str, &str), file: &str) -> Result<Vec<String>, String> {
    let Some((before, after)) = pattern.split_once(token) else {
        return Err(without_token(pattern, token));
    };
    let file = format!("(?<file>{})", regex::escape(file));
    let any = |text: &str| text.split('*').map(regex::escape).collect::<Vec<_>>().join(".*");
    let literal = |text: &str| text.split("{file}").map(any).collect::<Vec<_>>().join(&file);
    // `ROWS=` is no part of `BAD_ROWS=`.
    let begin = if before.starts_with(|c: char| c.is_alphanumeric() || c == '_') { r"\b" } else { "" };
    let regex = Regex::new(&format!("{begin}{}[ \t]*\"?{value}\"?{}", literal(before), literal(after)));
    let regex = regex.map_err(|error| error.to_string())?;
    let is_alone = |found: &Captures<'_>| found.name("file").is_none_or(|name| is_alone(text, name.range()));
    Ok(regex.captures_iter(text).filter(is_alone).map(|found| found["value"].to_owned()).collect())
}

/// Returns true if a name is no part of a longer one.
fn is_alone(text: &str, name: Range<usize>) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    !text[..name.start].ends_with(is_of_name) && !text[name.end..].starts_with(is_of_name)
}

/// Returns a whole number, with or without signs between its thousands: `1,234`.
fn whole(text: &str) -> Option<u64> {
    let text = text.trim().trim_end_matches([',', '.', '\'']);
    let mut groups = text.split([',', '.', '\'', '_', ' ', '\u{A0}', '\u{2009}', '\u{202F}']);
    let first = groups.next()?;
    let groups: Vec<&str> = groups.collect();
    let are_thousands = groups.is_empty() || first.len() <= 3 && groups.iter().all(|group| group.len() == 3);
    let digits = are_thousands.then(|| groups.concat())?;
    format!("{first}{digits}").parse().ok()
}

/// Function of a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sum {
    Md5,
    Sha256,
}

impl Sum {
    /// Returns the function whose sums have so many hexadecimal digits.
    fn of_length(digits: usize) -> Option<Self> {
        match digits {
            32 => Some(Self::Md5),
            64 => Some(Self::Sha256),
            _ => None,
        }
    }

    /// Returns the checksum of all bytes, in hexadecimal digits.
    pub(super) fn of(self, bytes: impl Read) -> io::Result<String> {
        match self {
            Self::Md5 => sum::<Md5>(bytes),
            Self::Sha256 => sum::<Sha256>(bytes),
        }
    }
}

fn sum<D: Digest>(mut bytes: impl Read) -> io::Result<String> {
    let (mut digest, mut buffer) = (D::new(), vec![0; 256 << 10]);
    loop {
        match bytes.read(&mut buffer)? {
            0 => return Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            count => digest.update(&buffer[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_at_a_pointer_or_in_a_pattern() {
        let of = |text: &str, pattern: &str| number(text, pattern, "{rows}").unwrap();
        assert_eq!(of("{\"counts\": {\"rows\": 12}}", "/counts/rows"), Some(12));
        assert_eq!(of("[\"0012\"]", "/0"), Some(12));
        assert_eq!(of("file=orders\nROWS = 0012\n", "ROWS ={rows}"), Some(12));
        assert_eq!(of("orders.csv|2024-05-01|7|123", "orders.csv|*|{rows}|"), Some(7));
        assert_eq!(of("0", "{rows}"), Some(0));
        assert_eq!(of("BAD_ROWS=0\nROWS=3\n", "ROWS={rows}"), Some(3));
        assert_eq!(
            (of("{\"rows\": 12.0}", "/rows"), of("{\"rows\": 12.5}", "/rows"), of("[\"1,234\"]", "/0")),
            (Some(12), None, Some(1234))
        );
        assert_eq!((of("ROWS=1,234.", "ROWS={rows}"), of("ROWS=12, BYTES=3", "ROWS={rows}")), (Some(1234), Some(12)));
        assert_eq!(
            (of("ROWS=12.5", "ROWS={rows}"), of("ROWS=-5", "ROWS={rows}"), of("12,345,x", "{rows},*")),
            (None, None, Some(12))
        );
        assert_eq!((of("ROWS=2 000", "ROWS={rows}"), of("ROWS=2\u{A0}000 ok", "ROWS={rows}")), (Some(2000), Some(2000)));
        assert_eq!((of("ROWS=2e3", "ROWS={rows}"), of("ROWS=2x", "ROWS={rows}")), (None, None));
        assert_eq!((of("ROWS=2 rows", "ROWS={rows}"), of("ROWS=2 00", "ROWS={rows}")), (Some(2), Some(2)));
        assert_eq!(of("ROWS=12345678901234567890123", "ROWS={rows}"), None);
        assert_eq!((of("{}", "/rows"), of("no json", "/rows"), of("rows: many", "rows: {rows}")), (None, None, None));
        assert!(number("", "ROWS=", "{rows}").is_err());
    }

    #[test]
    fn patterns_are_checked_before_a_file_is_read() {
        let of = |rows: Option<&str>| ControlSettings {
            files: "{date}.ctl".into(),
            rows: rows.map(str::to_owned),
            bytes: None,
            checksum: None,
            wait: true,
        };
        assert!(check(&of(Some("ROWS={rows}"))).is_ok() && check(&of(Some("/rows"))).is_ok());
        assert_eq!(check(&of(Some("ROWS="))).unwrap_err().0, "rows");
        assert!(check(&of(None)).unwrap_err().1.contains("source.complete.marker"));
    }

    #[test]
    fn several_values_in_one_place_are_refused() {
        let of = |text: &str, pattern: &str| number(text, pattern, "{rows}");
        let error = of("ROWS=12\nfile a\nROWS=7\n", "ROWS={rows}").unwrap_err();
        assert!(error.contains("with 12 and 7; write more of the line"), "{error}");
        assert_eq!(of("a ROWS=12\nTOTAL ROWS=19\n", "TOTAL ROWS={rows}"), Ok(Some(19)));
        assert_eq!(of("ROWS=12\nROWS=0012\nROWS=12", "ROWS={rows}"), Ok(Some(12)));
        assert!(of("ROWS=12.5\nROWS=12\n", "ROWS={rows}").is_err());
        let error = of(r#"{"counts": {"rows": 1, "x": 0, "rows": 2}}"#, "/counts/rows").unwrap_err();
        assert!(error.contains("with 1 and 2"), "{error}");
        let (one, other) = ("0cc175b9c0f1b6a831c399e269772661", "1cc175b9c0f1b6a831c399e269772661");
        let error = checksum(&format!("id=abc\n{one}\n{other}\n"), "{checksum}", "a.csv").unwrap_err();
        assert!(error.contains(&format!("with {one} and {other}")), "{error}");
        assert!(checksum(&format!("id=abc\n{one}\n"), "{checksum}", "a.csv").unwrap().is_some());
    }

    #[test]
    fn a_checksum_is_one_of_a_known_length() {
        let md5 = "0cc175b9c0f1b6a831c399e269772661";
        let of = |text: &str, pattern: &str| checksum(text, pattern, "a.csv").unwrap().map(|(sum, hex)| (sum == Sum::Md5, hex));
        let expected = Some((true, md5.to_owned()));
        assert_eq!(of(&format!("{} *a.csv\n", md5.to_uppercase()), "{checksum} *{file}"), expected);
        let others = ["b.csv", "b-a.csv", "a.csv.gz"].map(|name| format!("{}  {name}\n", md5.replace('0', "1"))).concat();
        assert_eq!(of(&format!("{others}{md5}  a.csv"), "{checksum} *{file}"), expected);
        assert_eq!(of(&others, "{checksum} *{file}"), None);
        assert_eq!(of(&format!("{{\"a.csv\": {{\"md5\": \"{md5}\"}}}}"), "/{file}/md5"), expected);
        assert_eq!(of(&format!("MD5 (a.csv) = {md5}"), "({file}) = {checksum}"), expected);
        let sha256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
        assert_eq!(of(sha256, "{checksum}"), Some((false, sha256.to_owned())));
        for none in ["", "0cc175b9", &format!("{md5}0"), "no sum at all, only words in this line"] {
            assert_eq!(of(none, "{checksum}"), None, "{none}");
        }
        assert_eq!((Sum::Md5.of(&b"a"[..]).unwrap(), Sum::Sha256.of(&b"a"[..]).unwrap()), (md5.to_owned(), sha256.to_owned()));
    }
}
