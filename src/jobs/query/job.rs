//! SQL over the published tables, by Polars.

use std::path::Path;

use polars::prelude::*;
use polars::sql::SQLContext;

use crate::jobs::run::existing::existing;
use crate::jobs::run::{JobError, Services};
use crate::metastore::TableName;
use crate::sql::polars::scan;
use crate::sql::{SqlError, Statement};

use super::output::{QueryFormat, write};

/// Runs a statement and writes its result to `output`, or to standard output.
///
/// # Errors
/// The statement fails, or is not a single SELECT from tables; a table's files can't be read, or are not in a local folder; the
/// metastore fails; the result can't be written.
pub fn query(services: &Services, sql: &str, format: QueryFormat, output: Option<&Path>) -> Result<(), JobError> {
    let statement = Statement::parse(sql).map_err(refused)?.with_single_names();
    let known = services.metastore.tables()?;
    let mut context = SQLContext::new();
    for (alias, name) in referenced(&statement, &known) {
        let table = existing(&*services.metastore, name)?;
        let partitions = services.metastore.partitions(name)?;
        context.register(&alias, scan(&table, &partitions).map_err(refused)?);
    }
    let failed = |error: PolarsError| JobError::Query { reason: error.to_string() };
    let result = context.execute(&statement.text()).and_then(|frame| frame.collect_with_engine(Engine::Streaming));
    // Several results come of several sinks only, which SQL does not make.
    let mut frame = result.map_err(failed)?.unwrap_single();
    if statement.has_bare_count() {
        name_count(&mut frame);
    }
    write(frame, format, output)
}

fn refused(error: SqlError) -> JobError {
    JobError::Query {
        reason: match error {
            SqlError::Refused { reason, .. } | SqlError::Failed { reason } => reason,
            other => other.to_string(),
        },
    }
}

/// Returns the known tables that a statement names, each with its name in the statement.
fn referenced<'k>(statement: &Statement, known: &'k [TableName]) -> Vec<(String, &'k TableName)> {
    let is_named = |table: &TableName, written: &str| table.table.as_str() == written || table.to_string() == written;
    let find = |written: &String| known.iter().find(|table| is_named(table, written));
    statement.tables().into_iter().filter_map(|written| find(&written).map(|table| (written, table))).collect()
}

/// Names the column of a bare `count(*)` as PostgreSQL does: Polars calls it `len`. The statement is left as it is: a name in it
/// could be that of another column, and `ORDER BY` would take the one for the other.
fn name_count(frame: &mut DataFrame) {
    if frame.column("count").is_err() {
        // Without such a column there is nothing to name.
        let _ = frame.rename("len", "count".into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a statement over a small table and returns the result as CSV.
    fn run(sql: &str) -> String {
        let table = df!("a" => ["x", "x", "y"], "count" => [1, 2, 3]).unwrap();
        let statement = Statement::parse(sql).unwrap();
        let mut context = SQLContext::new();
        context.register("t", table.lazy());
        let mut frame = context.execute(&statement.text()).unwrap().collect().unwrap();
        if statement.has_bare_count() {
            name_count(&mut frame);
        }
        let mut text = Vec::new();
        CsvWriter::new(&mut text).finish(&mut frame).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_bare_count_is_called_count_and_nothing_else_changes() {
        for (sql, rows) in [
            ("select a, Count(*) from t group by a order by a", "a,count\nx,2\ny,1\n"),
            ("select a, count(*) from t group by a order by len", "a,count\ny,1\nx,2\n"),
            ("select count(*) as n from t", "n\n3\n"),
            ("select sum(count), count(*) from t", "count,len\n6,3\n"),
            ("select len from (select count(*) from t) as s", "len\n3\n"),
        ] {
            assert_eq!(run(sql), rows, "{sql}");
        }
    }

    #[test]
    fn tables_are_known_with_and_without_their_database() {
        let known: Vec<TableName> = vec!["uc.bids".parse().unwrap(), "uc.vacancies".parse().unwrap()];
        let statement = Statement::parse("select * from UC.bids b join vacancies v on b.x = v.x join other using (x)").unwrap();
        let found = referenced(&statement.with_single_names(), &known);
        assert_eq!(found, [("uc.bids".to_owned(), &known[0]), ("vacancies".to_owned(), &known[1])]);
    }
}
