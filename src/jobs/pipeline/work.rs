//! The rows of a run: sources that were read, and statements over them.

use std::collections::BTreeMap;

use arrow_array::ArrayRef;

use crate::database::postgres::Session;
use crate::identity::{NodeName, ProcessingDate};
use crate::jobs::run::{Environment, JobError, PipelineError};
use crate::report::Progress;
use crate::schema::{ColumnName, TableSchema};
use crate::sql::{Input, InputRows, Inputs, SqlEngine, StagedTable, StagedWriter, Statement};
use crate::store::{Scratch, ScratchFolder};

use super::engines::Engines;
use super::prepared::Prepared;
use super::read::{ReadRows, Reading};
use super::sources::{DatabaseRows, Databases, OpenFrom, OpenSource};

/// Rows of a run so far.
pub(super) struct Work<'w> {
    pub(super) environment: &'w Environment,
    pub(super) prepared: &'w Prepared<'w>,
    pub(super) engines: &'w Engines,
    pub(super) scratch: &'w Scratch,
    pub(super) progress: &'w dyn Progress,
    pub(super) today: ProcessingDate,
    /// Approximate bytes of rows that are held before they go to the disk.
    pub(super) row_group_bytes: usize,
    pub(super) staged: BTreeMap<NodeName, Staged>,
}

/// Rows of a source or a statement in scratch.
pub(super) struct Staged {
    table: StagedTable,
    /// Number of values that did not fit their column, by column.
    pub(super) misfits: BTreeMap<ColumnName, u64>,
    /// Folder of the files, which lasts as long as they are needed.
    _folder: ScratchFolder,
}

