//! Tables of arrays in the records of JSON files.

use crate::config::{ChildKeys, ChildOf, CollectionSettings, Module};
use crate::identity::CollectionName;
use crate::jobs::run::JobError;
use crate::schema::ColumnName;
use crate::source::{Items, Part, PathStep, Reshape, parse_path};

use super::null_words::null_words;
use super::wrong::wrong;

/// Returns the part of each record that a collection's table has.
pub(super) fn part(module: &Module, settings: &CollectionSettings) -> Result<Part, JobError> {
    let paths = settings.children.keys().map(|path| parse_path(path).map_err(|reason| wrong(module, "children", reason)));
    let paths = paths.collect::<Result<Vec<_>, _>>()?;
    within(module, settings, if paths.is_empty() { Part::Whole } else { Part::Without(paths) })
}

/// Returns the part of the records of a file in which `inner` is the part of the collection's own records.
fn within(module: &Module, settings: &CollectionSettings, inner: Part) -> Result<Part, JobError> {
    let Some(child) = &settings.child_of else { return Ok(inner) };
    let refused = |reason: String| wrong(module, &format!("children.{} of `{}`", child.path, child.parent), reason);
    let path = parse_path(&child.path).map_err(refused)?;
    let envelope = keys(&child.keys).map_err(refused)?;
    refuse_twice(&envelope, child.position.as_ref()).map_err(refused)?;
    let nulls = module.source.json.as_ref().map(null_words).unwrap_or_default();
    let reshape = Reshape { path, envelope, may_lack_records: true, nulls, part: inner, ..Reshape::default() };
    let items = Part::Items(Box::new(Items { reshape, position: child.position.clone() }));
    match module.collections.get(&child.parent) {
        Some(parent) => within(module, parent, items),
        None => Err(refused("there is no such collection".to_owned())),
    }
}

/// Returns the names of the keys, and their paths.
fn keys(keys: &ChildKeys) -> Result<Vec<(String, Vec<String>)>, String> {
    let wanted: Vec<(Option<&String>, &String)> = match keys {
        ChildKeys::Paths(paths) => paths.iter().map(|path| (None, path)).collect(),
        ChildKeys::Named(named) => named.iter().map(|(name, path)| (Some(name), path)).collect(),
    };
    if wanted.is_empty() {
        return Err("it has no `keys`, by which items are joined with their records".to_owned());
    }
    let key = |(name, path): (Option<&String>, &String)| {
        let steps = parse_path(path)?.into_iter().map(|step| match step {
            PathStep::Member(name) => Ok(name),
            PathStep::Items => Err(format!("the key `{path}` leads to several values")),
        });
        let names = steps.collect::<Result<Vec<String>, String>>()?;
        let last = names.last().cloned().unwrap_or_default();
        Ok((name.cloned().unwrap_or(last), names))
    };
    wanted.into_iter().map(key).collect()
}

/// Refuses a name that an item would have twice, whatever is in it.
fn refuse_twice(keys: &[(String, Vec<String>)], position: Option<&String>) -> Result<(), String> {
    let names: Vec<&String> = keys.iter().map(|(name, _)| name).chain(position).collect();
    let Some(twice) = names.iter().enumerate().find(|(place, name)| names[..*place].contains(name)) else { return Ok(()) };
    Err(format!("`keys` and `position` have the name `{0}` twice; name the keys: `keys: {{ order_{0}: {0} }}`", twice.1))
}

/// Returns the collection from whose files a collection is read: its own, or that of the records whose arrays it has.
pub(super) fn root<'m>(module: &'m Module, name: &'m CollectionName) -> &'m CollectionName {
    match module.collections.get(name).and_then(|settings| settings.child_of.as_ref()) {
        Some(child) => root(module, &child.parent),
        None => name,
    }
}

/// Returns the column that the array would be in the table of its records.
pub(super) fn column(module: &Module, child: &ChildOf) -> Option<ColumnName> {
    match parse_path(&child.path).ok()?.into_iter().next()? {
        PathStep::Member(name) => module.column_names.apply(&name),
        PathStep::Items => None,
    }
}

/// Returns the columns that the arrays of a collection's records would be, if they were no tables of their own.
pub(super) fn arrays<'m>(module: &'m Module, collection: &'m CollectionName) -> impl Iterator<Item = ColumnName> + 'm {
    let children = module.collections.values().filter_map(|settings| settings.child_of.as_ref());
    children.filter(move |child| child.parent == *collection).filter_map(|child| column(module, child))
}
