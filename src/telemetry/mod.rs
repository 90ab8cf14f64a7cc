//! Telling machines: which data came of which (OpenLineage), how long what took and how many rows there were (OTLP, Prometheus). What
//! can't be told is logged, and breaks nothing.

pub mod lineage;
mod measures;
pub mod otlp;
mod prometheus;
mod settings;

pub use measures::{Measure, measures};
pub use prometheus::{PrometheusError, write_prometheus};
pub use settings::{LineageDestination, LineageFile, LineageServer, OpenLineageSettings, PrometheusSettings, TelemetrySettings};
