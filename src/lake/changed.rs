//! Detection of columns that others changed, from the metastore and the footers of the table's files.

use std::fmt;

use crate::batch::arrow_type;
use crate::metastore::{Partition, Table};
use crate::schema::{Column, ColumnName, ColumnType, TableSchema};

use super::parameters::{COLUMNS, PARTITION_SCHEMA, RUN};
use super::{LakeError, PublishedDate, TableHandle, columns_in_folder};

/// A column that readers see differently from the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedColumn {
    /// Column as in the files.
    pub in_files: Column,
    /// Its type in the table; none if the table no longer has a column of that name.
    pub in_table: Option<ColumnType>,
}

impl fmt::Display for ChangedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {} in the files", self.in_files.name, self.in_files.ty)?;
        match &self.in_table {
            Some(ty) => write!(f, " and {ty} in the table"),
            None => f.write_str(", and the table has no such column"),
        }
    }
}

impl TableHandle<'_> {
    /// Returns the columns that others have dropped, renamed or retyped. A file is read only if the table's columns differ from
    /// those that adg left: the newest file that adg wrote with those columns. Columns that others added are accepted.
    ///
    /// # Errors
    /// The store can't be listed or read.
    pub fn changed_columns(&self, table: &Table, partitions: &[Partition]) -> Result<Vec<ChangedColumn>, LakeError> {
        let Some(left) = table.parameters.get(COLUMNS).filter(|left| **left != table.schema.fingerprint().to_string()) else {
            return Ok(Vec::new());
        };
        let is_of_then = |partition: &&Partition| {
            partition.parameters.get(PARTITION_SCHEMA) == Some(left)
                && partition.number("numFiles").is_some_and(|files| files > 0)
        };
        let newest = partitions.iter().filter(is_of_then).max_by_key(|partition| partition.parameters.get(RUN));
        let Some(folder) = newest.and_then(|partition| self.store.key_at(&partition.location)) else { return Ok(Vec::new()) };
        let in_files = columns_in_folder(self.store, &folder)?.unwrap_or_default();
        Ok(changed(&in_files, &table.schema))
    }

    /// Returns true if others changed any columns. Partitions are requested only if the table's columns differ from those that
    /// adg left.
    pub(super) fn has_changed_columns(&self, table: &Table) -> Result<bool, LakeError> {
        let is_as_left = table.parameters.get(COLUMNS).is_none_or(|left| *left == table.schema.fingerprint().to_string());
        Ok(!is_as_left && !self.changed_columns(table, &self.metastore.partitions(self.table)?)?.is_empty())
    }

    /// Returns true if the partitions of a date are as adg published them, by their own parameters: their location is the folder
    /// that the run they name wrote this date to.
    pub fn is_as_published(&self, date: &PublishedDate) -> bool {
        let Some((value, place)) = self.place(date.location()) else { return false };
        let run = place.run().map(|run| run.to_string());
        let is_of_it = |partition: &Partition| {
            self.layout.keys().date_value(&partition.value) == value && partition.parameters.get(RUN) == run.as_ref()
        };
        run.is_some() && date.is_whole() && date.partitions().iter().all(is_of_it)
    }
}

fn changed(in_files: &TableSchema, in_table: &TableSchema) -> Vec<ChangedColumn> {
    let is_read = |name: &ColumnName, ty: &ColumnType| in_table.type_of(name).is_some_and(|other| is_read_as(ty, other));
    let changed = in_files.columns().iter().filter(|column| !is_read(&column.name, &column.ty));
    changed.map(|column| ChangedColumn { in_files: column.clone(), in_table: in_table.type_of(&column.name).cloned() }).collect()
}

/// Returns true if readers get a file's values by the table's type: both are stored alike, as texts of any bound are, or the
/// table's type is one that adg makes of the file's by widening a column or adding members to a struct.
fn is_read_as(in_file: &ColumnType, in_table: &ColumnType) -> bool {
    use ColumnType::{Array, Map, Struct};
    match (in_file, in_table) {
        (Array(file), Array(table)) => is_read_as(file, table),
        (Map(key, file), Map(table_key, table)) => is_read_as(key, table_key) && is_read_as(file, table),
        (Struct(file), Struct(table)) => {
            file.iter().all(|member| table.iter().any(|other| other.name == member.name && is_read_as(&member.ty, &other.ty)))
        }
        _ => arrow_type(in_file) == arrow_type(in_table) || in_file.widens_to(in_table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(columns: &[(&str, &str)]) -> TableSchema {
        let column = |(name, ty): &(&str, &str)| Column::new(ColumnName::new(name).unwrap(), ty.parse().unwrap());
        TableSchema::new(columns.iter().map(column).collect())
    }

    #[test]
    fn columns_dropped_renamed_and_retyped_are_told_and_added_ones_are_not() {
        let files = schema(&[("id", "bigint"), ("price", "decimal(9,2)"), ("note", "string"), ("tags", "array<int>")]);
        let table = schema(&[("id", "string"), ("cost", "decimal(9,2)"), ("note", "varchar(9)"), ("tags", "array<int>")]);
        let told: Vec<String> = changed(&files, &table).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "`id` is bigint in the files and string in the table",
                "`price` is decimal(9,2) in the files, and the table has no such column",
            ]
        );
        assert_eq!(changed(&files, &files), []);
        // What adg makes of older files' types is no change by others.
        let before = schema(&[("id", "int"), ("item", "array<struct<a:int,b:struct<c:string>>>")]);
        let grown = schema(&[("id", "bigint"), ("item", "array<struct<a:bigint,b:struct<d:int,c:string>,e:date>>")]);
        assert_eq!(changed(&before, &grown), []);
        assert_eq!(changed(&grown, &before).len(), 2);
    }
}
