//! Settings of telemetry in a profile.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secrets::SecretText;

/// Telemetry of runs. OTLP has no settings here: its standard variables (`OTEL_EXPORTER_OTLP_ENDPOINT` …) switch it on.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    /// Destination of data lineage as OpenLineage events. None: the service that `OPENLINEAGE_URL` names, if set.
    #[serde(default)]
    pub openlineage: Option<OpenLineageSettings>,
    /// Metrics file for node-exporter's textfile collector. None: no file.
    #[serde(default)]
    pub prometheus: Option<PrometheusSettings>,
}

/// OpenLineage: an event at the beginning and end of each run, and of each date of each collection.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenLineageSettings {
    /// Namespace of the jobs `adg.MODULE` and `adg.MODULE.COLLECTION`.
    #[serde(default = "namespace")]
    pub namespace: String,
    /// Destination of the events.
    pub to: LineageDestination,
}

/// Destination of the events.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LineageDestination {
    /// A service such as Marquez or DataHub.
    Http(LineageServer),
    /// A file with a line of JSON for each event.
    File(LineageFile),
}

/// A service that accepts events.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineageServer {
    /// Address of the service.
    pub url: SecretText,
    /// Path below the address.
    #[serde(default = "endpoint")]
    pub endpoint: String,
    /// API key, sent as a bearer token. None: no authentication.
    #[serde(default)]
    pub api_key: Option<SecretText>,
}

/// A file that events are appended to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineageFile {
    /// Path of the file; a relative one is below the folder of `adg.yaml`.
    pub path: PathBuf,
}

/// Metrics for node-exporter's textfile collector.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrometheusSettings {
    /// Folder in which each run writes `adg_MODULE.prom` at its end; a relative one is below the folder of `adg.yaml`.
    pub folder: PathBuf,
}

/// Returns the default namespace.
pub(super) fn namespace() -> String {
    "adg".to_owned()
}

/// Returns the default path, which the services that accept events use.
pub(super) fn endpoint() -> String {
    "api/v1/lineage".to_owned()
}
