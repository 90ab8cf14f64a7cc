//! A module file from one file.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::identity::ModuleName;
use crate::jobs::run::{Environment, JobError};
use crate::source::{SourceError, sniff as look};

use super::beside::{MOST_NAMES, NAMELESS};
use super::file_name::{NameDoubt, NamePattern, Settled, pattern_of};
use super::module_file::{CollectionPart, module_yaml, source_part};
use super::trial::on_trial;

/// A request to look at a file.
#[derive(Debug, Clone)]
pub struct SniffRequest {
    /// Path of a local file, or key of the store.
    pub file: String,
    /// Store of the profile, if the file is in one.
    pub store: Option<String>,
    /// Name of the module. If not set, that of the collection.
    pub module: Option<ModuleName>,
}

type Bytes = Box<dyn Read + Send>;

/// Returns a module file for files such as that one, with what may be otherwise as comments. `environment` opens the profile, if
/// the file is in a store.
///
/// # Errors
/// The file does not exist, is empty, damaged or of a format that adg does not read.
pub fn sniff(request: &SniffRequest, environment: impl FnOnce() -> Result<Environment, JobError>) -> Result<String, JobError> {
    let module = request.module.as_ref();
    match &request.store {
        Some(name) => {
            let store = environment()?.store(name, false)?;
            let object = store.head(&request.file)?;
            let mut pattern = pattern_of(&request.file);
            pattern.weigh(&request.file, &[]);
            module_for(&request.file, &pattern, &|| Ok(store.open_object(&object)?), module)
        }
        None => {
            let path = Path::new(&request.file);
            must_be_a_file(path)?;
            let open = || -> Result<Bytes, JobError> {
                let file = File::open(path).map_err(|source| SourceError::Read { key: request.file.clone(), bytes: 0, source });
                Ok(Box::new(file?))
            };
            let (key, pattern) = local_name(path);
            module_for(&key, &pattern, &open, module)
        }
    }
}

fn must_be_a_file(path: &Path) -> Result<(), JobError> {
    let shown = path.display();
    let (message, hint) = match path {
        _ if path.is_dir() => (format!("`{shown}` is a folder"), format!("look at all its files: `adg init {shown}`")),
        _ if path.exists() => return Ok(()),
        _ => (format!("there is no file `{shown}`"), "correct the path, or name the store of a key with --store".to_owned()),
    };
    Err(JobError::Usage { message, hint: Some(hint) })
}

/// Returns the key of a local file and its pattern. Where its name tells no date or collection, folders above it belong to the
/// key.
fn local_name(path: &Path) -> (String, NamePattern) {
    /// Maximum number of folders.
    const MOST: usize = 8;
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let parts: Vec<String> = whole.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let key = |count: usize| parts[parts.len().saturating_sub(count)..].join("/");
    let is_told = |count: &usize| {
        let name = pattern_of(&key(*count));
        name.date.is_some() && name.collection.is_some()
    };
    let most = MOST.min(parts.len().saturating_sub(1)).max(1);
    let count = (1..=most).find(is_told).unwrap_or(1);
    let date = pattern_of(&key(count)).date;
    // Folders of the same date above it, and those of its hours, tell files apart too.
    let is_dated = |count: &usize| {
        let name = pattern_of(&key(*count));
        name.date == date && name.pattern.split('/').next().is_some_and(has_date_token)
    };
    let key = key((count + 1..=most).rfind(is_dated).filter(|_| date.is_some()).unwrap_or(count));
    let mut name = pattern_of(&key);
    name.weigh(&key, &beside(&whole, &key));
    if let Some((folder, _)) = key.split_once('/') {
        let text = format!("`files` begins with the folder `{folder}`: it must be below the root of the store");
        name.doubts.push(NameDoubt { text, settled_by: Settled::Never });
    }
    (key, name)
}

/// Returns true if a part of a pattern has the date or a part of it.
fn has_date_token(part: &str) -> bool {
    ["{date", "{year}", "{month}", "{day}"].iter().any(|token| part.contains(token))
}

/// Returns the keys of the files in a file's folder, with their patterns. `key`: its own.
fn beside(path: &Path, key: &str) -> Vec<(String, NamePattern)> {
    let folders = key.rfind('/').map_or("", |at| &key[..=at]);
    let entries = path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).take(MOST_NAMES);
    let keys = files.map(|entry| format!("{folders}{}", entry.file_name().to_string_lossy()));
    keys.map(|key| (key.clone(), pattern_of(&key))).collect()
}

/// Returns the module file for files such as this one.
fn module_for(
    key: &str,
    name: &NamePattern,
    open: &dyn Fn() -> Result<Bytes, JobError>,
    module: Option<&ModuleName>,
) -> Result<String, JobError> {
    let mut part = source_part(name, &look(key, open()?)?);
    on_trial(&mut part, open()?)?;
    let collection = CollectionPart::new(name, &part);
    if name.collection.is_none() {
        part.doubts.push(format!("the name of the file names no collection: `{NAMELESS}` is a guess"));
    }
    let module = module.map_or_else(|| collection.name.clone(), ToString::to_string);
    let start = name.date.map(|date| date.to_string());
    module_yaml(&module, &part, start.as_deref(), &[collection])
}
