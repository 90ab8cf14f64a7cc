//! Config files: `adg.yaml` with its profiles, and one file for each module and pipeline.
//!
//! Files are parsed first. `${env:NAME}` and `${secret:NAME#path}` are filled into string leaves afterwards, so that a value can
//! never change the structure of a file. An unknown key is an error that names its path and the nearest valid key.

mod collection;
mod csv;
mod engine;
mod environment;
mod error;
mod explained;
mod load;
mod load_settings;
mod loads;
mod module;
mod pipeline;
mod pipeline_file;
mod reference;
mod schema_doc;
mod secret_text;
mod values;

pub use collection::{ChildKeys, ChildOf, ChildSettings, CollectionSettings, ColumnTypeWord, MissingFile};
pub use csv::{
    CsvSettings, ExcelSettings, FieldPositions, LongRows, QuotedNull, ShortRows, TrailerSettings, TypedSettings, ValueSettings,
};
pub use engine::{EngineName, SparkRemote, SparkSettings, StagedFiles, StagingSettings};
pub use environment::{ConnectionSettings, Environments, LedgerSettings, MetastoreSettings, Profile, SqliteSettings};
pub use error::ConfigError;
pub use explained::explained;
pub use load::{Config, is_protected, load};
pub use load_settings::LoadSettings;
pub use module::{
    CatchupSettings, CollectionsFrom, CompleteSettings, ControlSettings, DateFrom, FileEncryption, JsonSettings, LateFiles,
    Limits, Module, PartitionBy, PartitionFrom, Rate, SourceSettings, TargetSettings, WithoutRecord,
};
pub use pipeline::{
    CheckSettings, ColumnList, CursorText, DatabaseSource, DatabaseTarget, DeleteRule, HiveTarget, MisfitRule, NullCursors,
    Pipeline, PipelineSource, SinkMode, SinkPartitions, SinkSettings, TieRule, TransformSettings,
};
pub use reference::ReferenceResolver;
pub use schema_doc::{ConfigFile, json_schema, markdown};
