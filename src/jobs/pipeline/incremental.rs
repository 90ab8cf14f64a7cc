//! Rules of sources with cursors, and how far their tables are.

use std::collections::BTreeSet;

use arrow_array::ArrayRef;

use crate::config::NullCursors;
use crate::identity::NodeName;
use crate::jobs::run::{JobError, Services};
use crate::schema::TableSchema;
use crate::sink::{Largest, Missing};

use super::checked::{Checked, Sink, Source};
use super::cursor::{Cursor, CursorFrom};
use super::mode::{Merge, Mode};
use super::open_place::{OpenPlace, of_sink};
use super::wrong::wrong;

impl Checked<'_> {
    /// Refuses modes of sinks that lose or repeat rows of sources with cursors.
    pub(super) fn must_follow_cursors(&self) -> Result<(), JobError> {
        self.sinks.iter().try_for_each(|sink| {
            let refused = |reason: String| wrong(self.pipeline, &format!("sinks.{}.mode", sink.name), reason);
            self.must_follow(sink).map_err(refused)
        })
    }

    fn must_follow(&self, sink: &Sink<'_>) -> Result<(), String> {
        let sources = self.sources_of(&sink.settings.from);
        let mut cursors = sources.iter().filter_map(|source| Some((*source, source.cursor()?)));
        match sink.mode {
            Mode::Merge(Merge { missing: Missing::Keep, .. }) => Ok(()),
            Mode::Merge(_) => match cursors.next() {
                None => Ok(()),
                Some((source, _)) => Err(format!(
                    "a run reads some of the rows of `{}`, which has a cursor, and `deletes: key_diff` would delete all others; \
                     leave `cursor` out, or mark deleted rows: `deletes: {{ by_column: is_deleted }}`",
                    source.name
                )),
            },
            Mode::Append => match cursors.find(|(source, _)| source.name == sink.settings.from) {
                Some((_, Cursor { from: CursorFrom::Destination, nulls: NullCursors::Read, .. })) => {
                    Err("each run would add the rows without a cursor again: set `nulls: skip` of the source, or `merge`"
                        .to_owned())
                }
                Some((_, Cursor { from: CursorFrom::Destination, .. })) => Ok(()),
                _ => Err("rows are added once if they are those of a source with a `cursor`, `from: destination`, and no \
                          statement is between; `merge` replaces rows by their keys"
                    .to_owned()),
            },
            Mode::Replace => {
                let is_of_all_runs = sink.place.is_whole();
                let drops = |cursor: &Cursor| cursor.from == CursorFrom::Destination || is_of_all_runs;
                match cursors.find(|(_, cursor)| drops(cursor)) {
                    None => Ok(()),
                    Some((source, _)) => Err(format!(
                        "a run reads some of the rows of `{}`, which has a cursor, and `replace` would drop all others; \
                         `merge` and `append` keep them",
                        source.name
                    )),
                }
            }
        }
    }

    /// Returns the sources that the rows of a node come from.
    fn sources_of(&self, node: &NodeName) -> Vec<&Source> {
        let (mut wanted, mut seen) = (vec![node], BTreeSet::new());
        while let Some(node) = wanted.pop() {
            if seen.insert(node) {
                let inputs = self.transforms.iter().filter(|transform| transform.name == *node);
                wanted.extend(inputs.flat_map(|transform| transform.inputs.values()));
            }
        }
        self.sources.iter().filter(|source| seen.contains(&source.name)).collect()
    }

    /// Returns the largest value of a source's cursor that all tables of its rows have; none if one of them has none.
    pub(super) fn watermark(
        &self,
        services: &Services,
        source: &Source,
        places: &[OpenPlace<'_>],
    ) -> Result<Option<ArrayRef>, JobError> {
        let Some(cursor) = source.cursor().filter(|cursor| cursor.from == CursorFrom::Destination) else { return Ok(None) };
        let mut least: Option<Largest> = None;
        for (sink, place) in self.sinks.iter().zip(places) {
            if !self.sources_of(&sink.settings.from).iter().any(|other| other.name == source.name) {
                continue;
            }
            let largest = place.largest(services, &self.pipeline.pipeline, &cursor.column);
            let Some(largest) = largest.map_err(|error| of_sink(&sink.name, error))? else { return Ok(None) };
            match &least {
                Some(other) if other.value.data_type() != largest.value.data_type() => {
                    let reason = format!("the tables of its rows have `{}` in different types", cursor.column);
                    return Err(wrong(self.pipeline, &format!("sources.{}.postgres.cursor", source.name), reason));
                }
                Some(other) if !largest.is_before(other) => {}
                _ => least = Some(largest),
            }
        }
        Ok(least.map(|least| least.value))
    }

    /// Refuses a sink whose rows do not have the cursor that tells how far its table is.
    pub(super) fn must_have_cursors(&self, sink: &Sink<'_>, rows: &TableSchema) -> Result<(), JobError> {
        let cursors = self.sources_of(&sink.settings.from).into_iter().filter_map(Source::cursor);
        for cursor in cursors.filter(|cursor| cursor.from == CursorFrom::Destination) {
            if !rows.has(&cursor.column) {
                let reason = format!(
                    "its rows have no column `{}`, the cursor by which the next run knows how far the table is",
                    cursor.column
                );
                return Err(wrong(self.pipeline, &format!("sinks.{}.from", sink.name), reason));
            }
        }
        Ok(())
    }
}
