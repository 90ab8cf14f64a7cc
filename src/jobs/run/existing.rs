//! Tables that must be there.

use crate::metastore::{Metastore, MetastoreError, Table, TableName};

use super::JobError;

/// Returns a registered table.
pub(crate) fn existing(metastore: &dyn Metastore, name: &TableName) -> Result<Table, JobError> {
    let missing = || MetastoreError::NoSuchTable { table: name.clone(), metastore: "of the profile".to_owned() };
    Ok(metastore.table(name)?.ok_or_else(missing)?)
}
