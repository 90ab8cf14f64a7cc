//! Search for the values at a path in the records of a file, with the near misses of a path that leads nowhere.

use std::io::Read;

use serde_json::Value;

use super::super::SourceError;
use super::super::bytes::open_texts;
use super::super::parser::ReadSizes;
use super::super::parser::json::scan::{self, Kind};
use super::super::parser::json::{JsonReader, PathStep, Room, written_path};
use super::format::JsonFormat;
use super::stopped::stopped;

/// Maximum bytes of a file that are searched, and maximum number of its records' names that are told.
const MOST_BYTES: usize = 1 << 20;
const MOST_NAMES: usize = 20;

/// Result of the search for a path in the records at the beginning of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// The path leads to something, if only to null or to an array without items, or nothing speaks against it.
    Found,
    /// It leads to nothing, and this one does.
    Nearly(Vec<PathStep>),
    /// It leads to nothing.
    Missing {
        /// Path to the place where it ends; empty if no record has its first name.
        place: Vec<PathStep>,
        /// True if there are texts.
        is_text: bool,
        /// Names of the records, up to a maximum.
        names: Vec<String>,
    },
}

/// Walk along a path in one record.
#[derive(Debug, PartialEq, Eq)]
struct Walk {
    path: Vec<PathStep>,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Lost,
    LostInText,
    /// Null, or an array without items: what would follow is not known.
    Unknown,
    Reached,
}

/// Searches the records at the beginning of a file for a path. Names that differ in spelling are near misses, as are items of
/// arrays that the path does not name.
///
/// # Errors
/// The file can't be read, or is no JSON document with records.
pub fn sought(
    (key, bytes): (&str, Box<dyn Read + Send>),
    format: &JsonFormat,
    sizes: ReadSizes,
    path: &[PathStep],
) -> Result<Sought, SourceError> {
    let text = open_texts(key, bytes, format.encoding)?.joined();
    let sizes = ReadSizes { block_bytes: sizes.block_bytes.min(MOST_BYTES), ..sizes };
    let mut reader = JsonReader::new(text, format.layout.clone(), format.reshape.clone(), sizes);
    let (mut best, mut names): (Option<Walk>, Vec<String>) = (None, Vec::new());
    let block = reader.next_block(&mut |text, members, _| {
        let member = |member: &scan::Member| {
            let value = match member.value.kind {
                Kind::Text { .. } => Value::String(member.value.meaning(text)),
                _ => serde_json::from_slice(member.value.text(text)).unwrap_or_default(),
            };
            (member.name.meaning(text), value)
        };
        let record: serde_json::Map<String, Value> = members.iter().map(member).collect();
        for name in record.keys() {
            if names.len() < MOST_NAMES && !names.contains(name) {
                names.push(name.clone());
            }
        }
        let walk = walk(&Value::Object(record), path);
        if best.as_ref().is_none_or(|best| rank(&walk, path) > rank(best, path)) {
            best = Some(walk);
        }
        Ok(Room::Left)
    });
    block.map_err(|error| stopped(key, sizes, reader.bytes_read(), error))?;
    Ok(match best {
        Some(Walk { path: place, end: end @ (End::Lost | End::LostInText) }) => {
            Sought::Missing { place, is_text: end == End::LostInText, names }
        }
        Some(Walk { path: found, .. }) if found != path => Sought::Nearly(found),
        _ => Sought::Found,
    })
}

/// Returns the rank of a walk: one to the end of the very path is the best, then one along another path.
fn rank(walk: &Walk, path: &[PathStep]) -> (u8, usize) {
    let rank = match walk.end {
        End::Reached if walk.path == path => 4,
        End::Reached => 3,
        End::Unknown if walk.path != path => 2,
        End::Unknown => 1,
        End::Lost | End::LostInText => 0,
    };
    (rank, walk.path.len())
}

