//! Address of a server, for messages.

use tokio_postgres::config::Host;

/// Returns the address of a database, without user and password.
pub fn address(hosts: &[Host], database: Option<&str>) -> String {
    let host = |host: &Host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    };
    let hosts: Vec<String> = hosts.iter().map(host).collect();
    format!("postgresql://{}/{}", hosts.join(","), database.unwrap_or_default())
}
