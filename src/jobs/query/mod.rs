//! SQL over the published tables, by Polars.

mod scan;

use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use clap::ValueEnum;
use comfy_table::CellAlignment;
use polars::prelude::*;
use polars::sql::SQLContext;
use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Statement, visit_relations_mut};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::metastore::TableName;
use crate::report;

use super::tables::existing;
use super::{JobError, Services};
use scan::scan;

/// How the result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// For a person.
    Table,
    /// With a header; nested values as text.
    Csv,
    /// One object a line. JSON has no NaN and no infinity: they are null.
    Json,
    /// Binary.
    Parquet,
}

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

fn write(frame: DataFrame, format: QueryFormat, output: Option<&Path>) -> Result<(), JobError> {
    let what = output.map_or_else(|| "the result".to_owned(), |path| path.display().to_string());
    let unwritable = |source: io::Error| JobError::Output { what: what.clone(), source };
    let mut sink: Box<dyn Write> = match output {
        Some(path) => Box::new(io::BufWriter::new(File::create(path).map_err(unwritable)?)),
        None => Box::new(io::BufWriter::new(io::stdout().lock())),
    };
    let polars = |error: PolarsError| unwritable(io::Error::other(error.to_string()));
    match format {
        QueryFormat::Table => writeln!(sink, "{}", for_a_person(&frame)).map_err(unwritable)?,
        QueryFormat::Csv => CsvWriter::new(&mut sink).finish(&mut nested_as_text(frame)).map_err(polars)?,
        QueryFormat::Json => {
            JsonWriter::new(&mut sink).with_json_format(JsonFormat::JsonLines).finish(&mut frame.clone()).map_err(polars)?
        }
        QueryFormat::Parquet => ParquetWriter::new(&mut sink).finish(&mut frame.clone()).map(drop).map_err(polars)?,
    }
    match sink.flush() {
        // The reader of a pipe has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(unwritable),
    }
}

fn shown(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => "null".to_owned(),
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::Float64(value) => value.to_string(),
        AnyValue::Float32(value) => value.to_string(),
        AnyValue::List(items) => format!("[{}]", items.iter().map(|item| quoted(&item)).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn quoted(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::String(text) => format!("{text:?}"),
        other => shown(other),
    }
}

fn for_a_person(frame: &DataFrame) -> String {
    let names = frame.get_column_names();
    let mut table = report::table(&names.iter().map(|name| name.as_str()).collect::<Vec<_>>());
    for (i, column) in frame.columns().iter().enumerate() {
        if column.dtype().is_primitive_numeric()
            && let Some(column) = table.column_mut(i)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for row in 0..frame.height() {
        table.add_row(frame.columns().iter().map(|column| column.get(row).map(|value| shown(&value)).unwrap_or_default()));
    }
    format!("{table}\n{} rows", frame.height())
}

fn nested_as_text(frame: DataFrame) -> DataFrame {
    let columns = frame.columns().iter().map(|column| {
        if !column.dtype().is_nested() {
            return column.clone();
        }
        let texts = (0..column.len()).map(|row| column.get(row).ok().filter(|value| !value.is_null()).map(|value| shown(&value)));
        Column::new(column.name().clone(), texts.collect::<Vec<_>>())
    });
    DataFrame::new(frame.height(), columns.collect()).unwrap_or(frame)
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
