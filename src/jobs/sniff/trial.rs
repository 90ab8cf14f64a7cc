//! A trial of a module on the file that it was made for: doubts about records and values that a run would not publish.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde_json::json;

use crate::identity::{Causes, CollectionName, Explain, NameError};
use crate::jobs::ingest::trial::{Trial, trial};
use crate::jobs::run::{Environment, JobError, Services};

use super::beside::NAMELESS;
use super::module_file::{CollectionPart, SourcePart, module_yaml};

/// Maximum size of a file that is read on trial.
const MOST_BYTES: u64 = 32 << 20;

const PROFILE: &str = "\
version: 1
profile: trial
profiles:
  trial:
    stores: { source: { url: source }, published: { url: published } }
    metastore: { sqlite: { path: metastore.db } }
    ledger: { sqlite: { path: ledger.db } }
";
const FILE: &str = "2024-05-01";

/// Reads a file with the module that was made for it, and adds doubts about what a run would not publish.
///
/// # Errors
/// The file, or temporary space, fails.
pub(super) fn on_trial(part: &mut SourcePart, bytes: Box<dyn Read + Send>) -> Result<(), JobError> {
    let failed = |source| JobError::Output { what: "temporary space for a trial of the module".to_owned(), source };
    let folder = tempfile::tempdir().map_err(failed)?;
    let source = folder.path().join("source");
    fs::create_dir(&source).map_err(failed)?;
    let copied = File::create(source.join(FILE)).and_then(|mut file| io::copy(&mut bytes.take(MOST_BYTES + 1), &mut file));
    if copied.map_err(failed)? > MOST_BYTES {
        part.doubts.push(format!("the file has more than {} MiB: the module was not tried on it", MOST_BYTES >> 20));
        return Ok(());
    }
    match tried(folder.path(), part) {
        Ok(trial) => tell(&trial, part),
        Err(error) => {
            let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            let reason = Causes(&error).to_string().replace(&format!("the source file `{FILE}`"), "it");
            part.doubts.push(format!("a run refuses the file: {}{hint}", reason.replace(&format!("`{FILE}`"), "the file")));
        }
    }
    Ok(())
}

fn tried(folder: &Path, part: &SourcePart) -> Result<Trial, JobError> {
    let failed = |source| JobError::Output { what: "the module of a trial".to_owned(), source };
    let mut part = SourcePart { doubts: Vec::new(), ..part.clone() };
    part.source.insert("files".to_owned(), json!("{date}"));
    let collections = [CollectionPart { name: NAMELESS.to_owned(), file_name: None, columns: part.columns.clone() }];
    let yaml = module_yaml("trial", &part, None, &collections)?;
    let config = folder.join("adg.yaml");
    fs::create_dir(folder.join("modules")).map_err(failed)?;
    fs::write(folder.join("modules/trial.yaml"), yaml).map_err(failed)?;
    fs::write(&config, PROFILE).map_err(failed)?;
    let name: CollectionName = NAMELESS.parse().map_err(|error: NameError| JobError::Bug(error.to_string()))?;
    trial(&Services::open(Environment::load(&config, None)?)?, "trial", &name)
}

/// Adds doubts about records and values that would not be published, unless there are such already.
fn tell(trial: &Trial, part: &mut SourcePart) {
    const MOST: usize = 5;
    let all = trial.records;
    let is_told = part.doubts.iter().any(|doubt| doubt.contains("quarantine"));
    if !is_told {
        let reasons = trial.quarantined.iter().take(MOST);
        part.doubts.extend(reasons.map(|(reason, count)| format!("{count} of {all} records would go to quarantine: {reason}")));
    }
    let values = trial.invalid.iter().take(MOST).map(|(column, (ty, count))| {
        format!("{count} of {all} values of `{column}` are no {ty}: they would be null, with their text in `error_desc`")
    });
    part.doubts.extend(values);
    part.doubts.extend(
        trial
            .notes
            .iter()
            .take(MOST)
            .map(|note| note.replace(", drop the table, and run its dates again", "").replace(&format!("`{FILE}`"), "the file")),
    );
}
