//! A table of PostgreSQL as a sink. It is one slice, and each commit is one transaction.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use tokio_postgres::types::Type;

use crate::catchup::{Lease, Slice};
use crate::database::DatabaseError;
use crate::identity::{Clock, JobName, RunId};
use crate::schema::{ColumnName, Evolution, TableSchema};
use crate::sink::{Changes, Commit, Committed, Extent, Reverted, Revision, SinkTable, TableSink};

use super::super::server::Session;
use super::column::TableColumn;
use super::merge::Merging;
use super::records::{CommitRecord, Records, SCHEMA, TableRecord};
use super::replace::lock;
use super::staged::StagedCopy;
use super::table::{PostgresTable, Traits, as_read, listed};

const COMMIT: &str = "publish rows";
/// The server ends a transaction whose run is gone, with all its locks, also where it was not told so.
const BEGIN: &str = "begin; set local idle_in_transaction_session_timeout = '60s'";
/// Time for which records of commits stay at least: a run that lost the reply to a commit looks for its record.
const RECORDS_STAY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A table with what a run needs to publish to it.
#[derive(Clone, Copy)]
pub struct PostgresSink<'a> {
    /// Table.
    pub at: &'a PostgresTable,
    /// Job that publishes to it.
    pub job: &'a JobName,
    /// Lease that gives the run the right to work on the table.
    pub lease: &'a Lease,
    /// Columns of the primary key of a new table; there may be none.
    pub keys: &'a [ColumnName],
    /// True if the table may have rows that no job of adg has published.
    pub adopt: bool,
    /// Clock by which replaced rows are retained.
    pub clock: &'a dyn Clock,
}

impl TableSink for PostgresSink<'_> {
    type Error = DatabaseError;
    type Staged = StagedCopy;

    fn state(&self) -> Result<Option<SinkTable>, DatabaseError> {
        self.at.state(self.job, self.adopt)
    }

    fn evolve(&self, evolution: &Evolution, personal: &BTreeSet<ColumnName>) -> Result<SinkTable, DatabaseError> {
        let (at, session) = (self.at, &self.at.session);
        let name = at.name.in_statement();
        let records = Records { session, name: &name };
        records.create()?;
        transaction(session, || {
            // Of two jobs that find no record, one makes it, and the other waits and finds it.
            let is_new = records.claim(&self.job.to_string())?;
            let (record, traits) = (records.lock_table()?, at.traits(session)?);
            let known = record.as_ref().filter(|_| !is_new);
            at.must_be_ours(self.job, self.adopt, known, traits.as_ref())?;
            let present = traits.as_ref().map(Traits::schema);
            if present.as_ref() != Some(&as_read(&evolution.after)) {
                if present.as_ref() != evolution.before.as_ref() {
                    return Err(DatabaseError::Changed { table: at.describe() });
                }
                if traits.is_some() {
                    lock(session, &name, "access exclusive")?;
                }
                at.statements(evolution, self.keys, traits.as_ref())
                    .iter()
                    .try_for_each(|statement| session.run("change a table", statement))?;
            }
            // A table that was dropped has no rows of a commit.
            let current = record.as_ref().filter(|_| traits.is_some()).and_then(|record| record.current.clone());
            let is_adopted = match &record {
                Some(record) if !is_new => record.is_adopted,
                _ => traits.as_ref().is_some_and(|traits| !traits.is_empty),
            };
            let token = record.map_or(0, |record| record.token);
            let (job, personal) = (self.job.to_string(), personal.clone());
            records.put_table(&TableRecord { job, token, current, personal, is_adopted })
        })?;
        self.state()?.ok_or_else(|| DatabaseError::Changed { table: at.describe() })
    }

    fn begin(&self, slice: &Slice, schema: &TableSchema) -> Result<StagedCopy, DatabaseError> {
        StagedCopy::begin(self.at, slice, schema, self.new_id())
    }

    fn supports(&self, _: &Commit<'_>) -> bool {
        true
    }

    fn retains(&self, commit: &Commit<'_>) -> bool {
        matches!(commit, Commit::Replace)
    }

    fn commit(&self, _: &SinkTable, staged: &StagedCopy, commit: &Commit<'_>) -> Result<Committed, DatabaseError> {
        let session = &staged.session;
        match transaction(session, || self.publish(session, staged, commit)) {
            // The reply may be lost, and the rows published.
            Err(error @ DatabaseError::Unavailable { .. }) => self.published(&staged.id)?.ok_or(error),
            other => other,
        }
    }

    fn revert(&self, slice: &Slice, to: Option<&Revision>) -> Result<Reverted, DatabaseError> {
        let session = &self.at.session;
        if *slice != Slice::Whole {
            return Ok(Reverted::Refused(Extent::default()));
        }
        transaction(session, || match to {
            None => self.unpublish(session),
            Some(revision) => self.send_back(session, revision),
        })
    }

    fn expire(&self, retention: SignedDuration) -> Result<usize, DatabaseError> {
        let (session, name) = (&self.at.session, self.at.name.in_statement());
        let records = Records { session, name: &name };
        if records.table()?.is_none() {
            return Ok(0);
        }
        let now = self.clock.now();
        transaction(session, || {
            records.lock_table()?;
            let kept = records.remove_before(now - retention)?;
            kept.iter()
                .try_for_each(|kept| session.run("delete replaced rows", &format!("drop table if exists {SCHEMA}.{kept}")))?;
            records.forget_before(now - retention.max(RECORDS_STAY))?;
            Ok(kept.len())
        })
    }

    fn count(&self, _: &Slice) -> Result<Option<Extent>, DatabaseError> {
        let (session, name) = (&self.at.session, self.at.name.in_statement());
        let record = Records { session, name: &name }.table()?;
        match record.and_then(|record| record.current) {
            Some(_) if self.at.traits(session)?.is_some() => Ok(Some(extent(rows_of(session, &name)?))),
            _ => Ok(None),
        }
    }
}

