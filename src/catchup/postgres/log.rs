//! The record of attempts: a row for each.

use std::collections::BTreeMap;

use postgres::Row;
use postgres::types::ToSql;

use crate::catchup::stored::{StoredAttempt, parsed, status};
use crate::catchup::{Attempt, Counts, History, Lease, LedgerError, RunLog, Unit};
use crate::identity::{JobName, NodeName, ProcessingDate};

use super::PostgresLedger;
use super::numbers::{signed, unsigned};

fn stored(row: &Row) -> StoredAttempt {
    let count = |name: &str| unsigned(row.get(name));
    StoredAttempt {
        module: row.get("module"),
        collection: row.get("collection"),
        date: row.get("date"),
        run_id: row.get("run_id"),
        attempt: u32::try_from(row.get::<_, i64>("attempt")).unwrap_or(u32::MAX),
        status: row.get("status"),
        counts: Counts {
            rows_read: count("rows_read"),
            rows_written: count("rows_written"),
            rows_quarantined: count("rows_quarantined"),
            value_errors: count("value_errors"),
            files: count("files"),
            bytes: count("bytes"),
        },
        metrics: serde_json::from_str(row.get("metrics")).unwrap_or_default(),
        schema_fingerprint: row.get("schema_fingerprint"),
        sources: row.get("sources"),
        location: row.get("location"),
        started: row.get("started"),
        ended: row.get("ended"),
        error: row.get("error"),
    }
}

impl PostgresLedger {
    fn attempts_by(&self, query: &str, asked: &[&(dyn ToSql + Sync)]) -> Result<Vec<Attempt>, LedgerError> {
        let rows = self.client()?.query(query, asked).map_err(self.failed("read the attempts"))?;
        rows.iter().map(|row| stored(row).restore().map_err(|what| self.corrupt(what))).collect()
    }
}

impl RunLog for PostgresLedger {
    fn record(&self, lease: &Lease, attempt: &Attempt) -> Result<(), LedgerError> {
        let stored = StoredAttempt::of(attempt).map_err(|what| self.corrupt(what))?;
        let (counts, metrics) = (stored.counts, stored.metrics_json());
        self.fenced("record an attempt", lease, |transaction| {
            transaction.execute(
                "insert into adg_attempts (module, collection, date, run_id, attempt, status, rows_read, rows_written,
                     rows_quarantined, value_errors, files, bytes, schema_fingerprint, sources, location, started, ended, error,
                     token, metrics)
                 values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20)
                 on conflict (module, collection, date, run_id) do update set attempt = $5, status = $6, rows_read = $7,
                     rows_written = $8, rows_quarantined = $9, value_errors = $10, files = $11, bytes = $12,
                     schema_fingerprint = $13, sources = $14, location = $15, started = $16, ended = $17, error = $18,
                     token = $19, metrics = $20",
                &[
                    &stored.module,
                    &stored.collection,
                    &stored.date,
                    &stored.run_id,
                    &i64::from(stored.attempt),
                    &stored.status,
                    &signed(counts.rows_read),
                    &signed(counts.rows_written),
                    &signed(counts.rows_quarantined),
                    &signed(counts.value_errors),
                    &signed(counts.files),
                    &signed(counts.bytes),
                    &stored.schema_fingerprint,
                    &stored.sources,
                    &stored.location,
                    &stored.started,
                    &stored.ended,
                    // PostgreSQL's texts have no NUL.
                    &stored.error.map(|error| error.replace('\0', "\u{fffd}")),
                    &signed(lease.token.0),
                    &metrics,
                ],
            )
        })?;
        Ok(())
    }

    fn history(&self, job: &JobName) -> Result<BTreeMap<NodeName, History>, LedgerError> {
        let rows = self
            .client()?
            .query(
                "select distinct on (collection, date) collection, date, status from adg_attempts where module = $1
                 order by collection, date, token desc, run_id collate \"C\" desc",
                &[&job.as_str()],
            )
            .map_err(self.failed("read the history"))?;
        let corrupt = |what| self.corrupt(what);
        let mut history: BTreeMap<NodeName, History> = BTreeMap::new();
        for row in rows {
            let node = parsed("collection", row.get(0)).map_err(corrupt)?;
            let slice = parsed("date", row.get(1)).map_err(corrupt)?;
            history.entry(node).or_default().insert(slice, status(row.get(2)).map_err(corrupt)?);
        }
        Ok(history)
    }

    fn attempts(&self, unit: &Unit) -> Result<Vec<Attempt>, LedgerError> {
        self.attempts_by(
            "select * from adg_attempts where module = $1 and collection = $2 and date = $3
             order by token, run_id collate \"C\"",
            &[&unit.job.as_str(), &unit.node.as_str(), &unit.slice.to_string()],
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
            "select * from adg_attempts where module = $1 and collection = $2 and date collate \"C\" between $3 and $4
             order by date collate \"C\", token, run_id collate \"C\"",
            &[&job.as_str(), &node.as_str(), &first.to_string(), &last.to_string()],
        )
    }
}
