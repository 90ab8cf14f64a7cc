//! Settings of a pipeline, resolved for a run.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{
    CheckSettings, DatabaseSource, HiveTarget, MisfitRule, Pipeline, PipelineSource, SinkPartitions, SinkSettings,
    TransformSettings,
};
use crate::database::postgres::TableRef;
use crate::identity::{CollectionName, NameError, NodeName, SliceLength};
use crate::jobs::run::JobError;
use crate::lake::{PartitionKeys, RowDay, TableLayout, checked_folder};
use crate::metastore::TableName;
use crate::schema::ColumnName;
use crate::sql::Statement;

use super::cursor::Cursor;
use super::graph::ordered;
use super::mode::Mode;
use super::place::Place;
use super::wrong::wrong;

/// A pipeline whose parts fit together.
pub(super) struct Checked<'p> {
    pub(super) pipeline: &'p Pipeline,
    /// Sources, in the order of the file.
    pub(super) sources: Vec<Source>,
    /// Statements, each after those that it reads.
    pub(super) transforms: Vec<Transform>,
    pub(super) sinks: Vec<Sink<'p>>,
}

pub(super) struct Source {
    pub(super) name: NodeName,
    pub(super) from: SourceFrom,
}

/// Place that the rows of a source come from.
pub(super) enum SourceFrom {
    Postgres { connection: String, relation: Relation, misfits: BTreeMap<ColumnName, MisfitRule>, cursor: Option<Cursor> },
    Table(TableName),
}

/// Rows of a database.
pub(super) enum Relation {
    Table(TableRef),
    Query(String),
}

pub(super) struct Transform {
    pub(super) name: NodeName,
    pub(super) statement: Statement,
    /// Sources and statements that it reads, by their names in it.
    pub(super) inputs: BTreeMap<String, NodeName>,
}

pub(super) struct Sink<'p> {
    pub(super) name: NodeName,
    pub(super) settings: &'p SinkSettings,
    pub(super) mode: Mode,
    pub(super) place: Place<'p>,
}

impl Source {
    /// Returns its cursor.
    pub(super) fn cursor(&self) -> Option<&Cursor> {
        match &self.from {
            SourceFrom::Postgres { cursor, .. } => cursor.as_ref(),
            SourceFrom::Table(_) => None,
        }
    }
}

impl<'p> Checked<'p> {
    /// Checks a pipeline, without a call to any service.
    pub(super) fn new(pipeline: &'p Pipeline) -> Result<Self, JobError> {
        must_have_unique_names(pipeline)?;
        let sources = pipeline.sources.iter().map(|(name, source)| source_of(pipeline, name, source));
        let checked = Self {
            pipeline,
            sources: sources.collect::<Result<_, _>>()?,
            transforms: transforms(pipeline)?,
            sinks: sinks(pipeline)?,
        };
        for (name, checks) in &pipeline.checks {
            must_be_node(pipeline, &format!("checks.{name}"), name)?;
            for check in checks {
                must_make_sense(pipeline, name, check)?;
            }
        }
        checked.must_use_all()?;
        checked.must_follow_cursors()?;
        Ok(checked)
    }

    /// Returns all checks, with the source or statement that each is of.
    pub(super) fn checks(&self) -> impl Iterator<Item = (&NodeName, &CheckSettings)> {
        self.pipeline.checks.iter().flat_map(|(node, checks)| checks.iter().map(move |check| (node, check)))
    }

    /// Returns the names of all connections, each once.
    pub(super) fn connections(&self) -> BTreeSet<&str> {
        let of_sources = self.sources.iter().filter_map(|source| match &source.from {
            SourceFrom::Postgres { connection, .. } => Some(connection.as_str()),
            SourceFrom::Table(_) => None,
        });
        let of_sinks = self.sinks.iter().filter_map(|sink| match &sink.place {
            Place::Postgres { target, .. } => Some(target.connection.as_str()),
            Place::Hive { .. } => None,
        });
        of_sources.chain(of_sinks).collect()
    }

    /// Refuses sources and statements that no table and no check needs.
    fn must_use_all(&self) -> Result<(), JobError> {
        let of_sinks = self.sinks.iter().map(|sink| &sink.settings.from);
        let of_transforms = self.transforms.iter().flat_map(|transform| transform.inputs.values());
        let used: BTreeSet<&NodeName> = of_sinks.chain(of_transforms).chain(self.pipeline.checks.keys()).collect();
        let all = self.sources.iter().map(|source| ("sources", &source.name));
        let all = all.chain(self.transforms.iter().map(|transform| ("transforms", &transform.name)));
        match all.into_iter().find(|(_, name)| !used.contains(name)) {
            None => Ok(()),
            Some((kind, name)) => {
                Err(wrong(self.pipeline, &format!("{kind}.{name}"), "nothing reads it; leave it out, or read it in a sink"))
            }
        }
    }
}

