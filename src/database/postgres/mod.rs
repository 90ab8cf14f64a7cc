//! PostgreSQL.

mod copy;
mod failure;
mod field;
mod list;
mod numeric;
mod reading;
mod server;
mod settings;
#[cfg(test)]
mod tests;
mod text;
mod vector;

pub use copy::CopyBatch;
pub use reading::ReadColumn;
pub use server::{Copy, Session};
pub use settings::{PostgresConnection, TlsMode};
pub use vector::Misfit;
