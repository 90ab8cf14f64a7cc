//! Modules with the settings of one of their loads.

use crate::identity::{CollectionName, LoadType, ModuleName, NameError};

use super::{LoadSettings, Module};

impl Module {
    /// Returns true if two of the module's loads write to the same tables and share one record of finished dates in the ledger.
    pub fn has_loads_of_one_record(&self) -> bool {
        let full = (!self.load_types.contains_key(&LoadType::Full)).then_some("");
        let mut suffixes: Vec<&str> = self.load_types.values().map(|load| load.table_suffix.as_str()).chain(full).collect();
        let loads = suffixes.len();
        suffixes.sort_unstable();
        suffixes.dedup();
        suffixes.len() < loads
    }

    /// Returns the module with the settings of one of its loads.
    ///
    /// # Errors
    /// A name of the module or of a collection is invalid with the load's suffix.
    pub(super) fn loaded_as(mut self, load: &LoadSettings) -> Result<Self, NameError> {
        let LoadSettings { files, pick, table_suffix, correlation_id_suffix, start } = load;
        self.module = format!("{}{table_suffix}", self.module).parse::<ModuleName>()?;
        self.source.files = files.clone().unwrap_or(self.source.files);
        self.source.pick = pick.unwrap_or(self.source.pick);
        self.catchup.start = start.or(self.catchup.start);
        self.correlation_id = self.correlation_id.map(|id| format!("{id}{correlation_id_suffix}"));
        let collections = std::mem::take(&mut self.collections).into_iter().map(|(name, mut settings)| {
            settings.file_name.get_or_insert_with(|| name.to_string());
            if let Some(child) = &mut settings.child_of {
                child.parent = format!("{}{table_suffix}", child.parent).parse()?;
            }
            Ok((format!("{name}{table_suffix}").parse::<CollectionName>()?, settings))
        });
        self.collections = collections.collect::<Result<_, NameError>>()?;
        Ok(self)
    }
}
