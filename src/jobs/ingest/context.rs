//! The context of a module's run: its stores, services and settings, opened before anything is written.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::catchup::{Ledger, Unit};
use crate::config::{FileEncryption, Module, SourceSettings, SparkSettings, StagingSettings};
use crate::engine::{Choice, Staging};
use crate::identity::{Clock, ProcessingDate, RunId};
use crate::jobs::run::lease::KeptLease;
use crate::jobs::run::{Budget, Environment, JobError, RunOptions, Services};
use crate::lake::{FileSettings, HiveSink, TableHandle, TableLayout};
use crate::metastore::Metastore;
use crate::schema::{Column, ColumnName, Naming};
use crate::source::{FileColumn, Format, KeyService, Reading};
use crate::stop::Stop;
use crate::store::{Store, normal_location};

use super::format::format;
use super::module::{Collection, from_file, renames, reserved, system};
use super::wrong::wrong;

/// A module with its stores and services open.
pub(crate) struct Context<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) stop: &'a Stop,
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) metastore: &'a dyn Metastore,
    /// The latest slice of which files are expected: today, or the last full hour.
    pub(crate) today: ProcessingDate,
    pub(crate) module: &'a Module,
    pub(crate) source: Store,
    pub(crate) published: Store,
    /// Key service; none if the module's files are not encrypted.
    pub(crate) key_service: Option<KeyService>,
    pub(crate) budget: Budget,
    pub(crate) engine: Choice,
    /// Store for copies of files for a cluster; none if not configured.
    pub(crate) staging: Option<Staging>,
    pub(crate) format: Format,
    /// Columns that the naming rule would name otherwise, by the source's name.
    renames: BTreeMap<String, ColumnName>,
    /// Columns that adg writes itself.
    pub(crate) system: Vec<Column>,
    reserved: Vec<ColumnName>,
    /// Columns that the files themselves fill.
    pub(crate) from_file: Vec<FileColumn>,
}

impl<'a> Context<'a> {
    /// Opens the module's stores. Requests to the key service carry the run's `id`.
    pub(crate) fn new(
        services: &'a Services,
        module: &'a Module,
        options: &RunOptions,
        now: Timestamp,
        id: RunId,
    ) -> Result<Self, JobError> {
        let environment = &services.environment;
        let published = environment.store(&module.target.store, true)?;
        let source = if options.e2e_test {
            published.below(&environment.config.profile.e2e_test_folder)
        } else {
            environment.store(&module.source.store, false)?
        };
        let key_service = match module.source.encryption {
            FileEncryption::None => None,
            FileEncryption::KeyService => Some(environment.key_service(&id)?),
        };
        let profile = &environment.config.profile;
        let spark = match &options.spark_remote {
            None => profile.spark.clone(),
            Some(remote) => Some(SparkSettings {
                remote: remote.clone(),
                ..profile.spark.clone().unwrap_or_else(|| SparkSettings::at(remote.clone()))
            }),
        };
        let staging = spark.as_ref().and_then(|spark| spark.staging.as_ref());
        let staging = staging.map(|settings| staging_place(environment, settings)).transpose()?;
        let engine = Choice::new(options.engine.unwrap_or(profile.engine), spark)?;
        let engine = match module.target.partition_from {
            None => engine,
            Some(_) => {
                let reason = "only this machine writes a partition for each day of the rows: `--engine local` or `auto`";
                engine.of_this_machine().ok_or_else(|| wrong(module, "target.partition_from", reason))?
            }
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            environment,
            clock: &*environment.clock,
            stop: &environment.stop,
            ledger: &*services.ledger,
            metastore: &*services.metastore,
            today: ProcessingDate::latest(now, &environment.zone, module.source.slice),
            module,
            source,
            published,
            key_service,
            budget: Budget::new(options.memory, cores),
            engine,
            staging,
            format: format(module)?,
            renames: renames(module)?,
            system: system(module),
            reserved: reserved(module)?,
            from_file: from_file(module)?,
        })
    }

    /// Returns the ledger's key of a collection's date.
    pub(crate) fn unit(&self, collection: &Collection, date: ProcessingDate) -> Unit {
        Unit::new(self.module.module.clone(), collection.name.clone(), date)
    }

    /// Returns the settings for reading a collection's files.
    pub(crate) fn reading<'s>(&'s self, collection: &'s Collection) -> Reading<'s> {
        let SourceSettings { csv, json, excel, parquet, avro, orc, .. } = &self.module.source;
        let of_text = csv.as_ref().map(|csv| csv.duplicate_names).or(json.as_ref().map(|json| json.duplicate_names));
        let of_typed = [parquet, avro, orc].into_iter().flatten().map(|typed| typed.duplicate_names).next();
        let duplicates = of_text.or(excel.as_ref().map(|excel| excel.duplicate_names)).or(of_typed).unwrap_or_default();
        let naming = Naming { rule: self.module.column_names, renames: &self.renames, duplicates };
        let sizes = self.budget.read_sizes();
        let format = collection.format.as_ref().unwrap_or(&self.format);
        Reading {
            format,
            sizes,
            naming,
            reserved: &self.reserved,
            declared: &collection.declared_names,
            from_file: &self.from_file,
        }
    }

    /// Returns the settings for writing files.
    pub(crate) fn file_settings(&self) -> FileSettings {
        FileSettings {
            timestamps: self.module.target.timestamps,
            row_group_bytes: self.budget.row_group_bytes,
            file_bytes: self.budget.file_bytes,
        }
    }

    /// Returns a handle of a collection's table, in that folder.
    pub(crate) fn handle<'s>(&'s self, collection: &'s Collection, layout: &'s TableLayout) -> TableHandle<'s> {
        TableHandle {
            store: &self.published,
            metastore: self.metastore,
            module: &self.module.module,
            table: &collection.table,
            layout,
        }
    }

    /// Returns a collection's table in that folder as a sink, for the run that has the lease.
    pub(crate) fn sink<'s>(&'s self, collection: &'s Collection, layout: &'s TableLayout, lease: &'s KeptLease) -> HiveSink<'s> {
        HiveSink {
            at: self.handle(collection, layout),
            ledger: self.ledger,
            lease: lease.lease(),
            run: lease.run_id(),
            pii: self.module.target.pii || !collection.personal.is_empty(),
            files: self.file_settings(),
            clock: self.clock,
        }
    }

    /// Returns the folder of a collection's table; if there is no table, a folder where it may lie.
    pub(crate) fn layout<'c>(&self, collection: &'c Collection) -> Result<&'c TableLayout, JobError> {
        layout(self.metastore, &self.published, collection)
    }
}

/// Opens the store for copies.
pub(crate) fn staging_place(environment: &Environment, settings: &StagingSettings) -> Result<Staging, JobError> {
    Ok(Staging::new(environment.store(&settings.store, true)?, settings.files))
}

/// Returns the folder of a collection's table; if there is no table, a folder where it may lie.
pub(crate) fn layout<'c>(
    metastore: &dyn Metastore,
    published: &Store,
    collection: &'c Collection,
) -> Result<&'c TableLayout, JobError> {
    let layouts = &collection.layouts;
    if layouts.all().count() == 1 {
        return Ok(layouts.of(true));
    }
    let table = metastore.table(&collection.table)?;
    let lies_in = |layout: &&TableLayout| {
        table.as_ref().is_some_and(|table| normal_location(&table.location) == published.location(layout.table()))
    };
    Ok(layouts.all().find(lies_in).unwrap_or(layouts.of(true)))
}
