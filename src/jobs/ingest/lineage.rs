//! Lineage events: of a run, and of each date of each collection.

use std::collections::BTreeSet;

use crate::catchup::{Attempt, SourceFile};
use crate::config::MetastoreSettings;
use crate::identity::{Causes, Clock, ModuleName, ProcessingDate, RunId};
use crate::lake::TableLayout;
use crate::metastore::TableName;
use crate::report::{DayReport, Outcome, RunReport};
use crate::schema::{Evolution, TableSchema};
use crate::source::Header;
use crate::telemetry::lineage::{DatasetName, Event, Input, JobName, Lineage, Moment, Output, Parent, SourceField};

use super::context::Context;
use super::module::Collection;
use crate::jobs::run::{JobError, Services};

/// Lineage of a run, sent as it begins and ends.
pub(super) struct RunLineage<'a> {
    to: &'a Lineage,
    clock: &'a dyn Clock,
    job: JobName,
    run: RunId,
}

impl<'a> RunLineage<'a> {
    /// Sends the start event. None if lineage is not configured.
    pub(super) fn begin(services: &'a Services, module: &ModuleName, run: RunId) -> Option<Self> {
        let to = services.lineage.as_ref()?;
        let job = JobName { namespace: to.namespace.clone(), name: format!("adg.{module}") };
        let begun = Self { to, clock: &*services.environment.clock, job, run };
        begun.tell(Moment::Start);
        Some(begun)
    }

    pub(super) fn end(&self, result: &Result<RunReport, JobError>) {
        let failed = match result {
            Err(error) => Some(Causes(error).to_string()),
            Ok(report) => {
                let of_day = report.days.iter().find_map(|day| day.failure.as_ref());
                report.ended_by.as_ref().or(of_day).map(|failure| failure.message.clone())
            }
        };
        self.tell(failed.map_or(Moment::Complete, Moment::Fail));
    }

    fn tell(&self, moment: Moment) {
        let (job, parent) = (&self.job, self.to.parent.as_ref());
        let event = Event { moment, at: self.clock.now(), job, run: self.run, parent, date: None, input: None, output: None };
        self.to.tell(event.to_json());
    }
}

/// Columns that were written of a date, as lineage needs them.
pub(super) struct WrittenColumns {
    fields: Vec<SourceField>,
    schema: TableSchema,
    change: Option<&'static str>,
}

impl WrittenColumns {
    pub(super) fn of(headers: &[Header], evolution: &Evolution) -> Self {
        let mut seen = BTreeSet::new();
        let fields = headers.iter().flat_map(|header| header.names.iter().zip(&header.columns));
        let fields = fields.filter(|(name, _)| seen.insert((*name).clone()));
        let change = match (&evolution.before, evolution.alters()) {
            (None, _) => Some("CREATE"),
            (Some(_), true) => Some("ALTER"),
            (Some(_), false) => None,
        };
        Self {
            fields: fields.map(|(name, column)| SourceField { name: name.clone(), column: column.clone() }).collect(),
            schema: evolution.after.clone(),
            change,
        }
    }
}

/// Lineage of a date of a collection, sent as it begins and ends.
pub(super) struct DayLineage<'a> {
    of: &'a RunLineage<'a>,
    context: &'a Context<'a>,
    job: JobName,
    parent: Parent,
    id: RunId,
    date: ProcessingDate,
    source: DatasetName,
    table: DatasetName,
    files: Vec<SourceFile>,
}

impl<'a> DayLineage<'a> {
    pub(super) fn begin(
        of: &'a RunLineage<'a>,
        context: &'a Context<'a>,
        collection: &Collection,
        date: ProcessingDate,
        attempt: &Attempt,
    ) -> Self {
        let begun = Self {
            job: JobName { namespace: of.job.namespace.clone(), name: format!("{}.{}", of.job.name, collection.name) },
            parent: Parent { job: of.job.clone(), run: of.run.to_string() },
            id: RunId::new(of.clock.now()),
            date,
            source: DatasetName::at(&context.source.location(&of_all_days(&collection.pattern))),
            table: table_name(context, &collection.table),
            files: attempt.sources.clone(),
            of,
            context,
        };
        begun.tell(Moment::Start, Some(begun.input(&[], None)), None);
        begun
    }

    /// Sends the end event. `layout` is the folder of the table.
    pub(super) fn end(&self, day: &DayReport, written: Option<&WrittenColumns>, layout: &TableLayout) {
        let fields = written.map_or(&[][..], |written| &written.fields);
        let dataset = DatasetName::at(&self.context.published.location(layout.table()));
        let partition_by = layout.keys().columns();
        let output = written.filter(|_| day.outcome == Outcome::Completed).map(|written| Output {
            dataset: &dataset,
            table: &self.table,
            source: &self.source,
            fields,
            schema: &written.schema,
            change: written.change,
            partition_by: &partition_by,
            value: layout.value(self.date),
            run: self.of.run,
            counts: day.counts,
        });
        let moment = match &day.failure {
            Some(failure) => Moment::Fail(failure.message.clone()),
            None => Moment::Complete,
        };
        self.tell(moment, Some(self.input(fields, Some(day.counts.rows_read))), output);
    }

    /// Sends the event of a failure that ends the whole run.
    pub(super) fn fail(&self, error: &JobError) {
        self.tell(Moment::Fail(Causes(error).to_string()), Some(self.input(&[], None)), None);
    }

    fn input<'e>(&'e self, fields: &'e [SourceField], rows: Option<u64>) -> Input<'e> {
        Input { dataset: &self.source, files: &self.files, fields, rows }
    }

    fn tell(&self, moment: Moment, input: Option<Input<'_>>, output: Option<Output<'_>>) {
        let (job, parent, date) = (&self.job, Some(&self.parent), Some(self.date));
        let event = Event { moment, at: self.of.clock.now(), job, run: self.id, parent, date, input, output };
        self.of.to.tell(event.to_json());
    }
}

/// Returns a pattern of the files of all days: parts that differ from day to day are `*`.
fn of_all_days(pattern: &str) -> String {
    let mut glob = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        glob.push_str(before);
        glob.push('*');
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    glob + rest
}

/// Returns the metastore's name of a table. If the metastore has no name that others know, the store of the table's files takes
/// its place.
fn table_name(context: &Context<'_>, table: &TableName) -> DatasetName {
    let plain = |namespace| DatasetName { namespace, name: table.to_string() };
    match &context.environment.config.profile.metastore {
        MetastoreSettings::Hive(settings) => {
            plain(settings.uris.first().map_or_else(String::new, |uri| uri.to_string().replace("thrift://", "hive://")))
        }
        MetastoreSettings::Glue(settings) => match (&settings.region, &settings.catalog_id) {
            (Some(region), Some(account)) => DatasetName {
                namespace: format!("arn:aws:glue:{region}:{account}"),
                name: format!("table/{}/{}", table.database, table.table),
            },
            _ => plain(context.published.location("").trim_end_matches('/').to_owned()),
        },
        MetastoreSettings::Sqlite(_) => plain(context.published.location("").trim_end_matches('/').to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_of_files_is_the_same_each_day() {
        assert_eq!(of_all_days("{date}_bids_{epoch_ms}.csv"), "*_bids_*.csv");
        assert_eq!(of_all_days("bids/{date}/part-{seq}.json.gz"), "bids/*/part-*.json.gz");
        assert_eq!(of_all_days("plain.csv"), "plain.csv");
    }
}
