//! The form of a JSON text: where its records are, and their notation.

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value};

use super::column::{has_nanoseconds, of_nanoseconds};
use super::envelopes::{Envelope, Wrapped, at, has_attribute_values, written};
use super::lenient::lenient;

/// The form of a JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Objects {
    /// Path of the records in each document; none if documents are the records.
    pub records: Option<String>,
    /// Name of the notation of wrapped values.
    pub unwrap: Option<&'static str>,
    /// True if dates have digits beyond the sixth of a second.
    pub has_nanoseconds: bool,
    /// Columns whose texts are documents.
    pub parse_json: Vec<String>,
    /// Doubts, each a sentence.
    pub doubts: Vec<String>,
    /// The records.
    pub sample: Vec<Value>,
}

/// Names of a file's records that may be one column: they differ in case and in what stands between words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spellings {
    /// The names.
    pub names: Vec<String>,
    /// True if a record has several of them.
    pub together: bool,
}

/// Maximum number of records that are looked at.
const MOST_RECORDS: usize = 1_000;

impl Objects {
    /// Returns the form of a text; `None` if it is no JSON. A text that ends in the middle has the documents before its end.
    pub(super) fn of(text: &str, is_whole: bool) -> Option<Self> {
        let text = text.trim_start_matches('\u{FEFF}').trim_start();
        if !text.starts_with(['{', '[']) {
            return None;
        }
        let (mut documents, mut is_cut) = documents(text);
        if is_cut {
            // The parser of a run reads more than this one.
            let lenient = lenient(text);
            let (more, is_still_cut) = self::documents(&lenient);
            if more.len() > documents.len() {
                (documents, is_cut) = (more, is_still_cut);
            }
        }
        let mut found = Self::default();
        let Some(first) = documents.first() else { return Self::unread(text, is_whole) };
        if is_cut && is_whole {
            found.doubts.push("the text does not end with a whole document: it is damaged, or not all of it is JSON".to_owned());
        }
        if let Some(changes) = Wrapped::of(&documents) {
            found.records = Some(changes.path);
            found.doubts.extend(changes.doubt);
            found.sample = changes.records;
        } else if first.is_array() {
            found.sample = documents.iter().filter_map(Value::as_array).flatten().cloned().collect();
        } else if !first.is_object() {
            return None;
        } else if let Some(Envelope { path, doubts }) = Envelope::of(&documents) {
            found.sample = documents.iter().flat_map(|document| at(document, &path)).cloned().collect();
            found.doubts.extend(doubts);
            found.records = Some(written(&path));
        } else {
            found.sample = documents;
        }
        found.sample.truncate(MOST_RECORDS);
        found.look_at_values();
        Some(found)
    }

    /// Returns the form of a text that begins as JSON does, of which no document can be read; `None` if it is something else.
    fn unread(text: &str, is_whole: bool) -> Option<Self> {
        let rest = text.trim_start_matches(|c: char| matches!(c, '{' | '[') || c.is_whitespace());
        if !rest.starts_with(['"', '}', ']']) {
            return None;
        }
        let doubt = match serde_json::from_str::<Value>(text) {
            Err(error) if is_whole => format!("it begins as JSON does, but its first document can't be read here: {error}"),
            _ => "its first record is longer than the part of the file that was looked at".to_owned(),
        };
        Some(Self { doubts: vec![doubt], ..Self::default() })
    }

    /// Returns the names of the records' members, in the order of their first appearance.
    pub fn names(&self) -> Vec<String> {
        let mut names = IndexSet::new();
        names.extend(self.sample.iter().filter_map(Value::as_object).flat_map(Map::keys));
        names.into_iter().cloned().collect()
    }

    /// Returns true if the name of a member, at any depth, has letters or digits beyond ASCII.
    pub fn has_other_letters(&self) -> bool {
        fn is_in(value: &Value) -> bool {
            match value {
                Value::Array(items) => items.iter().any(is_in),
                Value::Object(members) => {
                    let has = |name: &String| name.contains(|c: char| c.is_alphanumeric() && !c.is_ascii());
                    members.iter().any(|(name, value)| has(name) || is_in(value))
                }
                _ => false,
            }
        }
        self.sample.iter().any(is_in)
    }

