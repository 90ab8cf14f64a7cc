//! The catalog that readers ask: databases, tables, columns, and the location of each partition's files.
//!
//! The concepts are Hive's. Every backend passes `conformance`.

mod catalog;
#[cfg(test)]
mod conformance;
mod ddl;
mod error;
mod glue;
mod hive;
mod partition_value;
mod spark_schema;
mod spark_statistics;
mod sqlite;
mod table;

pub use catalog::Metastore;
pub use ddl::create_table as create_table_ddl;
pub use error::MetastoreError;
pub use glue::{GlueMetastore, GlueSettings};
pub use hive::{HiveMetastore, HiveSettings, ThriftUri};
pub use partition_value::{HIVE_DEFAULT, PartitionValue};
pub use sqlite::SqliteMetastore;
pub use table::{Database, PERSONAL, Parameters, Partition, Registered, Table, TableName};
