//! Why a job, or a date of it, failed: expected errors with their exit codes, and bugs.

use crate::aws::AwsError;
use crate::catchup::{LedgerError, WindowError};
use crate::config::ConfigError;
use crate::frame::FrameError;
use crate::identity::ProcessingDate;
use crate::lake::LakeError;
use crate::metastore::MetastoreError;
use crate::report::{ExitCode, Failure, shortened};
use crate::schema::SchemaRefused;
use crate::secrets::SecretError;
use crate::source::{KeyPatternError, KeyServiceError, SourceError};
use crate::store::{StoreError, StoreUrlError};

/// What is asked of a cluster first.
pub(super) const OPEN_SESSION: &str = "open a session";
/// What a cluster does that may have no right to read the source.
pub(super) const LOOK_AT_FILE: &str = "look at a file";
pub(super) const LOOK_AT_LINES: &str = "look at the lines";

/// A job failed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// What was asked for makes no sense.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to try.
        hint: Option<String>,
    },
    /// The window makes no sense.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The config files can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A value of the config files can't be used.
    #[error("the {what} of {place} can't be used: {reason}")]
    Setting {
        /// Which key.
        what: String,
        /// Of which profile or module.
        place: String,
        /// Why.
        reason: String,
    },
    /// There are no credentials for AWS.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The metastore failed.
    #[error(transparent)]
    Metastore(#[from] MetastoreError),
    /// A cluster failed, or was lost.
    #[error("failed to {action} at Spark, {remote}: {reason}")]
    Spark {
        /// Where it is.
        remote: String,
        /// What was being done.
        action: &'static str,
        /// What it says.
        reason: String,
    },
    /// A source file can't be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The key service failed.
    #[error(transparent)]
    KeyService(#[from] KeyServiceError),
    /// Writing or publishing failed.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The module's policy refuses the source's columns.
    #[error("the columns of {table} were refused: {source}")]
    Refused {
        /// The table.
        table: String,
        /// Why.
        source: SchemaRefused,
    },
    /// The source says that columns are personal data, of a table that lies among those without any.
    #[error("the source marks columns of {table} as personal data, but the table lies among those without any: {columns}")]
    Personal {
        /// The table.
        table: String,
        /// Which.
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
    /// A date's files are not all there.
    #[error("the files of {date} are not complete: {reason}")]
    Incomplete {
        /// The date.
        date: ProcessingDate,
        /// The reason for which it waits.
        reason: String,
    },
    /// A date has no file, and its source has deleted it by now.
    #[error(
        "the file `{pattern}` for {date} is lost: the source keeps its files for {days} days, and the store `{store}` no longer has it"
    )]
    Lost {
        /// The store.
        store: String,
        /// The pattern, with the collection filled in.
        pattern: String,
        /// The date.
        date: ProcessingDate,
        /// For how long the source keeps its files.
        days: u32,
    },
    /// Too many rows are bad.
    #[error("{count} of {rows} rows {what}, a share of {rate:.4}, above the limit of {limit}; nothing was published")]
    Limit {
        /// How many.
        count: u64,
        /// Of how many.
        rows: u64,
        /// What they are.
        what: &'static str,
        /// Their share.
        rate: f64,
        /// The most that is allowed.
        limit: f64,
        /// What to look at.
        hint: String,
    },
    /// Clean-up would lose what the source can't rebuild.
    #[error("clean-up would lose dates of {table} that this run does not rebuild from the source: {dates}")]
    CleanUp {
        /// The table.
        table: String,
        /// Which.
        dates: String,
    },
    /// The world is not as it was when a plan was made.
    #[error("nothing was done, as the plan is no longer what would be done: {differences}")]
    Planned {
        /// What differs.
        differences: String,
    },
    /// Readers see otherwise than the ledger says.
    #[error("others changed what was published: {what}")]
    ChangedByOthers {
        /// The differences, in words.
        what: String,
        /// The command that mends it; none where there is none.
        repair: Option<String>,
    },
    /// A query failed.
    #[error("the query failed: {reason}")]
    Query {
        /// What Polars says.
        reason: String,
    },
    /// This machine is not as a run needs it.
    #[error("{message}")]
    Machine {
        /// What is wrong with it.
        message: String,
        /// What to try.
        hint: String,
    },
    /// Output could not be written.
    #[error("failed to write {what}: {source}")]
    Output {
        /// What.
        what: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It was told to stop.
    #[error("the run was told to stop")]
    Stopped,
    /// A bug of adg.
    #[error("bug: {0}")]
    Bug(String),
}

impl From<FrameError> for JobError {
    fn from(error: FrameError) -> Self {
        Self::Bug(error.to_string())
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
    /// The code that the process ends with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage { .. } | Self::Window(_) | Self::Query { .. } => ExitCode::Usage,
            Self::Config(ConfigError::Secret { source, .. }) => of_secret(source),
            Self::Config(_) | Self::Setting { .. } => ExitCode::Config,
            Self::Aws(error) => of_aws(error),
            Self::Store(error) => of_store(error),
            Self::Ledger(error) => of_ledger(error),
            Self::Metastore(error) => of_metastore(error),
            Self::Source(error) if let Some(error) = error.store() => of_store(error),
            Self::Source(SourceError::Key { source, .. }) => of_key_service(source),
            Self::KeyService(error) => of_key_service(error),
            Self::Source(
                SourceError::Header { .. } | SourceError::ForeignHeader { .. } | SourceError::UnreadableHeader { .. },
            )
            | Self::Refused { .. }
            | Self::Personal { .. } => ExitCode::Schema,
            Self::Source(_) | Self::Missing { .. } | Self::Incomplete { .. } | Self::Lost { .. } => ExitCode::Source,
            Self::Lake(error) => match error {
                LakeError::Store(error) => of_store(error),
                LakeError::Metastore(error) => of_metastore(error),
                LakeError::Ledger(error) => of_ledger(error),
                LakeError::QuarantineFull { .. } => ExitCode::Limit,
                LakeError::Frame(_) => ExitCode::Bug,
                LakeError::Moved { .. } | LakeError::Unsupported { .. } => ExitCode::Config,
                LakeError::Parquet { .. } | LakeError::Scratch { .. } | LakeError::Cut { .. } | LakeError::Left { .. } => {
                    ExitCode::Unavailable
                }
            },
            Self::Limit { .. } | Self::CleanUp { .. } | Self::Planned { .. } => ExitCode::Limit,
            Self::Output { .. } | Self::Machine { .. } | Self::Spark { .. } => ExitCode::Unavailable,
            Self::ChangedByOthers { .. } => ExitCode::Partial,
            Self::Stopped => ExitCode::Stopped,
            Self::Bug(_) => ExitCode::Bug,
        }
    }

    /// What to try.
    pub fn hint(&self) -> Option<String> {
        let again = || "run the same command again; what was published stands".to_owned();
        self.own_hint().or_else(|| (self.exit_code() == ExitCode::Unavailable).then(again))
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } => hint.clone(),
            Self::Config(error) => error.hint(),
            Self::Aws(error) => error.hint(),
            Self::Source(error) => error.hint(),
            Self::KeyService(error) => error.hint(),
            Self::Ledger(LedgerError::Denied { hint, .. } | LedgerError::Missing { hint, .. })
            | Self::Lake(LakeError::Ledger(LedgerError::Denied { hint, .. }))
 => Some(hint.clone()),
            Self::Metastore(error) | Self::Lake(LakeError::Metastore(error)) if error.hint().is_some() => error.hint(),
            Self::Store(error) | Self::Lake(LakeError::Store(error)) if error.hint().is_some() => error.hint(),
            Self::Missing { .. } => {
                Some("the next run tries again by itself; `missing: skip` in the module lets such dates count as done".into())
            }
            Self::Incomplete { .. } => {
                Some("the next run tries again by itself; with --incomplete the date is done with the files that it has".into())
            }
            Self::Lost { .. } => Some("ask the source for the file; then run the date again with --start-dt and --end-dt".into()),
            Self::Lake(LakeError::QuarantineFull { .. }) => Some(
                "look at those that the report's quarantine has; or raise `limits.quarantine_mib` in the module file".into(),
            ),
            Self::Limit { hint, .. } | Self::Machine { hint, .. } => Some(hint.clone()),
            Self::Window(WindowError::LeavesGap { oldest, .. }) => {
                Some(format!("write `catchup: {{ start: {oldest} }}` into the module file, and run again"))
            }
            Self::CleanUp { .. } => Some("give dates that have them all, ask the source for what it no longer has, or give --force-clean-up to lose them".into()),
            Self::ChangedByOthers { repair, .. } => repair.clone(),
            Self::Planned { .. } => Some("make a new plan with `adg plan --out FILE` and the same arguments, and look at it".into()),
            Self::Personal { .. } => Some(
                "where the mark is right, drop the table and run its dates again, and a new one lies among those with personal data; where it is wrong, have the source correct its list of fields".into(),
            ),
            Self::Refused { .. } => Some("correct the source, or change `evolution` in the module file".into()),
            Self::Ledger(LedgerError::Corrupt { .. })
            | Self::Metastore(MetastoreError::Corrupt { .. })
            | Self::Lake(LakeError::Ledger(LedgerError::Corrupt { .. }) | LakeError::Metastore(MetastoreError::Corrupt { .. })) => Some(
                "run the adg that wrote it, restore it from a backup, or correct the profile in adg.yaml".into(),
            ),
            Self::Ledger(LedgerError::Shared { .. }) => Some("give each module a correlation_id of its own".into()),
            Self::Ledger(LedgerError::Held { .. }) => {
                Some("wait for that run to end; if it is dead, its lease ends by itself".into())
            }
            Self::Spark { action: OPEN_SESSION, .. } => Some(
                "see that a Spark Connect server listens there, as `spark.remote` or --spark-remote says; `--engine local` does it on this machine".into(),
            ),
            Self::Spark { action: LOOK_AT_FILE | LOOK_AT_LINES, .. } => Some(
                "if it may not read the source, give it that right, or have adg copy the files for it: `spark: { staging: { store: …, files: all } }`; `--engine local` does it on this machine".into(),
            ),
            Self::Spark { .. } => {
                Some("nothing was published, and the server's log says more; `--engine local` does it on this machine".into())
            }
            Self::Setting { .. } => Some("docs/config.md and `adg schema` say what may stand there".into()),
            Self::Lake(LakeError::Unsupported { hint, .. }) => Some(hint.clone()),
            Self::Lake(LakeError::Moved { .. }) => {
                Some("a table stays where it is: set the module file back, or give the table another name".into())
            }
            Self::Ledger(LedgerError::LeaseLost { .. })
            | Self::Metastore(MetastoreError::Fenced { .. })
            | Self::Lake(LakeError::Ledger(LedgerError::LeaseLost { .. }) | LakeError::Metastore(MetastoreError::Fenced { .. })) => {
                Some("another run does the rest; look at its report, and run the date again if it did not".into())
            }
            Self::Store(StoreError::Scratch { .. })
            | Self::Lake(LakeError::Scratch { .. } | LakeError::Store(StoreError::Scratch { .. })) => {
                Some("name a folder that can be written, on a disk with room, as the profile's `scratch` in adg.yaml".into())
            }
            Self::Stopped => Some("run the same command again; what was published stands".into()),
            Self::Query { .. } => Some("`adg tables` lists what can be queried".into()),
            _ => None,
        }
    }

    /// The same, as it is told.
    pub fn failure(&self) -> Failure {
        let hint = self.hint().map(shortened);
        Failure { exit_code: self.exit_code(), message: shortened(self.to_string()), hint }
    }

    /// Whether no further date is to be tried in this run.
    pub fn ends_the_run(&self) -> bool {
        matches!(self, Self::Stopped) || self.is_of_a_lost_lease()
    }

    /// Whether the ledger failed on what it has of a date, and not as a whole.
    pub(super) fn is_of_one_date(&self) -> bool {
        matches!(self, Self::Ledger(LedgerError::Corrupt { .. }))
    }

    /// A panic of adg's or of a library's is a bug.
    pub(super) fn of_panic(panic: &(dyn std::any::Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Self::Bug(text.unwrap_or("a panic without a message").to_owned())
    }

    /// Whether somebody else changed a table since this run looked at it.
    pub fn is_of_a_changed_table(&self) -> bool {
        use MetastoreError::{Changed, TableExists};
        matches!(self, Self::Lake(LakeError::Metastore(Changed { .. } | TableExists { .. })))
    }

    /// Whether the run is no longer the one that may work on the module, and write what became of it.
    pub fn is_of_a_lost_lease(&self) -> bool {
        use LakeError::{Ledger, Metastore};
        matches!(
            self,
            Self::Ledger(LedgerError::LeaseLost { .. })
                | Self::Lake(Ledger(LedgerError::LeaseLost { .. }) | Metastore(MetastoreError::Fenced { .. }))
                | Self::Metastore(MetastoreError::Fenced { .. })
        )
    }
}

