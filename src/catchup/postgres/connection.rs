//! Connections to a server, and the meaning of its errors.

use std::path::Path;

use postgres::{Client, Config};

use crate::catchup::LedgerError;
use crate::postgres::{CertificateCheck, connector};

use super::migrations;

/// Signs in, and migrates the tables to this version.
pub(super) fn connect(config: &Config, ca: Option<&Path>, name: &str) -> Result<Client, LedgerError> {
    let unavailable = |action: &'static str, reason: String| LedgerError::Unavailable { action, ledger: name.to_owned(), reason };
    let tls = connector(ca, CertificateCheck::Full).map_err(|reason| unavailable("set up TLS", reason))?;
    let mut client = config.connect(tls).map_err(|error| failed("sign in", name, &error))?;
    let migrated = migrations::migrate(&mut client).map_err(|error| failed("create the tables", name, &error))?;
    migrated.map_err(|what| LedgerError::Corrupt { ledger: name.to_owned(), what })?;
    Ok(client)
}

/// Converts a server's error to a ledger error, by its code: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(super) fn failed(action: &'static str, ledger: &str, error: &postgres::Error) -> LedgerError {
    let ledger = ledger.to_owned();
    let Some(told) = error.as_db_error() else {
        let reason = std::error::Error::source(error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
        return LedgerError::Unavailable { action, ledger, reason };
    };
    let (code, reason) = (told.code().code(), told.message().to_owned());
    match code {
        // No such user, a wrong password, no right; a server that only reads.
        _ if code.starts_with("28") || code == "42501" => {
            let hint = "correct the user and password in the ledger's url, and let the user create and write the adg_ tables";
            LedgerError::Denied { action, ledger, reason, hint: hint.to_owned() }
        }
        "25006" => {
            let hint = "name the server that takes writes, not a replica, in the ledger's url";
            LedgerError::Denied { action, ledger, reason, hint: hint.to_owned() }
        }
        "3D000" => LedgerError::Missing {
            ledger,
            hint: "create the database (`createdb`), or correct its name in the ledger's url".to_owned(),
        },
        // A table or column that is not as adg made it.
        "42P01" | "42703" | "42804" => {
            LedgerError::Corrupt { ledger, what: format!("tables that are not as adg makes them ({reason})") }
        }
        _ => LedgerError::Unavailable { action, ledger, reason },
    }
}
