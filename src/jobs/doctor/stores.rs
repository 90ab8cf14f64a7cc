//! Checks of the stores that a run reads and writes.

use std::collections::BTreeSet;

use crate::identity::{ProcessingDate, RunId};
use crate::jobs::ingest::slices::source_keys;
use crate::store::{Store, StoreUrl};

use super::probe;
use super::walk::{Loaded, Walk};

impl Walk<'_, '_> {
    /// Checks each hop of the role chain by itself, so that the one that fails is seen beside those that do not. Returns true if
    /// the store can be tried.
    fn roles(&mut self, store: &str) -> bool {
        let environment = self.environment;
        let Some(settings) = environment.config.profile.stores.get(store) else { return true };
        if !matches!(StoreUrl::parse(&settings.url, &environment.config.folder), Ok(StoreUrl::S3(_))) {
            return true;
        }
        let roles = &settings.role_chain;
        let steps = roles.iter().enumerate().map(|(i, role)| format!("{store}: hop {} of {}, {}", i + 1, roles.len(), role.arn));
        let mut steps = std::iter::once(format!("{store}: credentials")).chain(steps).enumerate();
        steps.all(|(hop, step)| self.check(step, || probe::who(environment, roles, hop)))
    }

    pub(super) fn source(&mut self, name: &str, module: Option<&Loaded>) {
        let environment = self.environment;
        if !self.roles(name) {
            return;
        }
        let mut opened = None;
        self.check(format!("{name}: list"), || {
            let store = environment.store(name, false)?;
            let (found, objects) = match module {
                Some((module, collections)) => {
                    let keys = source_keys(module, collections, &store, &environment.zone, None)?;
                    (dates(keys.keys().map(|(_, date)| *date)), keys.into_values().flatten().map(|key| key.object).collect())
                }
                None => {
                    let all = store.list("")?;
                    (format!("{} objects", all.len()), all)
                }
            };
            opened = Some((store, objects));
            Ok(found)
        });
        let Some((store, mut objects)) = opened else { return };
        objects.sort_by_key(|object| object.modified);
        let Some(object) = objects.pop() else { return };
        if self.check(format!("{name}: read one byte"), || probe::read_one_byte(&store, &object)) {
            self.clock(name, &store, &object.key);
        }
    }

    fn clock(&mut self, name: &str, store: &Store, key: &str) {
        let environment = self.environment;
        if store.local_folder().is_none() {
            self.check(format!("{name}: clock"), || probe::clock_skew(store, key, &*environment.clock));
        }
    }

    /// Checks a folder of a store that a run writes to; unless read-only, writes a probe and deletes it.
    pub(super) fn written(&mut self, name: &str, folder: &str) {
        let (environment, read_only) = (self.environment, self.read_only);
        if !self.roles(name) {
            return;
        }
        let mut opened = None;
        self.check(format!("{name}: list"), || {
            let store = environment.store(name, !read_only)?;
            let found = format!("{} folders", store.folders(folder)?.len());
            opened = Some(store);
            Ok(found)
        });
        let Some(store) = opened else { return };
        if read_only {
            return;
        }
        let id = RunId::new(environment.clock.now());
        self.check(format!("{name}: write and delete a probe"), || probe::write_and_delete(&store, folder, &id));
    }
}

fn dates(dates: impl Iterator<Item = ProcessingDate>) -> String {
    let dates: BTreeSet<ProcessingDate> = dates.collect();
    match (dates.first(), dates.last()) {
        (Some(first), Some(last)) if first == last => format!("files of {first}"),
        (Some(first), Some(last)) => format!("files of {} dates, {first} to {last}", dates.len()),
        _ => "no file that the module reads".to_owned(),
    }
}
