//! Errors of a job or of one of its dates: expected errors with their exit codes, and bugs.

use super::PipelineError;
use crate::aws::AwsError;
use crate::catchup::{LedgerError, WindowError};
use crate::config::{ConfigError, explained};
use crate::database::DatabaseError;
use crate::engine::EngineError;
use crate::identity::{Causes, ErrorKind, Explain, ProcessingDate, hints};
use crate::lake::LakeError;
use crate::metastore::MetastoreError;
use crate::report::{Failure, shortened};
use crate::schema::SchemaRefused;
use crate::source::{KeyPatternError, KeyServiceError, SourceError};
use crate::sql::SqlError;
use crate::stop::Stopped;
use crate::store::{StoreError, StoreUrlError};

/// An error of a job or of one of its dates.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The request makes no sense.
    #[error("{message}")]
    Usage {
        /// Description of the mistake.
        message: String,
        /// Next step to try.
        hint: Option<String>,
    },
    /// The window of dates makes no sense.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The config files can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A value of the config files can't be used.
    #[error("the {what} of {place} can't be used: {reason}")]
    Setting {
        /// Key of the setting.
        what: String,
        /// Profile or module that has the setting.
        place: String,
        /// Reason for which the value can't be used.
        reason: String,
    },
    /// There are no credentials for AWS.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A database failed.
    #[error(transparent)]
    Database(DatabaseError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The metastore failed.
    #[error(transparent)]
    Metastore(#[from] MetastoreError),
    /// A load failed.
    #[error(transparent)]
    Engine(EngineError),
    /// A source file can't be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The key service failed.
    #[error(transparent)]
    KeyService(#[from] KeyServiceError),
    /// Writing or publishing failed.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A part of a pipeline failed.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The module's policy refuses the source's columns.
    #[error("the change of columns of {table} was refused")]
    Refused {
        /// The table.
        table: String,
        /// Reason for the refusal.
        source: SchemaRefused,
    },
    /// The source marks columns as personal data, but their table lies among those without any.
    #[error("the source marks columns of {table} as personal data, but the table lies among those without any: {columns}")]
    Personal {
        /// The table.
        table: String,
        /// Columns that are marked as personal data.
        columns: String,
    },
    /// A date has no file.
    #[error("the store `{store}` has no file `{pattern}` for {date}")]
    Missing {
        /// The store.
        store: String,
        /// The pattern, with the collection filled in.
        pattern: String,
        /// The date.
        date: ProcessingDate,
    },
    /// The files of a date are not complete.
    #[error("the files of {date} are not complete: {reason}")]
    Incomplete {
        /// The date.
        date: ProcessingDate,
        /// Reason for which the date waits.
        reason: String,
    },
    /// The files of a date are others than their control file tells.
    #[error(
        "the control file `{key}` {}, and the files have {found} {what}; nothing was published{}",
        .told.map_or_else(|| format!("tells no number of {what}"), |told| format!("tells of {told} {what}")),
        .sent_twice.as_ref().map(|note| format!("; {note}")).unwrap_or_default()
    )]
    Control {
        /// The control file.
        key: String,
        /// Things that are counted: rows or bytes.
        what: &'static str,
        /// Number in the control file.
        told: Option<u64>,
        /// Number in the files.
        found: u64,
        /// Note about files with the same content, which are read once.
        sent_twice: Option<String>,
    },
    /// The checksum of a file is another than its control file tells.
    #[error(
        "the control file `{key}` {}, and the file `{file}` has {found}; nothing was published",
        .told.as_ref().map_or_else(|| format!("tells no checksum of `{file}`"), |told| format!("tells the checksum {told}"))
    )]
    ControlChecksum {
        /// The control file.
        key: String,
        /// The file.
        file: String,
        /// Checksum in the control file.
        told: Option<String>,
        /// Checksum of the file.
        found: String,
    },
    /// A date has no file, and its source has deleted the file by now.
    #[error(
        "the file `{pattern}` for {date} is lost: the source keeps its files for {days} days, and the store `{store}` no longer \
         has it"
    )]
    Lost {
        /// The store.
        store: String,
        /// The pattern, with the collection filled in.
        pattern: String,
        /// The date.
        date: ProcessingDate,
        /// Days for which the source keeps its files.
        days: u32,
    },
    /// Too many rows are bad.
    #[error("{count} of {rows} rows {what}: a rate of {rate:.4}, above the limit of {limit}; nothing was published")]
    Limit {
        /// Number of bad rows.
        count: u64,
        /// Number of rows in total.
        rows: u64,
        /// Kind of bad rows: malformed, or with invalid values.
        what: &'static str,
        /// Share of bad rows.
        rate: f64,
        /// Largest share that is allowed.
        limit: f64,
        /// Place to look at for the cause, and the limit to raise.
        hint: String,
    },
    /// Clean-up would lose what the source can't rebuild.
    #[error("clean-up refused: this run cannot rebuild dates of {table} from the source: {dates}")]
    CleanUp {
        /// The table.
        table: String,
        /// Dates that would be lost.
        dates: String,
    },
    /// The plan is stale: a run would no longer do what it says.
    #[error("the plan is stale, nothing was done: {differences}")]
    Planned {
        /// Differences between the plan and what a run would do now.
        differences: String,
    },
    /// Others changed the published tables: readers see other data than the ledger says.
    #[error("others changed what was published: {what}")]
    ChangedByOthers {
        /// The differences, in words.
        what: String,
        /// Command that repairs the tables; none if no command can.
        repair: Option<String>,
    },
    /// A query failed.
    #[error("the query failed: {source}")]
    Query {
        /// Reason for the failure.
        source: SqlError,
    },
    /// This machine does not meet the needs of a run.
    #[error("{message}")]
    Machine {
        /// Description of the problem.
        message: String,
        /// Next step to try.
        hint: String,
    },
    /// Output could not be written.
    #[error("failed to write {what}")]
    Output {
        /// Name of the output.
        what: String,
        /// Underlying I/O error.
        source: std::io::Error,
    },
    /// A stop was requested.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// A bug of adg.
    #[error("bug: {0}")]
    Bug(String),
}

