//! Messages on standard error: for a person, or as JSON lines.

use std::io::{self, IsTerminal, Stderr, Write};

use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::args::LogFormatArg;
use crate::jobs::DATES;
use crate::report::{is_harmful, shown_in_a_line};
use crate::telemetry::otlp::Otlp;

/// Format of log messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogFormat {
    Human,
    Json,
}

impl LogFormat {
    pub(super) fn choose(asked: LogFormatArg) -> Self {
        match asked {
            LogFormatArg::Human => Self::Human,
            LogFormatArg::Auto if io::stderr().is_terminal() => Self::Human,
            LogFormatArg::Json | LogFormatArg::Auto => Self::Json,
        }
    }
}

/// Logs panics like other messages, with their location. A panic is a bug.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let error = panic.payload_as_str().unwrap_or("a panic without a message");
        tracing::error!(event = "panic", place, error, "adg panicked, which is a bug");
    }));
}

/// Returns a formatter of fields that is safe for terminals: names of a source's files are among the fields.
fn harmless_fields() -> impl for<'w> FormatFields<'w> {
    let fields = debug_fn(|writer, field, value| {
        let value = shown_in_a_line(&format!("{value:?}"));
        match field.name() {
            "message" => write!(writer, "{value}"),
            name => write!(writer, "{name}={value}"),
        }
    });
    fields.delimited(" ")
}

/// A writer of JSON lines that escapes characters on which a terminal would act: JSON requires this of the first 32 only.
struct JsonEscapes(Stderr);

impl Write for JsonEscapes {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let mut text = String::with_capacity(lines.len());
        for c in String::from_utf8_lossy(lines).chars() {
            if c != '\n' && is_harmful(c) { text += &format!("\\u{:04x}", u32::from(c)) } else { text.push(c) }
        }
        self.0.write_all(text.as_bytes())?;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Starts logging, by the level in `ADG_LOG_LEVEL`, and tracing if `otlp` takes traces. A person gets warnings: progress and
/// the closing table show the rest.
pub(super) fn start(format: LogFormat, otlp: Option<&Otlp>) {
    let usual = match format {
        LogFormat::Human => "warn",
        LogFormat::Json => "info",
    };
    let asked = std::env::var("ADG_LOG_LEVEL").ok().filter(|level| !level.trim().is_empty());
    let level = asked.as_deref().unwrap_or(usual).to_lowercase();
    // Libraries' messages only where somebody asks for them by name. The client of the Hive Metastore logs each failed try as an
    // error; adg reports the last.
    let dates = match format {
        LogFormat::Human => format!(",{DATES}=off"),
        LogFormat::Json => String::new(),
    };
    let filter = EnvFilter::try_new(if level.contains('=') { level } else { format!("error,volo=off,adg={level}{dates}") });
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("error,adg=info"));
    log_panics();
    let lines = tracing_subscriber::fmt::layer().with_target(false).log_internal_errors(false);
    let lines = match format {
        LogFormat::Json => {
            let lines = lines.with_writer(|| JsonEscapes(io::stderr())).json().flatten_event(true);
            lines.with_current_span(false).with_span_list(false).boxed()
        }
        LogFormat::Human => {
            let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            lines.with_writer(io::stderr).fmt_fields(harmless_fields()).compact().with_ansi(colour).without_time().boxed()
        }
    };
    // Spans are for traces; lines say in themselves what they are about.
    #[allow(clippy::redundant_closure_for_method_calls, reason = "the method's own lifetime is too narrow here")]
    let lines = lines.with_filter(filter.and(filter_fn(|metadata| metadata.is_event())));
    tracing_subscriber::registry().with(lines).with(otlp.and_then(Otlp::layer)).init();
}
