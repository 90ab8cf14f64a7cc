//! The whole way of a run, walked without running it: each step checked, and what to do where one fails.

use std::fmt;
use std::sync::Arc;

use crate::config::{ConfigError, FileEncryption, Module};
use crate::identity::LoadType;
use crate::report::{ExitCode, Failure};

use crate::jobs::ingest::module::{Collection, collections};
use crate::jobs::run::{Environment, JobError, NextCommands};

use super::probe;

/// What was asked for.
#[derive(Clone)]
pub struct DoctorRequest {
    /// The module whose way is walked; the profile alone where none is named.
    pub module: Option<String>,
    /// Which of its loads.
    pub load: LoadType,
    /// Whether to write neither a probe into the store nor a note into the ledger, so that it stays unknown whether a run could.
    pub read_only: bool,
    /// Prints the commands that mend what is found.
    pub commands: Arc<dyn NextCommands>,
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
        failures.map(|failure| failure.exit_code).next().map_or(ExitCode::Done, ExitCode::Error)
    }
}

/// How many are well.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.findings.iter().filter(|finding| finding.result.is_err()).count();
        match failed {
            0 => write!(f, "all {} checks passed", self.findings.len()),
            _ => write!(f, "{failed} of {} checks failed", self.findings.len()),
        }
    }
}

/// Walks the way, and tells each step as soon as it is done. A step that fails does not keep the others from being tried; without
/// an environment there is no way to walk.
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

/// The steps that were taken, and who hears of each at once: one may take as long as a service that hangs.
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

/// The way of a run in an environment.
pub(super) struct Walk<'w, 't> {
    pub(super) environment: &'w Environment,
    pub(super) read_only: bool,
    pub(super) steps: &'w mut Steps<'t>,
}

pub(super) type Loaded = (Module, Vec<Collection>);

impl Walk<'_, '_> {
    /// A step; whether it is well.
    pub(super) fn check<T: fmt::Display>(&mut self, step: impl Into<String>, work: impl FnOnce() -> Result<T, JobError>) -> bool {
        self.steps.check(step, work)
    }

    /// The table of contents.
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
