//! Settings of a module, resolved for a run.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{CollectionSettings, MissingFile, Module};
use crate::identity::CollectionName;
use crate::lake::{TableLayout, checked_folder};
use crate::metastore::TableName;
use crate::schema::{Column, ColumnName, ROW_HASH_ID, TableSchema, system_columns};
use crate::source::{FileColumn, Format, must_be_of_keys};

use super::children::{column, root};
use super::control_text;
use super::format::format_of;
use super::partitions::{partition_columns, partition_keys};
use super::wrong::wrong;
use crate::jobs::run::JobError;

/// A collection with its resolved settings.
pub(crate) struct Collection {
    pub(crate) name: CollectionName,
    /// The collection whose files have its rows: its own, or that of the records whose arrays it has.
    pub(crate) root: CollectionName,
    /// Column that its array would be in the table of its records; none if it is no table of an array.
    pub(crate) array: Option<ColumnName>,
    pub(crate) table: TableName,
    pub(crate) layouts: Layouts,
    pub(crate) declared: TableSchema,
    /// Names of the declared columns, for files whose fields have none.
    pub(crate) declared_names: Vec<String>,
    /// Format of its files, if it differs from the module's.
    pub(crate) format: Option<Format>,
    /// Columns that are personal data, whatever the files say.
    pub(crate) personal: BTreeSet<ColumnName>,
    pub(crate) missing: MissingFile,
    /// Value of `{collection}` in file names.
    pub(crate) file_name: String,
    /// File pattern with the collection filled in, for display.
    pub(crate) pattern: String,
}

impl Collection {
    /// Returns true if its rows are the items of arrays in another collection's records.
    pub(crate) fn is_child(&self) -> bool {
        self.root != self.name
    }
}

/// Folders where a collection's table may lie.
pub(crate) struct Layouts {
    /// Folder of a table that has personal data, and of any table if that makes no difference.
    personal: TableLayout,
    /// Folder of a table that has none; none if it is the same folder.
    other: Option<TableLayout>,
}

impl Layouts {
    fn new(module: &Module, name: &CollectionName) -> Result<Self, JobError> {
        let target = &module.target;
        let folder = target.location.replace("{database}", target.database.as_str()).replace("{collection}", name.as_str());
        let keys = partition_keys(module)?;
        let layout = |pii: &str| {
            let folder = folder.replace("{pii}", pii);
            let folder = checked_folder(&folder).map_err(|reason| wrong(module, "target.location", reason))?;
            Ok::<_, JobError>(TableLayout::new(folder, keys.clone()))
        };
        let differs = folder.contains("{pii}");
        Ok(Self { personal: layout("pii")?, other: differs.then(|| layout("non-pii")).transpose()? })
    }

    /// Returns each folder.
    pub(crate) fn all(&self) -> impl Iterator<Item = &TableLayout> {
        [&self.personal].into_iter().chain(&self.other)
    }

    /// Returns the folder of a table with or without personal data.
    pub(crate) fn of(&self, is_personal: bool) -> &TableLayout {
        self.other.as_ref().filter(|_| !is_personal).unwrap_or(&self.personal)
    }

    /// Returns true if a table lies in this folder only if it has personal data.
    pub(crate) fn is_for_personal_only(&self, layout: &TableLayout) -> bool {
        self.other.is_some() && self.personal == *layout
    }

    /// Returns true if a table lies in this folder only if it has no personal data.
    pub(crate) fn is_for_others_only(&self, layout: &TableLayout) -> bool {
        self.other.as_ref() == Some(layout)
    }
}

/// Refuses requested collections that the module does not have.
pub(crate) fn refuse_unknown(module: &Module, only: &[CollectionName]) -> Result<(), JobError> {
    let Some(unknown) = only.iter().find(|name| !module.collections.contains_key(*name)) else { return Ok(()) };
    let known = module.collections.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let message = format!("the module `{}` has no collection `{unknown}`; it has {known}", module.module);
    Err(JobError::Usage { message, hint: None })
}

