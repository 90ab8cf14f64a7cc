//! The addresses of metastore services.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The address of a metastore service: `thrift://host:9083`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThriftUri {
    pub(super) host: String,
    pub(super) port: u16,
}

impl FromStr for ThriftUri {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.strip_prefix("thrift://").and_then(|rest| rest.trim_end_matches('/').rsplit_once(':'));
        match parts.map(|(host, port)| (host, port.parse())) {
            Some((host, Ok(port))) if !host.is_empty() => Ok(Self { host: host.trim_matches(['[', ']']).to_owned(), port }),
            _ => Err(format!("`{text}` is no metastore address; write thrift://HOST:9083")),
        }
    }
}

impl fmt::Display for ThriftUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "thrift://{}:{}", self.host, self.port)
    }
}

impl Serialize for ThriftUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ThriftUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for ThriftUri {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ThriftUri".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "thrift://HOST:9083" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        assert_eq!("thrift://hms-a:9083".parse::<ThriftUri>().unwrap().to_string(), "thrift://hms-a:9083");
        assert_eq!("thrift://[::1]:9083/".parse::<ThriftUri>().unwrap().host, "::1");
        for wrong in ["hms-a:9083", "thrift://hms-a", "thrift://:1", "http://a:1", "thrift://a:x"] {
            assert!(wrong.parse::<ThriftUri>().unwrap_err().contains(wrong));
        }
    }
}