/// Names of all parts: statements and reports tell them apart by these.
fn must_have_unique_names(pipeline: &Pipeline) -> Result<(), JobError> {
    let Pipeline { sources, transforms, sinks, .. } = pipeline;
    if sources.is_empty() || sinks.is_empty() {
        let what = if sources.is_empty() { "sources" } else { "sinks" };
        return Err(wrong(pipeline, what, "there is none"));
    }
    let all = sources.keys().map(|name| ("sources", name)).chain(transforms.keys().map(|name| ("transforms", name)));
    let mut seen: BTreeMap<&NodeName, &str> = BTreeMap::new();
    for (kind, name) in all.chain(sinks.keys().map(|name| ("sinks", name))) {
        if let Some(other) = seen.insert(name, kind) {
            let reason = format!("`{name}` stands under `{other}` too, and names are unique");
            return Err(wrong(pipeline, &format!("{kind}.{name}"), reason));
        }
    }
    Ok(())
}

fn is_node(pipeline: &Pipeline, name: &str) -> Option<NodeName> {
    let name: NodeName = name.parse().ok()?;
    (pipeline.sources.contains_key(&name) || pipeline.transforms.contains_key(&name)).then_some(name)
}

fn must_be_node(pipeline: &Pipeline, what: &str, name: &NodeName) -> Result<(), JobError> {
    if is_node(pipeline, name.as_str()).is_some() {
        return Ok(());
    }
    Err(wrong(pipeline, what, format!("there is no source and no transform `{name}`; there are {}", known(pipeline))))
}

fn known(pipeline: &Pipeline) -> String {
    let all = pipeline.sources.keys().chain(pipeline.transforms.keys());
    all.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn source_of(pipeline: &Pipeline, name: &NodeName, source: &PipelineSource) -> Result<Source, JobError> {
    let from = match source {
        PipelineSource::Table(table) => SourceFrom::Table(table.clone()),
        PipelineSource::Postgres(source) => {
            let what = format!("sources.{name}.postgres");
            let misfits = source.misfits.iter().map(|(column, rule)| {
                let column = ColumnName::new(column).map_err(|error| wrong(pipeline, &format!("{what}.misfits"), error))?;
                Ok::<_, JobError>((column, *rule))
            });
            SourceFrom::Postgres {
                connection: source.connection.clone(),
                relation: relation(pipeline, &what, source)?,
                misfits: misfits.collect::<Result<_, _>>()?,
                cursor: Cursor::of(source).map_err(|(key, reason)| wrong(pipeline, &format!("{what}.{key}"), reason))?,
            }
        }
    };
    Ok(Source { name: name.clone(), from })
}

fn relation(pipeline: &Pipeline, what: &str, source: &DatabaseSource) -> Result<Relation, JobError> {
    match (&source.table, &source.query) {
        (Some(table), None) => {
            table.parse().map(Relation::Table).map_err(|error| wrong(pipeline, &format!("{what}.table"), error))
        }
        (None, Some(query)) if !query.trim().is_empty() => {
            // It becomes a part of statements.
            Ok(Relation::Query(query.trim_end().trim_end_matches(';').to_owned()))
        }
        _ => Err(wrong(pipeline, what, "it has one of `table`, `query` and `file`")),
    }
}

/// Returns the statements, each after those that it reads.
fn transforms(pipeline: &Pipeline) -> Result<Vec<Transform>, JobError> {
    let all = pipeline.transforms.iter().map(|(name, settings)| Ok((name.clone(), transform(pipeline, name, settings)?)));
    let mut all: BTreeMap<NodeName, Transform> = all.collect::<Result<_, JobError>>()?;
    let read = all.iter().map(|(name, transform)| (name.clone(), transform.inputs.values().cloned().collect())).collect();
    let order = ordered(pipeline.transforms.keys(), &read)
        .map_err(|circle| wrong(pipeline, "transforms", format!("statements read each other in a circle: {}", circle.way())))?;
    Ok(order.iter().filter_map(|name| all.remove(name)).collect())
}

fn transform(pipeline: &Pipeline, name: &NodeName, settings: &TransformSettings) -> Result<Transform, JobError> {
    let what = format!("transforms.{name}");
    let sql = settings.sql.as_deref().ok_or_else(|| wrong(pipeline, &what, "it has one of `sql` and `file`"))?;
    let statement = Statement::parse(sql).map_err(|error| wrong(pipeline, &format!("{what}.sql"), error))?;
    let mut inputs = BTreeMap::new();
    for table in statement.tables() {
        let input = settings.inputs.iter().find(|(alias, _)| alias.as_str() == table).map(|(_, input)| input.clone());
        let input = match input {
            Some(input) => {
                must_be_node(pipeline, &format!("{what}.inputs"), &input)?;
                input
            }
            None => is_node(pipeline, &table).ok_or_else(|| {
                let reason = format!("it reads `{table}`, which is no source and no transform; there are {}", known(pipeline));
                wrong(pipeline, &format!("{what}.sql"), reason)
            })?,
        };
        inputs.insert(table, input);
    }
    if let Some(unused) = settings.inputs.keys().find(|alias| !inputs.contains_key(alias.as_str())) {
        return Err(wrong(pipeline, &format!("{what}.inputs"), format!("the statement does not read `{unused}`")));
    }
    Ok(Transform { name: name.clone(), statement, inputs })
}

fn sinks(pipeline: &Pipeline) -> Result<Vec<Sink<'_>>, JobError> {
    let mut sinks: Vec<Sink<'_>> = Vec::new();
    for (name, settings) in &pipeline.sinks {
        let what = format!("sinks.{name}");
        must_be_node(pipeline, &format!("{what}.from"), &settings.from)?;
        let mode = Mode::of(settings).map_err(|(key, reason)| wrong(pipeline, &format!("{what}.{key}"), reason))?;
        let sink = Sink { name: name.clone(), settings, mode, place: place(pipeline, &what, settings)? };
        if let Some(other) = sinks.iter().find(|other| other.place.overlaps(&sink.place)) {
            let reason = format!("the sink `{}` has the same table, or a folder that one of them lies in", other.name);
            return Err(wrong(pipeline, &format!("{what}.{}", sink.place.key()), reason));
        }
        sinks.push(sink);
    }
    Ok(sinks)
}

