//! Engines of a pipeline's statements.

use std::path::Path;

use bytesize::ByteSize;

use crate::config::CheckSettings;
use crate::jobs::run::{Environment, JobError, PipelineError};
use crate::sql::duckdb::DuckDb;
use crate::sql::polars::Polars;
use crate::sql::{SqlEngine, SqlError};

use super::checked::Checked;

/// Engines of a pipeline: the user's statements need one that answers as databases do, and adg's own few are known to be right in
/// this process.
pub(super) struct Engines {
    /// Engine of adg's own statements.
    pub(super) own: Polars,
    /// Engine of the user's statements; none if there are none.
    statements: Option<DuckDb>,
}

impl Engines {
    /// Returns the engines that a pipeline needs; `folder` is one for results, if statements are to be run.
    pub(super) fn new(
        environment: &Environment,
        checked: &Checked<'_>,
        memory: ByteSize,
        folder: Option<&Path>,
    ) -> Result<Self, JobError> {
        let has_statements =
            !checked.transforms.is_empty() || checked.checks().any(|(_, check)| matches!(check, CheckSettings::Sql(_)));
        let failed = |source| PipelineError::Sql { node: "transforms".to_owned(), source };
        if has_statements && environment.config.profile.scratch_encryption {
            return Err(failed(SqlError::Encrypted).into());
        }
        let open = || DuckDb::open(memory, folder.map(Path::to_owned), environment.stop.clone());
        let statements = has_statements.then(open).transpose().map_err(failed)?;
        Ok(Self { own: Polars { decrypted_bytes: ByteSize(memory.0 / 4) }, statements })
    }

    /// Returns the engine of the user's statements.
    pub(super) fn statements(&self) -> Result<&dyn SqlEngine, JobError> {
        let engine = self.statements.as_ref().map(|engine| -> &dyn SqlEngine { engine });
        engine.ok_or_else(|| JobError::Bug("a statement without an engine".to_owned()))
    }
}
