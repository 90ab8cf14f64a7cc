//! SQLite files, as the embedded ledger and metastore open them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::private;

/// Opens a database of this `schema`, creating the file and its folder where they are missing. `version` changes whenever the
/// schema does: a file of another version is refused. The error is what to tell.
///
/// What is committed is on the disk: a date that is Completed stays so after a power cut.
pub fn open(path: &Path, schema: &str, version: u32) -> Result<Connection, String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    // Its journals get the rights that it has.
    private::file().open(path).map_err(|error| error.to_string())?;
    let connection = Connection::open(path).map_err(|error| error.to_string())?;
    let found = prepare(&connection, schema, version).map_err(|error| error.to_string())?;
    if found == version {
        Ok(connection)
    } else {
        Err(format!("the file is of version {found}, and this adg reads version {version}"))
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
        assert_eq!(error, "the file is of version 1, and this adg reads version 2");
    }
}
