//! A workspace from a folder or bucket of files: `adg.yaml`, and a module for each kind of file.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::identity::ProcessingDate;
use crate::jobs::run::{Environment, JobError};
use crate::source::{Delimited, SniffedKind, SourceError, sniff as look};
use crate::store::{ObjectInfo, Store};

use super::file_name::{NamePattern, pattern_of};
use super::module_file::{CollectionPart, SourcePart, module_yaml, source_part};
use super::trial::on_trial;

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
    if source.kind() == std::io::ErrorKind::AlreadyExists {
        return JobError::Usage {
            message: format!("`{}` exists, and is not replaced", file.display()),
            hint: Some("move it away, name another with --config, or print a module alone: `adg sniff FILE`".to_owned()),
        };
    }
    JobError::Output { what: format!("`{}`", file.display()), source }
}

/// Files whose names have one pattern, apart from the collection.
struct Group {
    name: NamePattern,
    newest: ObjectInfo,
    first: Option<ProcessingDate>,
    keys: Vec<String>,
}

/// A module file: its name, its text, and doubts.
type ModuleFile = (String, String, Vec<String>);

/// Returns the files of a source as groups of one pattern each, the doubts about the patterns weighed.
fn groups(objects: Vec<ObjectInfo>) -> Vec<Group> {
    let mut groups: IndexMap<(String, Option<String>), Group> = IndexMap::new();
    let mut others: Vec<(String, NamePattern)> = Vec::new();
    for object in objects {
        let is_hidden = object.key.split('/').any(|part| part.starts_with(['.', '_']));
        if is_hidden || object.size == 0 {
            continue;
        }
        let name = pattern_of(&object.key);
        others.push((object.key.clone(), name.clone()));
        let group = (name.pattern.clone(), name.file_name.clone());
        let date = name.date;
        let new = || Group { name, newest: object.clone(), first: date, keys: Vec::new() };
        let known = groups.entry(group).or_insert_with(new);
        known.first = known.first.min(date);
        known.keys.push(object.key.clone());
        if object.key > known.newest.key {
            known.newest = object;
        }
    }
    let mut merged = merged(groups.into_values().collect());
    for group in &mut merged {
        group.name.weigh(&group.newest.key, &others);
    }
    merged
}

/// Takes groups of a collection for one whose files the pattern of another finds too.
fn merged(groups: Vec<Group>) -> Vec<Group> {
    let mut merged: Vec<Group> = Vec::new();
    let has = |one: &Group, other: &Group| {
        let found = one.name.finds(other.keys.iter().map(String::as_str));
        one.name.file_name == other.name.file_name
            && found.is_some_and(|found| found.values().map(Vec::len).sum::<usize>() == other.keys.len())
    };
    for mut group in groups {
        if let Some(known) = merged.iter_mut().find(|known| has(known, &group)) {
            known.add(group);
            continue;
        }
        let (inside, rest): (Vec<Group>, Vec<Group>) = merged.into_iter().partition(|known| has(&group, known));
        merged = rest;
        for known in inside {
            group.add(known);
        }
        merged.push(group);
    }
    merged
}

impl Group {
    fn add(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.keys.extend(other.keys);
        if other.newest.key > self.newest.key {
            self.newest = other.newest;
        }
    }
}

/// Returns the settings for a group's files, by the newest one, and the file that they are to be tried on. The first file of its
/// date is looked at too: it alone may have a header.
fn part_of(store: &Store, group: &Group) -> Result<(SourcePart, ObjectInfo), SourceError> {
    let Group { name, newest, keys, .. } = group;
    let sniffed = look(&newest.key, store.open_object(newest)?)?;
    let mut part = source_part(name, &sniffed);
    let date = pattern_of(&newest.key).date;
    let is_of_date = |key: &&String| pattern_of(key).date == date;
    let other = keys.iter().filter(is_of_date).min().filter(|key| **key != newest.key).or(keys.iter().min());
    let Some(other) = other.filter(|key| **key != newest.key) else { return Ok((part, newest.clone())) };
    let first = store.head(other)?;
    let Ok(looked) = look(other, store.open_object(&first)?) else { return Ok((part, newest.clone())) };
    match (&sniffed.kind, &looked.kind) {
        (SniffedKind::Delimited(one), SniffedKind::Delimited(other))
            if is_headless(one, other) && pattern_of(&first.key).date == date =>
        {
            part = source_part(name, &looked);
            part.set_header_of_first_file();
            return Ok((part, first));
        }
        (SniffedKind::Delimited(one), SniffedKind::Delimited(two))
            if one.notation == two.notation && one.has_header == two.has_header => {}
        (SniffedKind::Delimited(_), SniffedKind::Delimited(_)) => {
            part.doubts.push(format!("`{other}` has another delimiter, other quotes or another header than `{}`", newest.key));
        }
        (SniffedKind::Objects(one), SniffedKind::Objects(two)) if one.records == two.records => {}
        (SniffedKind::Typed(one), SniffedKind::Typed(two)) if one == two => {}
        _ => part.doubts.push(format!("`{other}` is in another format, or has its records elsewhere, than `{}`", newest.key)),
    }
    Ok((part, newest.clone()))
}

/// Returns true if a file lacks the header that another one has, and is alike otherwise.
fn is_headless(one: &Delimited, other: &Delimited) -> bool {
    let width = |file: &Delimited| file.records.first().map_or(0, Vec::len);
    !one.has_header && other.has_header && one.notation == other.notation && width(one) == width(other)
}

/// Returns the module files, one for all collections that are read alike, and sentences about files that can't be read.
fn modules(request: &InitRequest) -> Result<(Vec<ModuleFile>, Vec<String>), JobError> {
    let store = Environment::load(&request.config, None)?.store("source", false)?;
    let groups = groups(store.list("")?);
    if groups.is_empty() {
        let message = format!("`{}` has no files", request.source);
        return Err(JobError::Usage { message, hint: Some("name the folder or the URL that the source writes to".to_owned()) });
    }
    let mut unread = Vec::new();
    let mut parts: Vec<(SourcePart, Option<ProcessingDate>, Vec<CollectionPart>)> = Vec::new();
    for group in groups {
        let Group { name, first, .. } = &group;
        let (mut part, tried) = match part_of(&store, &group) {
            Ok(part) => part,
            Err(error) if error.store().is_none() => {
                unread.push(error);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        on_trial(&mut part, store.open_object(&tried)?)?;
        let (name, first) = (name.clone(), *first);
        let collection = CollectionPart::new(&name, &part);
        let alike = parts
            .iter_mut()
            .find(|(other, _, known)| other.is_like(&part) && !known.iter().any(|known| known.name == collection.name));
        match alike.filter(|_| name.pattern.contains("{collection}")) {
            Some((known, start, collections)) => {
                let new: Vec<String> = part.doubts.into_iter().filter(|doubt| !known.doubts.contains(doubt)).collect();
                known.doubts.extend(new);
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
