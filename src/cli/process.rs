//! The process of a command: its start, its exit code and its error message.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode as ProcessExit;

use crate::identity::{ErrorKind, Explain};
use crate::jobs::JobError;
use crate::report::{ExitCode, Failure, shown};
use crate::telemetry::otlp::{Otlp, OtlpError};

use super::args::Cli;
use super::logging::LogFormat;
use super::{commands, environment, logging, output};

/// Runs the command line of this process to its end.
pub fn main() -> ProcessExit {
    let cli = match Cli::from_process() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors.
            let code = if error.use_stderr() { ErrorKind::Usage.into() } else { ExitCode::Done };
            let _ = error.print();
            return ProcessExit::from(code.number());
        }
    };
    let format = LogFormat::choose(cli.log_format);
    let otlp = Otlp::by_variables(&environment::env);
    logging::start(format, otlp.as_ref().ok().and_then(Option::as_ref));
    let otlp = otlp.unwrap_or_else(|error| untold(&error));
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| commands::run(cli, format, otlp.as_ref())));
    let stopped = |_| Err(JobError::Bug("adg stopped at a place that it should never reach; the log says where".into()));
    let code = result.unwrap_or_else(stopped).unwrap_or_else(|error| {
        tell(&error, format);
        error.kind().into()
    });
    if let Some(Err(error)) = otlp.map(Otlp::end) {
        untold::<()>(&error);
    }
    ProcessExit::from(code.number())
}

/// Logs a failure of telemetry, which fails no command.
fn untold<T>(error: &OtlpError) -> Option<T> {
    tracing::warn!(event = "telemetry_not_sent", %error, "could not send traces or metrics");
    None
}

/// Reports an error and its hint, as a log event or to a person.
fn tell(error: &JobError, format: LogFormat) {
    let Failure { exit_code, message, hint } = error.failure();
    match format {
        LogFormat::Json => tracing::error!(
            event = "failed",
            exit_code = exit_code.number(),
            error = message,
            hint = hint.as_deref().unwrap_or_default(),
            "the command failed"
        ),
        LogFormat::Human => {
            output::tell_person(&format!("error: {}", shown(&message)));
            if let Some(hint) = hint {
                output::tell_person(&format!("hint: {}", shown(&hint)));
            }
        }
    }
}
