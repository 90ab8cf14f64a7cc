//! Control files: a file of the source beside a date's files, which tells their rows and bytes.

use std::io::Read;

use crate::config::ControlSettings;
use crate::identity::ProcessingDate;
use crate::source::{SourceError, SourceKey, with_date};
use crate::store::StoreError;

use super::context::Context;
use super::control_text::{Sum, checksum, number};
use super::module::Collection;
use super::wrong::wrong;
use crate::jobs::run::JobError;

/// Maximum bytes of a control file that are read.
const LONGEST: u64 = 1 << 20;

/// A date's control file.
pub(super) struct Control {
    /// Key of the file.
    pub(super) key: String,
    text: String,
}

/// Returns the key of a date's control file.
pub(super) fn key(settings: &ControlSettings, collection: &Collection, date: ProcessingDate) -> String {
    with_date(&settings.files, date).replace("{collection}", &collection.file_name)
}

impl Control {
    /// Reads a date's control file; none if the module has none, or if it is not there.
    ///
    /// # Errors
    /// The store fails.
    pub(super) fn read(context: &Context<'_>, collection: &Collection, date: ProcessingDate) -> Result<Option<Self>, JobError> {
        let Some(settings) = &context.module.source.control else { return Ok(None) };
        let key = key(settings, collection, date);
        let object = match context.source.head(&key) {
            Ok(object) => object,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut text = Vec::new();
        let read = context.source.open_object(&object)?.take(LONGEST).read_to_end(&mut text);
        read.map_err(|source| SourceError::Read { key: key.clone(), bytes: 0, source })?;
        let text = String::from_utf8_lossy(&text).trim_start_matches('\u{FEFF}').to_owned();
        Ok(Some(Self { key, text }))
    }

    /// Compares what the file tells with what was read; not the rows if they are not records.
    ///
    /// # Errors
    /// A number differs, or is not there; a pattern of the settings is wrong.
    pub(super) fn must_agree(
        &self,
        context: &Context<'_>,
        (rows, bytes): (Option<u64>, u64),
        sent_twice: Option<&String>,
    ) -> Result<(), JobError> {
        let Some(settings) = &context.module.source.control else { return Ok(()) };
        for (what, pattern, found) in [("rows", &settings.rows, rows), ("bytes", &settings.bytes, Some(bytes))] {
            let (Some(pattern), Some(found)) = (pattern, found) else { continue };
            let told =
                number(&self.text, pattern, &format!("{{{what}}}")).map_err(|reason| self.wrong(context, what, &reason))?;
            match told {
                Some(told) if told == found => {}
                told => {
                    return Err(JobError::Control { key: self.key.clone(), what, told, found, sent_twice: sent_twice.cloned() });
                }
            }
        }
        Ok(())
    }

    /// Returns the error of a setting that does not fit this file.
    fn wrong(&self, context: &Context<'_>, what: &str, reason: &str) -> JobError {
        wrong(context.module, &format!("source.control.{what}"), format!("{reason} (control file `{}`)", self.key))
    }

    /// Compares the checksums that the file tells with those of the files, each of which is read once more.
    ///
    /// # Errors
    /// A checksum differs, or is not there; the pattern of the settings is wrong; the store fails.
    pub(super) fn must_have_checksums(&self, context: &Context<'_>, files: &[SourceKey]) -> Result<(), JobError> {
        let Some(pattern) = context.module.source.control.as_ref().and_then(|settings| settings.checksum.as_ref()) else {
            return Ok(());
        };
        let wrong = |reason: String| self.wrong(context, "checksum", &reason);
        if files.len() > 1 && !pattern.contains("{file}") {
            return Err(wrong(format!("the date has {} files, and `{pattern}` has no `{{file}}`", files.len())));
        }
        for file in files {
            context.stop.check()?;
            let object = &file.object;
            let name = object.key.rsplit('/').next().unwrap_or(&object.key);
            let told = checksum(&self.text, pattern, name).map_err(wrong)?;
            let sum = told.as_ref().map_or(Sum::Sha256, |(sum, _)| *sum);
            let read = sum.of(context.source.open_object(object)?);
            let found = read.map_err(|source| SourceError::Read { key: object.key.clone(), bytes: 0, source })?;
            let told = told.map(|(_, hex)| hex);
            if told.as_ref() != Some(&found) {
                return Err(JobError::ControlChecksum { key: self.key.clone(), file: object.key.clone(), told, found });
            }
        }
        Ok(())
    }
}
