//! A pipeline with its sources, columns and tables looked at: nothing was read or written yet.

use std::collections::BTreeMap;

use crate::batch::arrow_type;
use crate::identity::NodeName;
use crate::jobs::run::{Environment, JobError, PipelineError, Services};
use crate::lake::TableHandle;
use crate::metastore::Table;
use crate::schema::{Column, Evolution, Incoming, TableSchema, TypeChange};
use crate::sql::{Input, InputRows, Inputs};
use crate::store::Store;

use super::check::must_make_sense;
use super::checked::{Checked, Sink};
use super::engines::Engines;
use super::sources::{Databases, OpenSource};
use super::wrong::wrong;

/// A pipeline that was looked at.
pub(super) struct Prepared<'p> {
    pub(super) checked: &'p Checked<'p>,
    pub(super) sources: Vec<OpenSource>,
    /// Columns of each source and statement.
    pub(super) columns: BTreeMap<NodeName, TableSchema>,
    /// One for each sink, in their order.
    pub(super) targets: Vec<Target<'p>>,
}

/// A table that rows are to become.
pub(super) struct Target<'p> {
    pub(super) sink: &'p Sink<'p>,
    pub(super) store: Store,
    /// Change of its columns.
    pub(super) evolution: Evolution,
}

impl<'p> Prepared<'p> {
    /// Looks at all sources, statements and tables.
    pub(super) fn new(
        services: &Services,
        checked: &'p Checked<'p>,
        databases: &Databases,
        engines: &Engines,
    ) -> Result<Self, JobError> {
        let stores = checked.sinks.iter().map(|sink| open_store(&services.environment, checked, sink));
        let stores = stores.collect::<Result<Vec<_>, JobError>>()?;
        let now = services.environment.clock.now();
        let open = |source| {
            let watermark = checked.watermark(services, source, &stores)?;
            OpenSource::open(source, databases, &*services.metastore, watermark, now)
        };
        let sources = checked.sources.iter().map(open).collect::<Result<Vec<_>, JobError>>()?;
        let mut columns: BTreeMap<NodeName, TableSchema> =
            sources.iter().map(|source| (source.name.clone(), source.schema.clone())).collect();
        for transform in &checked.transforms {
            let schema = {
                let input = |(name, node): (&String, &NodeName)| {
                    Some((name.clone(), Input { schema: columns.get(node)?, rows: InputRows::Unread }))
                };
                let inputs: Inputs<'_> = transform.inputs.iter().filter_map(input).collect();
                engines.statements()?.columns(&transform.statement, &inputs)
            };
            let failed = |source| PipelineError::Sql { node: format!("transforms.{}", transform.name), source };
            columns.insert(transform.name.clone(), schema.map_err(failed)?);
        }
        for (node, check) in checked.checks() {
            must_make_sense(node, check, &columns, engines)?;
        }
        let targets = checked.sinks.iter().zip(stores).map(|(sink, store)| target(services, checked, sink, store, &columns));
        let targets = targets.collect::<Result<_, _>>()?;
        Ok(Self { checked, sources, columns, targets })
    }
}

fn target<'p>(
    services: &Services,
    checked: &'p Checked<'p>,
    sink: &'p Sink<'p>,
    store: Store,
    columns: &BTreeMap<NodeName, TableSchema>,
) -> Result<Target<'p>, JobError> {
    let Sink { settings, layout, .. } = sink;
    let at = TableHandle {
        store: &store,
        metastore: &*services.metastore,
        module: &checked.pipeline.pipeline,
        table: &settings.hive.table,
        layout,
    };
    let table = at.registered()?;
    let incoming = columns.get(&settings.from).cloned().unwrap_or_default();
    let refused = |reason: String| wrong(checked.pipeline, &format!("sinks.{}", sink.name), reason);
    if let Some(twice) = layout.keys().names().find(|name| incoming.has(name)) {
        return Err(refused(format!("`{}` has a column `{twice}`, which is to be the partition column", settings.from)));
    }
    if let Some(Err(reason)) = layout.keys().row_day().map(|row_day| row_day.must_be_in(&incoming)) {
        return Err(refused(reason));
    }
    sink.mode.must_fit(&incoming).map_err(refused)?;
    checked.must_have_cursors(sink, &incoming)?;
    must_fit(&incoming, table.as_ref(), &settings.from, settings.evolution.type_change)?;
    let evolution = evolution(&incoming, table.as_ref(), sink)?;
    Ok(Target { sink, store, evolution })
}

fn open_store(environment: &Environment, checked: &Checked<'_>, sink: &Sink<'_>) -> Result<Store, JobError> {
    let name = &sink.settings.hive.store;
    if environment.config.profile.stores.contains_key(name) {
        return environment.store(name, true);
    }
    let reason = format!("the profile has no store `{name}`");
    Err(wrong(checked.pipeline, &format!("sinks.{}.hive.store", sink.name), reason))
}

/// Refuses rows whose columns have other types than the table's: a value is never changed on its way.
fn must_fit(incoming: &TableSchema, table: Option<&Table>, from: &NodeName, rule: TypeChange) -> Result<(), PipelineError> {
    let Some(table) = table else { return Ok(()) };
    for Column { name, ty } in incoming.columns() {
        let Some(known) = table.schema.type_of(name) else { continue };
        let fits = known == ty || (arrow_type(known) == arrow_type(ty) && ty.widens_to(known));
        if fits || (rule == TypeChange::Widen && known.widens_to(ty)) {
            continue;
        }
        let reason = format!("`{name}` is {ty}, and that of {} is {known}", table.name);
        let mut hint = format!("cast it in a transform: `cast({name} as {known})`");
        if known.widens_to(ty) {
            hint.push_str(", or let the table grow: `evolution: { type_change: widen }` of the sink");
        }
        return Err(PipelineError::Columns { node: from.to_string(), reason, hint });
    }
    Ok(())
}

fn evolution(incoming: &TableSchema, table: Option<&Table>, sink: &Sink<'_>) -> Result<Evolution, JobError> {
    let incoming: Vec<Incoming> = incoming
        .columns()
        .iter()
        .map(|Column { name, ty }| Incoming {
            name: name.clone(),
            ty: Some(ty.clone()),
            examined: true,
            grown: None,
            is_ambiguous: false,
        })
        .collect();
    let (before, policy) = (table.map(|table| &table.schema), sink.settings.evolution);
    Evolution::compute(before, &TableSchema::default(), &incoming, policy, &[])
        .map_err(|source| JobError::Refused { table: sink.settings.hive.table.to_string(), source })
}
