//! What the files say: `adg.yaml` with its profiles, and one file for each module.
//!
//! Files are parsed first; `${env:NAME}` is filled into string leaves afterwards, so that a value can never change the
//! structure of a file. An unknown key is an error that names its place and the nearest right one.

mod environment;
mod error;
mod load;
mod module;
mod reference;
mod schema_doc;

pub use environment::{Environments, LedgerSettings, MetastoreSettings, Profile, SqliteSettings, StoreSettings};
pub use error::ConfigError;
pub use load::{Config, load};
pub use module::{
    CatchupSettings, CollectionSettings, ColumnTypeWord, CsvSettings, Limits, MissingFile, Module, Rate, SourceSettings,
    TargetSettings,
};
pub use schema_doc::{ConfigFile, json_schema, markdown};