fn place<'p>(pipeline: &Pipeline, what: &str, settings: &'p SinkSettings) -> Result<Place<'p>, JobError> {
    match (&settings.hive, &settings.postgres) {
        (Some(target), None) => Ok(Place::Hive { target, layout: layout(pipeline, what, settings, target)? }),
        (None, Some(target)) => {
            let table = target.table.parse().map_err(|error| wrong(pipeline, &format!("{what}.postgres.table"), error))?;
            if settings.partition_by.is_some() {
                let reason = "it is for tables of files: the database partitions its own tables";
                return Err(wrong(pipeline, &format!("{what}.partition_by"), reason));
            }
            Ok(Place::Postgres { target, table })
        }
        _ => Err(wrong(pipeline, what, "it has one of `hive` and `postgres`")),
    }
}

fn layout(pipeline: &Pipeline, what: &str, settings: &SinkSettings, target: &HiveTarget) -> Result<TableLayout, JobError> {
    let TableName { database, table } = &target.table;
    let folder = target.location.replace("{database}", database.as_str()).replace("{table}", table.as_str());
    let folder = checked_folder(&folder).map_err(|reason| wrong(pipeline, &format!("{what}.hive.location"), reason))?;
    let keys = partition_keys(settings).map_err(|reason| wrong(pipeline, &format!("{what}.partition_by"), reason))?;
    Ok(TableLayout::new(folder, keys))
}

fn partition_keys(settings: &SinkSettings) -> Result<PartitionKeys, String> {
    // It stands in folder names, and those that begin with `_` are hidden from readers.
    let column = |name: &str| {
        let name: CollectionName = name.parse().map_err(|error: NameError| error.to_string())?;
        ColumnName::new(name.as_str()).map_err(|error| error.to_string())
    };
    match &settings.partition_by {
        None => Ok(PartitionKeys::whole()),
        Some(SinkPartitions::Date(name)) => PartitionKeys::new(vec![(column(name)?, "%Y-%m-%d".to_owned())], SliceLength::Day),
        Some(SinkPartitions::Day(names)) => match names.first() {
            Some((name, of)) if names.len() == 1 => {
                let of = ColumnName::new(of).map_err(|error| error.to_string())?;
                Ok(PartitionKeys::whole().with_row_day(Some(RowDay { name: column(name)?, of })))
            }
            _ => Err("it has one column, such as `{ day: created_at }`".to_owned()),
        },
    }
}

