//! Telemetry for other systems: data lineage (OpenLineage), durations and numbers of rows (OTLP, Prometheus). A failed export is
//! logged and does not fail the run.

pub mod lineage;
mod measures;
pub mod otlp;
mod prometheus;
mod settings;
mod variables;

pub use measures::{Measure, measures};
pub use prometheus::{PrometheusError, write_prometheus};
pub use settings::{LineageDestination, LineageFile, LineageServer, OpenLineageSettings, PrometheusSettings, TelemetrySettings};
use variables::said;
