//! Documents that hold records: envelopes with an array, exports and changes of DynamoDB.

use serde_json::Value;

/// An envelope: a document with an array of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Names that lead to the records.
    pub(super) path: Vec<String>,
    /// Doubts, each a sentence.
    pub(super) doubts: Vec<String>,
}

impl Envelope {
    /// Returns the envelope of documents; `None` if they are records.
    pub(super) fn of(documents: &[Value]) -> Option<Self> {
        let first = documents.first()?;
        let lists = lists(first);
        // A record with a list of items is a record; an envelope is mostly its list.
        let scalars = first.as_object().map_or(0, |members| members.values().filter(|value| !is_nested(value)).count());
        let (path, _) = lists.iter().find(|(path, _)| path.len() > 1 || scalars <= 3)?;
        // One document that has a list of objects holds records; lines of many documents are records.
        let has_list = |document: &Value| lists_at(document, path).is_some();
        if documents.len() > 1 && !documents.iter().all(has_list) {
            return None;
        }
        let mut doubts = Vec::new();
        if lists.len() > 1 {
            let shown = lists.iter().map(|(path, count)| format!("`{}` ({count})", written(path))).collect::<Vec<_>>().join(", ");
            doubts.push(format!(
                "the document has several arrays of objects: {shown}: which has the records? The others are not read"
            ));
        }
        let others = others(first, path);
        if !others.is_empty() {
            let shown = others.join(", ");
            doubts.push(format!("each document also has {shown}: `envelope` adds such values to its records"));
        }
        Some(Self { path: path.clone(), doubts })
    }
}

fn is_nested(value: &Value) -> bool {
    value.is_array() || value.is_object()
}

/// Returns the paths to arrays of objects of a document, at most three deep, with the number of their items.
fn lists(document: &Value) -> Vec<(Vec<String>, usize)> {
    fn collect(value: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, usize)>) {
        let Some(members) = value.as_object() else { return };
        for (name, value) in members {
            path.push(name.clone());
            match value {
                Value::Array(items) if items.first().is_some_and(Value::is_object) => found.push((path.clone(), items.len())),
                Value::Object(_) if path.len() < 3 => collect(value, path, found),
                _ => {}
            }
            path.pop();
        }
    }
    let mut found = Vec::new();
    collect(document, &mut Vec::new(), &mut found);
    found
}

fn lists_at<'v>(document: &'v Value, path: &[String]) -> Option<&'v Vec<Value>> {
    path.iter().try_fold(document, |value, name| value.get(name)).and_then(Value::as_array)
}

/// Returns the records of a document.
pub(super) fn at<'v>(document: &'v Value, path: &[String]) -> impl Iterator<Item = &'v Value> {
    lists_at(document, path).into_iter().flatten()
}

/// Returns a path as the module has it.
pub(super) fn written(path: &[String]) -> String {
    let mut written = String::new();
    for name in path {
        if name.contains(['.', '[', ']', '/', '$', '\'']) || name.is_empty() {
            written.push_str(&format!("['{name}']"));
        } else {
            written.push_str(if written.is_empty() { "" } else { "." });
            written.push_str(name);
        }
    }
    written
}

/// Returns the members of a document that stand beside its records.
fn others(document: &Value, path: &[String]) -> Vec<String> {
    let mut others = Vec::new();
    let mut value = document;
    for (depth, name) in path.iter().enumerate() {
        for other in value.as_object().into_iter().flat_map(serde_json::Map::keys).filter(|other| *other != name) {
            let place = [&path[..depth], std::slice::from_ref(other)].concat();
            others.push(format!("`{}`", written(&place)));
        }
        let Some(next) = value.get(name) else { break };
        value = next;
    }
    others
}

/// Records that stand in objects of their own: an export of DynamoDB, or its changes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wrapped {
    /// Path of the records.
    pub(super) path: String,
    /// The records.
    pub(super) records: Vec<Value>,
    /// Doubt, a sentence.
    pub(super) doubt: Option<String>,
}

impl Wrapped {
    /// Returns the records of such documents; `None` if they are others.
    pub(super) fn of(documents: &[Value]) -> Option<Self> {
        let all: Vec<&Value> = documents.iter().collect();
        let items = || documents.iter().filter_map(Value::as_array).flatten().collect::<Vec<_>>();
        let below = || documents.iter().filter_map(|document| document.get("Records")?.as_array()).flatten().collect::<Vec<_>>();
        Self::of_export(&all)
            .or_else(|| Self::of_changes("", &all))
            .or_else(|| Self::of_changes("[*].", &items()))
            .or_else(|| Self::of_changes("Records[*].", &below()))
    }

    /// Returns the items of an export to S3: `{"Item": {…}}` on each line.
    fn of_export(documents: &[&Value]) -> Option<Self> {
        let item = |document: &&Value| {
            let is_alone = document.as_object().is_some_and(|members| members.len() == 1);
            document.get("Item").filter(|item| is_alone && has_attribute_values(item)).cloned()
        };
        let records = documents.iter().map(item).collect::<Option<Vec<_>>>()?;
        Some(Self { path: "Item".to_owned(), records, doubt: None })
    }

    /// Returns the images of changes of a stream.
    fn of_changes(before: &str, changes: &[&Value]) -> Option<Self> {
        let image =
            |change: &&Value, name: &str| change.get("dynamodb")?.get(name).filter(|image| has_attribute_values(image)).cloned();
        let is_change = |change: &&Value| image(change, "Keys").is_some() || image(change, "NewImage").is_some();
        if changes.is_empty() || !changes.iter().all(is_change) {
            return None;
        }
        let images = |name: &str| changes.iter().filter_map(|change| image(change, name)).collect::<Vec<_>>();
        let (name, records) =
            ["NewImage", "OldImage", "Keys"].map(|name| (name, images(name))).into_iter().find(|(_, found)| !found.is_empty())?;
        let lacking = changes.len() - records.len();
        let mut doubt = format!("each change is read as its `{name}` alone, without `eventName` and its time");
        if lacking > 0 {
            let all = changes.len();
            doubt.push_str(&format!("; {lacking} of {all} have none, as deletions: `without_record: skip` skips them"));
        }
        Some(Self { path: format!("{before}dynamodb.{name}"), records, doubt: Some(doubt) })
    }
}

/// Returns true if the members of an object are attribute values of DynamoDB.
pub(super) fn has_attribute_values(record: &Value) -> bool {
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
