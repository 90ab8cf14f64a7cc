//! Telemetry for other systems: data lineage (OpenLineage), durations and numbers of rows (OTLP, Prometheus). A failed export is
//! logged and does not fail the run.

pub mod lineage;
mod measures;
pub mod otlp;
mod prometheus;
mod settings;

/// Returns the trimmed value of a variable; none if it is blank.
fn said(variable: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

pub use measures::{Measure, measures};
pub use prometheus::{PrometheusError, write_prometheus};
pub use settings::{LineageDestination, LineageFile, LineageServer, OpenLineageSettings, PrometheusSettings, TelemetrySettings};
