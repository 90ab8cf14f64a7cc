//! AWS Glue's Data Catalog, which Athena, EMR and Redshift Spectrum read.

mod change;
mod client;
mod convert;
mod metastore;
mod publish;
mod refused;
mod requests;
mod rewrite;
#[cfg(test)]
mod tests;

pub use client::{GlueMetastore, GlueSettings};
