//! PostgreSQL.

mod copy;
mod failure;
mod field;
mod list;
mod numeric;
mod reading;
mod server;
#[cfg(test)]
mod tests;
mod text;
mod vector;

pub use copy::CopyBatch;
pub use reading::ReadColumn;
pub use server::{Copy, Session};
pub use vector::Misfit;
