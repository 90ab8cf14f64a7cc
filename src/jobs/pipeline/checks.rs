//! Checks of rows before anything is published.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, RecordBatch};

use crate::config::{CheckSettings, ColumnList};
use crate::identity::NodeName;
use crate::jobs::run::{JobError, PipelineError};
use crate::sql::{SqlEngine, Statement};

use super::check::{Bound, described, named, no_check, place};
use super::work::Work;

impl Work<'_> {
    /// Runs the checks of a node whose rows are there.
    pub(super) fn must_pass(&self, node: &NodeName) -> Result<(), JobError> {
        let checks = self.prepared.checked.pipeline.checks.get(node).into_iter().flatten();
        for check in checks {
            self.environment.stop.check()?;
            if let Some(found) = self.fault(node, check)? {
                return Err(PipelineError::Check { node: node.to_string(), check: described(check), found }.into());
            }
        }
        Ok(())
    }

    /// Returns what a check found; `None` if it passes.
    fn fault(&self, node: &NodeName, check: &CheckSettings) -> Result<Option<String>, JobError> {
        Ok(match check {
            CheckSettings::Rows(bound) => {
                let rows = self.rows_of(node)?.rows();
                let holds = Bound::parse(bound).is_ok_and(|bound| bound.holds(rows));
                (!holds).then(|| format!("it has {rows} rows"))
            }
            CheckSettings::NotNull(columns) => {
                let any: Vec<String> = quoted(columns).map(|name| format!("{name} is null")).collect();
                let sql = format!("select count(*) as n from {node} where {}", any.join(" or "));
                let count = self.count(&sql, node)?;
                (count > 0).then(|| format!("{count} rows have a null"))
            }
            CheckSettings::Unique(columns) => {
                let keys = quoted(columns).collect::<Vec<_>>().join(", ");
                let twice = format!("select {keys}, count(*) as adg_count from {node} group by {keys}");
                let sql = format!("select count(*) as n from ({twice}) as t where adg_count > 1");
                let count = self.count(&sql, node)?;
                (count > 0).then(|| format!("{count} keys stand in more than one row"))
            }
            CheckSettings::Sql(sql) => {
                let answer = self.answer(self.engines.statements()?, &named(sql), node)?;
                let truth =
                    answer.as_boolean_opt().ok_or_else(|| no_check(node, format!("it gives a {}", answer.data_type())))?;
                let is_true = truth.is_valid(0) && truth.value(0);
                (!is_true).then(|| format!("the statement gives {}", if truth.is_null(0) { "null" } else { "false" }))
            }
        })
    }

    /// Returns the number that a statement of adg's own gives.
    fn count(&self, sql: &str, node: &NodeName) -> Result<i64, JobError> {
        let answer = self.answer(&self.engines.own, sql, node)?;
        let count = answer.as_primitive_opt::<Int64Type>().map(|counts| counts.value(0));
        count.ok_or_else(|| JobError::Bug(format!("`{sql}` gave no number")))
    }

    /// Returns the only value of a statement, as an array of one.
    fn answer(&self, engine: &dyn SqlEngine, sql: &str, node: &NodeName) -> Result<ArrayRef, JobError> {
        let failed = |source| PipelineError::Sql { node: place(node), source };
        let statement = Statement::parse(sql).map_err(failed)?;
        let inputs = self.inputs(statement.tables().iter().filter_map(|table| Some((table.clone(), table.parse().ok()?))))?;
        let mut answers: Vec<RecordBatch> = Vec::new();
        let mut take = |batch| {
            answers.push(batch);
            Ok(())
        };
        engine.run(&statement, &inputs, &mut take).map_err(failed)?;
        match answers.as_slice() {
            [answer] if answer.num_rows() == 1 && answer.num_columns() == 1 => Ok(Arc::clone(answer.column(0))),
            _ => {
                let rows: usize = answers.iter().map(RecordBatch::num_rows).sum();
                Err(no_check(node, format!("it gives {rows} rows")))
            }
        }
    }
}

fn quoted(columns: &ColumnList) -> impl Iterator<Item = String> {
    columns.names().iter().map(|name| format!("\"{}\"", name.trim().to_lowercase()))
}
