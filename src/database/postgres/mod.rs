//! PostgreSQL.

mod bound;
mod copy;
mod copy_in;
mod failure;
mod field;
mod list;
mod numeric;
mod reading;
mod requests;
mod rows;
mod server;
mod settings;
mod sink;
mod snapshot;
mod table_ref;
#[cfg(test)]
mod tests;
mod text;
mod vector;

pub use bound::Bound;
pub use copy::CopyBatch;
pub use reading::ReadColumn;
pub use rows::Copy;
pub use server::Session;
pub use settings::{PostgresConnection, TlsMode};
pub use sink::{PostgresSink, PostgresTable, StagedCopy};
pub use snapshot::Snapshot;
pub use table_ref::TableRef;
pub use vector::Misfit;
