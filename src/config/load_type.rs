//! Load types: the ways in which one source's changes come, each with files and tables of its own.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::{CollectionName, ModuleName, NameError, ProcessingDate};
use crate::source::Pick;

use super::Module;

/// Which of a module's loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LoadType {
    /// All that the source has, each day anew. The module as it is, unless `load_types` says more of it.
    #[default]
    Full,
    /// The day's changes as they were delivered: all files of the day, in sequence. A partition is one day's delivery.
    Delta,
    /// The same files, as the history of all changes since `start`: its partitions are read together.
    Incremental,
}

impl fmt::Display for LoadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Delta => "delta",
            Self::Incremental => "incremental",
        })
    }
}

/// Where a load differs from the module as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoadSettings {
    /// The pattern of its files. None: that of `source`.
    pub files: Option<String>,
    /// Which of a day's files count. None: as `source` says.
    pub pick: Option<Pick>,
    /// What its tables' names have at their end, and `{collection}` in their folder. A load with such tables has a record of its own
    /// of what is done, under the module's name with the same end; one without shares the module's.
    pub table_suffix: String,
    /// What `correlation_id` has at its end.
    pub correlation_id_suffix: String,
    /// The first date that counts. None: as `catchup` says.
    pub start: Option<ProcessingDate>,
}

impl Module {
    /// Whether two of its loads write to the same tables, and have one record of what is done.
    pub fn has_loads_of_one_record(&self) -> bool {
        let full = (!self.load_types.contains_key(&LoadType::Full)).then_some("");
        let mut suffixes: Vec<&str> = self.load_types.values().map(|load| load.table_suffix.as_str()).chain(full).collect();
        let loads = suffixes.len();
        suffixes.sort_unstable();
        suffixes.dedup();
        suffixes.len() < loads
    }

    /// The module as one of its loads has it.
    ///
    /// # Errors
    /// A table's name with its end is none.
    pub(super) fn loaded_as(mut self, load: &LoadSettings) -> Result<Self, NameError> {
        let LoadSettings { files, pick, table_suffix, correlation_id_suffix, start } = load;
        self.module = format!("{}{table_suffix}", self.module).parse::<ModuleName>()?;
        self.source.files = files.clone().unwrap_or(self.source.files);
        self.source.pick = pick.unwrap_or(self.source.pick);
        self.catchup.start = start.or(self.catchup.start);
        self.correlation_id = self.correlation_id.map(|id| format!("{id}{correlation_id_suffix}"));
        let collections = std::mem::take(&mut self.collections).into_iter().map(|(name, mut settings)| {
            settings.file_name.get_or_insert_with(|| name.to_string());
            Ok((format!("{name}{table_suffix}").parse::<CollectionName>()?, settings))
        });
        self.collections = collections.collect::<Result<_, NameError>>()?;
        Ok(self)
    }
}
