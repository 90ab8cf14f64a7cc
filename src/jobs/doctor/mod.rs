//! The whole way of a run, walked without running it: each step checked, and what to do where one fails.

mod probe;

use std::collections::BTreeSet;
use std::fmt;

use bytesize::ByteSize;

use crate::config::{ConfigError, FileEncryption, LoadType, Module};
use crate::identity::{ProcessingDate, RunId};
use crate::metastore::Metastore;
use crate::report::{ExitCode, Failure};
use crate::store::{Store, StoreUrl};

use super::engine::{STAGING, try_cluster};
use super::module::{Collection, collections, source_keys};
use super::{Environment, JobError, tell};

/// What was asked for.
#[derive(Debug, Clone)]
pub struct DoctorRequest {
    /// The module whose way is walked; the profile alone where none is named.
    pub module: Option<String>,
    /// Which of its loads.
    pub load: LoadType,
    /// Whether to write neither a probe into the store nor a note into the ledger, so that it stays unknown whether a run could.
    pub read_only: bool,
}

/// What one step found.
#[derive(Debug)]
pub struct Finding {
    /// The step.
    pub step: String,
    /// What is there, or what fails.
    pub result: Result<String, Failure>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(found) => write!(f, "ok    {}: {found}", self.step),
            Err(failure) => {
                write!(f, "FAIL  {}: {}", self.step, failure.message)?;
                failure.hint.iter().try_for_each(|hint| write!(f, "\n      hint: {hint}"))
            }
        }
    }
}

/// The steps in their order.
#[derive(Debug, Default)]
pub struct Diagnosis {
    /// What each found.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// The code of the first failure: what comes after it may follow from it.
    pub fn exit_code(&self) -> ExitCode {
        let failures = self.findings.iter().filter_map(|finding| finding.result.as_ref().err());
        failures.map(|failure| failure.exit_code).next().unwrap_or(ExitCode::Done)
    }
}

/// How many are well.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.findings.iter().filter(|finding| finding.result.is_err()).count();
        match failed {
            0 => write!(f, "all {} checks are well", self.findings.len()),
            _ => write!(f, "{failed} of {} checks failed", self.findings.len()),
        }
    }
}

/// A walk, and who hears of each step at once: one may take as long as a service that hangs.
struct Walk<'t> {
    diagnosis: Diagnosis,
    tell: &'t mut dyn FnMut(&Finding),
}

impl Walk<'_> {
    fn check<T: fmt::Display>(&mut self, step: impl Into<String>, work: impl FnOnce() -> Result<T, JobError>) -> bool {
        let result = work().map(|found| found.to_string()).map_err(|error| error.failure());
        let is_well = result.is_ok();
        self.found(Finding { step: step.into(), result });
        is_well
    }

    fn found(&mut self, finding: Finding) {
        (self.tell)(&finding);
        self.diagnosis.findings.push(finding);
    }
}

/// Walks the way, and tells each step as soon as it is done. A step that fails does not keep the others from being tried; without
/// an environment there is no way to walk.
pub fn doctor(environment: Result<Environment, JobError>, request: &DoctorRequest, tell: &mut dyn FnMut(&Finding)) -> Diagnosis {
    let mut walk = Walk { diagnosis: Diagnosis::default(), tell };
    match environment {
        Ok(environment) => walk_all(&mut walk, &environment, request),
        Err(error) => {
            let step = if matches!(error, JobError::Config(ConfigError::Secret { .. })) { "secrets" } else { "config" };
            walk.check(step, || Err::<String, _>(error));
        }
    }
    walk.diagnosis
}

fn walk_all(walk: &mut Walk<'_>, environment: &Environment, request: &DoctorRequest) {
    let profile = &environment.config.profile;
    walk.check("config", || Ok(format!("the profile `{}`", environment.config.profile_name)));
    if !profile.secrets.is_empty() {
        let names = profile.secrets.keys().cloned().collect::<Vec<_>>().join(", ");
        walk.check("secrets", || Ok(format!("{names}; those that the profile refers to were read")));
    }
    let module = request.module.as_ref().and_then(|name| module(walk, environment, name, request.load));
    let (source, target) = match &module {
        Some((module, _)) => (module.source.store.clone(), module.target.store.clone()),
        None => ("source".to_owned(), "published".to_owned()),
    };
    walk_source(walk, environment, &source, module.as_ref());
    if module.as_ref().is_some_and(|(module, _)| module.source.encryption == FileEncryption::KeyService) {
        let run = RunId::new(environment.clock.now());
        walk.check("key service", || Ok(environment.key_service(&run)?.check()?));
    }
    let folder = module.as_ref().map_or("", |(module, _)| module.target.location.split('{').next().unwrap_or_default());
    walk_written(walk, environment, &target, folder.trim_matches('/'), request.read_only);
    walk_cluster(walk, environment, request.read_only);
    walk_metastore(walk, environment, module.as_ref().map(|(_, collections)| collections.as_slice()));
    walk_ledger(walk, environment, request.read_only);
    walk_channels(walk, environment);
    walk.check("scratch", || probe::scratch(&environment.scratch_root()));
}

type Loaded = (Module, Vec<Collection>);

