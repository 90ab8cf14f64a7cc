//! Names of modules and collections, for use in paths, table names and ledger keys.

use std::fmt;
use std::str::FromStr;

/// An error for a name that can't be used in a path or a table name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a name: use lower-case letters, digits and `_`, beginning with a letter")]
pub struct NameError {
    text: String,
}

fn checked(text: &str) -> Result<String, NameError> {
    let mut chars = text.chars();
    let begins = chars.next().is_some_and(|c| c.is_ascii_lowercase());
    if begins && text.len() <= 128 && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        Ok(text.to_owned())
    } else {
        Err(NameError { text: text.to_owned() })
    }
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                checked(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9_]{0,127}$" })
            }
        }
    };
}

name_type! {
    /// A family of tables fed by one source: `vacancy`.
    ModuleName
}
name_type! {
    /// One table of a module: `bids`.
    CollectionName
}

/// The name of a job of any kind. A module is a job of ingest.
pub type JobName = ModuleName;
/// The name of a job's table, sink or dataset. A collection is a node of a module.
pub type NodeName = CollectionName;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_paths_and_ddl() {
        assert!("bid_employers2".parse::<CollectionName>().is_ok());
        for bad in ["", "Bids", "../x", "a-b", "a b", "1a", "_a", "a/b", "a`b", "é"] {
            assert!(bad.parse::<CollectionName>().is_err(), "{bad}");
        }
    }
}
