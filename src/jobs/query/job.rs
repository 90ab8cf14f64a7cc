//! SQL over the published tables, by Polars.

use std::ops::ControlFlow;
use std::path::Path;

use polars::prelude::*;
use polars::sql::SQLContext;
use sqlparser::ast::{
    Ident, ObjectName, ObjectNamePart, Query, SelectItem, SetExpr, Statement, TableFactor, Visit, Visitor, visit_relations_mut,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::metastore::TableName;

use super::error::failed;
use super::output::QueryFormat;
use super::output::write;
use super::scan::scan;
use crate::jobs::run::{JobError, Services};
use crate::jobs::tables::existing;

/// Runs a statement and writes its result to `output`, or to standard output.
///
/// # Errors
/// The statement fails, or is not a single SELECT from tables; a table's files can't be read, or are not in a local folder; the
/// metastore fails; the result can't be written.
pub fn query(services: &Services, sql: &str, format: QueryFormat, output: Option<&Path>) -> Result<(), JobError> {
    let known = services.metastore.tables()?;
    let Referenced { sql, tables, has_bare_count } = referenced(sql, &known)?;
    let mut context = SQLContext::new();
    for (alias, name) in tables {
        let table = existing(&*services.metastore, &name)?;
        let partitions = services.metastore.partitions(&name)?;
        context.register(&alias, scan(&table, &partitions)?);
    }
    let result = context.execute(&sql).and_then(|frame| frame.collect_with_engine(Engine::Streaming)).map_err(failed)?;
    // Several results come of several sinks only, which SQL does not make.
    let mut frame = result.unwrap_single();
    if has_bare_count {
        name_count(&mut frame);
    }
    write(frame, format, output)
}

struct Referenced {
    sql: String,
    /// Name in the statement and table, of each table that the statement names.
    tables: Vec<(String, TableName)>,
    /// True if a column of the result is a `count(*)` without a name.
    has_bare_count: bool,
}

/// Finds the known tables that a statement names. Polars knows no databases: `database.table` becomes one quoted name.
///
/// # Errors
/// The statement is not a single SELECT, or names anything but tables: Polars' table functions read any file and any address.
fn referenced(sql: &str, known: &[TableName]) -> Result<Referenced, JobError> {
    let mut statements = Parser::parse_sql(&GenericDialect {}, sql).map_err(|error| refused(error.to_string()))?;
    let [statement] = statements.as_mut_slice() else { return Err(refused("give one statement".to_owned())) };
    if let ControlFlow::Break(reason) = statement.visit(&mut OnlySelects) {
        return Err(refused(reason));
    }
    let mut tables: Vec<(String, TableName)> = Vec::new();
    let _ = visit_relations_mut(statement, |relation: &mut ObjectName| {
        let parts: Vec<&str> = relation.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.as_str()).collect();
        let written = parts.join(".");
        let found = known.iter().find(|table| match parts.as_slice() {
            [name] => table.table.as_str() == *name,
            _ => table.to_string() == written,
        });
        if parts.len() > 1 {
            relation.0 = vec![ObjectNamePart::Identifier(Ident::with_quote('"', &written))];
        }
        if let Some(table) = found
            && !tables.iter().any(|(alias, _)| *alias == written)
        {
            tables.push((written, table.clone()));
        }
        ControlFlow::<()>::Continue(())
    });
    // What was checked is what is run.
    Ok(Referenced { sql: statement.to_string(), tables, has_bare_count: has_bare_count(statement) })
}

fn refused(reason: String) -> JobError {
    JobError::Query { reason }
}

/// A visitor that accepts only statements that read registered tables.
struct OnlySelects;

impl Visitor for OnlySelects {
    type Break = String;

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<String> {
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            _ => ControlFlow::Break("only SELECT is run: published tables are changed by runs alone".to_owned()),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        match &*query.body {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                ControlFlow::Break("only SELECT is run: published tables are changed by runs alone".to_owned())
            }
            SetExpr::Select(select) if select.into.is_some() => ControlFlow::Break("SELECT INTO is not run".to_owned()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<String> {
        match factor {
            TableFactor::Table { args: None, .. }
            | TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::UNNEST { .. } => ControlFlow::Continue(()),
            other => ControlFlow::Break(format!(
                "`{other}` is no registered table: functions that read files or addresses are not run"
            )),
        }
    }
}

/// Returns true if the statement selects a `count(*)` without a name.
fn has_bare_count(statement: &Statement) -> bool {
    let Statement::Query(query) = statement else { return false };
    let SetExpr::Select(select) = &*query.body else { return false };
    let is_count = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) => expr.to_string().eq_ignore_ascii_case("count(*)"),
        _ => false,
    };
    select.projection.iter().any(is_count)
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
        let Referenced { sql, has_bare_count, .. } = referenced(sql, &[]).unwrap();
        let mut context = SQLContext::new();
        context.register("t", table.lazy());
        let mut frame = context.execute(&sql).unwrap().collect().unwrap();
        if has_bare_count {
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
    fn qualified_names_are_found_wherever_they_stand() {
        let known: Vec<TableName> = vec!["uc.bids".parse().unwrap(), "uc.vacancies".parse().unwrap()];
        let found = referenced(
            "select 'uc.bids' as t, b.x from uc.bids b join vacancies v on b.x = v.x where b.x in (select x from other)",
            &known,
        )
        .unwrap();
        assert_eq!(found.tables, [("uc.bids".to_owned(), known[0].clone()), ("vacancies".to_owned(), known[1].clone())]);
        assert!(found.sql.contains("'uc.bids'") && found.sql.contains("FROM \"uc.bids\""), "{}", found.sql);
        let deep =
            "with uc as (select 1 as x) select * from (select * from uc.bids union all select * from uc.bids) t, unnest([1]) u";
        assert_eq!(referenced(deep, &known).unwrap().tables.len(), 1);
    }

    #[test]
    fn only_selects_from_registered_tables_are_run() {
        for sql in [
            "this is no SQL",
            "",
            "select 1; select 2",
            "delete from uc.bids",
            "truncate table uc.bids",
            "drop table uc.bids",
            "create table x as select 1",
            "insert into uc.bids values (1)",
            "explain select 1",
            "select * into x from uc.bids",
            "select * from read_csv('/etc/passwd')",
            "select * from uc.bids join read_parquet('http://localhost/x.parquet') using (x)",
            "with t as (select * from scan_csv('x')) select * from t",
            "select (select max(a) from read_json('x')) from uc.bids",
            "select * from uc.bids where x in (select x from read_ipc('x'))",
            "select * from table(read_csv('x'))",
            "select * from lateral read_csv('x')",
        ] {
            assert!(matches!(referenced(sql, &["uc.bids".parse().unwrap()]), Err(JobError::Query { .. })), "{sql}");
        }
    }
}