impl From<DatabaseError> for JobError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Stopped(stopped) => Self::Stopped(stopped),
            error => Self::Database(error),
        }
    }
}

impl From<EngineError> for JobError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Source(error) => Self::Source(error),
            EngineError::Store(error) => Self::Store(error),
            EngineError::Lake(error) => Self::Lake(error),
            EngineError::Stopped(error) => Self::Stopped(error),
            EngineError::Bug(text) => Self::Bug(text),
            other => Self::Engine(other),
        }
    }
}

impl From<StoreUrlError> for JobError {
    fn from(error: StoreUrlError) -> Self {
        Self::Setting { what: "url".into(), place: "a store".into(), reason: error.to_string() }
    }
}

impl From<KeyPatternError> for JobError {
    fn from(error: KeyPatternError) -> Self {
        Self::Setting { what: "source.files".into(), place: "the module".into(), reason: error.to_string() }
    }
}

impl JobError {
    /// Returns the error of the room below that this one passes on; none if it is a job's own.
    fn passed_on(&self) -> Option<&dyn Explain> {
        Some(match self {
            Self::Window(error) => error,
            Self::Config(error) => error,
            Self::Aws(error) => error,
            Self::Store(error) => error,
            Self::Database(error) => error,
            Self::Ledger(error) => error,
            Self::Metastore(error) => error,
            Self::Source(error) => error,
            Self::KeyService(error) => error,
            Self::Lake(error) => error,
            Self::Engine(error) => error,
            Self::Stopped(error) => error,
            Self::Pipeline(error) => error,
            Self::Refused { source, .. } => source,
            _ => return None,
        })
    }

