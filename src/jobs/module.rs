//! What a module's file says, worked out for a run.

use crate::config::{CsvSettings, MissingFile, Module};
use crate::identity::CollectionName;
use crate::lake::TableLayout;
use crate::metastore::TableName;
use crate::schema::fit::{DateFormats, TimestampFormats};
use crate::schema::{Column, ColumnName, ERROR_DESC, TableSchema};
use crate::source::{CsvFormat, DayKeys, KeyPattern, Nulls, ValueRules};
use crate::store::Store;

use super::JobError;

/// A collection, with what its module says of it worked out.
pub(super) struct Collection {
    pub(super) name: CollectionName,
    pub(super) table: TableName,
    pub(super) layout: TableLayout,
    pub(super) declared: TableSchema,
    pub(super) missing: MissingFile,
    /// The file pattern with the collection filled in, to show.
    pub(super) pattern: String,
}

/// The collections asked for; all where none is named.
pub(super) fn collections(module: &Module, only: &[CollectionName]) -> Result<Vec<Collection>, JobError> {
    if let Some(unknown) = only.iter().find(|name| !module.collections.contains_key(*name)) {
        let known = module.collections.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let message = format!("the module `{}` has no collection `{unknown}`; it has {known}", module.module);
        return Err(JobError::Usage { message, hint: None });
    }
    let chosen = module.collections.iter().filter(|(name, _)| only.is_empty() || only.contains(name));
    let collections = chosen.map(|(name, settings)| {
        let target = &module.target;
        let folder = target.location.replace("{database}", target.database.as_str()).replace("{collection}", name.as_str());
        let declared = settings.columns.iter().map(|(column, word)| {
            let column = ColumnName::new(column).map_err(|error| wrong(module, &format!("columns of `{name}`"), error))?;
            Ok(Column::new(column, word.ty.clone()))
        });
        Ok(Collection {
            name: name.clone(),
            table: TableName { database: target.database.clone(), table: name.clone() },
            layout: TableLayout::new(&folder, partition_column(module)?),
            declared: TableSchema::new(declared.collect::<Result<_, JobError>>()?),
            missing: settings.missing.unwrap_or(module.source.missing),
            pattern: module.source.files.replace("{collection}", settings.file_name.as_deref().unwrap_or(name.as_str())),
        })
    });
    collections.collect()
}

fn wrong(module: &Module, what: &str, reason: impl ToString) -> JobError {
    JobError::Setting { what: what.to_owned(), place: format!("the module `{}`", module.module), reason: reason.to_string() }
}

fn partition_column(module: &Module) -> Result<ColumnName, JobError> {
    ColumnName::new(&module.target.partition_by).map_err(|error| wrong(module, "target.partition_by", error))
}

/// The columns that adg writes itself.
pub(super) fn reserved(module: &Module) -> Result<Vec<ColumnName>, JobError> {
    let error_desc = ColumnName::new(ERROR_DESC).map_err(|error| wrong(module, ERROR_DESC, error))?;
    Ok(vec![error_desc, partition_column(module)?])
}

/// How the module's CSV files are written.
pub(super) fn csv_format(module: &Module) -> Result<CsvFormat, JobError> {
    let CsvSettings { delimiter, encoding, null_values, keep_quoted_empty, date_formats, timestamp_formats } = &module.source.csv;
    let refused = |what: &str, reason: String| wrong(module, &format!("source.csv.{what}"), reason);
    let delimiter = u8::try_from(*delimiter)
        .ok()
        .filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte))
        .ok_or_else(|| refused("delimiter", format!("`{delimiter}` is not one ASCII character beside quotes and line ends")))?;
    let values = ValueRules {
        nulls: Nulls::new(null_values, *keep_quoted_empty),
        dates: DateFormats::new(date_formats).map_err(|reason| refused("date_formats", reason))?,
        timestamps: TimestampFormats::new(timestamp_formats).map_err(|reason| refused("timestamp_formats", reason))?,
    };
    Ok(CsvFormat { delimiter, encoding: *encoding, values })
}

/// Lists the source once, and sorts what is there by collection and date. All of the module's collections take part, so that
/// a file of one is never taken for another's.
pub(super) fn source_keys(module: &Module, collections: &[Collection], source: &Store) -> Result<DayKeys, JobError> {
    let names: Vec<_> = module
        .collections
        .iter()
        .map(|(name, settings)| (name.clone(), settings.file_name.clone().unwrap_or_else(|| name.to_string())))
        .collect();
    let mut keys = KeyPattern::new(&module.source.files, &names)?.assign(source.list("")?);
    keys.retain(|(name, _), _| collections.iter().any(|collection| collection.name == *name));
    Ok(keys)
}
