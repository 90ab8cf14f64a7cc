//! Metrics file for node-exporter's textfile collector:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::identity::ModuleName;

use super::Measure;
use super::measures::LAST_SUCCESS;

/// A failure to write the file.
#[derive(Debug, thiserror::Error)]
#[error("failed to write `{}`", path.display())]
pub struct PrometheusError {
    path: PathBuf,
    source: io::Error,
}

/// Writes a module's file atomically. If the run failed, the file keeps the time of the last success.
///
/// # Errors
/// The folder can't be created, or the file can't be written.
pub fn write_prometheus(folder: &Path, module: &ModuleName, measures: &[Measure]) -> Result<PathBuf, PrometheusError> {
    let path = folder.join(format!("adg_{module}.prom"));
    let write = || {
        std::fs::create_dir_all(folder)?;
        let mut text = text(measures);
        if !measures.iter().any(|measure| measure.name == LAST_SUCCESS) {
            text += &last_success(&path);
        }
        // Under another name until it is whole: whatever ends in `.prom` is read.
        let mut file = tempfile::Builder::new().prefix(".adg_").suffix(".new").tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        // Another user's program reads it.
        file.as_file().set_permissions(Permissions::from_mode(0o644))?;
        file.persist(&path)?;
        Ok(())
    };
    let written: io::Result<()> = write();
    written.map(|()| path.clone()).map_err(|source| PrometheusError { path, source })
}

/// Returns the lines on the last success from the file of an earlier run.
fn last_success(path: &Path) -> String {
    let name = format!("adg_{LAST_SUCCESS}_seconds");
    let earlier = std::fs::read_to_string(path).unwrap_or_default();
    let lines = earlier.lines().filter(|line| line.split([' ', '{']).any(|word| word == name));
    lines.map(|line| format!("{line}\n")).collect()
}

fn text(measures: &[Measure]) -> String {
    // All of one name stand together.
    let mut families: IndexMap<String, Vec<&Measure>> = IndexMap::new();
    for measure in measures {
        families.entry(measure.prometheus_name()).or_default().push(measure);
    }
    let mut text = String::new();
    for (name, samples) in families {
        let help = samples.first().map_or("", |measure| measure.help);
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
        for measure in samples {
            let labels = measure.labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value)));
            let _ = writeln!(text, "{name}{{{}}} {}", labels.collect::<Vec<_>>().join(","), measure.value);
        }
    }
    text
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