/// Returns the requested collections; all if none is named. All are checked, requested or not: a mistake in one can harm another.
pub(crate) fn collections(module: &Module, only: &[CollectionName]) -> Result<Vec<Collection>, JobError> {
    refuse_unknown(module, only)?;
    let collections = module.collections.iter().map(|(name, settings)| collection(module, name, settings));
    let collections = collections.collect::<Result<Vec<_>, _>>()?;
    if let Some(control) = &module.source.control {
        control_text::check(control).map_err(|(what, reason)| wrong(module, &format!("source.control.{what}"), reason))?;
    }
    let control = module.source.control.as_ref().map(|control| ("source.control.files", &control.files));
    let marker = module.source.complete.marker.as_ref().map(|marker| ("source.complete.marker", marker));
    for (setting, key) in control.into_iter().chain(marker) {
        must_be_of_keys(key).map_err(|error| wrong(module, setting, error))?;
    }
    refuse_shared_folders(module, &collections)?;
    refuse_shared_file_names(module)?;
    // Tables of the same records are published together.
    let roots: Vec<&CollectionName> = only.iter().map(|name| root(module, name)).collect();
    Ok(collections.into_iter().filter(|collection| only.is_empty() || roots.contains(&&collection.root)).collect())
}

fn collection(module: &Module, name: &CollectionName, settings: &CollectionSettings) -> Result<Collection, JobError> {
    let personal = settings
        .pii
        .iter()
        .map(|column| ColumnName::new(column).map_err(|error| wrong(module, &format!("pii of `{name}`"), error)));
    Ok(Collection {
        name: name.clone(),
        root: root(module, name).clone(),
        array: settings.child_of.as_ref().and_then(|child| column(module, child)),
        table: TableName { database: module.target.database.clone(), table: name.clone() },
        layouts: Layouts::new(module, name)?,
        declared: declared(module, name, settings)?,
        declared_names: settings.columns.keys().cloned().collect(),
        format: format_of(module, settings)?,
        personal: personal.collect::<Result<_, _>>()?,
        missing: settings.missing.unwrap_or(module.source.missing),
        file_name: file_name(name, settings).to_owned(),
        pattern: module.source.files.replace("{collection}", file_name(name, settings)),
    })
}

/// Returns the value of `{collection}` in file names.
pub(super) fn file_name<'a>(name: &'a CollectionName, settings: &'a CollectionSettings) -> &'a str {
    settings.file_name.as_deref().unwrap_or(name.as_str())
}

/// Returns the first schema. A name must be what the naming rule makes of itself, else no header would ever be matched with it.
fn declared(module: &Module, collection: &CollectionName, settings: &CollectionSettings) -> Result<TableSchema, JobError> {
    let refused = |reason: String| wrong(module, &format!("columns of `{collection}`"), reason);
    let reserved = reserved(module)?;
    let mut schema = TableSchema::default();
    for (name, word) in &settings.columns {
        let column = ColumnName::new(name).map_err(|error| refused(error.to_string()))?;
        let as_header = module.column_names.apply(name);
        if as_header.as_ref() != Some(&column) {
            let becomes = as_header.map_or_else(|| "no name".to_owned(), |name| format!("`{name}`"));
            return Err(refused(format!("`{name}` would be {becomes} as a header; declare that")));
        }
        if reserved.contains(&column) {
            let by = setting_of(module, &column).map(|setting| format!(" (`{setting}`)")).unwrap_or_default();
            return Err(refused(format!("`{column}` is a column that adg writes itself{by}")));
        }
        if schema.has(&column) {
            return Err(refused(format!("`{column}` stands twice")));
        }
        schema.push(Column::new(column, word.ty.clone()));
    }
    if !schema.is_empty() {
        from_file(module)?.into_iter().for_each(|file| schema.push(Column::new(file.column, file.value.column_type())));
    }
    Ok(schema)
}

