//! Connections of the profile.

use crate::config::{ConnectionSettings, Pipeline};
use crate::database::PostgresConnection;
use crate::jobs::run::{Environment, JobError};

use super::wrong::wrong;

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
    let settings = PostgresConnection { ca, ..settings.clone() };
    if let Some(weakness) = settings.weakness() {
        tracing::warn!(
            event = "connection_not_protected",
            connection = name,
            weakness,
            "a connection to a database is not protected; `tls: verify-full` protects it"
        );
    }
    Ok(settings)
}