    fn own_kind(&self) -> ErrorKind {
        match self {
            // The statement of a query is an argument.
            Self::Usage { .. } | Self::Query { source: SqlError::Refused { .. } | SqlError::Failed { .. } } => ErrorKind::Usage,
            Self::Query { source } => source.kind(),
            Self::Setting { .. } => ErrorKind::Config,
            Self::Personal { .. } => ErrorKind::Schema,
            Self::Missing { .. } | Self::Incomplete { .. } | Self::Lost { .. } => ErrorKind::Source,
            Self::Limit { .. }
            | Self::Control { .. }
            | Self::ControlChecksum { .. }
            | Self::CleanUp { .. }
            | Self::Planned { .. } => ErrorKind::Limit,
            Self::Output { .. } | Self::Machine { .. } => ErrorKind::Unavailable,
            Self::ChangedByOthers { .. } => ErrorKind::Partial,
            _ => ErrorKind::Bug,
        }
    }

    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::Usage { hint, .. } => return hint.clone(),
            Self::ChangedByOthers { repair, .. } => return repair.clone(),
            Self::Limit { hint, .. } | Self::Machine { hint, .. } => hint,
            Self::Missing { .. } => "the next run retries; if no file is expected, set `missing: skip` in the module",
            Self::Control { told: None, .. } | Self::ControlChecksum { told: None, .. } => {
                "correct `source.control` in the module file, or ask the source for the file again"
            }
            Self::Control { sent_twice: Some(_), .. } => {
                "if the file was sent twice, ask the source for the control file of what it meant; if both are meant, for \
                 files that differ"
            }
            Self::Control { .. } | Self::ControlChecksum { .. } => "ask the source to send the files again",
            Self::Incomplete { .. } => "the next run retries; --incomplete loads the date with the files that it has",
            Self::Lost { .. } => "ask the owner of the source for the file, then rerun the date with --start-dt and --end-dt",
            Self::CleanUp { .. } => {
                "narrow the dates with --start-dt and --end-dt, restore the source files, or accept the loss with \
                 --force-clean-up"
            }
            Self::Planned { .. } => "create a new plan with `adg plan --out FILE` and the same arguments, and review it",
            Self::Personal { .. } => {
                "where the mark is right, drop the table and run its dates again, and a new one lies among those with personal \
                 data; where it is wrong, have the source correct its list of fields"
            }
            Self::Setting { what, .. } => {
                let hint = explained(what);
                return hint.or_else(|| Some("docs/config.md and `adg schema` say what may stand there".to_owned()));
            }
            Self::Query { source } => return source.hint(),
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// Returns the error in the form of a report.
    pub fn failure(&self) -> Failure {
        let hint = self.hint().map(shortened);
        Failure { exit_code: self.kind(), message: shortened(Causes(self).to_string()), hint }
    }

    /// Returns true if no further date is to be tried in this run.
    pub fn ends_the_run(&self) -> bool {
        matches!(self, Self::Stopped(_)) || self.is_of_a_lost_lease()
    }

    /// Returns true if the ledger failed on its records of one date, and not as a whole.
    pub fn is_of_one_date(&self) -> bool {
        matches!(self, Self::Ledger(LedgerError::Corrupt { .. }))
    }

    /// Returns true if somebody else changed a table since this run looked at it.
    pub fn is_of_a_changed_table(&self) -> bool {
        use MetastoreError::{Changed, TableExists};
        matches!(self, Self::Lake(LakeError::Metastore(Changed { .. } | TableExists { .. })))
    }

    /// Returns true if the run has lost its lease: it may no longer work on the module, nor record the outcome.
    pub fn is_of_a_lost_lease(&self) -> bool {
        use LakeError::{Ledger, Metastore};
        matches!(
            self,
            Self::Ledger(LedgerError::LeaseLost { .. })
                | Self::Database(DatabaseError::Fenced { .. })
                | Self::Lake(Ledger(LedgerError::LeaseLost { .. }) | Metastore(MetastoreError::Fenced { .. }))
                | Self::Metastore(MetastoreError::Fenced { .. })
        )
    }
}

impl Explain for JobError {
    fn kind(&self) -> ErrorKind {
        self.passed_on().map_or_else(|| self.own_kind(), Explain::kind)
    }

    fn hint(&self) -> Option<String> {
        let own = self.passed_on().map_or_else(|| self.own_hint(), Explain::hint);
        own.or_else(|| self.is_retryable().then(|| hints::RUN_AGAIN.to_owned()))
    }

    fn is_retryable(&self) -> bool {
        self.passed_on().map_or_else(|| self.kind() == ErrorKind::Unavailable, Explain::is_retryable)
    }
}
