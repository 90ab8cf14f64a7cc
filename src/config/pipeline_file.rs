//! Reader of pipeline files.

use std::path::{Path, PathBuf};

use super::pipeline::{Pipeline, PipelineSource};
use super::reference::ReferenceResolver;
use super::values::{check_version, display, read};
use super::{Config, ConfigError};

impl Config {
    /// Returns a pipeline from `pipelines/NAME.yaml` beside `adg.yaml`, with the texts of the files that it names.
    ///
    /// # Errors
    /// The pipeline does not exist, or a module has its name; its file, or one that it names, can't be read or is invalid; a
    /// variable or a secret that it refers to can't be read.
    pub fn pipeline(&self, name: &str, resolver: &dyn ReferenceResolver) -> Result<Pipeline, ConfigError> {
        let file = self.pipeline_file(name)?;
        let mut pipeline: Pipeline = self.job(&file, &read(&file)?, resolver)?;
        check_version(&file, pipeline.version)?;
        let wrong = |path: &str, reason: String| ConfigError::Invalid { file: display(&file), path: path.into(), reason };
        if pipeline.pipeline.as_str() != name {
            let reason = format!("the file is named after `{name}`, but is the pipeline `{}`", pipeline.pipeline);
            return Err(wrong("pipeline", reason));
        }
        if self.has_module(name) {
            // Ledger and leases know jobs by their names.
            return Err(wrong("pipeline", format!("there is a module `{name}` already; give the pipeline another name")));
        }
        self.read_statements(&file, &mut pipeline)?;
        Ok(pipeline)
    }

    fn pipeline_file(&self, name: &str) -> Result<PathBuf, ConfigError> {
        let folder = self.folder.join("pipelines");
        let files = ["yaml", "yml", "json"].map(|ending| folder.join(format!("{name}.{ending}")));
        if let Some(found) = files.iter().find(|file| file.exists()) {
            return Ok(found.clone());
        }
        let known = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let known = known.filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned()));
        let mut known: Vec<String> = known.collect();
        known.sort();
        let [file, ..] = files;
        Err(ConfigError::NoPipeline { pipeline: name.to_owned(), file: display(&file), known: known.join(", ") })
    }

    /// Reads the files with statements that a pipeline names.
    fn read_statements(&self, file: &Path, pipeline: &mut Pipeline) -> Result<(), ConfigError> {
        for (name, source) in &mut pipeline.sources {
            if let PipelineSource::Postgres(source) = source {
                self.read_statement(file, &format!("sources.{name}.postgres"), source.file.as_ref(), &mut source.query)?;
            }
        }
        for (name, transform) in &mut pipeline.transforms {
            self.read_statement(file, &format!("transforms.{name}"), transform.file.as_ref(), &mut transform.sql)?;
        }
        Ok(())
    }

    fn read_statement(
        &self,
        file: &Path,
        path: &str,
        named: Option<&PathBuf>,
        text: &mut Option<String>,
    ) -> Result<(), ConfigError> {
        let Some(named) = named else { return Ok(()) };
        let wrong = |reason: String| ConfigError::Invalid { file: display(file), path: format!("{path}.file"), reason };
        if text.is_some() {
            return Err(wrong("there is a statement beside it; write one of them".to_owned()));
        }
        let read = std::fs::read_to_string(self.path(named));
        let read = read.map_err(|error| wrong(format!("`{}`, from the folder of adg.yaml: {error}", named.display())))?;
        // Editors of Windows begin a file so.
        let read = read.trim_start_matches('\u{feff}');
        if read.trim().is_empty() {
            return Err(wrong(format!("`{}` is empty", named.display())));
        }
        *text = Some(read.to_owned());
        Ok(())
    }
}
