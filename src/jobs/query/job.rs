//! SQL over the published tables: by `DuckDB` where it is installed, else plain statements in this process.

use std::collections::BTreeMap;
use std::path::PathBuf;

use arrow_array::RecordBatch;
use bytesize::ByteSize;

use crate::identity::RunId;
use crate::jobs::run::existing::existing;
use crate::jobs::run::{JobError, Services};
use crate::metastore::{Partition, Table, TableName};
use crate::schema::TableSchema;
use crate::sql::duckdb::DuckDb;
use crate::sql::polars::Polars;
use crate::sql::{Input, InputRows, Inputs, SqlEngine, SqlError, Statement};

use super::output::{QueryFormat, write};

/// Request for a query.
#[derive(Debug)]
pub struct QueryRequest {
    /// Statement.
    pub sql: String,
    /// Format of the result.
    pub format: QueryFormat,
    /// File for the result; standard output if none is given.
    pub output: Option<PathBuf>,
    /// Memory limit.
    pub memory: ByteSize,
}

/// Runs a statement and writes its result.
///
/// # Errors
/// The statement fails, or is not a single SELECT from tables; a table's files can't be read, or are not in a local folder; the
/// metastore fails; the result can't be written.
pub fn query(services: &Services, request: &QueryRequest) -> Result<(), JobError> {
    let failed = |source| JobError::Query { source };
    let statement = Statement::parse(&request.sql).map_err(failed)?.with_single_names();
    let tables = tables(services, &statement)?;
    let (schema, batches) = computed(services, request.memory, &statement, &tables)?;
    write(&schema, batches, request.format, request.output.as_deref())
}

/// A table of a statement, with its columns as readers see them.
struct QueriedTable {
    table: Table,
    partitions: Vec<Partition>,
    schema: TableSchema,
}

impl QueriedTable {
    fn input(&self) -> Input<'_> {
        Input { schema: &self.schema, rows: InputRows::Table(&self.table, &self.partitions) }
    }
}

/// Returns the tables of a statement, by their names in it.
fn tables(services: &Services, statement: &Statement) -> Result<BTreeMap<String, QueriedTable>, JobError> {
    let known = services.metastore.tables()?;
    let open = |name: String| {
        let found = named(&name, &known).map_err(|source| JobError::Query { source })?;
        let table = existing(&*services.metastore, found)?;
        let (partitions, schema) = (services.metastore.partitions(found)?, table.all_columns());
        Ok((name, QueriedTable { table, partitions, schema }))
    };
    statement.tables().into_iter().map(open).collect()
}

/// Returns the table that a statement means: `uc.bids`, or `bids` where one database has it.
fn named<'k>(name: &str, known: &'k [TableName]) -> Result<&'k TableName, SqlError> {
    let refused = |reason: String, hint: &str| SqlError::Refused { reason, hint: hint.to_owned() };
    let is_named = |table: &&TableName| table.table.as_str() == name || table.to_string() == name;
    match known.iter().filter(is_named).collect::<Vec<_>>().as_slice() {
        [one] => Ok(one),
        [] => Err(refused(format!("there is no table `{name}`"), "`adg tables` lists what can be queried")),
        several => {
            let several = several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Err(refused(format!("`{name}` may be one of {several}"), "write the name with its database"))
        }
    }
}

/// Returns the columns and the rows of a statement.
fn computed(
    services: &Services,
    memory: ByteSize,
    statement: &Statement,
    tables: &BTreeMap<String, QueriedTable>,
) -> Result<(TableSchema, Vec<RecordBatch>), JobError> {
    let failed = |source| JobError::Query { source };
    let environment = &services.environment;
    // What is published may lie on this disk; what a statement keeps of it may not, unless the profile says so.
    let scratch = environment.scratch(&RunId::new(environment.clock.now()))?;
    let folder = (!environment.config.profile.scratch_encryption).then(|| scratch.folder("query")).transpose()?;
    let spills_to = folder.as_ref().map(|folder| folder.path().to_owned());
    let engine: Box<dyn SqlEngine> = match DuckDb::open(memory, spills_to, environment.stop.clone()) {
        Ok(duckdb) => Box::new(duckdb),
        Err(SqlError::NoEngine) => Box::new(Polars { decrypted_bytes: ByteSize(0) }),
        Err(error) => return Err(failed(error)),
    };
    let inputs: Inputs<'_> = tables.iter().map(|(name, queried)| (name.clone(), queried.input())).collect();
    let schema = engine.columns(statement, &inputs).map_err(failed)?;
    let mut batches = Vec::new();
    let mut take = |batch| {
        batches.push(batch);
        Ok(())
    };
    engine.run(statement, &inputs, &mut take).map_err(failed)?;
    Ok((schema, batches))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_known_with_and_without_their_database() {
        let known: Vec<TableName> = ["uc.bids", "uc.vacancies", "old.bids"].map(|name| name.parse().unwrap()).to_vec();
        assert_eq!(named("uc.bids", &known).unwrap(), &known[0]);
        assert_eq!(named("vacancies", &known).unwrap(), &known[1]);
        assert!(named("bids", &known).unwrap_err().to_string().contains("may be one of uc.bids, old.bids"));
        assert!(named("other", &known).unwrap_err().to_string().contains("there is no table `other`"));
    }
}
