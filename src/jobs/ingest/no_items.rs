//! Dates on which no record has an item for the table of an array: does its path lead nowhere?

use crate::config::Module;
use crate::identity::CollectionName;
use crate::jobs::run::JobError;
use crate::source::{PathStep, Sought, SourceError, parse_path, sought, written_path};

use super::format::with_documents;
use super::incoming::DayFiles;
use super::wrong::wrong;

/// Maximum number of files that are searched for arrays.
const MOST_SEARCHED: usize = 8;

impl DayFiles<'_> {
    /// Returns a note about a date on which the records have no item for the table of an array.
    ///
    /// # Errors
    /// The records have the array at another path; a file can't be read.
    pub(super) fn without_items(&self) -> Result<String, JobError> {
        let module = self.context.module;
        let no_items = || "the records have no items: the partition is empty".to_owned();
        let (Some(settings), Some((steps, around))) = (&module.source.json, path(module, &self.collection.name)) else {
            return Ok(no_items());
        };
        let (format, sizes) = (with_documents(module, settings)?, self.context.reading(self.collection).sizes);
        let (ahead, mut note) = (self.ahead(), None);
        for key in self.keys.iter().take(MOST_SEARCHED) {
            self.context.stop.check()?;
            let bytes = self.bytes(key, &ahead, None)?;
            let found = match sought((&key.object.key, bytes), &format, sizes, &steps) {
                Err(SourceError::Empty { .. }) => continue,
                found => found?,
            };
            match &found {
                Sought::Found => return Ok(no_items()),
                Sought::Nearly(other) => return self.elsewhere(&steps[around..], other.strip_prefix(&steps[..around])),
                Sought::Missing { .. } => note = note.or_else(|| found.missing(&steps)),
            }
        }
        Ok(note.map_or_else(no_items, |note| format!("the partition is empty: {note}")))
    }

    /// Returns the error of a path to arrays that stand at another one; `None`: the path to the records around them is another.
    fn elsewhere(&self, path: &[PathStep], other: Option<&[PathStep]>) -> Result<String, JobError> {
        let Some(other) = other else {
            return Ok("the partition is empty, as that of the records around the items is".to_owned());
        };
        let parent = self.context.module.collections.get(&self.collection.name).and_then(|settings| settings.child_of.as_ref());
        let parent = parent.map_or(&self.collection.name, |child| &child.parent);
        let (path, other) = (written_path(path), written_path(other));
        let reason = format!("no record has anything at `{path}`, and records have `{other}`; write `\"{other}\"` in its place");
        Err(wrong(self.context.module, &format!("children.{path} of `{parent}`"), reason))
    }
}

/// Returns the path from the records to the arrays of which a collection is the table, and the number of its steps that lead to
/// the records around them; `None` if it is no such table.
fn path(module: &Module, collection: &CollectionName) -> Option<(Vec<PathStep>, usize)> {
    let child = module.collections.get(collection)?.child_of.as_ref()?;
    let mut steps = path(module, &child.parent).map(|(steps, _)| steps).unwrap_or_default();
    if !matches!(steps.last(), None | Some(PathStep::Items)) {
        steps.push(PathStep::Items);
    }
    let around = steps.len();
    steps.extend(parse_path(&child.path).ok()?);
    Some((steps, around))
}