fn must_make_sense(pipeline: &Pipeline, node: &NodeName, check: &CheckSettings) -> Result<(), JobError> {
    let refused = |reason: String| wrong(pipeline, &format!("checks.{node}"), reason);
    match check {
        CheckSettings::NotNull(columns) | CheckSettings::Unique(columns) => {
            if columns.names().is_empty() {
                return Err(refused("it names no column".to_owned()));
            }
            columns
                .names()
                .iter()
                .try_for_each(|name| ColumnName::new(name).map(drop))
                .map_err(|error| refused(error.to_string()))
        }
        CheckSettings::Rows(bound) => super::check::Bound::parse(bound).map(drop).map_err(refused),
        CheckSettings::Sql(sql) => {
            let statement = Statement::parse(sql).map_err(|error| refused(error.to_string()))?;
            match statement.tables().iter().find(|table| is_node(pipeline, table).is_none()) {
                None => Ok(()),
                Some(table) => Err(refused(format!("it reads `{table}`, which is no source and no transform"))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = r#"
version: 1
pipeline: daily
sources:
  orders: { postgres: { connection: shop, table: public.orders } }
  rates: { table: finance.rates }
transforms:
  last: { sql: "select * from enriched e join rates using (day)" }
  enriched: { sql: "with o as (select * from x) select * from o", inputs: { x: orders } }
checks:
  orders: [ { not_null: id }, { unique: [id, day] }, { rows: ">= 1" } ]
  last: [ { sql: "select count(*) = 0 from last where total < 0" } ]
sinks:
  lake: { from: last, hive: { table: sales.orders }, mode: replace, partition_by: dt }
"#;

    fn checked(text: &str) -> Result<Vec<String>, String> {
        let pipeline: Pipeline = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let checked = Checked::new(&pipeline).map_err(|error| error.to_string())?;
        Ok(checked.transforms.iter().map(|transform| transform.name.to_string()).collect())
    }

    #[test]
    fn statements_are_in_the_order_in_which_they_run() {
        assert_eq!(checked(RIGHT).unwrap(), ["enriched", "last"]);
    }

    #[test]
    fn mistakes_are_told_with_their_places() {
        for (right, wrong, told) in [
            ("table: public.orders", "table: a.b.c", "the sources.orders.postgres.table of the pipeline `daily`"),
            ("table: public.orders", "query: \" \"", "has one of `table`, `query` and `file`"),
            ("table: public.orders", "table: t, query: \"select 1\"", "has one of `table`, `query` and `file`"),
            ("table: finance.rates", "table: rates", "is no table: write database.table"),
            (
                "rates: { table",
                "enriched: { table",
                "the transforms.enriched of the pipeline `daily` can't be used: `enriched` stands",
            ),
            (
                "from enriched e",
                "from enrched e",
                "reads `enrched`, which is no source and no transform; there are orders, rates",
            ),
            ("{ x: orders }", "{ x: order }", "there is no source and no transform `order`; there are orders, rates, last"),
            ("{ x: orders }", "{ x: orders, y: rates }", "does not read `y`"),
            ("{ x: orders }", "{ x: last }", "in a circle: last <- enriched <- last"),
            ("sql: \"with o", "file: x.sql, sql: \"delete o", "transforms.enriched.sql"),
            ("select * from o\"", "select * from read_csv('x')\"", "functions that read files or addresses are not run"),
            ("join rates using (day)", "", "the sources.rates of the pipeline `daily` can't be used: nothing reads it"),
            ("from: last", "from: least", "the sinks.lake.from of the pipeline `daily`"),
            ("partition_by: dt", "partition_by: _dt", "sinks.lake.partition_by"),
            ("partition_by: dt", "partition_by: { day: at, hour: at }", "it has one column, such as"),
            ("sales.orders }", "sales.orders, location: \"../{table}\" }", "has the part `..`"),
            ("mode: replace", "mode: merged", "unknown variant `merged`"),
            ("mode: replace", "mode: merge", "sinks.lake.keys of the pipeline `daily` can't be used: `mode: merge` needs"),
            ("mode: replace", "mode: merge, keys: [id]", "partition by the day of each row: `{ dt: created_at }`"),
            ("mode: replace", "mode: replace, keys: [id]", "they are for `mode: merge`"),
            ("table: public.orders", "table: orders, from: destination", "postgres.from of the pipeline `daily`"),
            ("table: public.orders", "table: orders, cursor: id", "`replace` would drop all others"),
            ("mode: replace, partition_by: dt", "mode: append", "and no statement is between"),
            ("mode: replace", "mode: replace, order_by: id", "it is for `mode: merge`"),
            ("orders: [", "order: [", "the checks.order of the pipeline `daily`"),
            (">= 1", "about 1", "is no condition of a number of rows"),
            ("unique: [id, day]", "unique: []", "it names no column"),
            ("from last where", "from first where", "reads `first`, which is no source and no transform"),
            (
                "sinks:",
                "sinks:\n  x: { from: last, hive: { table: a.b, location: data/sales/orders/x }, mode: replace }",
                "has the same table, or a folder",
            ),
        ] {
            assert!(RIGHT.contains(right), "{right}");
            let found = checked(&RIGHT.replace(right, wrong)).unwrap_err();
            assert!(found.contains(told), "{wrong}: {found}");
        }
    }
}