fn module(walk: &mut Walk<'_>, environment: &Environment, name: &str, load: LoadType) -> Option<Loaded> {
    let mut loaded = None;
    walk.check(format!("module {name}"), || {
        let module = environment.module(name, load)?;
        let collections = collections(&module, &[])?;
        let names = collections.iter().map(|collection| collection.name.to_string()).collect::<Vec<_>>().join(", ");
        loaded = Some((module, collections));
        Ok(format!("collections {names}"))
    });
    loaded
}

/// Each hop by itself, so that the one that fails is seen beside those that do not. Whether the store can be tried.
fn walk_roles(walk: &mut Walk<'_>, environment: &Environment, store: &str) -> bool {
    let Some(settings) = environment.config.profile.stores.get(store) else { return true };
    if !matches!(StoreUrl::parse(&settings.url, &environment.config.folder), Ok(StoreUrl::S3(_))) {
        return true;
    }
    let roles = &settings.role_chain;
    let steps = roles.iter().enumerate().map(|(i, role)| format!("{store}: hop {} of {}, {}", i + 1, roles.len(), role.arn));
    let mut steps = std::iter::once(format!("{store}: credentials")).chain(steps).enumerate();
    steps.all(|(hop, step)| walk.check(step, || probe::who(environment, roles, hop)))
}

/// Whether each channel could be told; nothing is sent there.
fn walk_channels(walk: &mut Walk<'_>, environment: &Environment) {
    let profile = &environment.config.profile;
    if profile.notify.is_empty() {
        walk.check("notifications", || Ok("none are set up"));
    }
    for (i, settings) in profile.notify.iter().enumerate() {
        walk.check(format!("notifications: channel {}", i + 1), || {
            let notifier = tell::notifier(environment, settings).map_err(|error| JobError::Setting {
                what: format!("notify[{i}]"),
                place: format!("the profile `{}`", environment.config.profile_name),
                reason: error.to_string(),
            })?;
            let events = settings.on().iter().map(|event| event.name()).collect::<Vec<_>>().join(", ");
            Ok(format!("{}, is told of {events}; nothing was sent", notifier.shown()))
        });
    }
}

fn walk_source(walk: &mut Walk<'_>, environment: &Environment, name: &str, module: Option<&Loaded>) {
    if !walk_roles(walk, environment, name) {
        return;
    }
    let mut opened = None;
    walk.check(format!("{name}: list"), || {
        let store = environment.store(name, false)?;
        let (found, objects) = match module {
            Some((module, collections)) => {
                let keys = source_keys(module, collections, &store)?;
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
    if walk.check(format!("{name}: read one byte"), || probe::read_one_byte(&store, &object)) {
        clock(walk, environment, name, &store, &object.key);
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

fn clock(walk: &mut Walk<'_>, environment: &Environment, name: &str, store: &Store, key: &str) {
    if store.local_folder().is_none() {
        walk.check(format!("{name}: clock"), || probe::clock_skew(store, key, &*environment.clock));
    }
}

/// A folder of a store that is written to.
fn walk_written(walk: &mut Walk<'_>, environment: &Environment, name: &str, folder: &str, read_only: bool) {
    if !walk_roles(walk, environment, name) {
        return;
    }
    let mut opened = None;
    walk.check(format!("{name}: list"), || {
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
    walk.check(format!("{name}: write and delete a probe"), || probe::write_and_delete(&store, folder, &id));
}

/// The profile's cluster, and where files are copied for it. Whether the cluster can read them is seen by a run.
fn walk_cluster(walk: &mut Walk<'_>, environment: &Environment, read_only: bool) {
    let Some(result) = try_cluster(environment) else { return };
    walk.check("spark", || result);
    if let Some(staging) = environment.config.profile.spark.as_ref().and_then(|spark| spark.staging.as_ref()) {
        walk_written(walk, environment, &staging.store, STAGING, read_only);
    }
}

fn walk_metastore(walk: &mut Walk<'_>, environment: &Environment, collections: Option<&[Collection]>) {
    let mut opened = None;
    walk.check("metastore", || {
        let metastore = environment.metastore()?;
        let found = metastore.check()?;
        opened = Some(metastore);
        Ok(found)
    });
    let Some(metastore) = opened else { return };
    for collection in collections.unwrap_or_default() {
        walk.check(format!("table {}", collection.table), || table(&*metastore, collection));
    }
}

fn table(metastore: &dyn Metastore, collection: &Collection) -> Result<String, JobError> {
    let Some(table) = metastore.table(&collection.table)? else { return Ok("the first run makes it".to_owned()) };
    let partitions = metastore.partitions(&collection.table)?;
    let bytes = partitions.iter().filter_map(|partition| partition.parameters.get("totalSize")?.parse::<u64>().ok()).sum();
    Ok(format!("{} columns, {} partitions, {}", table.schema.columns().len(), partitions.len(), ByteSize(bytes)))
}

fn walk_ledger(walk: &mut Walk<'_>, environment: &Environment, read_only: bool) {
    let mut opened = None;
    walk.check("ledger", || {
        let ledger = environment.ledger()?;
        let found = ledger.check()?;
        opened = Some(ledger);
        Ok(found)
    });
    if let Some(ledger) = opened.filter(|_| !read_only) {
        walk.check("ledger: take a lease, write and forget a note", || probe::write_and_forget(&*ledger, &*environment.clock));
    }
}
