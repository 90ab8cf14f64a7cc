//! What a lease is of.

use std::fmt;
use std::str::FromStr;

use crate::identity::ModuleName;

use super::Shard;

/// A module, or a share of its dates.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeaseName {
    /// The module.
    pub module: ModuleName,
    /// The share; none where it is all of the module.
    pub shard: Option<Shard>,
}

impl From<ModuleName> for LeaseName {
    fn from(module: ModuleName) -> Self {
        Self { module, shard: None }
    }
}

/// As ledgers keep it: `vacancy`, `vacancy#3/8`. No module's name has that character.
impl fmt::Display for LeaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shard {
            None => self.module.fmt(f),
            Some(shard) => write!(f, "{}#{shard}", self.module),
        }
    }
}

impl FromStr for LeaseName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (module, shard) = text.split_once('#').map_or((text, None), |(module, shard)| (module, Some(shard)));
        let shard = shard.map(str::parse).transpose().map_err(|error: super::ShardError| error.to_string())?;
        Ok(Self { module: module.parse().map_err(|error: crate::identity::NameError| error.to_string())?, shard })
    }
}
