//! Read-only handle of a module's table.

use std::collections::BTreeSet;

use crate::identity::ModuleName;
use crate::metastore::{Metastore, PERSONAL, Parameters, PartitionValue, Table, TableName};
use crate::schema::{ColumnName, TableSchema};
use crate::store::{Store, normal_location};

use super::parameters::{COLUMNS, OWNER, ROWS_BY};
use super::{LakeError, TableLayout, must_be_partitioned_by_dates};

/// A module's table, which may not exist yet, with its store and metastore. Nothing is written through it.
#[derive(Clone, Copy)]
pub struct TableHandle<'a> {
    /// Store of its files.
    pub store: &'a Store,
    /// Metastore that registers its partitions.
    pub metastore: &'a dyn Metastore,
    /// Module that owns the table.
    pub module: &'a ModuleName,
    /// Name of the table.
    pub table: &'a TableName,
    /// Folder layout.
    pub layout: &'a TableLayout,
}

impl TableHandle<'_> {
    /// Returns the registered table, if it exists. Refuses a table whose location or partition columns differ from the module's,
    /// and a table of another module: two leases would not keep two runs apart.
    ///
    /// # Errors
    /// [`LakeError::Moved`] if its location, partition columns or module differ; [`LakeError::Unsupported`] if adg can't publish
    /// to it; or the metastore fails.
    pub fn registered(&self) -> Result<Option<Table>, LakeError> {
        let Some(table) = self.metastore.table(self.table)? else { return Ok(None) };
        let location = self.store.location(self.layout.table());
        let differs = |what: &'static str, registered: String, configured: String| LakeError::Moved {
            table: self.table.to_string(),
            what,
            registered,
            configured,
        };
        let is_there = normal_location(&table.location) == location || self.is_of_this_folder(&table.location);
        if !is_there {
            return Err(differs("location", table.location, location));
        }
        let (registered, configured) =
            (listed(table.partition_by.iter().map(|column| &column.name)), listed(self.layout.keys().names()));
        if registered != configured {
            return Err(differs("partition_by", registered, configured));
        }
        if let Some((registered, configured)) = self.other_meaning(&table) {
            return Err(differs("partition_by", registered, configured));
        }
        match table.parameters.get(OWNER) {
            Some(owner) if owner != self.module.as_str() => Err(differs("module", owner.clone(), self.module.to_string())),
            _ => {
                must_be_partitioned_by_dates(&table, self.layout.keys(), || self.metastore.partitions(self.table))?;
                Ok(Some(table))
            }
        }
    }

    /// Returns what the table's partition column has, and what it is to have, if they differ: dates of runs, or days of rows. A
    /// module's table of an earlier version does not tell.
    fn other_meaning(&self, table: &Table) -> Option<(String, String)> {
        let shown = |of: Option<&str>| of.map_or_else(|| "the date of the run".to_owned(), |of| format!("the day of `{of}`"));
        let registered = table.parameters.get(ROWS_BY).map(String::as_str);
        let configured = self.layout.keys().row_day().map(|row_day| row_day.of.as_str());
        let is_told = registered.is_some() || (self.layout.keys().is_whole() && table.parameters.contains_key(OWNER));
        (is_told && registered != configured).then(|| (shown(registered), shown(configured)))
    }

    /// Returns true if the location is that of rows in the folder of a table without partition columns.
    fn is_of_this_folder(&self, location: &str) -> bool {
        let is_nothing = || normal_location(location) == self.store.location(&self.layout.nothing());
        self.is_one_folder() && (self.place(location).is_some() || is_nothing())
    }

    /// Checks that rows with these columns can be published: partitions by the days of rows need the column that has them.
    ///
    /// # Errors
    /// [`LakeError::Unsupported`] with a hint.
    pub fn must_take(&self, schema: &TableSchema) -> Result<(), LakeError> {
        let wrong = self.layout.keys().row_day().and_then(|row_day| row_day.must_be_in(schema).err());
        wrong.map_or(Ok(()), |reason| {
            let hint = "declare it (`columns: { NAME: timestamp }`), or name another column in `target.partition_from`";
            Err(LakeError::Unsupported { table: self.table.to_string(), reason, hint: hint.to_owned() })
        })
    }

    /// Returns the location of the attempt that wrote the rows of a date.
    ///
    /// # Errors
    /// The metastore fails.
    pub fn current(&self, value: &PartitionValue) -> Result<Option<String>, LakeError> {
        Ok(self.published(value)?.map(|date| date.location().to_owned()))
    }

    /// Returns the locations of the attempts that wrote the rows of a date: several if the last publish was interrupted.
    pub(super) fn locations(&self, value: &PartitionValue) -> Result<BTreeSet<String>, LakeError> {
        Ok(self.published(value)?.map(|date| date.locations().clone()).unwrap_or_default())
    }

    /// Returns the table to create; `personal` are its columns with personal data.
    pub fn wanted(&self, schema: &TableSchema, personal: &BTreeSet<ColumnName>) -> Table {
        Table {
            name: self.table.clone(),
            location: self.store.written_location(self.layout.table()),
            schema: schema.clone(),
            partition_by: self.layout.keys().columns(),
            parameters: Table::first_parameters()
                .into_iter()
                .chain(self.own_parameters(personal))
                .chain([(COLUMNS.to_owned(), schema.fingerprint().to_string())])
                .collect(),
        }
    }

    /// Returns the table parameters that adg sets: owner and personal columns.
    pub(super) fn own_parameters(&self, personal: &BTreeSet<ColumnName>) -> Parameters {
        let mut own = Parameters::from([(OWNER.to_owned(), self.module.to_string())]);
        own.extend(self.layout.keys().row_day().map(|row_day| (ROWS_BY.to_owned(), row_day.of.to_string())));
        if !personal.is_empty() {
            let names = personal.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            own.insert(PERSONAL.to_owned(), names);
        }
        own
    }
}

fn listed<'c>(names: impl Iterator<Item = &'c ColumnName>) -> String {
    names.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
