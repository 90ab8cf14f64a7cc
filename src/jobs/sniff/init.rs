//! A workspace from a folder or bucket of files: `adg.yaml`, and a module for each kind of file.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::identity::ProcessingDate;
use crate::jobs::run::{Environment, JobError};
use crate::source::sniff as look;
use crate::store::ObjectInfo;

use super::file_name::{NamePattern, pattern_of};
use super::module_file::{CollectionPart, SourcePart, module_yaml, source_part};

/// A request to begin a workspace.
#[derive(Debug, Clone)]
pub struct InitRequest {
    /// Folder or URL of the source files.
    pub source: String,
    /// `adg.yaml`, which must not exist.
    pub config: PathBuf,
}

/// The files that were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Init {
    /// Files that were written, in order.
    pub files: Vec<PathBuf>,
    /// Names of the modules.
    pub modules: Vec<String>,
    /// Sentences to check, each with the file that it is about.
    pub doubts: Vec<String>,
}

const PROFILE: &str = "\
version: 1
profile: local
profiles:
  local:
    stores:
      source: { url: SOURCE }
      published: { url: warehouse }
    metastore: { sqlite: { path: warehouse/metastore.db } }
    ledger: { sqlite: { path: warehouse/ledger.db } }
";

/// Writes `adg.yaml` and a module for each kind of file of the source.
///
/// # Errors
/// `adg.yaml` or a module exists; the source has no file, or can't be read; a file can't be written.
pub fn init(request: &InitRequest) -> Result<Init, JobError> {
    let source = serde_saphyr::to_string(&request.source).map_err(|error| JobError::Bug(error.to_string()))?;
    let mut written = Init { files: Vec::new(), modules: Vec::new(), doubts: Vec::new() };
    create(&request.config, &PROFILE.replace("SOURCE", source.trim()), &mut written)?;
    let (modules, unread) = modules(request)?;
    written.doubts.extend(unread);
    let folder = request.config.parent().unwrap_or(Path::new("")).join("modules");
    fs::create_dir_all(&folder).map_err(|source| unwritten(&folder, source))?;
    for (name, yaml, doubts) in modules {
        let file = folder.join(format!("{name}.yaml"));
        create(&file, &yaml, &mut written)?;
        written.doubts.extend(doubts.into_iter().map(|doubt| format!("{}: {doubt}", file.display())));
        written.modules.push(name);
    }
    Ok(written)
}

fn create(file: &Path, text: &str, written: &mut Init) -> Result<(), JobError> {
    let created = fs::File::create_new(file).and_then(|mut file| file.write_all(text.as_bytes()));
    created.map_err(|source| unwritten(file, source))?;
    written.files.push(file.to_owned());
    Ok(())
}

fn unwritten(file: &Path, source: std::io::Error) -> JobError {
    JobError::Output { what: format!("`{}`", file.display()), source }
}

/// Files whose names have one pattern, apart from the collection.
struct Group {
    name: NamePattern,
    newest: ObjectInfo,
    first: Option<ProcessingDate>,
}

/// A module file: its name, its text, and doubts.
type ModuleFile = (String, String, Vec<String>);

/// Returns the module files, one for all collections that are read alike, and sentences about files that can't be read.
fn modules(request: &InitRequest) -> Result<(Vec<ModuleFile>, Vec<String>), JobError> {
    let store = Environment::load(&request.config, None)?.store("source", false)?;
    let mut groups: IndexMap<(String, Option<String>), Group> = IndexMap::new();
    for object in store.list("")? {
        let is_hidden = object.key.split('/').any(|part| part.starts_with(['.', '_']));
        if is_hidden || object.size == 0 {
            continue;
        }
        let name = pattern_of(&object.key);
        let group = (name.pattern.clone(), name.collection.clone());
        let date = name.date;
        let known = groups.entry(group).or_insert_with(|| Group { name, newest: object.clone(), first: date });
        known.first = known.first.min(date);
        if object.key > known.newest.key {
            known.newest = object;
        }
    }
    if groups.is_empty() {
        let message = format!("`{}` has no files", request.source);
        return Err(JobError::Usage { message, hint: Some("name the folder or the URL that the source writes to".to_owned()) });
    }
    let mut unread = Vec::new();
    let mut parts: Vec<(SourcePart, Option<ProcessingDate>, Vec<CollectionPart>)> = Vec::new();
    for Group { name, newest, first } in groups.into_values() {
        let sniffed = match look(&newest.key, store.open_object(&newest)?) {
            Ok(sniffed) => sniffed,
            Err(error) if error.store().is_none() => {
                unread.push(error);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let part = source_part(&name, &sniffed);
        let collection = CollectionPart {
            name: name.collection.clone().unwrap_or_else(|| "records".to_owned()),
            columns: part.columns.clone(),
        };
        let alike = parts.iter_mut().find(|(other, ..)| other.is_like(&part));
        match alike.filter(|_| name.pattern.contains("{collection}")) {
            Some((known, start, collections)) => {
                known.doubts.extend(part.doubts);
                *start = (*start).min(first);
                collections.push(collection);
            }
            None => parts.push((part, first, vec![collection])),
        }
    }
    // Of files that are none, there is nothing to begin with.
    if parts.is_empty()
        && let Some(error) = unread.pop()
    {
        return Err(error.into());
    }
    let unread = unread.iter().map(|error| format!("no module is written for such files: {error}")).collect();
    let mut modules: Vec<ModuleFile> = Vec::new();
    for (part, start, collections) in parts {
        let of_one = collections.first().map(|collection| collection.name.clone()).unwrap_or_default();
        let base = if collections.len() == 1 { of_one } else { "source".to_owned() };
        let taken = modules.iter().filter(|(name, ..)| *name == base || name.starts_with(&format!("{base}_"))).count();
        let name = if taken == 0 { base } else { format!("{base}_{}", taken + 1) };
        let yaml = module_yaml(&name, &part, start.map(|date| date.to_string()).as_deref(), &collections)?;
        modules.push((name, yaml, part.doubts));
    }
    Ok((modules, unread))
}
