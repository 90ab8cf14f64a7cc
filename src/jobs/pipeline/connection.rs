//! Connections of the profile.

use crate::config::{ConnectionSettings, Pipeline};
use crate::database::PostgresConnection;
use crate::jobs::run::{Environment, JobError};

use super::checked::Checked;
use super::wrong::wrong;

/// Warns of connections of a pipeline that are not protected.
pub(super) fn warn_of_weak(environment: &Environment, checked: &Checked<'_>) {
    let connections = &environment.config.profile.connections;
    let weak = |name: &str| connections.get(name).and_then(|ConnectionSettings::Postgres(settings)| settings.weakness());
    for connection in checked.connections() {
        if let Some(weakness) = weak(connection) {
            tracing::warn!(
                event = "connection_not_protected",
                connection,
                weakness,
                "a connection to a database is not protected; `tls: verify-full` protects it"
            );
        }
    }
}

/// Returns the connection of that name, which stands at `what` of the pipeline's file.
pub(super) fn connection(
    environment: &Environment,
    pipeline: &Pipeline,
    what: &str,
    name: &str,
) -> Result<PostgresConnection, JobError> {
    let connections = &environment.config.profile.connections;
    let settings = connections.get(name).ok_or_else(|| {
        let known = connections.keys().cloned().collect::<Vec<_>>().join(", ");
        wrong(pipeline, what, format!("the profile has no connection `{name}`; it has {known}"))
    })?;
    let ConnectionSettings::Postgres(settings) = settings;
    let ca = settings.ca.as_ref().map(|file| environment.config.path(file));
    Ok(PostgresConnection { ca, ..settings.clone() })
}
