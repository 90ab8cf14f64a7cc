//! Meaning of a server's errors.

use crate::database::DatabaseError;

/// Returns the error of a connection that was not made.
pub(super) fn of_sign_in(server: &str, error: &tokio_postgres::Error) -> DatabaseError {
    match of("sign in", server, error) {
        DatabaseError::Unavailable { reason, server, .. } if reason.contains("TLS") || reason.contains("certificate") => {
            DatabaseError::Tls { server, reason }
        }
        other => other,
    }
}

/// Returns the error of rows that a server was sent, or has, and that are to become those of a table.
pub(super) fn of_rows(action: &'static str, server: &str, error: &tokio_postgres::Error) -> DatabaseError {
    match error.as_db_error() {
        Some(told) if told.code().code().starts_with("22") => {
            let hint = "correct the values in a transform, or the column of the table".to_owned();
            DatabaseError::Rows { server: server.to_owned(), reason: told.message().to_owned(), hint }
        }
        _ => of(action, server, error),
    }
}

/// Returns the error of a database for that of a server, by its code:
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(super) fn of(action: &'static str, server: &str, error: &tokio_postgres::Error) -> DatabaseError {
    let server = server.to_owned();
    let Some(told) = error.as_db_error() else {
        let reason = std::error::Error::source(error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
        return DatabaseError::Unavailable { action, server, reason };
    };
    let (code, reason) = (told.code().code(), told.message().to_owned());
    match code {
        "53300" => {
            let reason = format!("{reason}: adg takes up to five connections to a database at a time");
            DatabaseError::Unavailable { action, server, reason }
        }
        "57014" if reason.contains("statement timeout") => {
            let hint = "raise `statement_timeout` of its user: `alter role … set statement_timeout = 0`, or read less".to_owned();
            DatabaseError::Statement { server, reason, hint }
        }
        "55P03" => DatabaseError::Locked { action, server, reason },
        // A constraint of a table, or an error that a trigger raises. Details have values.
        _ if code.starts_with("23") || code == "P0001" => {
            let place = told.constraint().map(|name| format!(" (constraint {name})")).unwrap_or_default();
            let hint =
                "correct the rows, or the constraint of the table; checks of the pipeline find such rows before".to_owned();
            DatabaseError::Rows { server, reason: format!("{reason}{place}"), hint }
        }
        // A query that writes.
        "25006" | "0A000" => DatabaseError::Statement { server, reason, hint: "write a query that only reads".to_owned() },
        // No such user, a wrong password, no right.
        _ if code.starts_with("28") || code == "42501" => DatabaseError::Denied { action, server, reason },
        // Syntax, unknown names, values that a function refuses; no such database.
        _ if code.starts_with("42") || code.starts_with("22") || code == "3D000" => {
            let hint = told.hint().unwrap_or("correct the query, the table or the database of the source").to_owned();
            DatabaseError::Statement { server, reason, hint }
        }
        _ => DatabaseError::Unavailable { action, server, reason },
    }
}
