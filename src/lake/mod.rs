//! Publishing of a date's rows: they become Parquet files in a fresh folder of the table, uploaded while they are written, and
//! the metastore's partition is swapped to that folder. Replaced files are swept later; until then readers can be sent back to
//! them.

mod adopted;
mod begin;
mod changed;
mod combine;
mod current;
mod error;
#[cfg(feature = "spark")]
mod foreign_files;
mod hive_sink;
mod incoming;
mod largest;
mod layout;
mod parameters;
mod parquet;
mod partition_keys;
mod publish;
mod published;
mod quarantine;
mod readers;
mod replaces;
mod revert;
mod row_day;
mod run_folder;
mod staged;
mod sweep;
mod table_handle;
#[cfg(test)]
mod tests;

pub use adopted::must_be_partitioned_by_dates;
pub use changed::ChangedColumn;
pub use error::LakeError;
#[cfg(feature = "spark")]
pub use foreign_files::ForeignFiles;
pub use hive_sink::HiveSink;
pub use layout::{TableLayout, checked_folder};
pub use parameters::{COLUMNS, OWNER, PARTITION_SCHEMA, SOURCE_NAMES};
pub use parquet::{FileSettings, RowsOfFiles, TableWriter, WrittenFile, columns_in_folder};
pub use partition_keys::PartitionKeys;
pub use published::{PublishedDate, by_date};
pub use quarantine::QuarantineFile;
pub use row_day::RowDay;
pub use run_folder::RunFolder;
pub use staged::StagedFiles;
pub use table_handle::TableHandle;
