//! A pipeline with its sources, columns and tables looked at: nothing was read or written yet.

use std::collections::BTreeMap;

use crate::identity::NodeName;
use crate::jobs::run::{JobError, PipelineError, Services};
use crate::schema::TableSchema;
use crate::sql::{Input, InputRows, Inputs};

use super::check::must_make_sense;
use super::checked::{Checked, Sink};
use super::engines::Engines;
use super::open_place::{OpenPlace, of_sink};
use super::sources::{Databases, OpenSource};
use super::target::Target;
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

impl<'p> Prepared<'p> {
    /// Looks at all sources, statements and tables.
    pub(super) fn new(
        services: &Services,
        checked: &'p Checked<'p>,
        databases: &Databases,
        engines: &Engines,
    ) -> Result<Self, JobError> {
        let open = |sink: &'p Sink<'p>| {
            let place = OpenPlace::new(services, checked.pipeline, &format!("sinks.{}", sink.name), &sink.place);
            place.map_err(|error| of_sink(&sink.name, error))
        };
        let places = checked.sinks.iter().map(open).collect::<Result<Vec<_>, JobError>>()?;
        for (nth, place) in places.iter().enumerate() {
            if let Some(other) = places[..nth].iter().position(|other| other.is_same_table(place)) {
                let reason = format!("the sink `{}` has the same table", checked.sinks[other].name);
                let what = format!("sinks.{}.postgres.table", checked.sinks[nth].name);
                return Err(wrong(checked.pipeline, &what, reason));
            }
        }
        let now = services.environment.clock.now();
        let open = |source| {
            let watermark = checked.watermark(services, source, &places)?;
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
        let target = |(sink, place): (&'p Sink<'p>, OpenPlace<'p>)| {
            let rows = columns.get(&sink.settings.from).cloned().unwrap_or_default();
            Target::new(services, checked, sink, place, rows).map_err(|error| of_sink(&sink.name, error))
        };
        let targets = checked.sinks.iter().zip(places).map(target).collect::<Result<_, _>>()?;
        Ok(Self { checked, sources, columns, targets })
    }
}
