//! Listings of the metastore's tables.

use std::fmt::Write as _;

use bytesize::ByteSize;

use crate::metastore::{Metastore, MetastoreError, Partition, Table, TableName, create_table_ddl};
use crate::report;

use crate::jobs::run::existing::existing;
use crate::jobs::run::{JobError, Services};

fn total(partitions: &[Partition], key: &str) -> Option<u64> {
    partitions.iter().map(|partition| partition.number(key)).sum()
}

fn shown<T: ToString>(number: Option<T>) -> String {
    number.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
}

/// Lists all tables with their partitions, rows and bytes.
///
/// # Errors
/// The metastore fails, or a table is dropped at the same time. Tables that adg can't read are skipped.
pub fn tables(services: &Services) -> Result<String, JobError> {
    let mut rows = report::table(&["table", "columns", "partitions", "first", "last", "rows", "bytes", "location"]);
    for name in services.metastore.tables()? {
        // A metastore that others use too has views, and tables that are no partitioned Parquet.
        let table = match existing(&*services.metastore, &name) {
            Err(JobError::Metastore(MetastoreError::Corrupt { what, .. })) => {
                tracing::debug!(
                    event = "table_skipped", formerly = "table_left_out", table = %name, what,
                    "skipped a table that adg cannot read"
                );
                continue;
            }
            found => found?,
        };
        let partitions = services.metastore.partitions(&name)?;
        let value = |partition: Option<&Partition>| partition.map(|partition| partition.value.to_string()).unwrap_or_default();
        rows.add_row([
            name.to_string(),
            table.schema.columns().len().to_string(),
            partitions.len().to_string(),
            value(partitions.first()),
            value(partitions.last()),
            shown(total(&partitions, "numRows")),
            shown(total(&partitions, "totalSize").map(ByteSize)),
            table.location,
        ]);
    }
    Ok(rows.to_string())
}

/// Describes one table: the statement that creates it, its columns of personal data, and its partitions.
///
/// # Errors
/// There is no such table, or several databases have one of that name; adg can't read it; the metastore fails.
pub fn describe(services: &Services, name: &str) -> Result<String, JobError> {
    let table = named(&*services.metastore, name)?;
    let mut text = create_table_ddl(&table);
    let personal: Vec<String> = table.personal().iter().map(ToString::to_string).collect();
    if !personal.is_empty() {
        // Writing to a String does not fail.
        let _ = write!(text, "\n-- personal data: {}", personal.join(", "));
    }
    let mut rows = report::table(&["partition", "rows", "files", "bytes", "location"]);
    for partition in services.metastore.partitions(&table.name)? {
        rows.add_row([
            partition.value.to_string(),
            shown(partition.number("numRows")),
            shown(partition.number("numFiles")),
            shown(partition.number("totalSize").map(ByteSize)),
            partition.location,
        ]);
    }
    let _ = write!(text, "\n\n{rows}");
    Ok(text)
}

/// Returns the table of that name, with or without its database. Only without it are all tables listed, which not everyone may
/// do.
pub(super) fn named(metastore: &dyn Metastore, name: &str) -> Result<Table, JobError> {
    let missing =
        || JobError::Usage { message: format!("there is no table `{name}`"), hint: Some("`adg tables` lists them".into()) };
    if let Ok(full) = name.parse::<TableName>() {
        return metastore.table(&full)?.ok_or_else(missing);
    }
    let tables = metastore.tables()?;
    let found: Vec<&TableName> = tables.iter().filter(|table| table.table.as_str() == name).collect();
    match found.as_slice() {
        [table] => existing(metastore, table),
        [] => Err(missing()),
        _ => Err(JobError::Usage {
            message: format!("several databases have a table `{name}`"),
            hint: Some("write database.table".into()),
        }),
    }
}
