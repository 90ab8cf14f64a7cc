//! A file's own list of its fields, which marks personal data.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::schema::ColumnName;

/// Columns from a file's own list of fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkedFields {
    /// Columns that are personal data.
    pub personal: BTreeSet<ColumnName>,
    /// All columns that it names.
    pub listed: BTreeSet<ColumnName>,
}

/// An entry of the list.
#[derive(Deserialize)]
struct Field {
    #[serde(rename = "fieldName")]
    name: String,
    pii: Truth,
}

/// A boolean, which some sources write as a string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Truth {
    Plain(bool),
    Text(String),
}

impl Truth {
    fn value(&self) -> Option<bool> {
        match self {
            Self::Plain(truth) => Some(*truth),
            Self::Text(text) => text.trim().to_ascii_lowercase().parse().ok(),
        }
    }
}

impl MarkedFields {
    /// Reads a list of `{"fieldName": …, "pii": …}`; `column` gives the column of a name. `None` if it is not such a list.
    pub(super) fn read(json: &[u8], column: impl Fn(&str) -> Option<ColumnName>) -> Option<Self> {
        let fields: Vec<Field> = serde_json::from_slice(json).ok()?;
        let mut marked = Self::default();
        for field in fields {
            // What could be no column's name is none's.
            let Some(column) = column(&field.name) else { continue };
            if field.pii.value()? {
                marked.personal.insert(column.clone());
            }
            marked.listed.insert(column);
        }
        Some(marked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::NamingRule;

    #[test]
    fn the_list_says_what_is_personal() {
        let read = |json: &str| MarkedFields::read(json.as_bytes(), |name| NamingRule::Camel.apply(name));
        let marked = read(
            r#"[{"fieldName":"fullName","pii":true},{"fieldName":"id","pii":"False"},{"fieldName":"é","pii":true,"more":1}]"#,
        );
        let marked = marked.unwrap();
        assert_eq!(marked.personal.iter().map(ToString::to_string).collect::<Vec<_>>(), ["full_name"]);
        assert_eq!(marked.listed.len(), 2);
        for wrong in [r#"{"fullName":true}"#, r#"[{"fieldName":"a"}]"#, r#"[{"fieldName":"a","pii":"perhaps"}]"#, "7", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
