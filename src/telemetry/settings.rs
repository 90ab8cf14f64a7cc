//! How a profile writes which machines are told.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secrets::SecretText;

/// Which machines are told of runs. OTLP has no settings here: its standard variables (`OTEL_EXPORTER_OTLP_ENDPOINT` …) switch it on.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    /// Who is told which data came of which. None: whom `OPENLINEAGE_URL` names, if anybody.
    #[serde(default)]
    pub openlineage: Option<OpenLineageSettings>,
    /// What node-exporter picks up.
    #[serde(default)]
    pub prometheus: Option<PrometheusSettings>,
}

/// OpenLineage: an event as a run begins and ends, and as each date of each collection does.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenLineageSettings {
    /// The namespace of the jobs `adg.MODULE` and `adg.MODULE.COLLECTION`.
    #[serde(default = "namespace")]
    pub namespace: String,
    /// Where events go.
    pub to: LineageDestination,
}

/// Where events go.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LineageDestination {
    /// A service such as Marquez or DataHub.
    Http(LineageServer),
    /// A file, a line of JSON each.
    File(LineageFile),
}

/// A service that takes events.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineageServer {
    /// Its address.
    pub url: SecretText,
    /// The path below it.
    #[serde(default = "endpoint")]
    pub endpoint: String,
    /// With which adg is known there. None: with nothing.
    #[serde(default)]
    pub api_key: Option<SecretText>,
}

/// A file that events are added to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineageFile {
    /// Its path; a relative one is below the folder of `adg.yaml`.
    pub path: PathBuf,
}

/// The folder of node-exporter's textfile collector.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrometheusSettings {
    /// Where `adg_MODULE.prom` is written as a run ends; a relative one is below the folder of `adg.yaml`.
    pub folder: PathBuf,
}

/// Where nobody names one.
pub(super) fn namespace() -> String {
    "adg".to_owned()
}

/// Where the services that take events have it.
pub(super) fn endpoint() -> String {
    "api/v1/lineage".to_owned()
}
