//! Errors of requests that Glue did not do.

use std::error::Error as StdError;
use std::io;

use aws_sdk_glue::error::{BuildError, ProvideErrorMetadata, SdkError};

use crate::aws::{AwsError, Said, SaidKind, principal_of, said, statement};
use crate::identity::{ErrorKind, Explain};
use crate::metastore::{MetastoreError, TableName};
use crate::runtime;

use super::client::GlueMetastore;

/// A request to the metastore.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task {
    /// Name of the action in errors.
    pub(super) action: &'static str,
    /// All rights that it needs, including those to read the table first, so that a user who lacks several requests them once.
    rights: &'static [&'static str],
}

impl Task {
    pub(super) const CHECK: Self = Self::new("list databases", &["glue:GetDatabases"]);
    pub(super) const CREATE_DATABASE: Self = Self::new("create a database", &["glue:CreateDatabase", "glue:GetDatabase"]);
    pub(super) const LIST_TABLES: Self = Self::new("list tables", &["glue:GetDatabases", "glue:GetTables"]);
    pub(super) const READ_TABLE: Self = Self::new("read a table", &["glue:GetTable"]);
    pub(super) const CREATE_TABLE: Self = Self::new("create a table", &["glue:GetTable", "glue:CreateTable"]);
    pub(super) const ALTER_TABLE: Self = Self::new("alter a table", &["glue:GetTable", "glue:UpdateTable"]);
    pub(super) const LIST_PARTITIONS: Self = Self::new("list partitions", &["glue:GetTable", "glue:GetPartitions"]);
    pub(super) const READ_PARTITION: Self = Self::new("read a partition", &["glue:GetTable", "glue:GetPartition"]);
    pub(super) const PUBLISH: Self = Self::new(
        "publish partitions",
        &["glue:GetTable", "glue:UpdateTable", "glue:BatchCreatePartition", "glue:BatchUpdatePartition"],
    );
    pub(super) const DROP_PARTITION: Self =
        Self::new("drop a partition", &["glue:GetTable", "glue:UpdateTable", "glue:DeletePartition"]);

    const fn new(action: &'static str, rights: &'static [&'static str]) -> Self {
        Self { action, rights }
    }
}

/// A failed request.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// Glue refused it, or did not answer.
    #[error("{0}")]
    Said(Said),
    /// There are no credentials for the request.
    #[error(transparent)]
    Credentials(#[from] AwsError),
    /// The request is incomplete: a bug of adg.
    #[error(transparent)]
    Incomplete(#[from] BuildError),
    /// The runtime could not be started.
    #[error("failed to start the runtime for requests: {0}")]
    Runtime(#[from] io::Error),
}

impl Refused {
    pub(super) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        AwsError::below(error).map_or_else(|| Self::Said(said(error)), Self::Credentials)
    }

    fn code(&self) -> &str {
        match self {
            Self::Said(said) => said.code.as_deref().unwrap_or_default(),
            _ => "",
        }
    }

    /// Returns true if the database, the table or the partition does not exist.
    pub(super) fn is_not_found(&self) -> bool {
        self.code() == "EntityNotFoundException"
    }

    pub(super) fn already_exists(&self) -> bool {
        self.code() == "AlreadyExistsException"
    }

    /// Returns true if somebody changed the table after it was read.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self.code(), "ConcurrentModificationException" | "VersionMismatchException")
    }

    pub(super) fn is_denied(&self) -> bool {
        matches!(self, Self::Said(said) if said.kind == SaidKind::Denied)
    }

    /// Returns true if the same request may succeed now and the library has not retried it.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Said(said) if said.kind != SaidKind::Unavailable) && may_pass(self.code())
    }
}

/// Returns true if a request that failed with this code may succeed on a retry.
pub(super) fn may_pass(code: &str) -> bool {
    code.contains("Throttl")
        || matches!(
            code,
            "InternalServiceException"
                | "InternalServerException"
                | "InternalFailure"
                | "OperationTimeoutException"
                | "ConcurrentModificationException"
                | "ResourceNotReadyException"
                | "ServiceUnavailableException"
        )
}

impl GlueMetastore {
    pub(super) fn failed(&self, task: Task, table: Option<&TableName>) -> impl Fn(Refused) -> MetastoreError {
        move |refused| self.error(task, table, &refused)
    }

    /// Builds the error. Do not call it in a future: it waits for an answer itself, to name the caller that was refused.
    pub(super) fn error(&self, task: Task, table: Option<&TableName>, refused: &Refused) -> MetastoreError {
        let on = table.map(|table| format!("{table}: ")).unwrap_or_default();
        let (action, metastore, reason) = (task.action, self.to_string(), format!("{on}{refused}"));
        match refused {
            Refused::Credentials(error) if error.kind() == ErrorKind::Access => {
                MetastoreError::Denied { action, metastore, reason, hint: error.hint().unwrap_or_default() }
            }
            Refused::Said(said) if said.kind == SaidKind::Denied => {
                MetastoreError::Denied { action, metastore, reason, hint: self.hint(task, said) }
            }
            _ => MetastoreError::Unavailable { action, metastore, reason },
        }
    }

    fn hint(&self, task: Task, said: &Said) -> String {
        let who = runtime::wait(self.identity.arn()).ok().and_then(Result::ok).unwrap_or_else(|| "the caller".to_owned());
        let needed = statement(task.rights, &everything(&who, &self.region, self.catalog_id.as_deref()));
        let who = principal_of(&who);
        // Beside policies, Lake Formation has rights of its own, which no policy gives.
        if said.message.contains("Lake Formation") {
            return format!("grant {who} the rights on the database and the table in Lake Formation; its policy needs {needed}");
        }
        format!("the policy of {who} needs {needed}; of narrower resources all of catalog, database/NAME and table/NAME/*")
    }
}

/// Returns the ARN of all resources of a catalog.
fn everything(who: &str, region: &str, catalog_id: Option<&str>) -> String {
    let part = |i| who.split(':').nth(i).filter(|_| who.starts_with("arn:"));
    let account = catalog_id.and_then(|id| id.split(':').next()).or_else(|| part(4)).unwrap_or("*");
    format!("arn:{}:glue:{region}:{account}:*", part(1).unwrap_or("aws"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_is_the_callers_unless_the_profile_says() {
        let who = "arn:aws-cn:sts::111111111111:assumed-role/reader/adg-1";
        assert_eq!(everything(who, "cn-north-1", None), "arn:aws-cn:glue:cn-north-1:111111111111:*");
        assert_eq!(everything(who, "cn-north-1", Some("222222222222")), "arn:aws-cn:glue:cn-north-1:222222222222:*");
        assert_eq!(everything("the holder of a key", "eu-west-2", None), "arn:aws:glue:eu-west-2:*:*");
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let refused = |kind, code: &str| Refused::Said(Said { kind, code: Some(code.to_owned()), message: String::new() });
        assert!(refused(SaidKind::Other, "OperationTimeoutException").may_pass());
        assert!(!refused(SaidKind::Unavailable, "ThrottlingException").may_pass(), "the library has tried");
        assert!(!refused(SaidKind::Other, "InvalidInputException").may_pass());
        assert!(may_pass("ThrottlingException"));
    }
}