    /// Returns the names that may be spellings of one column.
    pub fn spellings(&self) -> Vec<Spellings> {
        let folded = |name: &str| name.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "");
        let mut groups: IndexMap<String, Vec<String>> = IndexMap::new();
        for name in self.names() {
            let key = folded(&name);
            if !key.is_empty() {
                groups.entry(key).or_default().push(name);
            }
        }
        let several = groups.into_values().filter(|names| names.len() > 1);
        let with_records = several.map(|names| {
            let count = |record: &Value| names.iter().filter(|name| record.get(name.as_str()).is_some()).count();
            let together = self.sample.iter().any(|record| count(record) > 1);
            Spellings { names, together }
        });
        with_records.collect()
    }

    fn look_at_values(&mut self) {
        if self.sample.iter().any(has_extended_json) {
            self.unwrap = Some("mongo_extended");
            let example = self.sample.iter().find_map(date_with_nanoseconds).map(of_nanoseconds);
            self.has_nanoseconds = example.is_some();
            self.doubts.extend(example);
        } else if !self.sample.is_empty() && self.sample.iter().all(has_attribute_values) {
            self.unwrap = Some("dynamodb");
            if self.records.is_none() {
                self.doubts
                    .push("each value looks as DynamoDB writes it, `{\"N\": \"1\"}`, and loses that: is it so?".to_owned());
            }
        }
        let mut names: Vec<&String> = self.sample.iter().filter_map(Value::as_object).flat_map(|record| record.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let is_document = |name: &&&String| {
            let texts: Vec<&str> = self.sample.iter().filter_map(|record| record.get(name.as_str())?.as_str()).collect();
            let is_document =
                |text: &&str| text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<Value>(text).is_ok();
            // Documents without any value make no column: the texts would be gone.
            let has_value = |text: &&str| serde_json::from_str(text).is_ok_and(|value: Value| has_value(&value));
            !texts.is_empty() && texts.iter().all(is_document) && texts.iter().any(has_value)
        };
        self.parse_json = names.iter().filter(is_document).map(|name| (*name).clone()).collect();
    }
}

/// Returns true if a value is one, or has one in it.
fn has_value(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().any(has_value),
        Value::Object(members) => members.values().any(has_value),
        _ => true,
    }
}

/// Returns the documents of a text, up to one that is broken or cut off, and true if there is such a one. An array that is cut
/// off has its whole items.
fn documents(text: &str) -> (Vec<Value>, bool) {
    let (mut documents, rest) = values(text);
    let is_cut = documents.len() < MOST_RECORDS && !rest.is_empty();
    if documents.is_empty() {
        documents.extend(closed(text).and_then(|text| serde_json::from_str(&text).ok()));
    }
    (documents, is_cut)
}

/// Returns a document that was cut off, with its arrays and objects closed after the last whole object or array that is an item.
fn closed(text: &str) -> Option<String> {
    let (mut open, mut last): (Vec<char>, Option<(usize, usize)>) = (Vec::new(), None);
    let (mut in_text, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if in_text => is_escaped = true,
            '"' => in_text = !in_text,
            _ if in_text => {}
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' => {
                if open.pop() != Some(c) {
                    return None;
                }
                // Deeper ones may be of an item that is not whole.
                if open.last() == Some(&']') && last.is_none_or(|(_, depth)| open.len() <= depth) {
                    last = Some((at + 1, open.len()));
                }
            }
            _ => {}
        }
    }
    let (end, depth) = last?;
    let closing: String = open.get(..depth)?.iter().rev().collect();
    Some(text[..end].to_owned() + &closing)
}

/// Returns values one after the other, with or without commas, and the text after them.
fn values(text: &str) -> (Vec<Value>, &str) {
    let (mut values, mut rest) = (Vec::new(), text.trim_start());
    while values.len() < MOST_RECORDS && !rest.is_empty() {
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(value)) = stream.next() else { break };
        rest = rest[stream.byte_offset()..].trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        values.push(value);
    }
    (values, rest)
}

/// Returns a date of MongoDB that has digits beyond the sixth of a second.
fn date_with_nanoseconds(value: &Value) -> Option<&str> {
    match value {
        Value::Object(members) => {
            let date = members.get("$date").and_then(Value::as_str).filter(|text| has_nanoseconds(text));
            date.or_else(|| members.values().find_map(date_with_nanoseconds))
        }
        Value::Array(items) => items.iter().find_map(date_with_nanoseconds),
        _ => None,
    }
}