/// Refuses two tables in one folder, or one inside the other: they would read and sweep each other's files.
fn refuse_shared_folders(module: &Module, collections: &[Collection]) -> Result<(), JobError> {
    let overlap = |a: &Collection, b: &Collection| a.layouts.all().any(|a| b.layouts.all().any(|b| a.overlaps(b)));
    for (i, one) in collections.iter().enumerate() {
        if let Some(other) = collections[..i].iter().find(|other| overlap(one, other)) {
            let reason =
                format!("the tables `{}` and `{}` would share a folder; put {{collection}} into it", other.name, one.name);
            return Err(wrong(module, "target.location", reason));
        }
    }
    Ok(())
}

fn refuse_shared_file_names(module: &Module) -> Result<(), JobError> {
    if module.collections.is_empty() {
        return Err(wrong(module, "collections", "there is none"));
    }
    let with_files = || module.collections.iter().filter(|(_, settings)| settings.child_of.is_none());
    if with_files().count() > 1 && !module.source.files.contains("{collection}") {
        let reason =
            format!("`{}` has no `{{collection}}`, so that all collections would read the same files", module.source.files);
        return Err(wrong(module, "source.files", reason));
    }
    let mut seen = BTreeMap::new();
    for (name, settings) in with_files() {
        if file_name(name, settings).is_empty() {
            return Err(wrong(module, "file_name", format!("that of `{name}` is empty")));
        }
        if let Some(other) = seen.insert(file_name(name, settings), name) {
            let reason = format!("the collections `{other}` and `{name}` would read the same files");
            return Err(wrong(module, "file_name", reason));
        }
    }
    Ok(())
}

/// Returns columns that the module's rule would name otherwise, by the source's name.
pub(crate) fn renames(module: &Module) -> Result<BTreeMap<String, ColumnName>, JobError> {
    let refused = |source: &str, reason: String| wrong(module, &format!("renames of `{source}`"), reason);
    let renames = module.renames.iter().map(|(source, column)| {
        let column = ColumnName::new(column).map_err(|error| refused(source, error.to_string()))?;
        Ok((source.clone(), column))
    });
    renames.collect()
}

/// Returns the columns that adg writes itself.
pub(crate) fn system(module: &Module) -> Vec<Column> {
    system_columns(module.row_hash.is_some())
}

/// Returns the columns that the files themselves fill.
pub(crate) fn from_file(module: &Module) -> Result<Vec<FileColumn>, JobError> {
    let refused = |name: &str, reason: String| wrong(module, &format!("source.columns_from_file.{name}"), reason);
    let system: Vec<ColumnName> =
        system(module).into_iter().map(|column| column.name).chain(partition_columns(module)?).collect();
    let columns = module.source.columns_from_file.iter().map(|(name, value)| {
        let column = ColumnName::new(name).map_err(|error| refused(name, error.to_string()))?;
        if system.contains(&column) {
            return Err(refused(name, format!("`{column}` is a column that adg writes itself")));
        }
        Ok(FileColumn { column, value: *value })
    });
    columns.collect()
}

/// Returns the setting for which adg writes a column; `None` if it always does.
pub(super) fn setting_of(module: &Module, column: &ColumnName) -> Option<&'static str> {
    let keys = partition_keys(module).ok();
    let mut from_file = module.source.columns_from_file.keys();
    let is_row_day = keys.as_ref().and_then(|keys| keys.row_day()).is_some_and(|row_day| row_day.name == *column);
    match () {
        () if column.as_str() == ROW_HASH_ID => Some("row_hash"),
        () if from_file.any(|name| ColumnName::new(name).is_ok_and(|name| name == *column)) => Some("source.columns_from_file"),
        () if is_row_day => Some("target.partition_from"),
        () if keys.is_some_and(|keys| keys.date_names().any(|name| name == column)) => Some("target.partition_by"),
        () => None,
    }
}

/// Returns the names that no field of the source may have as its column.
pub(crate) fn reserved(module: &Module) -> Result<Vec<ColumnName>, JobError> {
    let system = system(module).into_iter().map(|column| column.name).chain(partition_columns(module)?);
    Ok(system.chain(from_file(module)?.into_iter().map(|column| column.column)).collect())
}
