//! One check: what it asks, and whether it makes sense.

use std::collections::BTreeMap;

use crate::config::CheckSettings;
use crate::identity::NodeName;
use crate::jobs::run::{JobError, PipelineError};
use crate::schema::{ColumnName, ColumnType, TableSchema};
use crate::sql::{Input, InputRows, SqlError, Statement};

use super::engines::Engines;

/// Condition of a number of rows: `>= 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    sign: &'static str,
    rows: u64,
}

impl Bound {
    /// Reads a condition.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let sign = ["<=", ">=", "=", "<", ">"].into_iter().find(|sign| text.trim().starts_with(sign));
        let rows = sign.and_then(|sign| text.trim().strip_prefix(sign)?.trim().parse().ok());
        match (sign, rows) {
            (Some(sign), Some(rows)) => Ok(Self { sign, rows }),
            _ => Err(format!("`{text}` is no condition of a number of rows; write `\">= 1\"`")),
        }
    }

    /// Returns true if a number of rows meets it.
    pub(super) fn holds(self, rows: u64) -> bool {
        match self.sign {
            "<=" => rows <= self.rows,
            ">=" => rows >= self.rows,
            "<" => rows < self.rows,
            ">" => rows > self.rows,
            _ => rows == self.rows,
        }
    }
}

/// Refuses a check of columns that are not there, or whose statement gives something else than one boolean.
pub(super) fn must_make_sense(
    node: &NodeName,
    check: &CheckSettings,
    columns: &BTreeMap<NodeName, TableSchema>,
    engines: &Engines,
) -> Result<(), JobError> {
    match check {
        CheckSettings::Rows(_) => Ok(()),
        CheckSettings::NotNull(named) | CheckSettings::Unique(named) => {
            let has =
                |name: &String| ColumnName::new(name).is_ok_and(|name| columns.get(node).is_some_and(|schema| schema.has(&name)));
            match named.names().iter().find(|name| !has(name)) {
                None => Ok(()),
                Some(unknown) => Err(PipelineError::Columns {
                    node: node.to_string(),
                    reason: format!("the check `{}` names `{unknown}`, and there is no such column", described(check)),
                    hint: "correct the check; `adg pipeline plan` lists the columns".to_owned(),
                }
                .into()),
            }
        }
        CheckSettings::Sql(sql) => {
            let failed = |source| PipelineError::Sql { node: place(node), source };
            let statement = Statement::parse(&named(sql)).map_err(failed)?;
            let input = |table: String| {
                let schema = columns.get(&table.parse().ok()?)?;
                Some((table, Input { schema, rows: InputRows::Unread }))
            };
            let inputs = statement.tables().into_iter().filter_map(input).collect();
            let found = engines.statements()?.columns(&statement, &inputs).map_err(failed)?;
            match found.columns() {
                [one] if one.ty == ColumnType::Boolean => Ok(()),
                [one] => Err(no_check(node, format!("it gives a {}", one.ty))),
                several => Err(no_check(node, format!("it gives {} columns", several.len()))),
            }
        }
    }
}

/// Returns the statement of a check with a name for its column, which nobody reads.
pub(super) fn named(sql: &str) -> String {
    format!("select * from ({sql}\n) as adg_check(passes)")
}

pub(super) fn place(node: &NodeName) -> String {
    format!("checks.{node}")
}

pub(super) fn no_check(node: &NodeName, reason: String) -> JobError {
    PipelineError::Sql { node: place(node), source: SqlError::Refused { reason, hint: "select one boolean".to_owned() } }.into()
}

/// Returns a check as the file has it.
pub(super) fn described(check: &CheckSettings) -> String {
    match check {
        CheckSettings::NotNull(columns) => format!("not_null: {}", columns.names().join(", ")),
        CheckSettings::Unique(columns) => format!("unique: {}", columns.names().join(", ")),
        CheckSettings::Rows(bound) => format!("rows: \"{bound}\""),
        CheckSettings::Sql(sql) => format!("sql: {sql}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_rows_are_compared() {
        for (bound, fits, other) in [(">= 1", 1, 0), ("=3", 3, 2), (" < 3 ", 2, 3), ("<=3", 3, 4), ("> 0", 1, 0)] {
            let bound = Bound::parse(bound).unwrap();
            assert!(bound.holds(fits) && !bound.holds(other), "{bound:?}");
        }
        for wrong in ["", "1", ">= x", "== 1", ">= -1", "!= 1"] {
            assert!(Bound::parse(wrong).is_err(), "{wrong}");
        }
    }
}
