//! Tables of PostgreSQL as sinks.

mod column;
mod encode;
mod merge;
mod publish;
mod records;
mod replace;
mod rights;
mod staged;
mod table;
#[cfg(test)]
mod tests;

pub use publish::PostgresSink;
pub use staged::StagedCopy;
pub use table::PostgresTable;
