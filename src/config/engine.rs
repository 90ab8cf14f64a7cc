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
    /// Run on this machine.
    #[default]
    Local,
    /// Run on Spark, or on this machine where Spark would not give the same rows.
    Spark,
    /// Run on Spark for dates of at least `spark.from` bytes, else on this machine.
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

/// Connection to a Spark Connect server.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SparkSettings {
    /// Address of the server: `sc://host:15002`, followed by `/;token=…;use_ssl=true` if the server requires it.
    pub remote: SparkRemote,
    /// URL scheme of S3 locations on the server: `s3` on EMR, `s3a` elsewhere.
    #[serde(default = "s3_scheme")]
    pub s3_scheme: String,
    /// Smallest total size of a collection's source files for one date at which the engine `auto` uses Spark.
    #[serde(default = "from")]
    #[schemars(with = "String")]
    pub from: ByteSize,
    /// Store for copies of files that the server can't read directly. If not set, adg reads such files itself.
    #[serde(default)]
    pub staging: Option<StagingSettings>,
}

/// A store that both adg and the server can reach. adg copies files there for the server, as plain text, and deletes them after
/// reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StagingSettings {
    /// Name of a store of the profile. Copies are written below `adg-staging/` in it.
    pub store: String,
    /// Files to copy.
    #[serde(default)]
    pub files: StagedFiles,
}

/// Files that adg copies for the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StagedFiles {
    /// Files that the server can't read whatever its permissions: encrypted, compressed, or not in UTF-8.
    #[default]
    Unreadable,
    /// All files: the server has no permission to read the source.
    All,
}

impl SparkSettings {
    /// Returns the settings of a server at an address, with defaults for all other keys.
    pub fn at(remote: SparkRemote) -> Self {
        Self { remote, s3_scheme: s3_scheme(), from: from(), staging: None }
    }
}

/// Default of `from`: the amount that one machine of two cores reads in about ten minutes.
fn from() -> ByteSize {
    ByteSize::gib(16)
}

fn s3_scheme() -> String {
    "s3a".to_owned()
}

/// Address of a Spark Connect server. The part after `/;` may hold a token and is never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SparkRemote(String);

impl SparkRemote {
    /// Returns the whole address, including a token.
    pub fn address(&self) -> &str {
        &self.0
    }

    /// Returns true if the address has no hidden part.
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
