//! A module file from one file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::identity::ModuleName;
use crate::jobs::run::{Environment, JobError};
use crate::source::{Sniffed, SourceError, sniff as look};

use super::file_name::pattern_of;
use super::module_file::{CollectionPart, module_yaml, source_part};

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

/// Returns a module file for files such as that one, with what may be otherwise as comments. `environment` opens the profile, if
/// the file is in a store.
///
/// # Errors
/// The file does not exist, is empty, damaged or of a format that adg does not read.
pub fn sniff(request: &SniffRequest, environment: impl FnOnce() -> Result<Environment, JobError>) -> Result<String, JobError> {
    let (key, bytes): (String, Box<dyn Read + Send>) = match &request.store {
        Some(name) => {
            let store = environment()?.store(name, false)?;
            let object = store.head(&request.file)?;
            (request.file.clone(), store.open_object(&object)?)
        }
        None => {
            let path = Path::new(&request.file);
            let failed = |source| SourceError::Read { key: request.file.clone(), bytes: 0, source };
            let name = path.file_name().map_or_else(|| request.file.clone(), |name| name.to_string_lossy().into_owned());
            (name, Box::new(File::open(path).map_err(failed)?))
        }
    };
    module_for(&key, &look(&key, bytes)?, request.module.as_ref())
}

/// Returns the module file for files such as this one.
fn module_for(key: &str, sniffed: &Sniffed, module: Option<&ModuleName>) -> Result<String, JobError> {
    let name = pattern_of(key);
    let mut part = source_part(&name, sniffed);
    let collection = name.collection.clone().unwrap_or_else(|| "records".to_owned());
    if name.collection.is_none() {
        part.doubts.push("the name of the file names no collection: `records` is a guess".to_owned());
    }
    let module = module.map_or_else(|| collection.clone(), ToString::to_string);
    let start = name.date.map(|date| date.to_string());
    let collections = [CollectionPart { name: collection, columns: part.columns.clone() }];
    module_yaml(&module, &part, start.as_deref(), &collections)
}
