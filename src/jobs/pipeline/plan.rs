//! Plan of a pipeline's run, without running it.

use std::fmt::Write as _;

use crate::config::{Pipeline, SinkPartitions};
use crate::jobs::run::{JobError, Services};
use crate::report;
use crate::schema::{Column, TableSchema};
use crate::sink::Missing;

use super::checked::Checked;
use super::connection::warn_of_weak;
use super::engines::Engines;
use super::mode::{Merge, Mode};
use super::prepared::Prepared;
use super::request::PipelineRequest;
use super::sources::{Databases, OpenFrom};
use super::target::Target;

/// Plans a run of a pipeline: its sources with their columns, its statements, and what becomes of its tables. The databases are
/// asked for columns and estimates, and read nothing.
///
/// # Errors
/// The pipeline is invalid; a source can't be looked at; a statement is refused; a table can't take the rows.
pub fn plan(services: &Services, request: &PipelineRequest) -> Result<String, JobError> {
    let settings = services.environment.pipeline(&request.pipeline)?;
    let checked = Checked::new(&settings)?;
    warn_of_weak(&services.environment, &checked);
    let engines = Engines::new(&services.environment, &checked, request.memory, None)?;
    let databases = Databases::open(&services.environment, &checked, 1)?;
    let prepared = Prepared::new(services, &checked, &databases, &engines)?;
    let mut text = sources(&prepared);
    for transform in &checked.transforms {
        let inputs = transform.inputs.iter().map(
            |(name, node)| {
                if node.as_str() == name { name.clone() } else { format!("{node} as {name}") }
            },
        );
        let inputs = inputs.collect::<Vec<_>>().join(", ");
        let columns = prepared.columns.get(&transform.name).map(listed).unwrap_or_default();
        // Writing to a String does not fail.
        let _ = write!(text, "\n\n{} from {inputs}\n  {}\n  columns: {columns}", transform.name, transform.statement.text());
    }
    for (node, checks) in &settings.checks {
        let _ = write!(text, "\n\nchecks of {node}: {}", checks.len());
    }
    for target in &prepared.targets {
        text.push_str("\n\n");
        text.push_str(&table(services, &settings, target)?);
    }
    Ok(text)
}

fn sources(prepared: &Prepared<'_>) -> String {
    let mut rows = report::table(&["source", "from", "rows (estimate)", "read in", "columns"]);
    for source in &prepared.sources {
        let parts = match &source.from {
            OpenFrom::Database(read) if read.queries.len() > 1 => format!("{} ranges", read.queries.len()),
            OpenFrom::Database(_) => "one query".to_owned(),
            OpenFrom::Table(_, partitions) => format!("{} partitions", partitions.len()),
        };
        let parts = source.range.iter().fold(parts, |parts, range| format!("{parts}; {}", range.told));
        let count = source.rows.map_or_else(|| "unknown".to_owned(), |rows| rows.to_string());
        rows.add_row([source.name.to_string(), source.place.clone(), count, parts, listed(&source.schema)]);
    }
    rows.to_string()
}

/// Returns what becomes of a table.
fn table(services: &Services, settings: &Pipeline, target: &Target<'_>) -> Result<String, JobError> {
    let Target { sink, place, evolution, .. } = target;
    let table = sink.place.table();
    let changes = place.ddl(services, &settings.pipeline, evolution, sink.mode.keys())?;
    let changes = if changes.is_empty() { "its columns stay as they are".to_owned() } else { changes.join("\n") };
    let way = place.way(&sink.mode)?.map(|way| format!("\n{way}")).unwrap_or_default();
    let place = match &sink.settings.partition_by {
        None => table,
        Some(SinkPartitions::Date(column)) => format!("the partition of {table} in which `{column}` is the date of the run"),
        Some(SinkPartitions::Day(_)) => format!("{table}, with a partition for each day of its rows"),
    };
    let becomes = match &sink.mode {
        Mode::Replace => format!("becomes {place}"),
        Mode::Append => format!("is added to {place}"),
        Mode::Merge(Merge { keys, marked_by, missing, .. }) => {
            let keys = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let deletes = match (marked_by, missing) {
                (Some(column), _) => format!("; rows in which `{column}` is true are deleted"),
                (None, Missing::Delete { most }) => {
                    format!("; rows whose keys are gone are deleted, if they are at most {most} of all")
                }
                (None, Missing::Keep) => String::new(),
            };
            format!("is merged by {keys} into {place}{deletes}")
        }
    };
    Ok(format!("{}: {} {becomes}{way}\n{changes}", sink.name, sink.settings.from))
}

fn listed(schema: &TableSchema) -> String {
    let column = |column: &Column| format!("{} {}", column.name, column.ty);
    schema.columns().iter().map(column).collect::<Vec<_>>().join(", ")
}
