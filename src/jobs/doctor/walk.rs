//! Diagnosis of a run without running it: checks each step, and says what to do if one fails.

use std::fmt;
use std::sync::Arc;

use crate::config::{ConfigError, FileEncryption, Module};
use crate::identity::LoadType;
use crate::report::{ExitCode, Failure};

use crate::jobs::ingest::module::{Collection, collections};
use crate::jobs::run::{Environment, JobError, NextCommands};

use super::probe;

/// A request to diagnose a profile or a module.
#[derive(Clone)]
pub struct DoctorRequest {
    /// Module to check; none: only the profile.
    pub module: Option<String>,
    /// Load type of the module.
    pub load: LoadType,
    /// True if neither a probe is written into a store nor a record into the ledger; it then stays unknown whether a run could
    /// write.
    pub read_only: bool,
    /// Prints the commands that repair what is found.
    pub commands: Arc<dyn NextCommands>,
}

/// Result of one step.
#[derive(Debug)]
pub struct Finding {
    /// Name of the step.
    pub step: String,
    /// Description of what was found, or the failure.
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

/// Results of all steps.
#[derive(Debug, Default)]
pub struct Diagnosis {
    /// Results, in the order of the steps.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Returns the exit code of the first failure: later failures may follow from it.
    pub fn exit_code(&self) -> ExitCode {
        let failures = self.findings.iter().filter_map(|finding| finding.result.as_ref().err());
        failures.map(|failure| failure.exit_code).next().map_or(ExitCode::Done, ExitCode::Error)
    }
}

/// Prints the number of checks that passed, or that failed.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.findings.iter().filter(|finding| finding.result.is_err()).count();
        match failed {
            0 => write!(f, "all {} checks passed", self.findings.len()),
            _ => write!(f, "{failed} of {} checks failed", self.findings.len()),
        }
    }
}

/// Checks each step and reports it to `tell` as soon as it is done. A step that fails does not keep the others from being tried;
/// without an environment, only the error that prevented it is reported.
pub fn doctor(environment: Result<Environment, JobError>, request: &DoctorRequest, tell: &mut dyn FnMut(&Finding)) -> Diagnosis {
    let mut steps = Steps { diagnosis: Diagnosis::default(), tell };
    match environment {
        Ok(environment) => Walk { environment: &environment, read_only: request.read_only, steps: &mut steps }.all(request),
        Err(error) => {
            let step = if matches!(error, JobError::Config(ConfigError::Secret { .. })) { "secrets" } else { "config" };
            steps.check(step, || Err::<String, _>(error));
        }
    }
    steps.diagnosis
}

/// Steps that were taken, and the callback that gets each at once: one may take as long as a service that hangs.
pub(super) struct Steps<'t> {
    pub(super) diagnosis: Diagnosis,
    pub(super) tell: &'t mut dyn FnMut(&Finding),
}

impl Steps<'_> {
    pub(super) fn check<T: fmt::Display>(&mut self, step: impl Into<String>, work: impl FnOnce() -> Result<T, JobError>) -> bool {
        let result = work().map(|found| found.to_string()).map_err(|error| error.failure());
        let finding = Finding { step: step.into(), result };
        let is_well = finding.result.is_ok();
        (self.tell)(&finding);
        self.diagnosis.findings.push(finding);
        is_well
    }
}

/// Checks of a run in an environment.
pub(super) struct Walk<'w, 't> {
    pub(super) environment: &'w Environment,
    pub(super) read_only: bool,
    pub(super) steps: &'w mut Steps<'t>,
}

pub(super) type Loaded = (Module, Vec<Collection>);

impl Walk<'_, '_> {
    /// Runs a step. Returns true if it passed.
    pub(super) fn check<T: fmt::Display>(&mut self, step: impl Into<String>, work: impl FnOnce() -> Result<T, JobError>) -> bool {
        self.steps.check(step, work)
    }

    /// Runs all steps in order.
    fn all(mut self, request: &DoctorRequest) {
        self.config();
        let module = request.module.as_ref().and_then(|name| self.module(name, request.load));
        let (source, target) = match &module {
            Some((module, _)) => (module.source.store.clone(), module.target.store.clone()),
            None => ("source".to_owned(), "published".to_owned()),
        };
        self.source(&source, module.as_ref());
        if module.as_ref().is_some_and(|(module, _)| module.source.encryption == FileEncryption::KeyService) {
            self.key_service();
        }
        let folder = module.as_ref().map_or("", |(module, _)| module.target.location.split('{').next().unwrap_or_default());
        self.written(&target, folder.trim_matches('/'));
        self.cluster();
        self.connections();
        let metastore = self.metastore(module.as_ref().map(|(_, collections)| collections.as_slice()));
        let ledger = self.ledger();
        if let (Some((module, collections)), Some(metastore), Some(ledger)) = (&module, metastore, ledger) {
            self.readers(module, collections, &*metastore, &*ledger, &*request.commands);
        }
        self.channels();
        let scratch = self.environment.scratch_root();
        self.check("scratch", || probe::scratch(&scratch));
    }

    fn config(&mut self) {
        let config = &self.environment.config;
        self.check("config", || Ok(format!("the profile `{}`", config.profile_name)));
        if !config.profile.secrets.is_empty() {
            let names = config.profile.secrets.keys().cloned().collect::<Vec<_>>().join(", ");
            self.check("secrets", || Ok(format!("{names}; those that the profile refers to were read")));
        }
    }

    fn module(&mut self, name: &str, load: LoadType) -> Option<Loaded> {
        let environment = self.environment;
        let mut loaded = None;
        self.check(format!("module {name}"), || {
            let module = environment.module(name, load)?;
            let collections = collections(&module, &[])?;
            let names = collections.iter().map(|collection| collection.name.to_string()).collect::<Vec<_>>().join(", ");
            loaded = Some((module, collections));
            Ok(format!("collections {names}"))
        });
        loaded
    }
}
