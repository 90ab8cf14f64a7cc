//! Traces and metrics over OTLP, if its standard variables enable them:
//! <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>.

use std::collections::HashMap;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::runtime;

use super::{Measure, said};

/// Maximum wait at the end of the program for the last export.
const PATIENCE: Duration = Duration::from_secs(10);

/// A reader of environment variables. A blank value counts as none.
type Variable<'v> = &'v dyn Fn(&str) -> Option<String>;

/// An error of the OTLP export.
#[derive(Debug, thiserror::Error)]
pub enum OtlpError {
    /// A variable has an unsupported value.
    #[error("{variable}={value}: {reason}")]
    Variable {
        /// Name of the variable.
        variable: &'static str,
        /// Value of the variable.
        value: String,
        /// Reason why the value is unsupported.
        reason: String,
    },
    /// The exporters could not be created, or an export failed.
    #[error("traces and metrics can't be sent: {0}")]
    Exporter(String),
}

/// The exporters of traces and metrics, each if it is enabled.
pub struct Otlp {
    tracers: Option<SdkTracerProvider>,
    meters: Option<SdkMeterProvider>,
}

impl Otlp {
    /// Creates the exporters from the variables; none if these name no endpoint or disable the export.
    ///
    /// # Errors
    /// A variable requests an unsupported protocol or has an invalid address.
    pub fn by_variables(variable: Variable<'_>) -> Result<Option<Self>, OtlpError> {
        let said = |name: &str| said(variable, name);
        if said("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let is_wanted = |signal: &str| {
            let endpoint = format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
            let has_endpoint = said("OTEL_EXPORTER_OTLP_ENDPOINT").is_some() || said(&endpoint).is_some();
            // Without an endpoint nobody listens: the standard's default would be a service on this machine.
            has_endpoint
                && said(&format!("OTEL_{signal}_EXPORTER")).is_none_or(|text| text.split(',').any(|one| one.trim() == "otlp"))
        };
        let (has_traces, has_metrics) = (is_wanted("TRACES"), is_wanted("METRICS"));
        if !has_traces && !has_metrics {
            return Ok(None);
        }
        let resource = resource(said("OTEL_SERVICE_NAME"));
        let client = Arc::new(Sender(client().map_err(|error| OtlpError::Exporter(error.to_string()))?));
        let tracers = if has_traces {
            Some(tracers(protocol(&said, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")?, &client, resource.clone())?)
        } else {
            None
        };
        let meters = if has_metrics {
            Some(meters(protocol(&said, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL")?, &client, resource)?)
        } else {
            None
        };
        Ok(Some(Self { tracers, meters }))
    }

    /// Returns the layer that exports the program's own spans; none if traces are off. Log lines are not exported, as they
    /// contain names of a source's files.
    pub fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(&self) -> Option<impl Layer<S> + use<S>> {
        let tracer = self.tracers.as_ref()?.tracer("adg");
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_target(false);
        Some(layer.with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("adg"))))
    }

    /// Records the measures.
    pub fn measure(&self, measures: &[Measure]) {
        let Some(meters) = &self.meters else { return };
        let meter = meters.meter("adg");
        for measure in measures {
            let labels: Vec<_> = measure.labels.iter().map(|(label, value)| KeyValue::new(*label, value.clone())).collect();
            let gauge = meter.f64_gauge(format!("adg.{}", measure.name)).with_unit(measure.unit).with_description(measure.help);
            gauge.build().record(measure.value, &labels);
        }
    }

    /// Sends the remaining traces and metrics, and waits for 10 seconds at most.
    ///
    /// # Errors
    /// An export failed, or has not ended by then.
    pub fn end(self) -> Result<(), OtlpError> {
        let (done, wait) = mpsc::channel();
        // The libraries' own limits are not kept by all that they wait for.
        std::thread::spawn(move || {
            let traces = self.tracers.map_or(Ok(()), |tracers| tracers.force_flush());
            let metrics = self.meters.map_or(Ok(()), |meters| meters.shutdown());
            let _ = done.send(traces.and(metrics).map_err(|error| error.to_string()));
        });
        let sent = wait.recv_timeout(PATIENCE).unwrap_or_else(|_| Err(format!("not taken within {} s", PATIENCE.as_secs())));
        sent.map_err(OtlpError::Exporter)
    }
}

/// Makes a span a child of the one that `TRACEPARENT` names, if set.
pub fn continue_trace(span: &Span, variable: Variable<'_>) {
    let named = [("traceparent", "TRACEPARENT"), ("tracestate", "TRACESTATE")];
    let carrier = named.into_iter().filter_map(|(key, name)| Some((key.to_owned(), said(variable, name)?)));
    let carrier: HashMap<String, String> = carrier.collect();
    if carrier.contains_key("traceparent") {
        // Fails only where nobody traces.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&carrier));
    }
}

/// Returns the attributes of the sender; values from variables take precedence.
fn resource(name: Option<String>) -> Resource {
    let own = [KeyValue::new("service.name", "adg"), KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))];
    let resource = Resource::builder_empty()
        .with_attributes(own)
        .with_detectors(&[Box::new(TelemetryResourceDetector), Box::new(EnvResourceDetector::new())]);
    match name {
        Some(name) => resource.with_service_name(name).build(),
        None => resource.build(),
    }
}

fn protocol(said: &impl Fn(&str) -> Option<String>, of_signal: &'static str) -> Result<Protocol, OtlpError> {
    let general = "OTEL_EXPORTER_OTLP_PROTOCOL";
    let found = [of_signal, general].into_iter().find_map(|variable| Some((variable, said(variable)?)));
    match found {
        None => Ok(Protocol::HttpBinary),
        Some((_, value)) if value == "http/protobuf" => Ok(Protocol::HttpBinary),
        Some((_, value)) if value == "http/json" => Ok(Protocol::HttpJson),
        Some((variable, value)) => {
            let reason = "adg sends http/protobuf or http/json; collectors take both on port 4318".to_owned();
            Err(OtlpError::Variable { variable, value, reason })
        }
    }
}

fn tracers(protocol: Protocol, client: &Arc<Sender>, resource: Resource) -> Result<SdkTracerProvider, OtlpError> {
    let client: Arc<dyn HttpClient> = client.clone();
    let exporter = SpanExporter::builder().with_http().with_protocol(protocol).with_shared_http_client(client).build();
    let exporter = exporter.map_err(|error| OtlpError::Exporter(error.to_string()))?;
    Ok(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())
}

fn meters(protocol: Protocol, client: &Arc<Sender>, resource: Resource) -> Result<SdkMeterProvider, OtlpError> {
    let client: Arc<dyn HttpClient> = client.clone();
    let exporter = MetricExporter::builder().with_http().with_protocol(protocol).with_shared_http_client(client).build();
    let exporter = exporter.map_err(|error| OtlpError::Exporter(error.to_string()))?;
    // What is measured is known in the end only.
    let reader = PeriodicReader::builder(exporter).with_interval(Duration::from_secs(u32::MAX.into())).build();
    Ok(SdkMeterProvider::builder().with_resource(resource).with_reader(reader).build())
}

fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()
}

/// An HTTP client on the program's own runtime: exporters send from threads that have no runtime.
#[derive(Debug)]
struct Sender(reqwest::Client);

impl HttpClient for Sender {
    fn send_bytes<'s, 'f>(&'s self, request: http::Request<Bytes>) -> BoxFuture<'f, Result<http::Response<Bytes>, HttpError>>
    where
        's: 'f,
        Self: 'f,
    {
        let client = self.0.clone();
        async move {
            let request = reqwest::Request::try_from(request)?;
            let sent = runtime::shared()?.spawn(async move {
                let response = client.execute(request).await?;
                let (status, headers) = (response.status(), response.headers().clone());
                let mut answer = http::Response::new(response.bytes().await?);
                (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
                Ok::<_, reqwest::Error>(answer)
            });
            Ok(sent.await??)
        }
        .boxed()
    }
}
