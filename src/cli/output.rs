//! Results on standard output, and messages for people on standard error.

use std::io::{self, Write};

use serde::Serialize;

use crate::jobs::JobError;
use crate::report::{is_harmful, shown};

/// Prints a value as JSON.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), JobError> {
    let json = serde_json::to_string_pretty(value).map_err(|error| JobError::Bug(error.to_string()))?;
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        // In texts only: JSON itself has no such character but line ends.
        if c != '\n' && is_harmful(c) { escaped += &format!("\\u{:04x}", u32::from(c)) } else { escaped.push(c) }
    }
    print_bytes(format!("{escaped}\n").as_bytes())
}

/// Prints a text to standard output, without characters on which a terminal would act: it contains names of a source and messages
/// of services.
pub(super) fn print(text: &str) -> Result<(), JobError> {
    print_bytes(format!("{}\n", shown(text)).as_bytes())
}

/// Writes bytes to standard output. A pipe that its reader has closed is no failure.
pub(super) fn print_bytes(bytes: &[u8]) -> Result<(), JobError> {
    match io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(JobError::Output { what: "the result".into(), source: error })
        }
        _ => Ok(()),
    }
}

/// Prints a message for a person to standard error. If that fails, as on a full disk, the exit code says how the command ended.
pub(super) fn tell_person(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
