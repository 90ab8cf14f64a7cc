//! Errors of a pipeline's parts.

use crate::database::DatabaseError;
use crate::identity::{ErrorKind, Explain};
use crate::sql::SqlError;

/// A reason for which a pipeline publishes nothing.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// A statement has no result.
    #[error("failed to compute `{node}`: {source}")]
    Sql {
        /// Statement, by its place in the pipeline's file.
        node: String,
        /// Reason.
        source: SqlError,
    },
    /// A source can't be read.
    #[error("failed to read `{node}`: {source}")]
    Source {
        /// Source.
        node: String,
        /// Reason.
        source: DatabaseError,
    },
    /// A table of a database can't be published to.
    #[error("failed to publish `{node}`: {source}")]
    Sink {
        /// Sink.
        node: String,
        /// Reason.
        source: DatabaseError,
    },
    /// The columns of a source can't become those of a table.
    #[error("the columns of `{node}` can't be read: {reason}")]
    Columns {
        /// Source or statement.
        node: String,
        /// Reason.
        reason: String,
        /// Next step to try.
        hint: String,
    },
    /// A column has a value that its type does not hold, and the pipeline says `fail`.
    #[error("the column `{column}` of `{node}` has a value that is no {ty}")]
    Misfit {
        /// Source.
        node: String,
        /// Column.
        column: String,
        /// Its type.
        ty: String,
    },
    /// A check failed.
    #[error("the check `{check}` of `{node}` failed: {found}; nothing was published")]
    Check {
        /// Source or statement that was checked.
        node: String,
        /// Check, as the file has it.
        check: String,
        /// Finding instead. Numbers only: values may be confidential.
        found: String,
    },
    /// Rows have no value of the cursor.
    #[error("{rows} rows of `{node}` have no `{column}`, its cursor; nothing was read")]
    Cursor {
        /// Source.
        node: String,
        /// Cursor.
        column: String,
        /// Number of rows.
        rows: u64,
    },
    /// Rows can't be merged by their keys.
    #[error("the rows of `{node}` can't be merged: {reason}; nothing was published")]
    Keys {
        /// Source or statement.
        node: String,
        /// Reason. Numbers only: values may be confidential.
        reason: String,
        /// Next step to try.
        hint: String,
    },
    /// There are no rows.
    #[error("`{from}` has no rows; the table {table} stays as it was")]
    Empty {
        /// Source or statement.
        from: String,
        /// The table.
        table: String,
    },
}

impl Explain for PipelineError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Sql { source, .. } => source.kind(),
            Self::Source { source, .. } | Self::Sink { source, .. } => source.kind(),
            Self::Columns { .. } => ErrorKind::Schema,
            Self::Misfit { .. } | Self::Check { .. } | Self::Keys { .. } | Self::Cursor { .. } | Self::Empty { .. } => {
                ErrorKind::Limit
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Sql { source, .. } => source.hint(),
            Self::Source { source, .. } | Self::Sink { source, .. } => source.hint(),
            Self::Columns { hint, .. } | Self::Keys { hint, .. } => Some(hint.clone()),
            Self::Misfit { column, .. } => Some(format!(
                "correct the value in the database, or take it as null or text: `misfits: {{ {column}: null }}` of the source"
            )),
            Self::Cursor { .. } => {
                Some("set `nulls: read` of the source to read them with each run, or `nulls: skip` to leave them out".to_owned())
            }
            Self::Check { .. } => Some("correct the source, or the check if these rows are right".to_owned()),
            Self::Empty { .. } => Some("if that is right, set `allow_empty: true` on the sink".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::JobError;

    #[test]
    fn every_error_has_its_code_and_says_what_to_do() {
        let text = || "x".to_owned();
        let refused = SqlError::Refused { reason: text(), hint: "try this".to_owned() };
        for (error, code, hint) in [
            (PipelineError::Sql { node: text(), source: refused }, 10, "try this"),
            (PipelineError::Source { node: text(), source: DatabaseError::Stopped(crate::stop::Stopped) }, 143, "run the same"),
            (PipelineError::Sink { node: text(), source: DatabaseError::Changed { table: text() } }, 21, "run the same"),
            (PipelineError::Columns { node: text(), reason: text(), hint: "try that".to_owned() }, 12, "try that"),
            (PipelineError::Misfit { node: text(), column: text(), ty: text() }, 11, "misfits: { x: null }"),
            (PipelineError::Check { node: text(), check: text(), found: text() }, 11, "correct the source"),
            (PipelineError::Cursor { node: text(), column: text(), rows: 1 }, 11, "nulls: skip"),
            (PipelineError::Keys { node: text(), reason: text(), hint: "try those".to_owned() }, 11, "try those"),
            (PipelineError::Empty { from: text(), table: text() }, 11, "allow_empty: true"),
        ] {
            let error = JobError::from(error);
            let told = error.hint().unwrap();
            assert!(error.kind().number() == code && told.contains(hint), "{error}: {} {told}", error.kind().number());
        }
    }
}
