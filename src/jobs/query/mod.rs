//! SQL over the published tables, by Polars.

mod output;
mod scan;

use std::ops::ControlFlow;
use std::path::Path;

use polars::prelude::*;
use polars::sql::SQLContext;
use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Statement, visit_relations_mut};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::metastore::TableName;

use super::tables::existing;
use super::{JobError, Services};
use output::write;
use scan::scan;

pub use output::QueryFormat;

/// Runs a statement and writes its result to `output`, or to standard output.
pub fn query(services: &Services, sql: &str, format: QueryFormat, output: Option<&Path>) -> Result<(), JobError> {
    let known = services.metastore.tables()?;
    let Referenced { sql, tables } = referenced(sql, &known);
    let mut context = SQLContext::new();
    for (alias, name) in tables {
        let table = existing(&*services.metastore, &name)?;
        let partitions = services.metastore.partitions(&name)?;
        context.register(&alias, scan(&table, &partitions)?);
    }
    let result = context.execute(&sql).and_then(|frame| frame.collect_with_engine(Engine::Streaming)).map_err(failed)?;
    // Several results come of several sinks only, which SQL does not make.
    let frame = result.unwrap_single();
    write(frame, format, output)
}

fn failed(error: PolarsError) -> JobError {
    JobError::Query { reason: error.to_string() }
}

struct Referenced {
    sql: String,
    /// What the statement calls each table that it names.
    tables: Vec<(String, TableName)>,
}

/// The known tables that a statement names. Polars knows no databases: `database.table` becomes one quoted name.
fn referenced(sql: &str, known: &[TableName]) -> Referenced {
    let mut tables: Vec<(String, TableName)> = Vec::new();
    // What can't be parsed here is left to Polars, whose message is the better one.
    let Ok(mut statements) = Parser::parse_sql(&GenericDialect {}, sql) else {
        return Referenced { sql: sql.to_owned(), tables };
    };
    let mut qualified = false;
    let _ = visit_relations_mut(&mut statements, |relation: &mut ObjectName| {
        let parts: Vec<&str> = relation.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.as_str()).collect();
        let written = parts.join(".");
        let found = known.iter().find(|table| match parts.as_slice() {
            [name] => table.table.as_str() == *name,
            _ => table.to_string() == written,
        });
        if parts.len() > 1 {
            qualified = true;
            relation.0 = vec![ObjectNamePart::Identifier(Ident::with_quote('"', &written))];
        }
        if let Some(table) = found
            && !tables.iter().any(|(alias, _)| *alias == written)
        {
            tables.push((written, table.clone()));
        }
        ControlFlow::<()>::Continue(())
    });
    let sql = match qualified {
        true => statements.iter().map(Statement::to_string).collect::<Vec<_>>().join("; "),
        false => sql.to_owned(),
    };
    Referenced { sql, tables }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualified_names_are_found_wherever_they_stand() {
        let known: Vec<TableName> = vec!["uc.bids".parse().unwrap(), "uc.vacancies".parse().unwrap()];
        let found = referenced(
            "select 'uc.bids' as t, b.x from uc.bids b join vacancies v on b.x = v.x where b.x in (select x from other)",
            &known,
        );
        assert_eq!(found.tables, [("uc.bids".to_owned(), known[0].clone()), ("vacancies".to_owned(), known[1].clone())]);
        assert!(found.sql.contains("'uc.bids'") && found.sql.contains("FROM \"uc.bids\""), "{}", found.sql);
        assert_eq!(referenced("this is no SQL", &known).sql, "this is no SQL");
    }
}
