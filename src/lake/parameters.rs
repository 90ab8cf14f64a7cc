//! Parameters of tables and partitions that adg sets.

/// Table parameter with the module whose lease guards the table.
pub const OWNER: &str = "adg.module";

/// Table parameter with the names in the source that fill the columns, as JSON.
pub const SOURCE_NAMES: &str = "adg.source_names";

/// Table parameter with the fingerprint of the columns as adg left them.
pub const COLUMNS: &str = "adg.columns";

/// Table parameter with the column by whose days its rows are divided into partitions.
pub(super) const ROWS_BY: &str = "adg.rows_by";

/// Partition parameter with the run that wrote its files.
pub(super) const RUN: &str = "adg.run_id";

/// Partition parameter with the fingerprint of the table's columns when its files were written.
pub const PARTITION_SCHEMA: &str = "adg.schema";
