//! Names of datasets: <https://openlineage.io/docs/spec/naming>.

use serde_json::{Map, Value, json};

/// A dataset's name, unique within its namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DatasetName {
    /// Namespace, from the place of the data: `s3://bucket`, `file`, `hive://host:port`.
    pub namespace: String,
    /// Name in the namespace.
    pub name: String,
}

impl DatasetName {
    /// Returns the name of the dataset at a location: `s3://bucket/key`, `file:///path`.
    pub fn at(location: &str) -> Self {
        let (scheme, rest) = location.split_once("://").unwrap_or(("file", location));
        if scheme == "file" {
            return Self { namespace: "file".to_owned(), name: format!("/{}", rest.trim_matches('/')) };
        }
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let name = match key.trim_matches('/') {
            "" => "/",
            key => key,
        };
        Self { namespace: format!("{scheme}://{bucket}"), name: name.to_owned() }
    }

    pub(super) fn with(&self, facets: [(&str, Map<String, Value>); 2]) -> Value {
        let mut dataset = json!({ "namespace": self.namespace, "name": self.name });
        for (key, facets) in facets {
            dataset[key] = Value::Object(facets);
        }
        dataset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datasets_are_called_as_other_tools_call_them() {
        for (location, namespace, name) in [
            ("s3://bucket/data/db/bids/", "s3://bucket", "data/db/bids"),
            ("gs://bucket", "gs://bucket", "/"),
            ("file:///tmp/warehouse/db/bids", "file", "/tmp/warehouse/db/bids"),
        ] {
            assert_eq!(DatasetName::at(location), DatasetName { namespace: namespace.into(), name: name.into() });
        }
    }
}
