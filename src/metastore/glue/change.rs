//! Optimistic changes of a table that others change too: each replaces only the version that it was based on.

use std::time::Duration;

use aws_sdk_glue::types::{Table as GlueTable, TableInput};

use crate::identity::FencingToken;
use crate::metastore::{MetastoreError, Parameters, Partition, TableName, spark_schema, spark_statistics};
use crate::schema::TableSchema;

use super::client::GlueMetastore;
use super::refused::{Refused, Task};
use super::{convert, rewrite};

/// Attempts at a change, if somebody else changes the table first each time.
const TRIES: u32 = 6;
/// Approximate first pause; each later one is twice as long.
const PAUSE: Duration = Duration::from_millis(100);

/// Returns true if the table has Spark's own statistics.
fn has_spark_statistics(table: &GlueTable) -> bool {
    table.parameters().into_iter().flat_map(|all| all.keys()).any(|key| spark_statistics::is_one(key))
}

/// Waits for a random time, so that conflicting callers retry at different times.
pub(super) fn pause(tries: u32) {
    std::thread::sleep((PAUSE * (1_u32 << tries.min(6))).mul_f64(rand::random_range(0.5..1.5)));
}

impl GlueMetastore {
    /// Replaces the table by the result of `decide`, which is called again if somebody else changed the table first; None leaves
    /// the table alone. Returns the table as it was before, or None if somebody else was first each time.
    fn change(
        &self,
        task: Task,
        name: &TableName,
        decide: impl Fn(&GlueTable, u32) -> Result<Option<TableInput>, MetastoreError>,
    ) -> Result<Option<GlueTable>, MetastoreError> {
        let failed = self.failed(task, Some(name));
        for tries in 0..TRIES {
            let table = self.find(name).map_err(&failed)?.ok_or_else(|| self.no_such_table(name))?;
            let Some(input) = decide(&table, tries)? else { return Ok(Some(table)) };
            match self.replace_table(name, input, table.version_id()) {
                Err(refused) if refused.is_conflict() => pause(tries),
                Err(refused) if refused.is_not_found() => return Err(self.no_such_table(name)),
                done => return done.map(|()| Some(table)).map_err(&failed),
            }
        }
        Ok(None)
    }

    /// Replaces the columns, if they are still `before`.
    pub(super) fn alter(
        &self,
        name: &TableName,
        before: &TableSchema,
        after: &TableSchema,
        parameters: &Parameters,
    ) -> Result<(), MetastoreError> {
        let changed = || MetastoreError::Changed { table: name.clone() };
        let altered = self.change(Task::ALTER_TABLE, name, |table, tries| {
            let now = convert::schema(table).map_err(self.corrupt(name))?;
            let has = |(key, value): (&String, &String)| table.parameters().and_then(|all| all.get(key)) == Some(value);
            if tries > 0 && now == *after && parameters.iter().all(has) {
                // Glue had acted, though its answer was lost, and the library asked again.
                return Ok(None);
            }
            if now != *before {
                return Err(changed());
            }
            let input = rewrite::altered(table, after, parameters).map_err(Refused::from);
            let mut input = input.map_err(self.failed(Task::ALTER_TABLE, Some(name)))?;
            let mut all: Parameters = input.parameters.take().into_iter().flatten().collect();
            spark_schema::follow(&mut all, before, after).map_err(self.corrupt(name))?;
            input.parameters = Some(all.into_iter().collect());
            Ok(Some(input))
        })?;
        altered.map(drop).ok_or_else(changed)
    }

    /// Takes the table's fence, unless a later run has it. Returns the table.
    ///
    /// Glue has no transaction over the table and its partitions: requests that we send after this are not stopped if a later run
    /// takes the fence in between. A run that slept before this call is stopped.
    pub(super) fn pass_fence(&self, task: Task, name: &TableName, fence: FencingToken) -> Result<GlueTable, MetastoreError> {
        let passed = self.change(task, name, |table, _| {
            if self.must_not_be_later(table, name, fence)? == Some(fence.0) && !has_spark_statistics(table) {
                return Ok(None);
            }
            let input = rewrite::fenced(table, fence).map_err(Refused::from);
            input.map(Some).map_err(self.failed(task, Some(name)))
        })?;
        passed.ok_or_else(|| self.changed_by_others(task, name))
    }

    /// Sends the readers of a table without partition columns to another folder, in one step with the check of its fence.
    pub(super) fn move_table(&self, name: &TableName, to: &Partition, fence: FencingToken) -> Result<(), MetastoreError> {
        let moved = self.change(Task::PUBLISH, name, |table, _| {
            self.must_not_be_later(table, name, fence)?;
            let input = rewrite::moved(table, to, fence).map_err(Refused::from);
            input.map(Some).map_err(self.failed(Task::PUBLISH, Some(name)))
        })?;
        moved.map(drop).ok_or_else(|| self.changed_by_others(Task::PUBLISH, name))
    }

    /// Refuses a table that a later run has published to. Returns its fence.
    fn must_not_be_later(&self, table: &GlueTable, name: &TableName, fence: FencingToken) -> Result<Option<u64>, MetastoreError> {
        match convert::fence(table).map_err(self.corrupt(name))? {
            Some(found) if found > fence.0 => Err(MetastoreError::Fenced { table: name.clone(), found, ours: fence.0 }),
            found => Ok(found),
        }
    }

    fn changed_by_others(&self, task: Task, name: &TableName) -> MetastoreError {
        MetastoreError::Unavailable {
            action: task.action,
            metastore: self.to_string(),
            reason: format!("{name}: somebody else changed the table {TRIES} times while its fence was to be set"),
        }
    }
}
