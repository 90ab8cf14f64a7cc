//! SQLite files, as the embedded ledger and metastore open them.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use crate::private;

/// A failure of an embedded database, by what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Somebody else works on it, or the disk is full or broken: another try may do.
    Passing(String),
    /// This user may not read or write the file or its folder.
    Denied(String),
    /// The file is no database that this adg reads. Another try does not help.
    Unreadable(String),
}

/// Hint for a file that may not be read or written.
pub const DENIED_HINT: &str = "let the user that runs adg read and write the file and its folder";

impl Fault {
    /// Classifies a failed statement. <https://www.sqlite.org/rescode.html>
    pub fn of(error: &rusqlite::Error) -> Self {
        let reason = error.to_string();
        if let rusqlite::Error::SqlInputError { msg, .. } = error
            && msg.starts_with("no such")
        {
            return Self::Unreadable(format!("a database without what adg keeps there ({msg})"));
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Unreadable("what is no SQLite database".to_owned()),
            Some(ErrorCode::DatabaseCorrupt) => Self::Unreadable(format!("a damaged database ({reason})")),
            Some(ErrorCode::Unknown) if reason.contains("no such") => {
                Self::Unreadable(format!("a database without what adg keeps there ({reason})"))
            }
            Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => Self::Denied(reason),
            _ => Self::Passing(reason),
        }
    }

    fn of_io(error: &io::Error) -> Self {
        let reason = error.to_string();
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied(reason),
            io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                Self::Unreadable(format!("what is no file ({reason})"))
            }
            _ => Self::Passing(reason),
        }
    }
}

/// Opens a database of this `schema`, creating the file and its folder where they are missing. `version` changes whenever the
/// schema does: a file of another version is refused.
///
/// What is committed is on the disk: a date that is Completed stays so after a power cut.
///
/// # Errors
/// The file can't be opened, or is none of adg's.
pub fn open(path: &Path, schema: &str, version: u32) -> Result<Connection, Fault> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Fault::of_io(&error))?;
    }
    // Its journals get the rights that it has.
    private::file().open(path).map_err(|error| Fault::of_io(&error))?;
    let connection = Connection::open(path).map_err(|error| Fault::of(&error))?;
    let found = prepare(&connection, schema, version).map_err(|error| Fault::of(&error))?;
    if found == version {
        Ok(connection)
    } else {
        Err(Fault::Unreadable(format!("a file of version {found} (this adg reads version {version})")))
    }
}

/// Gives the version that the file is of.
fn prepare(connection: &Connection, schema: &str, version: u32) -> rusqlite::Result<u32> {
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    let found: u32 = connection.query_row("select user_version from pragma_user_version", [], |row| row.get(0))?;
    if found == 0 {
        // Together, so that another process sees all of it or nothing.
        connection.execute_batch(&format!("begin immediate; {schema}; pragma user_version = {version}; commit;"))?;
        return Ok(version);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/x.db");
        open(&path, "create table if not exists t (a)", 1).unwrap();
        open(&path, "create table if not exists t (a)", 1).unwrap();
        let error = open(&path, "create table if not exists t (a, b)", 2).unwrap_err();
        assert_eq!(error, Fault::Unreadable("a file of version 1 (this adg reads version 2)".into()));
    }

    #[test]
    fn what_no_retry_mends_is_told_apart_from_what_passes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let connection = open(&path, "create table t (a)", 1).unwrap();
        let missing = connection.execute("delete from leases", []).unwrap_err();
        assert!(matches!(Fault::of(&missing), Fault::Unreadable(what) if what.contains("no such table: leases")));
        assert!(matches!(open(folder.path(), "", 1), Err(Fault::Unreadable(_) | Fault::Denied(_))));
        let text = folder.path().join("text.db");
        fs::write(&text, "this is no database, whatever its name says".repeat(99)).unwrap();
        assert_eq!(open(&text, "", 1).unwrap_err(), Fault::Unreadable("what is no SQLite database".into()));
        assert!(matches!(open(&path.join("below"), "", 1), Err(Fault::Unreadable(_))));
        let other = Connection::open(&path).unwrap();
        other.execute_batch("begin immediate").unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        assert!(matches!(Fault::of(&connection.execute("delete from t", []).unwrap_err()), Fault::Passing(_)));
    }
}
