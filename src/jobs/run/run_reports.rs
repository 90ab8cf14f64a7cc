//! Run reports as files of the profile's `reports` folder.

use std::io::Write;
use std::path::Path;

use crate::identity::{ModuleName, RunId};
use crate::private;
use crate::report::RunReport;

use super::{Environment, JobError};

/// Writes a run's report to a file. It describes the run and is no part of its success: a failure to write the file is only
/// logged.
pub(crate) fn write_report(environment: &Environment, report: &RunReport) -> Result<(), JobError> {
    let folder = environment.config.path(&environment.config.profile.reports);
    let path = folder.join(format!("{}-{}.json", report.module, report.run_id));
    let json = serde_json::to_string_pretty(report).map_err(|error| JobError::Bug(error.to_string()))?;
    let write = || {
        private::make_folder(&folder)?;
        private::file().truncate(true).open(&path)?.write_all(json.as_bytes())
    };
    let written = environment.disk.run("write", &path, write);
    if let Err(error) = written {
        tracing::warn!(event = "report_not_written", path = %path.display(), %error, "could not write the report");
    }
    Ok(())
}

/// Reports of a module that still exist.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Reports, oldest first.
    pub reports: Vec<RunReport>,
    /// Number of files that are named like a report but can't be read as one.
    pub unreadable: usize,
}

/// Reads the reports of a module in a folder, if there are any.
pub(crate) fn read_reports(folder: &Path, module: &ModuleName) -> Kept {
    let mut kept = Kept::default();
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<_> = names.filter(|path| run_of(path, module).is_some()).collect();
    paths.sort_by_key(|path| run_of(path, module));
    for path in paths {
        match std::fs::read(&path).ok().and_then(|json| serde_json::from_slice(&json).ok()) {
            Some(report) => kept.reports.push(report),
            None => kept.unreadable += 1,
        }
    }
    kept
}

/// Returns the run whose report a file is; none if it is not a report of this module. Other modules' names may begin as this
/// one's does.
fn run_of(path: &Path, module: &ModuleName) -> Option<RunId> {
    path.file_name()?.to_str()?.strip_prefix(module.as_str())?.strip_prefix('-')?.strip_suffix(".json")?.parse().ok()
}
