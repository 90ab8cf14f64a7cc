//! Settings of the execution engine.

use std::fmt;

use bytesize::ByteSize;
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Execution engine: reads source files and writes rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum EngineName {
    /// On this machine.
    #[default]
    Local,
    /// On Spark, or on this machine where Spark would not give the same rows.
    Spark,
    /// On Spark for dates of at least `spark.from` bytes, else on this machine.
    Auto,
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Spark => "spark",
            Self::Auto => "auto",
        })
    }
}

/// A Spark Connect server.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SparkSettings {
    /// Its address: `sc://host:15002`, with `/;token=…;use_ssl=true` behind it where it asks for that.
    pub remote: SparkRemote,
    /// How it spells locations in S3: `s3` on EMR, `s3a` elsewhere.
    #[serde(default = "s3_scheme")]
    pub s3_scheme: String,
    /// From how many bytes of source files on `auto` has it read a collection's day.
    #[serde(default = "from")]
    #[schemars(with = "String")]
    pub from: ByteSize,
    /// Where files are copied that it can't read as they lie. None: adg reads those itself.
    #[serde(default)]
    pub staging: Option<StagingSettings>,
}

/// A place that both adg and the server reach, where adg copies files for the server, as plain text, and removes them once they are
/// read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StagingSettings {
    /// The name of a store. The copies lie below `adg-staging/` in it.
    pub store: String,
    /// Which files.
    #[serde(default)]
    pub files: StagedFiles,
}

/// Which files are copied for the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StagedFiles {
    /// Those that it could not read whatever its rights: encrypted, packed, or not in UTF-8.
    #[default]
    Unreadable,
    /// All: the server has no right to read the source.
    All,
}

impl SparkSettings {
    /// The server at an address, with all else as it is by itself.
    pub fn at(remote: SparkRemote) -> Self {
        Self { remote, s3_scheme: s3_scheme(), from: from(), staging: None }
    }
}

/// What one machine of two cores reads in about ten minutes.
fn from() -> ByteSize {
    ByteSize::gib(16)
}

fn s3_scheme() -> String {
    "s3a".to_owned()
}

/// The address of a Spark Connect server. What stands behind the host may be a token: it is not shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SparkRemote(String);

impl SparkRemote {
    /// All of it.
    pub fn address(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it that is not shown.
    pub fn is_plain(&self) -> bool {
        self.to_string() == self.0
    }
}

impl From<String> for SparkRemote {
    fn from(address: String) -> Self {
        Self(address)
    }
}

impl fmt::Display for SparkRemote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.split("/;").next().unwrap_or_default())
    }
}

impl fmt::Debug for SparkRemote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SparkRemote({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown() {
        let remote = SparkRemote::from("sc://host:443/;token=secret".to_owned());
        assert_eq!((remote.to_string(), format!("{remote:?}")), ("sc://host:443".into(), "SparkRemote(sc://host:443)".into()));
        assert!(!remote.is_plain() && SparkRemote::from("sc://host".to_owned()).is_plain());
    }
}