fn walk(value: &Value, path: &[PathStep]) -> Walk {
    let ends = |end| Walk { path: Vec::new(), end };
    let Some((step, rest)) = path.split_first() else { return ends(End::Reached) };
    match (step, value) {
        (PathStep::Member(name), Value::Object(members)) => {
            let alike = || members.iter().find(|(other, _)| is_alike(name, other));
            match members.get_key_value(name).or_else(alike) {
                Some((found, value)) => after(PathStep::Member(found.clone()), walk(value, rest)),
                None => ends(End::Lost),
            }
        }
        (PathStep::Items, Value::Object(_)) => after(PathStep::Items, walk(value, rest)),
        (_, Value::Array(items)) => {
            let below = if *step == PathStep::Items { rest } else { path };
            let walks = items.iter().map(|item| walk(item, below));
            let best = walks.max_by_key(|walk| rank(walk, below));
            after(PathStep::Items, best.unwrap_or_else(|| Walk { path: below.to_vec(), end: End::Unknown }))
        }
        (_, Value::Null) => Walk { path: path.to_vec(), end: End::Unknown },
        (_, Value::String(text)) if text.trim_start().starts_with(['{', '[']) => ends(End::LostInText),
        _ => ends(End::Lost),
    }
}

fn after(step: PathStep, Walk { mut path, end }: Walk) -> Walk {
    path.insert(0, step);
    Walk { path, end }
}

/// Returns true if two names differ in nothing but case and the characters between words.
fn is_alike(one: &str, other: &str) -> bool {
    let letters = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let one = letters(one);
    !one.is_empty() && one == letters(other)
}

impl Sought {
    /// Returns in words why the path leads nowhere; `None` unless it does.
    pub fn missing(&self, path: &[PathStep]) -> Option<String> {
        let Self::Missing { place, is_text, names } = self else { return None };
        let (path, place_text) = (written_path(path), written_path(place));
        Some(match () {
            () if *is_text => {
                format!("no record has anything at `{path}`: `{place_text}` is a text; list it under `source.json.parse_json`")
            }
            () if place.is_empty() => format!("no record has anything at `{path}`; records have {}", names.join(", ")),
            () => format!("no record has anything at `{path}`; `{place_text}` ends the path"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Encoding, Layout, Reshape, ValueRules, parse_path};

    fn of(path: &str, text: &str) -> String {
        let format = JsonFormat {
            layout: Layout::default(),
            reshape: Reshape::default(),
            encoding: Encoding::default(),
            values: ValueRules::default(),
        };
        let sizes = ReadSizes { block_bytes: 1 << 16, record_bytes: 1 << 16 };
        let path = parse_path(path).unwrap();
        let bytes: Box<dyn Read + Send> = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        match sought(("a.json", bytes), &format, sizes, &path).unwrap() {
            Sought::Found => "found".to_owned(),
            Sought::Nearly(path) => written_path(&path),
            missing @ Sought::Missing { .. } => missing.missing(&path).unwrap(),
        }
    }

    #[test]
    fn a_path_is_found_or_its_near_miss_is() {
        let text = r#"{"id":1,"lineItems":[]}
{"id":2,"lineItems":[{"sku":"a","Tags":["x"]}],"o":{"a.b":[{}]},"none":null}"#;
        for (path, found) in [
            ("lineItems", "found"),
            ("lineItems[*].Tags", "found"),
            ("line_items", "lineItems"),
            ("lineitems[*].tags", "lineItems[*].Tags"),
            ("lineItems.Tags", "lineItems[*].Tags"),
            ("o.a_b", "o['a.b']"),
            ("none.items", "found"),
        ] {
            assert_eq!(of(path, text), found, "{path}");
        }
        assert_eq!(of("items", text), "no record has anything at `items`; records have id, lineItems, o, none");
        assert_eq!(of("o.items", text), "no record has anything at `o.items`; `o` ends the path");
        let in_text = r#"{"p":"{\"items\":[]}"}"#;
        assert!(of("p.items", in_text).ends_with("`p` is a text; list it under `source.json.parse_json`"));
        assert_eq!(of("items.tags", r#"{"items":null} {"items":[{"tags":1}]}"#), "items[*].tags");
    }
}
