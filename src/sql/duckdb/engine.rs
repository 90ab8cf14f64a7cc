//! Statements run by `DuckDB`.

use std::fmt::Write as _;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::Bytes;
use bytesize::ByteSize;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::reader::ChunkReader;
use serde::Deserialize;

use crate::batch::arrow_schema;
use crate::schema::{Column, ColumnName, TableSchema};
use crate::sql::{Inputs, SqlEngine, SqlError, Statement};
use crate::stop::Stop;

use super::dialect::translated;
use super::input::{shown, view};
use super::process::{program, run};
use super::types::{literal, quoted, told};

const NAME_IT: &str = "name it: `max(price) as top`";
/// Rows of a batch.
const BATCH_ROWS: usize = 8192;
/// Name of a file in the folder for results.
const RESULT: &str = "result.parquet";
/// The pipe that a result comes through if there is no folder.
const PIPE: &str = "/dev/stdout";

/// `DuckDB`'s command line.
#[derive(Debug)]
pub struct DuckDb {
    program: PathBuf,
    memory: ByteSize,
    threads: usize,
    folder: Option<PathBuf>,
    stop: Stop,
}

/// A column as `describe` prints it.
#[derive(Deserialize)]
struct Described {
    column_name: String,
    column_type: String,
}

impl DuckDb {
    /// Returns the command line in a folder of `PATH`. Statements may take half of `memory`; more goes to `folder`, and so do
    /// results. Without one, nothing goes to the disk, and results are held in memory.
    ///
    /// # Errors
    /// It is in none of the folders.
    pub fn open(memory: ByteSize, folder: Option<PathBuf>, stop: Stop) -> Result<Self, SqlError> {
        Ok(Self {
            program: program()?,
            // It takes up to 1.4 times what it is told.
            memory: ByteSize(memory.0 / 2),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            folder,
            stop,
        })
    }

    /// Returns the statements that set up the inputs. After them nothing but these can be read.
    fn set_up(&self, inputs: &Inputs<'_>) -> Result<String, SqlError> {
        let mut script = format!(
            "set memory_limit = '{}MiB'; set threads = {}; set TimeZone = 'UTC'; set autoinstall_known_extensions = false;\n",
            self.memory.0 >> 20,
            self.threads
        );
        let mut folders: Vec<PathBuf> = self.folder.iter().cloned().collect();
        let spills_to = self.folder.as_ref().map(|folder| shown(folder)).unwrap_or_default();
        // Writing to a String does not fail.
        let _ = writeln!(script, "set temp_directory = {};", literal(&spills_to));
        for (name, input) in inputs {
            let view = view(name, input)?;
            script.push_str(&view.statement);
            folders.extend(view.folders);
        }
        let listed = folders.iter().map(|folder| literal(&shown(folder))).collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            script,
            "set allowed_directories = [{listed}]; set allowed_paths = ['{PIPE}']; set enable_external_access = false; \
             set lock_configuration = true;"
        );
        Ok(script)
    }

    /// Returns the columns of a statement, and the expressions that give them.
    fn described(&self, statement: &str, set_up: &str) -> Result<(TableSchema, Vec<String>), SqlError> {
        let printed = run(&self.program, &format!("{set_up}describe {statement};\n"), &self.stop)?;
        let found: Vec<Described> =
            serde_json::from_slice(&printed).map_err(|error| SqlError::Bug(format!("columns: {error}")))?;
        let mut columns: Vec<Column> = Vec::new();
        let mut expressions = Vec::new();
        for Described { column_name, column_type } in found {
            let name = ColumnName::new(&column_name).map_err(|error| SqlError::refused(error, NAME_IT))?;
            if columns.iter().any(|other| other.name == name) {
                return Err(SqlError::refused(format!("two columns are called `{name}`"), NAME_IT));
            }
            let told = told(&column_type).ok_or_else(|| {
                let hint = "cast it: `cast(x as varchar)`, or to another type of a table";
                SqlError::refused(format!("the column `{name}` is a {column_type}, which no table has"), hint)
            })?;
            let value = quoted(&column_name);
            let value = told.cast.map_or(value.clone(), |cast| format!("cast({value} as {cast})"));
            expressions.push(format!("{value} as {}", quoted(name.as_str())));
            columns.push(Column::new(name, told.ty));
        }
        Ok((TableSchema::new(columns), expressions))
    }
}

