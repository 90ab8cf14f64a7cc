//! Comparison of what readers see with what the ledger says was published.

use crate::catchup::{Ledger, Status};
use crate::config::Module;
use crate::jobs::ingest::context::layout;
use crate::jobs::ingest::differences::{Look, of_table};
use crate::jobs::ingest::module::Collection;
use crate::jobs::run::{JobError, NextCommands};
use crate::lake::TableHandle;
use crate::metastore::Metastore;

use super::walk::Walk;

impl Walk<'_, '_> {
    /// Adds one step for all tables that are as they were published, and one for each table that is not.
    pub(super) fn readers(
        &mut self,
        module: &Module,
        collections: &[Collection],
        metastore: &dyn Metastore,
        ledger: &dyn Ledger,
        commands: &dyn NextCommands,
    ) {
        let Ok(published) = self.environment.store(&module.target.store, false) else { return };
        let Ok(mut history) = ledger.days(&module.module) else { return };
        let mut dates = 0;
        let mut is_all_well = true;
        for collection in collections {
            let mut completed = history.remove(&collection.name).unwrap_or_default();
            completed.retain(|_, status| *status == Status::Completed);
            dates += completed.len();
            let compared = || {
                let layout = layout(metastore, &published, collection)?;
                let (module, table) = (&module.module, &collection.table);
                let place = TableHandle { store: &published, metastore, module, table, layout };
                of_table(&place, ledger, &collection.name, &completed, Look::All)
            };
            let failed = match compared() {
                Ok(None) => continue,
                Ok(Some(found)) => JobError::ChangedByOthers {
                    what: found.told.sentences().join("; "),
                    repair: found.told.can_be_mended().then(|| commands.repair()),
                },
                Err(error) => error,
            };
            is_all_well = false;
            self.check(format!("readers of {}", collection.table), || Err::<String, _>(failed));
        }
        if is_all_well && dates > 0 {
            self.check("readers", || Ok(format!("see what was published of {dates} dates")));
        }
    }
}
