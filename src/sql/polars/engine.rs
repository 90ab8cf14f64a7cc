//! Statements run by Polars.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use arrow_array::RecordBatch;
use bytesize::ByteSize;
use polars::prelude::{
    DataFrame, DslBuilder, Engine, HiveOptions, IntoLazy, LazyFrame, ParquetOptions, PlRefPath, PlanCallback, ScanSources,
    UnifiedScanArgs,
};
use polars::sql::SQLContext;

use crate::runtime::panic_message;
use crate::schema::TableSchema;
use crate::sql::staged::content;
use crate::sql::{Input, InputRows, Inputs, SqlEngine, SqlError, StagedTable, Statement};

use super::failure::{failed, refused};
use super::output;
use super::plain::translated;
use super::scan::scan;
use super::types::polars_schema;

/// Batches on their way from Polars.
const UNDER_WAY: usize = 2;

/// Polars, in this process.
#[derive(Debug)]
pub struct Polars {
    /// Most bytes of encrypted inputs of one statement: they are decrypted in memory.
    pub decrypted_bytes: ByteSize,
}

impl Polars {
    /// Returns the result of a statement as a frame that is not computed yet, and its columns.
    fn frame(&self, statement: &Statement, inputs: &Inputs<'_>) -> Result<(LazyFrame, TableSchema), SqlError> {
        self.must_fit(inputs)?;
        let text = translated(statement, inputs)?.text();
        let mut context = SQLContext::new();
        for (name, input) in inputs {
            context.register(name, rows_of(input)?);
        }
        let mut frame = context.execute(&text).map_err(refused)?;
        let found = frame.collect_schema().map_err(refused)?;
        output::typed(frame, &found)
    }

    fn must_fit(&self, inputs: &Inputs<'_>) -> Result<(), SqlError> {
        let decrypted = |input: &Input<'_>| match input.rows {
            InputRows::Staged(table) if table.is_encrypted() => table.bytes(),
            _ => 0,
        };
        let needed = ByteSize(inputs.values().map(decrypted).sum());
        if needed <= self.decrypted_bytes { Ok(()) } else { Err(SqlError::Memory { needed, allowed: self.decrypted_bytes }) }
    }
}

impl SqlEngine for Polars {
    fn columns(&self, statement: &Statement, inputs: &Inputs<'_>) -> Result<TableSchema, SqlError> {
        Ok(self.frame(statement, inputs)?.1)
    }

    fn run(
        &self,
        statement: &Statement,
        inputs: &Inputs<'_>,
        take: &mut dyn FnMut(RecordBatch) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let (frame, schema) = self.frame(statement, inputs)?;
        let (send, receive) = sync_channel::<DataFrame>(UNDER_WAY);
        // True ends the statement: nobody takes its rows any more.
        let hand_on = PlanCallback::new(move |rows: DataFrame| Ok(send.send(rows).is_err()));
        let frame = frame.sink_batches(hand_on, true, None).map_err(failed)?;
        let computing = thread::Builder::new().name("statement".to_owned());
        let computing = computing.spawn(move || frame.collect_with_engine(Engine::Streaming));
        let computing = computing.map_err(|error| SqlError::Failed { reason: error.to_string() })?;
        let taken = take_all(receive, &schema, take);
        // A panic is a bug of Polars.
        let computed = computing.join().map_err(|panic| SqlError::Bug(panic_message(&*panic)))?;
        taken?;
        computed.map(drop).map_err(failed)
    }
}

fn take_all(
    rows: Receiver<DataFrame>,
    schema: &TableSchema,
    take: &mut dyn FnMut(RecordBatch) -> Result<(), SqlError>,
) -> Result<(), SqlError> {
    for frame in rows {
        if frame.height() > 0 {
            take(output::batch(&frame, schema).map_err(|error| SqlError::Bug(error.to_string()))?)?;
        }
    }
    Ok(())
}

fn rows_of(input: &Input<'_>) -> Result<LazyFrame, SqlError> {
    match input.rows {
        InputRows::Table(table, partitions) => scan(table, partitions),
        InputRows::Staged(table) if table.rows() > 0 => of_staged(table),
        InputRows::Staged(_) | InputRows::Unread => Ok(DataFrame::empty_with_schema(&polars_schema(input.schema)).lazy()),
    }
}

fn of_staged(table: &StagedTable) -> Result<LazyFrame, SqlError> {
    let sources = if table.is_encrypted() {
        let contents = table.files().iter().map(|file| Ok(Vec::from(content(file)?).into()));
        ScanSources::Buffers(contents.collect::<Result<_, SqlError>>()?)
    } else {
        let paths = table.files().iter().map(|file| PlRefPath::try_from_path(file.path()).map_err(failed));
        ScanSources::Paths(paths.collect::<Result<_, _>>()?)
    };
    let args = UnifiedScanArgs { glob: false, hive_options: HiveOptions::new_disabled(), ..UnifiedScanArgs::default() };
    let schema = Some(Arc::new(polars_schema(table.schema())));
    let options = ParquetOptions { schema, ..ParquetOptions::default() };
    Ok(DslBuilder::scan_parquet(sources, options, args).map_err(failed)?.build().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::conformance::Knows;

    #[test]
    fn passes_the_conformance_suite() {
        crate::sql::conformance::suite(&Polars { decrypted_bytes: ByteSize::mib(64) }, &[false, true], Knows::Plain);
    }

    #[test]
    fn statements_give_the_rows_of_databases_or_are_refused() {
        let known = ["struct field", "tablesample/limit offset", "order nulls last"];
        crate::sql::tried::suite(&Polars { decrypted_bytes: ByteSize::mib(64) }, |name| known.contains(&name));
    }
}
