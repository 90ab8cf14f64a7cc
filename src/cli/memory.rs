//! The memory limit of a run.

use bytesize::ByteSize;

use crate::jobs::{JobError, LEAST_MEMORY};

/// Memory limit of a run where `--memory` is not given.
pub(super) const DEFAULT_MEMORY: &str = "1GiB";

/// Returns the limit that `--memory` gives.
pub(super) fn memory(text: &str) -> Result<ByteSize, JobError> {
    let wrong = |reason: &str| usage("--memory", text, reason);
    let memory: ByteSize = text.parse().map_err(|_| wrong("write a size such as 512MiB"))?;
    if memory < LEAST_MEMORY { Err(wrong(&format!("a run needs at least {LEAST_MEMORY}"))) } else { Ok(memory) }
}

/// Returns the error of a flag's value.
pub(super) fn usage(flag: &str, text: &str, reason: &str) -> JobError {
    JobError::Usage { message: format!("{flag} `{text}`: {reason}"), hint: None }
}