impl SqlEngine for DuckDb {
    fn columns(&self, statement: &Statement, inputs: &Inputs<'_>) -> Result<TableSchema, SqlError> {
        Ok(self.described(&translated(statement).text(), &self.set_up(inputs)?)?.0)
    }

    fn run(
        &self,
        statement: &Statement,
        inputs: &Inputs<'_>,
        take: &mut dyn FnMut(RecordBatch) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let set_up = self.set_up(inputs)?;
        let text = translated(statement).text();
        let (schema, expressions) = self.described(&text, &set_up)?;
        let file = self.folder.as_ref().map(|folder| folder.join(RESULT));
        let (columns, to) = (expressions.join(", "), literal(&file.as_deref().map_or_else(|| PIPE.to_owned(), shown)));
        let copy = format!("copy (select {columns} from ({text}) as adg) to {to} (format parquet, compression lz4_raw);\n");
        let printed = run(&self.program, &(set_up + &copy), &self.stop)?;
        let Some(file) = file else { return read(Bytes::from(printed), &schema, take) };
        let taken = read(File::open(&file).map_err(scratch)?, &schema, take);
        // The next one writes there too.
        std::fs::remove_file(&file).map_err(scratch)?;
        taken
    }
}

fn scratch(error: impl ToString) -> SqlError {
    SqlError::Scratch { action: "read", reason: error.to_string() }
}

fn read(
    file: impl ChunkReader + 'static,
    schema: &TableSchema,
    take: &mut dyn FnMut(RecordBatch) -> Result<(), SqlError>,
) -> Result<(), SqlError> {
    let options = ArrowReaderOptions::new().with_schema(Arc::new(arrow_schema(schema)));
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(scratch)?;
    for batch in builder.with_batch_size(BATCH_ROWS).build().map_err(scratch)? {
        take(batch.map_err(scratch)?)?;
    }
    Ok(())
}

#[cfg(test)]
impl DuckDb {
    /// Returns the command line that `make test-tools` installs beside Python.
    pub(in crate::sql) fn of_tests(folder: Option<PathBuf>) -> Self {
        let program = PathBuf::from(std::env::var_os("ADG_TEST_PYTHON").unwrap()).with_file_name("duckdb");
        Self { program, memory: ByteSize::mib(256), threads: 2, folder, stop: Stop::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::conformance::Knows;

    fn with_engine(test: impl FnOnce(&DuckDb)) {
        let results = tempfile::tempdir().unwrap();
        test(&DuckDb::of_tests(Some(results.path().to_owned())));
    }

    #[test]
    fn passes_the_conformance_suite() {
        with_engine(|engine| crate::sql::conformance::suite(engine, &[false], Knows::All));
        crate::sql::conformance::suite(&DuckDb::of_tests(None), &[false], Knows::All);
    }

    #[test]
    fn statements_give_the_rows_of_databases_or_are_refused() {
        with_engine(|engine| {
            let unknown = [
                "left anti join kw",
                "asof join",
                "first_value ignore nulls",
                "listagg within group",
                "to_char/strftime",
                "strptime",
                "regexp_matches",
            ];
            crate::sql::tried::suite(engine, |name| !unknown.contains(&name));
        });
    }

    #[test]
    fn nothing_but_the_inputs_is_read() {
        with_engine(|engine| {
            let set_up = engine.set_up(&Inputs::new()).unwrap();
            for sql in
                ["select * from '/etc/passwd'", "select * from read_text('/etc/passwd')", "set enable_external_access = true"]
            {
                assert!(run(&engine.program, &format!("{set_up}{sql};\n"), &engine.stop).is_err(), "{sql}");
            }
        });
    }

    #[test]
    fn a_stop_ends_the_process() {
        with_engine(|engine| {
            let stop = engine.stop.clone();
            let asking = std::thread::spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(300));
                stop.request();
            });
            let slow = "select count(*) from range(100000000000) a, range(1000000) b;\n";
            assert!(matches!(run(&engine.program, slow, &engine.stop), Err(SqlError::Stopped(_))));
            asking.join().unwrap();
        });
    }
}
