//! What a module is done with: all that is found out before anything is written.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::config::{FileEncryption, Module, SparkSettings};
use crate::identity::{ProcessingDate, RunId};
use crate::lake::{FileSettings, TableLayout, TablePlace};
use crate::metastore::Metastore;
use crate::schema::{Column, ColumnName, Naming};
use crate::source::{Format, KeyService, Reading};
use crate::store::{Store, normal_location};

use super::engine::{Choice, Staging};
use super::format::format;
use super::ingest::IngestRequest;
use super::module::{Collection, own, renames, reserved};
use super::{Budget, JobError, Services};

/// A module with its stores open.
pub(super) struct Setup<'a> {
    pub(super) services: &'a Services,
    pub(super) today: ProcessingDate,
    pub(super) module: &'a Module,
    pub(super) source: Store,
    pub(super) published: Store,
    /// Where the module's files come encrypted.
    pub(super) key_service: Option<KeyService>,
    pub(super) budget: Budget,
    pub(super) engine: Choice,
    /// Where files are copied for a cluster.
    pub(super) staging: Option<Staging>,
    pub(super) format: Format,
    /// By the source's name, columns that the rule would name otherwise.
    renames: BTreeMap<String, ColumnName>,
    /// The columns that adg writes itself.
    pub(super) own: Vec<Column>,
    reserved: Vec<ColumnName>,
}

impl<'a> Setup<'a> {
    /// Opens the module's stores. The key service is told that the run `id` asks.
    pub(super) fn new(
        services: &'a Services,
        module: &'a Module,
        request: &IngestRequest,
        now: Timestamp,
        id: RunId,
    ) -> Result<Self, JobError> {
        let environment = &services.environment;
        let published = environment.store(&module.target.store, true)?;
        let source = match request.e2e_test {
            true => published.below(&environment.config.profile.e2e_test_folder),
            false => environment.store(&module.source.store, false)?,
        };
        let key_service = match module.source.encryption {
            FileEncryption::None => None,
            FileEncryption::KeyService => Some(environment.key_service(&id)?),
        };
        let profile = &environment.config.profile;
        let spark = match &request.spark_remote {
            None => profile.spark.clone(),
            Some(remote) => Some(SparkSettings {
                remote: remote.clone(),
                ..profile.spark.clone().unwrap_or_else(|| SparkSettings::at(remote.clone()))
            }),
        };
        let staging = spark.as_ref().and_then(|spark| spark.staging.as_ref());
        let staging = staging.map(|settings| Staging::open(environment, settings)).transpose()?;
        let engine = Choice::new(request.engine.unwrap_or(profile.engine), spark)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            services,
            today: ProcessingDate::today(now, &environment.zone),
            module,
            source,
            published,
            key_service,
            budget: Budget::new(request.memory, cores),
            engine,
            staging,
            format: format(module)?,
            renames: renames(module)?,
            own: own(module),
            reserved: reserved(module)?,
        })
    }

    /// How files are read.
    pub(super) fn reading(&self) -> Reading<'_> {
        let naming = Naming { rule: self.module.column_names, renames: &self.renames };
        let sizes = self.budget.read_sizes();
        Reading { format: &self.format, sizes, naming, reserved: &self.reserved }
    }

    /// How files are written.
    pub(super) fn file_settings(&self) -> FileSettings {
        FileSettings {
            timestamps: self.module.target.timestamps,
            row_group_bytes: self.budget.row_group_bytes,
            file_bytes: self.budget.file_bytes,
        }
    }

    /// A collection's table, in that folder.
    pub(super) fn place<'s>(&'s self, collection: &'s Collection, layout: &'s TableLayout) -> TablePlace<'s> {
        TablePlace {
            store: &self.published,
            metastore: &*self.services.metastore,
            module: &self.module.module,
            table: &collection.table,
            layout,
        }
    }

    /// Where a collection's table lies; where it may lie, as long as there is none.
    pub(super) fn layout<'c>(&self, collection: &'c Collection) -> Result<&'c TableLayout, JobError> {
        layout(&*self.services.metastore, &self.published, collection)
    }
}

/// Where a collection's table lies in the store; where it may lie, as long as there is none.
pub(super) fn layout<'c>(
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
