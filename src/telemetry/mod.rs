//! Telling machines: which data came of which (OpenLineage), how long what took and how many rows there were (OTLP, Prometheus). What
//! can't be told is logged, and breaks nothing.

pub mod lineage;
mod measures;
pub mod otlp;
mod prometheus;
mod settings;

/// What a variable says; a blank one says nothing.
fn said(variable: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

pub use measures::{Measure, measures};
pub use prometheus::{PrometheusError, write_prometheus};
pub use settings::{LineageDestination, LineageFile, LineageServer, OpenLineageSettings, PrometheusSettings, TelemetrySettings};