impl PostgresSink<'_> {
    fn publish(&self, session: &Session, staged: &StagedCopy, commit: &Commit<'_>) -> Result<Committed, DatabaseError> {
        let name = self.at.name.in_statement();
        let records = Records { session, name: &name };
        let record = self.fenced(&records)?;
        if let Some(done) = records.commit(&staged.id)? {
            return Ok(self.committed(&staged.id, done.changes));
        }
        let traits = self.at.traits(session)?.ok_or_else(|| DatabaseError::Changed { table: self.at.describe() })?;
        let merging = Merging { staged, table: &name, version: self.at.version };
        let changes = match commit {
            Commit::Replace => {
                let names: Vec<String> = staged.columns.iter().map(|column| column.in_table.clone()).collect();
                let count = self.replace(session, &records, (&record, &traits), (&names, &merging.rows()), &staged.id)?;
                merging.must_be_all(count)?;
                Changes::default()
            }
            Commit::Append | Commit::ReplaceFrom { .. } | Commit::Merge { .. } => {
                // Those who read do not wait, and others who write would change what is compared.
                lock(session, &name, "share row exclusive")?;
                match commit {
                    Commit::Merge { keys, missing } => merging.merge(keys, *missing)?,
                    Commit::ReplaceFrom { column, first } => merging.replace_from(column, first)?,
                    Commit::Append | Commit::Replace => merging.append()?,
                }
            }
        };
        if let Some(current) = record.current.as_ref().filter(|_| matches!(commit, Commit::Merge { .. }) && changes.is_nothing())
        {
            return Ok(self.committed(current, changes));
        }
        records.add_commit(&self.commit_record(&staged.id, staged.rows, changes))?;
        let record = TableRecord { token: self.lease.token.0, current: Some(staged.id.clone()), ..record };
        records.put_table(&record)?;
        Ok(self.committed(&staged.id, changes))
    }

    /// Replaces all rows, and retains those that were there.
    fn replace(
        &self,
        session: &Session,
        records: &Records<'_>,
        (record, traits): (&TableRecord, &Traits),
        rows: (&[String], &str),
        id: &str,
    ) -> Result<u64, DatabaseError> {
        let kept = format!("kept_{id}");
        let (count, had_rows) = self.at.replace(session, traits, rows, &kept)?;
        match &record.current {
            Some(current) => records.keep(current, Some(&kept), self.clock.now())?,
            None if had_rows && !self.adopt => return Err(DatabaseError::Changed { table: self.at.describe() }),
            // Rows of no commit are those of a table that somebody else wrote, and now replaced rows like others.
            None if had_rows => {
                let before = format!("before_{id}");
                records.add_commit(&self.commit_record(&before, 0, Changes::default()))?;
                records.keep(&before, Some(&kept), self.clock.now())?;
            }
            None => session.run("delete replaced rows", &format!("drop table {SCHEMA}.{kept}"))?,
        }
        Ok(count)
    }

    fn unpublish(&self, session: &Session) -> Result<Reverted, DatabaseError> {
        let name = self.at.name.in_statement();
        let records = Records { session, name: &name };
        let record = self.fenced(&records)?;
        if let (Some(_), Some(traits)) = (&record.current, self.at.traits(session)?) {
            // Rows of others, or of commits that the ledger does not know, would go with those of the commit.
            if record.is_adopted || records.commits()? > 1 {
                return Ok(Reverted::Refused(extent(rows_of(session, &name)?)));
            }
            let names = traits.written();
            let none = format!("select {} from {name} where false", listed(&names));
            self.replace(session, &records, (&record, &traits), (&names, &none), &self.new_id())?;
        }
        records.put_table(&TableRecord { token: self.lease.token.0, current: None, ..record })?;
        Ok(Reverted::Done(Extent::default()))
    }

    fn send_back(&self, session: &Session, revision: &Revision) -> Result<Reverted, DatabaseError> {
        let name = self.at.name.in_statement();
        let records = Records { session, name: &name };
        let record = self.fenced(&records)?;
        let id = revision.location.rsplit_once('@').map_or("", |(_, id)| id);
        let fits = |rows: u64| revision.extent.is_none_or(|extent| extent.rows == rows);
        if record.current.as_deref() == Some(id) {
            let rows = rows_of(session, &name)?;
            return Ok(if fits(rows) { Reverted::Done(extent(rows)) } else { Reverted::Refused(extent(rows)) });
        }
        let (Some(kept), Some(traits)) = (records.commit(id)?.and_then(|commit| commit.kept), self.at.traits(session)?) else {
            return Ok(Reverted::Refused(Extent::default()));
        };
        let from = format!("{SCHEMA}.{kept}");
        let rows = rows_of(session, &from)?;
        if !fits(rows) {
            return Ok(Reverted::Refused(extent(rows)));
        }
        // The table may have more columns by now. A value of one that it has no longer, or that the server makes, would be lost.
        let had = session.columns(&format!("select * from {from}"))?;
        let is_there = |(name, ty, modifier): &(String, Type, i32)| {
            let same = |column: &&TableColumn| column.name == *name && column.ty == *ty && column.modifier == *modifier;
            traits.columns.iter().find(same).is_some_and(|column| !column.is_generated)
        };
        if !had.iter().all(is_there) {
            return Ok(Reverted::Refused(Extent::default()));
        }
        let names: Vec<String> = had.into_iter().map(|(name, ..)| name).collect();
        let query = format!("select {} from {from}", listed(&names));
        if self.replace(session, &records, (&record, &traits), (&names, &query), &self.new_id())? != rows {
            return Err(DatabaseError::Changed { table: self.at.describe() });
        }
        session.run("delete replaced rows", &format!("drop table {from}"))?;
        records.keep(id, None, self.clock.now())?;
        records.put_table(&TableRecord { token: self.lease.token.0, current: Some(id.to_owned()), ..record })?;
        Ok(Reverted::Done(extent(rows)))
    }

    /// Locks the record of the table, and returns it, unless a later run has changed the table.
    fn fenced(&self, records: &Records<'_>) -> Result<TableRecord, DatabaseError> {
        let record = records.lock_table()?.ok_or_else(|| DatabaseError::Changed { table: self.at.describe() })?;
        let ours = self.lease.token.0;
        if record.job != self.job.to_string() {
            return Err(DatabaseError::Changed { table: self.at.describe() });
        }
        if record.token > ours {
            return Err(DatabaseError::Fenced { table: self.at.describe(), found: record.token, ours });
        }
        Ok(record)
    }

    /// Returns a commit whose reply may have been lost, once its transaction has ended; `None` if it was not made.
    fn published(&self, id: &str) -> Result<Option<Committed>, DatabaseError> {
        let (session, name) = (Session::open(&self.at.connection, &self.at.stop)?, self.at.name.in_statement());
        let records = Records { session: &session, name: &name };
        transaction(&session, || {
            // A transaction that is still going on holds it.
            records.lock_table()?;
            Ok(records.commit(id)?.map(|done| self.committed(id, done.changes)))
        })
    }

    /// Returns an id that no other commit has.
    fn new_id(&self) -> String {
        RunId::new(self.clock.now()).to_string().replace('-', "")
    }

    fn commit_record(&self, id: &str, rows: u64, changes: Changes) -> CommitRecord {
        let (at, run) = (self.clock.now(), self.lease.run_id.to_string());
        CommitRecord { id: id.to_owned(), run, at, rows, changes, kept: None }
    }

    fn committed(&self, id: &str, changes: Changes) -> Committed {
        Committed { location: format!("{}@{id}", self.at.describe()), changes }
    }
}

/// Runs a transaction, which is rolled back if a part of it fails.
fn transaction<T>(session: &Session, run: impl FnOnce() -> Result<T, DatabaseError>) -> Result<T, DatabaseError> {
    session.run(COMMIT, BEGIN)?;
    match run() {
        Ok(done) => session.commit(COMMIT).map(|()| done),
        Err(error) => {
            // Where this fails too, the connection is lost, and the server rolls it back.
            drop(session.run(COMMIT, "rollback"));
            Err(error)
        }
    }
}

fn rows_of(session: &Session, table: &str) -> Result<u64, DatabaseError> {
    let row = session.row("count rows", &format!("select count(*) from {table}"), &[])?;
    let rows: i64 = row.try_get(0).map_err(|error| session.failed("count rows", &error))?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

fn extent(rows: u64) -> Extent {
    Extent { rows, ..Extent::default() }
}
