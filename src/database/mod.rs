//! Databases: tables and queries as record batches.

mod error;
pub mod postgres;

pub use error::DatabaseError;
pub use postgres::PostgresConnection;
