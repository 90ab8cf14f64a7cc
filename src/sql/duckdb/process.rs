//! The process of the command line.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::sql::SqlError;
use crate::stop::{Stop, Stopped};

/// Time between two looks at the process and at a request to stop.
const LOOK_EVERY: Duration = Duration::from_millis(20);

const PROGRAM: &str = "duckdb";

/// Returns the command line in the folders of `PATH`.
///
/// # Errors
/// It is in none of them.
pub(super) fn program() -> Result<PathBuf, SqlError> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(PROGRAM)).find(|file| file.is_file());
    found.ok_or(SqlError::NoEngine)
}

/// Runs statements, and returns what they print, rows as JSON.
pub(super) fn run(program: &Path, script: &str, stop: &Stop) -> Result<Vec<u8>, SqlError> {
    let failed = |error: io::Error| SqlError::Failed { reason: format!("{}: {error}", program.display()) };
    // Without the user's own settings.
    let mut command = Command::new(program);
    command.args(["-init", "/dev/null", "-bail", "-json", ":memory:"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own: some packages start the program by a script.
    command.process_group(0);
    let mut child = command.spawn().map_err(failed)?;
    let (printed, errors) = (reader(child.stdout.take()), reader(child.stderr.take()));
    if let Some(mut stdin) = child.stdin.take() {
        // One that ends early has its reason on standard error.
        let _ = stdin.write_all(script.as_bytes());
    }
    let is_well = ended(&mut child, stop, failed)?;
    let (printed, errors) = (bytes(printed), bytes(errors));
    if is_well { Ok(printed) } else { Err(error_of(&String::from_utf8_lossy(&errors))) }
}

/// Waits for the end. Returns true if it ended without an error.
fn ended(child: &mut Child, stop: &Stop, failed: impl Fn(io::Error) -> SqlError) -> Result<bool, SqlError> {
    loop {
        if let Some(status) = child.try_wait().map_err(&failed)? {
            return Ok(status.success());
        }
        if stop.is_requested() {
            kill(child).and_then(|()| child.wait()).map_err(failed)?;
            return Err(Stopped.into());
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Ends the process, and those that it has started.
fn kill(child: &Child) -> io::Result<()> {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    Ok(group.map_or(Ok(()), |group| kill_process_group(group, Signal::KILL))?)
}

fn reader(stream: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read until then tells more than that it ended.
        let _ = stream.map(|mut stream| stream.read_to_end(&mut bytes));
        bytes
    })
}

fn bytes(reader: JoinHandle<Vec<u8>>) -> Vec<u8> {
    reader.join().unwrap_or_default()
}

/// Returns the error that was printed: `Binder Error: Referenced column "x" not found …`, followed by the line.
fn error_of(printed: &str) -> SqlError {
    let told = printed.split("\n\nLINE ").next().unwrap_or_default();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    match told.split_once(" Error: ") {
        Some(("Binder" | "Parser" | "Catalog" | "Not implemented" | "Permission", reason)) => {
            SqlError::refused(reason, "correct the statement; https://duckdb.org/docs/stable/sql/introduction has the language")
        }
        Some(("Out of Memory", reason)) => {
            SqlError::Failed { reason: format!("{reason}: raise --memory, or divide the statement") }
        }
        _ => SqlError::Failed { reason: told },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_in_a_line() {
        let binder =
            "Binder Error:\nReferenced column \"totl\" not found in FROM clause!\nCandidate bindings: \"total\"\n\nLINE 1: x";
        let SqlError::Refused { reason, .. } = error_of(binder) else { panic!("{binder}") };
        assert_eq!(reason, "Referenced column \"totl\" not found in FROM clause! Candidate bindings: \"total\"");
        let conversion = "Conversion Error: Could not convert string 'x' to INT32\n\nLINE 1: x";
        assert!(matches!(error_of(conversion), SqlError::Failed { reason } if reason.ends_with("'x' to INT32")));
    }
}
