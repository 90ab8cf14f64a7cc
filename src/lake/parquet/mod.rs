//! Parquet files that every supported reader can read: see `docs/readers.md`.

mod columns;
mod dictionary;
mod file_writer;
mod footers;
mod int96;
mod reader;
mod row_group;
mod table_writer;
mod types;
mod writer;

pub use columns::columns_in_folder;
pub use footers::RowsOfFiles;
#[cfg(feature = "spark")]
pub(super) use footers::metadata;
pub(super) use footers::{files_in_folder, rows_of_file};
pub(super) use reader::FileRows;
pub use table_writer::TableWriter;
#[cfg(feature = "spark")]
pub(super) use types::parquet_schema;
pub(super) use writer::FolderWriter;
pub use writer::{FileSettings, WrittenFile};