impl Work<'_> {
    /// Reads all sources, computes all statements, and checks them.
    pub(super) fn all(&mut self, databases: Databases) -> Result<(), JobError> {
        for source in &self.prepared.sources {
            self.environment.stop.check()?;
            self.source(source, &databases)?;
        }
        // The servers need not keep their old states for what follows.
        drop(databases);
        for source in &self.prepared.sources {
            self.must_pass(&source.name)?;
        }
        for transform in &self.prepared.checked.transforms {
            self.environment.stop.check()?;
            let inputs = transform.inputs.iter().map(|(name, node)| (name.clone(), node.clone()));
            let (engine, place) = (self.engines.statements()?, format!("transforms.{}", transform.name));
            let staged = self.computed(engine, &place, &transform.name, &transform.statement, inputs)?;
            self.staged.insert(transform.name.clone(), staged);
            self.must_pass(&transform.name)?;
        }
        Ok(())
    }

    fn source(&mut self, source: &OpenSource, databases: &Databases) -> Result<(), JobError> {
        let staged = match &source.from {
            OpenFrom::Database(rows) => self.read(source, rows, &databases.of(&rows.connection)?.sessions)?,
            // Statements read its own files.
            OpenFrom::Table(..) if !self.needs_rows(&source.name) => return Ok(()),
            OpenFrom::Table(..) => {
                let place = format!("sources.{}", source.name);
                let all = Statement::parse(&format!("select * from {}", source.name));
                let all = all.map_err(|error| JobError::Bug(error.to_string()))?;
                let inputs = [(source.name.to_string(), source.name.clone())];
                self.computed(&self.engines.own, &place, &source.name, &all, inputs)?
            }
        };
        self.staged.insert(source.name.clone(), staged);
        Ok(())
    }

    /// Returns true if the rows of a node are needed other than in statements.
    fn needs_rows(&self, node: &NodeName) -> bool {
        let checked = self.prepared.checked;
        checked.sinks.iter().any(|sink| sink.settings.from == *node) || checked.checks().any(|(of, _)| of == node)
    }

    fn read(&self, source: &OpenSource, rows: &DatabaseRows, sessions: &[Session]) -> Result<Staged, JobError> {
        let folder = self.scratch.folder(source.name.as_str())?;
        let progress = self.progress.begin(self.today, &source.name, 0);
        let reading = Reading {
            node: &source.name,
            rows,
            schema: &source.schema,
            folder: &folder,
            row_group_bytes: self.row_group_bytes,
            progress: &|rows| progress.rows(rows),
        };
        let ReadRows { table, misfits } = reading.all(sessions)?;
        tracing::info!(
            event = "source_read", source = %source.name, rows = table.rows(), bytes = table.bytes(), place = source.place,
            "read a source"
        );
        Ok(Staged { table, misfits, _folder: folder })
    }

    /// Computes the statement at this place of the file.
    fn computed(
        &self,
        engine: &dyn SqlEngine,
        place: &str,
        node: &NodeName,
        statement: &Statement,
        inputs: impl IntoIterator<Item = (String, NodeName)>,
    ) -> Result<Staged, JobError> {
        let failed = |source| PipelineError::Sql { node: place.to_owned(), source };
        let folder = self.scratch.folder(node.as_str())?;
        let schema = self.columns(node)?;
        let progress = self.progress.begin(self.today, node, 0);
        let mut writer = StagedWriter::new(&folder, "rows", schema, self.row_group_bytes);
        let mut take = |batch: arrow_array::RecordBatch| {
            self.environment.stop.check()?;
            progress.rows(batch.num_rows() as u64);
            writer.write(&batch)
        };
        engine.run(statement, &self.inputs(inputs)?, &mut take).map_err(failed)?;
        let table = StagedWriter::finish(schema, [writer]).map_err(failed)?;
        tracing::info!(
            event = "statement_computed", statement = %node, rows = table.rows(), bytes = table.bytes(),
            "computed a statement"
        );
        Ok(Staged { table, misfits: BTreeMap::new(), _folder: folder })
    }

    fn columns(&self, node: &NodeName) -> Result<&TableSchema, JobError> {
        self.prepared.columns.get(node).ok_or_else(|| JobError::Bug(format!("no columns of `{node}`")))
    }

    /// Returns inputs of a statement, by their names in it.
    pub(super) fn inputs(&self, nodes: impl IntoIterator<Item = (String, NodeName)>) -> Result<Inputs<'_>, JobError> {
        let input = |(name, node): (String, NodeName)| {
            let source = self.prepared.sources.iter().find(|source| source.name == node);
            let rows = match (self.staged.get(&node), source.map(|source| &source.from)) {
                (Some(staged), _) => InputRows::Staged(&staged.table),
                (None, Some(OpenFrom::Table(table, partitions))) => InputRows::Table(table, partitions),
                (None, _) => return Err(JobError::Bug(format!("`{node}` was not computed"))),
            };
            Ok((name, Input { schema: self.columns(&node)?, rows }))
        };
        nodes.into_iter().map(input).collect()
    }

    /// Returns the rows of a node.
    pub(super) fn rows_of(&self, node: &NodeName) -> Result<&StagedTable, JobError> {
        let staged = self.staged.get(node).ok_or_else(|| JobError::Bug(format!("`{node}` was not computed")))?;
        Ok(&staged.table)
    }

    /// Returns the cursor of a source, and the first value that was read, where tables tell it.
    pub(super) fn first_of(&self, node: &NodeName) -> Option<(&ColumnName, &ArrayRef)> {
        let cursor = self.prepared.checked.sources.iter().find(|source| source.name == *node)?.cursor()?;
        let source = self.prepared.sources.iter().find(|source| source.name == *node)?;
        Some((&cursor.column, source.range.as_ref()?.first.as_ref()?.value.as_ref()?))
    }

    /// Returns the number of values of a source that did not fit, by column.
    pub(super) fn misfits_of(&self, node: &NodeName) -> BTreeMap<ColumnName, u64> {
        self.staged.get(node).map(|staged| staged.misfits.clone()).unwrap_or_default()
    }
}
