//! A table that rows are to become, looked at and compared with the rows.

use std::collections::BTreeMap;

use crate::jobs::run::{JobError, PipelineError, Services};
use crate::schema::{Column, ColumnName, Evolution, Incoming, TableSchema, TypeChange};

use super::checked::{Checked, Sink};
use super::open_place::OpenPlace;
use super::wrong::wrong;

/// A table that rows are to become.
pub(super) struct Target<'p> {
    pub(super) sink: &'p Sink<'p>,
    pub(super) place: OpenPlace<'p>,
    /// Columns of the rows.
    pub(super) rows: TableSchema,
    /// Change of the table's columns.
    pub(super) evolution: Evolution,
}

impl<'p> Target<'p> {
    /// Compares a table with the rows that it is to take.
    pub(super) fn new(
        services: &Services,
        checked: &Checked<'_>,
        sink: &'p Sink<'p>,
        place: OpenPlace<'p>,
        rows: TableSchema,
    ) -> Result<Self, JobError> {
        let refused = |reason: String| wrong(checked.pipeline, &format!("sinks.{}", sink.name), reason);
        let table = place.columns(services, &checked.pipeline.pipeline)?;
        place.must_take(&rows, &sink.settings.from).map_err(refused)?;
        sink.mode.must_fit(&rows).map_err(refused)?;
        place.way(&sink.mode)?;
        checked.must_have_cursors(sink, &rows)?;
        let unfit = table.as_ref().map_or(Ok(BTreeMap::new()), |table| place.refuses(&rows, table))?;
        must_fit(sink, &rows, table.as_ref(), &unfit)?;
        let evolution = evolution(sink, &rows, table.as_ref(), &unfit)?;
        Ok(Self { sink, place, rows, evolution })
    }
}

/// Refuses rows whose columns have other types than the table's: a value is never changed on its way.
fn must_fit(
    sink: &Sink<'_>,
    rows: &TableSchema,
    table: Option<&TableSchema>,
    unfit: &BTreeMap<ColumnName, String>,
) -> Result<(), PipelineError> {
    for (name, known) in unfit {
        let (Some(ty), registered) = (rows.type_of(name), table.and_then(|table| table.type_of(name))) else { continue };
        let can_widen = registered.is_some_and(|known| known.widens_to(ty));
        if can_widen && sink.settings.evolution.type_change == TypeChange::Widen {
            continue;
        }
        let reason = format!("`{name}` is {ty}, and that of {} is {known}", sink.place.table());
        let mut hint = match registered {
            Some(known) if known != ty => format!("cast it in a transform: `cast({name} as {known})`"),
            Some(_) => "change the type of the column in the database, or leave it out in a transform".to_owned(),
            None => "leave it out in a transform".to_owned(),
        };
        if can_widen {
            hint.push_str(", or let the table grow: `evolution: { type_change: widen }` of the sink");
        }
        return Err(PipelineError::Columns { node: sink.settings.from.to_string(), reason, hint });
    }
    Ok(())
}

fn evolution(
    sink: &Sink<'_>,
    rows: &TableSchema,
    table: Option<&TableSchema>,
    unfit: &BTreeMap<ColumnName, String>,
) -> Result<Evolution, JobError> {
    // A column that holds the values stays as it is.
    let known = |name: &ColumnName| table.and_then(|table| table.type_of(name)).filter(|_| !unfit.contains_key(name));
    let incoming = |Column { name, ty }: &Column| Incoming {
        name: name.clone(),
        ty: Some(known(name).unwrap_or(ty).clone()),
        examined: true,
        grown: None,
        is_ambiguous: false,
    };
    let incoming: Vec<Incoming> = rows.columns().iter().map(incoming).collect();
    Evolution::compute(table, &TableSchema::default(), &incoming, sink.settings.evolution, &[])
        .map_err(|source| JobError::Refused { table: sink.place.table(), source })
}
