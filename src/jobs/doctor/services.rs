//! Checks of the services that a run uses: key service, cluster, metastore, ledger and notification channels.

use std::sync::Arc;

use bytesize::ByteSize;

use crate::catchup::Ledger;
use crate::config::ConnectionSettings;
use crate::database::postgres::Session;
use crate::engine::{Choice, STAGING, try_server};
use crate::identity::RunId;
use crate::jobs::ingest::module::Collection;
use crate::jobs::run::{JobError, tell};
use crate::lake::must_be_partitioned_by_dates;
use crate::metastore::Metastore;

use super::probe;
use super::walk::Walk;

impl Walk<'_, '_> {
    pub(super) fn key_service(&mut self) {
        let environment = self.environment;
        let run = RunId::new(environment.clock.now());
        self.check("key service", || Ok(environment.key_service(&run)?.check()?));
    }

    /// Checks the profile's cluster and the store of its copies of files. Only a run shows whether the cluster can read them.
    pub(super) fn cluster(&mut self) {
        let environment = self.environment;
        let profile = &environment.config.profile;
        let choice = Choice::new(profile.engine, profile.spark.clone());
        match choice.map(|choice| try_server(&choice, &environment.stop)) {
            Ok(None) => {}
            Ok(Some(result)) => drop(self.check("spark", || Ok(result?))),
            Err(error) => drop(self.check("spark", || Err::<String, _>(error.into()))),
        }
        if let Some(staging) = environment.config.profile.spark.as_ref().and_then(|spark| spark.staging.as_ref()) {
            self.written(&staging.store, STAGING);
        }
    }

    /// Checks the metastore and the collections' tables. Returns the metastore if it could be opened and every table is usable.
    pub(super) fn metastore(&mut self, collections: Option<&[Collection]>) -> Option<Arc<dyn Metastore>> {
        let environment = self.environment;
        let mut opened = None;
        self.check("metastore", || {
            let metastore = environment.metastore()?;
            let found = metastore.check()?;
            opened = Some(metastore);
            Ok(found)
        });
        let metastore = opened?;
        let mut is_well = true;
        for one in collections.unwrap_or_default() {
            is_well &= self.check(format!("table {}", one.table), || table(&*metastore, one));
        }
        is_well.then_some(metastore)
    }

    /// Checks the ledger, with writes unless read-only. Returns the ledger if it could be opened.
    pub(super) fn ledger(&mut self) -> Option<Arc<dyn Ledger>> {
        let environment = self.environment;
        let mut opened = None;
        self.check("ledger", || {
            let ledger = environment.ledger()?;
            let found = ledger.check()?;
            opened = Some(ledger);
            Ok(found)
        });
        let ledger = opened?;
        if !self.read_only {
            self.check("ledger: acquire a lease, write and delete a record", || {
                probe::write_and_forget(&*ledger, &*environment.clock)
            });
        }
        Some(ledger)
    }

    /// Signs in to each database of the profile.
    pub(super) fn connections(&mut self) {
        let environment = self.environment;
        for (name, ConnectionSettings::Postgres(connection)) in &environment.config.profile.connections {
            self.check(format!("connection {name}"), || {
                let found = Session::open(connection, &environment.stop)?.describe_server()?;
                let weakness = connection.weakness().map(|weakness| format!("; {weakness}: `verify-full` protects it"));
                Ok(format!("{found}{}", weakness.unwrap_or_default()))
            });
        }
    }

    /// Checks the settings of each notification channel; sends nothing.
    pub(super) fn channels(&mut self) {
        let environment = self.environment;
        let profile = &environment.config.profile;
        if profile.notify.is_empty() {
            self.check("notifications", || Ok("none configured"));
        }
        for (i, settings) in profile.notify.iter().enumerate() {
            self.check(format!("notifications: channel {}", i + 1), || {
                let notifier = tell::notifier(environment, settings).map_err(|error| JobError::Setting {
                    what: format!("notify[{i}]"),
                    place: format!("the profile `{}`", environment.config.profile_name),
                    reason: error.to_string(),
                })?;
                let events = settings.on().iter().map(|event| event.name()).collect::<Vec<_>>().join(", ");
                Ok(format!("{}, subscribed to {events}; nothing was sent", notifier.describe()))
            });
        }
    }
}

fn table(metastore: &dyn Metastore, collection: &Collection) -> Result<String, JobError> {
    let Some(table) = metastore.table(&collection.table)? else {
        return Ok("does not exist; the first run creates it".to_owned());
    };
    let partitions = metastore.partitions(&collection.table)?;
    must_be_partitioned_by_dates(&table, collection.layouts.of(true).keys(), || Ok(partitions.clone()))?;
    let bytes = partitions.iter().filter_map(|partition| partition.parameters.get("totalSize")?.parse::<u64>().ok()).sum();
    Ok(format!("{} columns, {} partitions, {}", table.schema.columns().len(), partitions.len(), ByteSize(bytes)))
}