fn has_extended_json(record: &Value) -> bool {
    let is_wrapped = |value: &Value| {
        value.as_object().is_some_and(|members| {
            members.len() == 1
                && members.keys().all(|name| {
                    matches!(name.as_str(), "$oid" | "$date" | "$numberLong" | "$numberDecimal" | "$numberInt" | "$numberDouble")
                })
        })
    };
    record.as_object().is_some_and(|members| members.values().any(is_wrapped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_in_documents() {
        for (text, path, count) in [
            ("{\"a\":1}\n{\"a\":2}\n", None, 2),
            ("[{\"a\":1},{\"a\":2}]", None, 2),
            ("{\"data\":[{\"a\":1}],\"total\":1}", Some("data"), 1),
            ("{\"x\":{\"rows\":[{\"a\":1},{\"a\":2}]}}", Some("x.rows"), 2),
            ("{\"Records\":[{\"id\":1}],\"region\":\"eu\"}\n{\"Records\":[{\"id\":2}],\"region\":\"us\"}\n", Some("Records"), 2),
            (
                "{\"id\":1,\"items\":[{\"x\":1}],\"a\":1,\"b\":2,\"c\":3}\n{\"id\":2,\"items\":[],\"a\":1,\"b\":2,\"c\":3}",
                None,
                2,
            ),
            ("{\"a\":1},\n{\"a\":2},\n", None, 2),
            ("{\"a\":1}\n{\"a\":", None, 1),
            ("[{\"a\":1},{\"a\":2},{\"a\":", None, 2),
            ("{\"Item\":{\"id\":{\"N\":\"1\"}}}\n{\"Item\":{\"id\":{\"N\":\"2\"}}}\n", Some("Item"), 2),
            ("{\"a.b\":[{\"x\":1}]}", Some("['a.b']"), 1),
            ("{\"data\":[{\"a\":[{\"x\":\"}\"}]},{\"a\":[{\"x\":1}]},{\"a\":[{\"x\":2},{", Some("data"), 2),
            ("{\"id\":NaN}\n{\"id\":2}", None, 2),
            ("{\"data\":[{\"id\":1e400},{\"id\":\"\\ud800\"}]}", Some("data"), 2),
        ] {
            let found = Objects::of(text, true).unwrap();
            assert_eq!((found.records.as_deref(), found.sample.len()), (path, count), "{text}");
        }
        assert_eq!(Objects::of("id,name", true), None);
    }

    #[test]
    fn wrapped_values_and_documents_in_texts_are_told() {
        let of = |text: &str| Objects::of(text, true).unwrap();
        let none = of(r#"{"d":"{}"}{"d":"[]"}{"d":"{\"a\":[null]}"}"#);
        assert_eq!((none.sample.len(), none.parse_json), (3, Vec::<String>::new()));
        assert_eq!(of(r#"{"_id":{"$oid":"a"},"x":1}"#).unwrap, Some("mongo_extended"));
        assert_eq!(of(r#"{"id":{"N":"1"},"x":{"S":"y"}}"#).unwrap, Some("dynamodb"));
        let found = of(r#"{"id":1,"d":"{\"x\":1}","e":"[text]"}"#);
        assert_eq!((found.parse_json, found.unwrap), (vec!["d".to_owned()], None));
    }

    #[test]
    fn doubts_name_what_is_left_out() {
        let doubts = |text: &str| Objects::of(text, true).unwrap().doubts;
        let two = doubts(r#"{"orders":[{"id":1}],"items":[{"x":1},{"x":2}]}"#);
        assert!(two[0].contains("`orders` (1)") && two[0].contains("`items` (2)"), "{two:?}");
        let around = doubts(r#"{"meta":{"day":"x"},"data":[{"id":1}],"total":1}"#);
        assert!(around[0].contains("`meta`, `total`"), "{around:?}");
        assert!(doubts("{\"id\":1}\nfoo\n")[0].contains("damaged"));
        assert_eq!(doubts("{\"id\":1}\n{\"id\":2}\n"), Vec::<String>::new());
    }

    #[test]
    fn changes_of_dynamodb_are_records() {
        let change = r#"{"eventName":"INSERT","dynamodb":{"Keys":{"id":{"N":"1"}},"NewImage":{"id":{"N":"1"},"x":{"S":"y"}}}}"#;
        let removed = r#"{"eventName":"REMOVE","dynamodb":{"Keys":{"id":{"N":"2"}}}}"#;
        for (text, path) in [
            (format!("{{\"Records\":[{change},{removed}]}}"), "Records[*].dynamodb.NewImage"),
            (format!("{change}\n{removed}\n"), "dynamodb.NewImage"),
            (format!("[{change},{removed}]"), "[*].dynamodb.NewImage"),
        ] {
            let found = Objects::of(&text, true).unwrap();
            assert_eq!((found.records.as_deref(), found.unwrap, found.sample.len()), (Some(path), Some("dynamodb"), 1), "{text}");
            assert!(found.doubts[0].contains("1 of 2") && found.doubts[0].contains("without_record"), "{:?}", found.doubts);
        }
    }

    #[test]
    fn spellings_of_one_name_are_found() {
        let of = |text: &str| {
            let found = Objects::of(text, true).unwrap().spellings();
            found.into_iter().map(|group| (group.names.join(" "), group.together)).collect::<Vec<_>>()
        };
        assert_eq!(of("{\"userId\":1}\n{\"user_id\":2}\n"), [("userId user_id".to_owned(), false)]);
        assert_eq!(of(r#"{"ID":1,"id":2,"x":3}"#), [("ID id".to_owned(), true)]);
    }
}