fn of_aws(error: &AwsError) -> ExitCode {
    if error.is_denied() { ExitCode::Access } else { ExitCode::Unavailable }
}

fn of_secret(error: &SecretError) -> ExitCode {
    match error {
        SecretError::NotFound | SecretError::Binary => ExitCode::Config,
        SecretError::Denied { .. } => ExitCode::Access,
        SecretError::Credentials(error) => of_aws(error),
        SecretError::Unavailable { .. } => ExitCode::Unavailable,
    }
}

fn of_key_service(error: &KeyServiceError) -> ExitCode {
    match error {
        KeyServiceError::Setting { .. } => ExitCode::Config,
        KeyServiceError::Trust { .. } | KeyServiceError::Refused { status: 401 | 403, .. } => ExitCode::Access,
        KeyServiceError::Refused { .. } => ExitCode::Source,
        KeyServiceError::Unavailable { .. } => ExitCode::Unavailable,
    }
}

fn of_store(error: &StoreError) -> ExitCode {
    match error {
        StoreError::NotFound { action: "open", .. } => ExitCode::Config,
        StoreError::NotFound { .. } => ExitCode::Source,
        StoreError::Setting { .. } | StoreError::NoBucket { .. } | StoreError::WrongRegion { .. } => ExitCode::Config,
        StoreError::Archived { .. } | StoreError::Changed { .. } | StoreError::OddKey { .. } => ExitCode::Source,
        StoreError::AccessDenied { .. } => ExitCode::Access,
        StoreError::Credentials { source, .. } => of_aws(source),
        StoreError::Unavailable { .. } | StoreError::Damaged { .. } | StoreError::Scratch { .. } => ExitCode::Unavailable,
    }
}

fn of_ledger(error: &LedgerError) -> ExitCode {
    match error {
        LedgerError::Held { .. } | LedgerError::LeaseLost { .. } => ExitCode::Held,
        LedgerError::Denied { .. } => ExitCode::Access,
        LedgerError::Unavailable { .. } => ExitCode::Unavailable,
        LedgerError::Corrupt { .. } | LedgerError::Missing { .. } | LedgerError::Shared { .. } => ExitCode::Config,
    }
}

fn of_metastore(error: &MetastoreError) -> ExitCode {
    match error {
        MetastoreError::Fenced { .. } => ExitCode::Held,
        MetastoreError::Denied { .. } => ExitCode::Access,
        MetastoreError::Changed { .. } | MetastoreError::TableExists { .. } | MetastoreError::Unavailable { .. } => {
            ExitCode::Unavailable
        }
        MetastoreError::NoSuchTable { .. } => ExitCode::Usage,
        MetastoreError::TypeRefused { .. } => ExitCode::Schema,
        MetastoreError::Corrupt { .. } => ExitCode::Config,
    }
}
