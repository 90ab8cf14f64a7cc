//! The form of a JSON text: where its records are, and their notation.

use serde_json::Value;

/// The form of a JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Objects {
    /// Path of the records in each document; none if documents are the records.
    pub records: Option<String>,
    /// Name of the notation of wrapped values.
    pub unwrap: Option<&'static str>,
    /// Columns whose texts are documents.
    pub parse_json: Vec<String>,
    /// Doubts, each a sentence.
    pub doubts: Vec<String>,
    /// The records.
    pub sample: Vec<Value>,
}

/// Maximum number of records that are looked at.
const MOST_RECORDS: usize = 1_000;

impl Objects {
    /// Returns the form of a text; `None` if it is no JSON. A text that ends in the middle has the documents before its end.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('\u{FEFF}').trim_start();
        if !text.starts_with(['{', '[']) {
            return None;
        }
        let documents = documents(text);
        let mut found = Self::default();
        let first = documents.first()?;
        match first {
            Value::Array(_) => found.sample = documents.iter().filter_map(Value::as_array).flatten().cloned().collect(),
            Value::Object(_) => {
                // One document that has a list of objects holds records; lines of many documents are records.
                let path = path_to_records(first)
                    .filter(|_| documents.len() == 1 || documents.iter().all(|document| path_to_records(document).is_some()));
                match path {
                    Some(path) => {
                        found.sample = documents.iter().flat_map(|document| at(document, &path)).cloned().collect();
                        if documents.len() > 1 || first.as_object().is_some_and(|members| members.len() > 1) {
                            let others = others(first, &path);
                            if !others.is_empty() {
                                found.doubts.push(format!(
                                    "each document also has {}: `envelope` adds such values to its records",
                                    others.join(", ")
                                ));
                            }
                        }
                        found.records = Some(path.join("."));
                    }
                    None => found.sample = documents,
                }
            }
            _ => return None,
        }
        found.sample.truncate(MOST_RECORDS);
        found.look_at_values();
        Some(found)
    }

    fn look_at_values(&mut self) {
        if self.sample.iter().any(has_extended_json) {
            self.unwrap = Some("mongo_extended");
        } else if !self.sample.is_empty() && self.sample.iter().all(has_attribute_values) {
            self.unwrap = Some("dynamodb");
        }
        let mut names: Vec<&String> = self.sample.iter().filter_map(Value::as_object).flat_map(|record| record.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let is_document = |name: &&&String| {
            let texts: Vec<&str> = self.sample.iter().filter_map(|record| record.get(name.as_str())?.as_str()).collect();
            let is_document =
                |text: &&str| text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<Value>(text).is_ok();
            !texts.is_empty() && texts.iter().all(is_document)
        };
        self.parse_json = names.iter().filter(is_document).map(|name| (*name).clone()).collect();
    }
}

/// Returns the documents of a text, up to one that is broken or cut off. An array that is cut off has its whole items.
fn documents(text: &str) -> Vec<Value> {
    let text = text.replace("},\n", "}\n").replace("},\r\n", "}\n");
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    while documents.len() < MOST_RECORDS {
        match stream.next() {
            Some(Ok(document)) => documents.push(document),
            _ => break,
        }
    }
    if documents.is_empty() && text.starts_with('[') {
        let items = serde_json::Deserializer::from_str(text[1..].trim_start()).into_iter::<Value>().next();
        documents.extend(items.and_then(Result::ok).map(|item| Value::Array(vec![item])));
    }
    documents
}

/// Returns the names that lead to the only list of objects of a document, at most three deep.
fn path_to_records(document: &Value) -> Option<Vec<String>> {
    fn lists(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        let Some(members) = value.as_object() else { return };
        for (name, value) in members {
            path.push(name.clone());
            match value {
                Value::Array(items) if items.first().is_some_and(Value::is_object) => found.push(path.clone()),
                Value::Object(_) if path.len() < 3 => lists(value, path, found),
                _ => {}
            }
            path.pop();
        }
    }
    let mut found = Vec::new();
    lists(document, &mut Vec::new(), &mut found);
    // A record with a list of items is a record; an envelope is mostly its list.
    let scalars = document
        .as_object()
        .map_or(0, |members| members.values().filter(|value| !value.is_array() && !value.is_object()).count());
    found.into_iter().next().filter(|path| path.len() > 1 || scalars <= 3)
}

fn at<'v>(document: &'v Value, path: &[String]) -> impl Iterator<Item = &'v Value> {
    let list = path.iter().try_fold(document, |value, name| value.get(name)).and_then(Value::as_array);
    list.into_iter().flatten()
}

fn others(document: &Value, path: &[String]) -> Vec<String> {
    let members = document.as_object().into_iter().flatten();
    let is_other = |(name, value): &(&String, &Value)| path.first() != Some(name) && !value.is_array() && !value.is_object();
    members.filter(is_other).map(|(name, _)| format!("`{name}`")).collect()
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

fn has_attribute_values(record: &Value) -> bool {
    let is_wrapped = |value: &Value| {
        value.as_object().is_some_and(|members| {
            members.len() == 1
                && members
                    .keys()
                    .all(|name| matches!(name.as_str(), "S" | "N" | "B" | "BOOL" | "NULL" | "M" | "L" | "SS" | "NS" | "BS"))
        })
    };
    record.as_object().is_some_and(|members| !members.is_empty() && members.values().all(is_wrapped))
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
        ] {
            let found = Objects::of(text).unwrap();
            assert_eq!((found.records.as_deref(), found.sample.len()), (path, count), "{text}");
        }
        assert_eq!(Objects::of("id,name"), None);
    }

    #[test]
    fn wrapped_values_and_documents_in_texts_are_told() {
        let of = |text: &str| Objects::of(text).unwrap();
        assert_eq!(of(r#"{"_id":{"$oid":"a"},"x":1}"#).unwrap, Some("mongo_extended"));
        assert_eq!(of(r#"{"id":{"N":"1"},"x":{"S":"y"}}"#).unwrap, Some("dynamodb"));
        let found = of(r#"{"id":1,"d":"{\"x\":1}","e":"[text]"}"#);
        assert_eq!((found.parse_json, found.unwrap), (vec!["d".to_owned()], None));
    }
}
