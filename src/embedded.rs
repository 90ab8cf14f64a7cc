//! Opening of SQLite files, for the embedded ledger and metastore.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use backon::{BlockingRetryable, ExponentialBuilder};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::private;

/// A failure of an embedded database, by its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Another process uses the file, or the disk is full or broken: a retry may help.
    Passing(String),
    /// This user may not read or write the file or its folder.
    Denied(String),
    /// The file is no database that this adg reads. A retry does not help.
    Unreadable(String),
}

/// Longest time for which another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// Opens a database, creating the file and its folder where they are missing. The n-th of the `migrations` turns version n - 1
/// into version n; those that the file lacks are applied in one transaction.
///
/// Commits are durable: a date that is Completed stays so after a power cut.
///
/// # Errors
/// The file can't be opened, is not a database of adg, or has a newer version.
pub fn open(path: &Path, migrations: &[&str]) -> Result<Connection, Fault> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Fault::of_io(&error))?;
    }
    // Its journals get the rights that it has.
    private::file().open(path).map_err(|error| Fault::of_io(&error))?;
    let mut connection = Connection::open(path).map_err(|error| Fault::of(&error))?;
    let found = prepare(&mut connection, migrations).map_err(|error| Fault::of(&error))?;
    if found <= migrations.len() {
        Ok(connection)
    } else {
        let newest = migrations.len();
        Err(Fault::Unreadable(format!("a file of version {found}, made by a newer adg (this one reads up to version {newest})")))
    }
}

/// Applies the migrations that the file lacks. Returns the version that the file has then.
fn prepare(connection: &mut Connection, migrations: &[&str]) -> rusqlite::Result<usize> {
    connection.busy_timeout(PATIENCE)?;
    use_write_ahead_log(connection)?;
    connection.pragma_update(None, "synchronous", "full")?;
    let found = version(connection)?;
    if found >= migrations.len() {
        return Ok(found);
    }
    // Together, so that another process sees all of it or nothing; it may have been quicker.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    for migration in migrations.iter().skip(found) {
        transaction.execute_batch(migration)?;
    }
    let newest = migrations.len().max(found);
    transaction.pragma_update(None, "user_version", newest)?;
    transaction.commit()?;
    Ok(newest)
}

/// Turns on the write-ahead log, once for each file. SQLite does not wait for others there, whatever its timeout: of several
/// processes that open a new file at once, those that come second are refused until the first has turned it on.
fn use_write_ahead_log(connection: &Connection) -> rusqlite::Result<()> {
    let steps = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(5))
        .with_max_delay(Duration::from_millis(200))
        .with_jitter()
        .without_max_times()
        .with_total_delay(Some(PATIENCE));
    (|| connection.pragma_update(None, "journal_mode", "wal"))
        .retry(steps)
        .when(|error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy))
        .call()
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection.query_row("select user_version from pragma_user_version", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "create table t (a)";
    const TWO: &str = "alter table t add column b default 7";

    #[test]
    fn an_older_file_is_migrated_and_a_newer_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/x.db");
        open(&path, &[ONE]).unwrap().execute("insert into t values (1)", []).unwrap();
        open(&path, &[ONE]).unwrap();
        for _ in 0..2 {
            let both = open(&path, &[ONE, TWO]).unwrap();
            assert_eq!(both.query_row("select a + b from t", [], |row| row.get::<_, u64>(0)).unwrap(), 8);
        }
        let error = open(&path, &[ONE]).unwrap_err();
        let told = "a file of version 2, made by a newer adg (this one reads up to version 1)";
        assert_eq!(error, Fault::Unreadable(told.into()));
    }

    #[test]
    fn a_new_file_is_opened_by_many_at_once() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.db");
            let start = std::sync::Barrier::new(16);
            std::thread::scope(|scope| {
                for _ in 0..16 {
                    scope.spawn(|| {
                        start.wait();
                        open(&path, &[ONE, TWO]).unwrap().execute("insert into t (a) values (1)", []).unwrap();
                    });
                }
            });
            let opened = open(&path, &[ONE, TWO]).unwrap();
            assert_eq!(opened.query_row("select count(*) from t", [], |row| row.get::<_, u64>(0)).unwrap(), 16);
        }
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        open(&path, &[ONE]).unwrap();
        assert!(open(&path, &[ONE, "create table u (a)", "this is no statement"]).is_err());
        let connection = open(&path, &[ONE]).unwrap();
        assert!(connection.execute("select * from u", []).is_err());
    }

    #[test]
    fn what_no_retry_mends_is_told_apart_from_what_passes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let connection = open(&path, &[ONE]).unwrap();
        let missing = connection.execute("delete from leases", []).unwrap_err();
        assert!(matches!(Fault::of(&missing), Fault::Unreadable(what) if what.contains("no such table: leases")));
        assert!(matches!(open(folder.path(), &[]), Err(Fault::Unreadable(_) | Fault::Denied(_))));
        let text = folder.path().join("text.db");
        fs::write(&text, "this is no database, whatever its name says".repeat(99)).unwrap();
        assert_eq!(open(&text, &[ONE]).unwrap_err(), Fault::Unreadable("what is no SQLite database".into()));
        assert!(matches!(open(&path.join("below"), &[ONE]), Err(Fault::Unreadable(_))));
        let other = Connection::open(&path).unwrap();
        other.execute_batch("begin immediate").unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        assert!(matches!(Fault::of(&connection.execute("delete from t", []).unwrap_err()), Fault::Passing(_)));
    }
}
