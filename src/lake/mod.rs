//! Publishing of a date's rows: they become Parquet files in a fresh folder of the table, uploaded while they are written, and
//! the metastore's partition is swapped to that folder. Replaced files are swept later; until then readers can be sent back to
//! them.

mod adopted;
mod changed;
mod destination;
mod error;
mod layout;
#[cfg(feature = "spark")]
mod left;
mod parameters;
mod parquet;
mod place;
mod publish;
mod quarantine;
mod readers;
mod run_folder;
mod sweep;
mod withdraw;

pub use adopted::must_be_partitioned_by_dates;
pub use changed::{ChangedColumn, PARTITION_SCHEMA};
pub use destination::Destination;
pub use error::LakeError;
pub use layout::TableLayout;
#[cfg(feature = "spark")]
pub use left::LeftFiles;
pub use parameters::{COLUMNS, OWNER};
pub use parquet::{FileSettings, RowsOfFiles, TableWriter, WrittenFile, columns_in_folder};
pub use place::TablePlace;
pub use quarantine::QuarantineFile;
pub use run_folder::RunFolder;
pub use withdraw::SentBack;
