//! The record of attempts: a row for each.

use std::collections::BTreeMap;

use rusqlite::{Params, Row, params};

use crate::catchup::stored::{StoredAttempt, parsed, status as status_of};
use crate::catchup::{Attempt, Counts, History, Lease, LedgerError, RunLog, Unit};
use crate::identity::{JobName, NodeName, ProcessingDate};

use super::SqliteLedger;

/// Query of monthly counts, by the rules of [`Seen`](super::Seen): a clean-up without a location has unpublished the date.
const MONTHS: &str = "
select collection, substr(date, 1, 8) || '01' as month, sum(rows_read), sum(rows_written), sum(rows_quarantined),
    sum(value_errors), sum(files), sum(bytes)
from (
    select collection, date, status, rows_read, rows_written, rows_quarantined, value_errors, files, bytes, max(run_id)
    from attempts as one indexed by attempts_in_short
    where module = ?1 and date between ?2 and ?3 and (
        (status = 'Completed' and files > 0) or status = 'Lost' or (status = 'Cleaned-Up' and (
            select location from attempts as whole
            where whole.module = one.module and whole.collection = one.collection and whole.date = one.date
                and whole.run_id = one.run_id
        ) is null)
    )
    group by collection, date
)
where status = 'Completed' group by collection, month
";

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredAttempt> {
    Ok(StoredAttempt {
        module: row.get("module")?,
        collection: row.get("collection")?,
        date: row.get("date")?,
        run_id: row.get("run_id")?,
        attempt: row.get("attempt")?,
        status: row.get("status")?,
        counts: Counts {
            rows_read: row.get("rows_read")?,
            rows_written: row.get("rows_written")?,
            rows_quarantined: row.get("rows_quarantined")?,
            value_errors: row.get("value_errors")?,
            files: row.get("files")?,
            bytes: row.get("bytes")?,
        },
        metrics: serde_json::from_str(&row.get::<_, String>("metrics")?).unwrap_or_default(),
        schema_fingerprint: row.get("schema_fingerprint")?,
        sources: row.get("sources")?,
        location: row.get("location")?,
        started: row.get("started")?,
        ended: row.get("ended")?,
        error: row.get("error")?,
    })
}

impl SqliteLedger {
    fn attempts_by(&self, query: &str, asked: impl Params) -> Result<Vec<Attempt>, LedgerError> {
        let failed = self.unavailable("read the attempts");
        let connection = self.connection();
        let mut query = connection.prepare_cached(query).map_err(&failed)?;
        let rows = query.query_map(asked, stored).map_err(&failed)?;
        rows.map(|row| row.map_err(&failed)?.restore().map_err(|what| self.corrupt(what))).collect()
    }
}

impl RunLog for SqliteLedger {
    fn record(&self, lease: &Lease, attempt: &Attempt) -> Result<(), LedgerError> {
        let attempt = StoredAttempt::of(attempt).map_err(|what| self.corrupt(what))?;
        let counts = attempt.counts;
        self.fenced("record an attempt", lease, |transaction| {
            transaction
                .prepare_cached(
                    "insert or replace into attempts (module, collection, date, run_id, attempt, status, rows_read, rows_written,
                         rows_quarantined, value_errors, files, bytes, schema_fingerprint, sources, location, started, ended,
                         error, metrics)
                     values (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)",
                )?
                .execute(params![
                    attempt.module,
                    attempt.collection,
                    attempt.date,
                    attempt.run_id,
                    attempt.attempt,
                    attempt.status,
                    counts.rows_read,
                    counts.rows_written,
                    counts.rows_quarantined,
                    counts.value_errors,
                    counts.files,
                    counts.bytes,
                    attempt.schema_fingerprint,
                    attempt.sources,
                    attempt.location,
                    attempt.started,
                    attempt.ended,
                    attempt.error,
                    attempt.metrics_json(),
                ])
        })?;
        Ok(())
    }

    fn history(&self, job: &JobName) -> Result<BTreeMap<NodeName, History>, LedgerError> {
        let failed = self.unavailable("read the history");
        let connection = self.connection();
        let mut query = connection
            .prepare(
                "select collection, date, status from attempts indexed by attempts_in_short where module = ?1
                 order by collection, date, run_id",
            )
            .map_err(&failed)?;
        let mut rows = query.query([job.as_str()]).map_err(&failed)?;
        let corrupt = |what| self.corrupt(what);
        let text = |row: &Row<'_>, column| -> Result<String, LedgerError> { row.get(column).map_err(&failed) };
        let mut history: BTreeMap<NodeName, History> = BTreeMap::new();
        let mut of_one: Option<(NodeName, History)> = None;
        while let Some(row) = rows.next().map_err(&failed)? {
            let name = row.get_ref(0).ok().and_then(|name| name.as_str().ok()).unwrap_or_default();
            if of_one.as_ref().is_none_or(|(node, _)| node.as_str() != name) {
                history.extend(of_one.take());
                of_one = Some((parsed("collection", name).map_err(corrupt)?, History::new()));
            }
            let Some((_, slices)) = &mut of_one else { continue };
            slices.insert(parsed("date", &text(row, 1)?).map_err(corrupt)?, status_of(&text(row, 2)?).map_err(corrupt)?);
        }
        history.extend(of_one);
        Ok(history)
    }

    fn attempts(&self, unit: &Unit) -> Result<Vec<Attempt>, LedgerError> {
        self.attempts_by(
            "select * from attempts where module = ?1 and collection = ?2 and date = ?3 order by run_id",
            params![unit.job.as_str(), unit.node.as_str(), unit.slice.to_string()],
        )
    }

    fn attempts_between(
        &self,
        job: &JobName,
        node: &NodeName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<Vec<Attempt>, LedgerError> {
        self.attempts_by(
            "select * from attempts where module = ?1 and collection = ?2 and date between ?3 and ?4 order by date, run_id",
            params![job.as_str(), node.as_str(), first.to_string(), last.to_string()],
        )
    }

    fn months(
        &self,
        job: &JobName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<BTreeMap<NodeName, BTreeMap<ProcessingDate, Counts>>, LedgerError> {
        let failed = self.unavailable("add up what was published");
        let connection = self.connection();
        let mut query = connection.prepare_cached(MONTHS).map_err(&failed)?;
        let rows = query.query_map(params![job.as_str(), first.to_string(), last.to_string()], |row| {
            let counts = Counts {
                rows_read: row.get(2)?,
                rows_written: row.get(3)?,
                rows_quarantined: row.get(4)?,
                value_errors: row.get(5)?,
                files: row.get(6)?,
                bytes: row.get(7)?,
            };
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, counts))
        });
        let mut months: BTreeMap<NodeName, BTreeMap<ProcessingDate, Counts>> = BTreeMap::new();
        for row in rows.map_err(&failed)? {
            let (collection, month, counts) = row.map_err(&failed)?;
            let corrupt = |what| self.corrupt(what);
            let (collection, month) =
                (parsed("collection", &collection).map_err(corrupt)?, parsed("date", &month).map_err(corrupt)?);
            months.entry(collection).or_default().insert(month, counts);
        }
        Ok(months)
    }
}
