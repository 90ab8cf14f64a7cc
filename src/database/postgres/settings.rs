//! Settings of a connection to PostgreSQL.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::postgres::CertificateCheck;
use crate::secrets::SecretText;

/// Port of PostgreSQL.
const PORT: u16 = 5432;
/// Time for which a server may take to answer a connection.
const PATIENCE: Duration = Duration::from_secs(20);

/// Time after which an idle connection is seen to be alive: load balancers forget one after some minutes, and a run may read its
/// sources for hours before it publishes.
const KEPT_ALIVE: Duration = Duration::from_mins(1);

/// A connection to a PostgreSQL database.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostgresConnection {
    /// Name or address of the server, or the folder of its socket.
    pub host: String,
    /// Port.
    #[serde(default = "port")]
    pub port: u16,
    /// Name of the database.
    pub database: String,
    /// User who signs in.
    pub user: String,
    /// Password: `${secret:NAME#path}`. If not set, the server must let the user in without one.
    #[serde(default)]
    pub password: Option<SecretText>,
    /// Protection of the connection.
    #[serde(default)]
    pub tls: TlsMode,
    /// PEM file of certificate authorities to trust in addition to the machine's own, such as those of AWS RDS.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

fn port() -> u16 {
    PORT
}

/// Protection of a connection, with the names of libpq:
/// <https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>. `prefer` and `allow` are not among them: they
/// protect nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// TLS with a certificate of a known authority for the server's name.
    #[default]
    VerifyFull,
    /// TLS with a certificate of a known authority for any name: any server of that authority can read and change everything.
    VerifyCa,
    /// TLS with any certificate, also where `ca` is set: whoever stands between can read and change everything.
    Require,
    /// No TLS: everybody on the way can read and change everything, the password perhaps too.
    Disable,
}

impl TlsMode {
    /// Returns what a mode weaker than `verify-full` leaves open; `None` if it is not weaker.
    pub fn weakness(self) -> Option<&'static str> {
        match self {
            Self::VerifyFull => None,
            Self::VerifyCa => Some("`tls: verify-ca` does not check that the certificate is that of the host"),
            Self::Require => Some("`tls: require` takes any certificate"),
            Self::Disable => Some("`tls: disable` sends everything in the clear"),
        }
    }
}

impl PostgresConnection {
    /// Returns what is weak about the connection; `None` if it is protected, or does not leave the machine.
    pub fn weakness(&self) -> Option<&'static str> {
        self.tls.weakness().filter(|_| !self.is_of_socket())
    }

    fn is_of_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    /// Returns the check of the server's certificate.
    pub(super) fn check(&self) -> CertificateCheck {
        match self.tls {
            TlsMode::VerifyFull | TlsMode::Disable => CertificateCheck::Full,
            TlsMode::VerifyCa => CertificateCheck::Authority,
            TlsMode::Require => CertificateCheck::None,
        }
    }

    /// Returns the settings in the form of the client library.
    pub(super) fn config(&self) -> Config {
        let mut config = Config::new();
        config.host(&self.host).port(self.port).dbname(&self.database).user(&self.user);
        config.application_name("adg").connect_timeout(PATIENCE);
        config.keepalives_idle(KEPT_ALIVE).keepalives_interval(KEPT_ALIVE / 6).keepalives_retries(6);
        if let Some(password) = &self.password {
            config.password(password.reveal());
        }
        let has_tls = self.tls != TlsMode::Disable && !self.is_of_socket();
        config.ssl_mode(if has_tls { SslMode::Require } else { SslMode::Disable });
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_checked_unless_it_says_otherwise() {
        let read = |tls: &str| {
            let text = format!(r#"{{ "host": "db", "database": "shop", "user": "ann", "password": "hidden"{tls} }}"#);
            serde_json::from_str::<PostgresConnection>(&text)
        };
        let plain = read("").unwrap();
        assert_eq!((plain.tls, plain.port, plain.weakness()), (TlsMode::VerifyFull, 5432, None));
        assert_eq!(plain.config().get_ssl_mode(), SslMode::Require);
        assert!(!format!("{plain:?}").contains("hidden"));
        let weak = read(r#", "tls": "require""#).unwrap();
        assert_eq!(weak.check(), CertificateCheck::None);
        assert!(weak.weakness().unwrap().contains("any certificate"));
        let socket = PostgresConnection { host: "/run/postgresql".to_owned(), ..weak };
        assert_eq!((socket.config().get_ssl_mode(), socket.weakness()), (SslMode::Disable, None));
        assert!(read(r#", "tls": "prefer""#).is_err());
    }
}
