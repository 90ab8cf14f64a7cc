//! Checks that must pass before a day is published.

use std::collections::BTreeMap;

use crate::catchup::Counts;
use crate::config::{Limits, Rate};
use crate::engine::FileCounts;
use crate::jobs::ingest::control::Control;
use crate::jobs::run::JobError;
use crate::lake::QuarantineFile;
use crate::schema::{Column, ColumnName, Evolution, SchemaRefused, TypeChange};
use crate::sink::Extent;
use crate::source::GIVEN_TWICE;

use super::attempt::Day;

impl Day<'_> {
    pub(super) fn count(&mut self, written: Extent, found: &FileCounts, quarantined: u64) -> Result<(), JobError> {
        let counts = Counts {
            rows_read: found.rows_read,
            rows_written: written.rows,
            rows_quarantined: quarantined,
            value_errors: found.value_errors.values().sum(),
            files: written.files,
            bytes: written.bytes,
        };
        self.attempt.counts = counts;
        self.report.counts = counts;
        self.report.value_errors_by_column =
            found.value_errors.iter().map(|(column, count)| (column.to_string(), *count)).collect();
        if counts.rows_read == 0 {
            let is_child = self.collection.is_child();
            let without_rows = || self.without_rows();
            let note = if is_child { self.files().without_items()? } else { without_rows() };
            self.report.notes.push(note);
        }
        Ok(())
    }

    fn without_rows(&self) -> String {
        let json = self.run.context.module.source.json.as_ref();
        match json.and_then(|json| json.records.as_ref()) {
            None => "the files have headers but no rows: the partition is empty".to_owned(),
            Some(path) => format!(
                "no document of the files has records at `{path}` (`source.json.records`): the partition is empty; is the path \
                 right?"
            ),
        }
    }

    /// Stores the quarantined records for a person to read, whether or not the day is published.
    pub(super) fn keep_quarantine(&mut self, quarantine: &mut QuarantineFile<'_>) -> Result<(), JobError> {
        if let Some(file) = quarantine.finish()? {
            let key = self.layout.quarantine_file(self.date, self.run.id);
            self.run.context.published.put_file(file, &key, &self.sink().tags())?;
            self.report.quarantine = Some(self.run.context.published.location(&key));
        }
        Ok(())
    }

    /// Promise 3: checks that the counts of the parser, the footers and the quarantine agree before anything is published.
    pub(super) fn reconcile(&self) -> Result<(), JobError> {
        let counts = &self.attempt.counts;
        if counts.rows_read == counts.rows_written + counts.rows_quarantined {
            return Ok(());
        }
        Err(JobError::Bug(format!(
            "{} rows were read, but {} written and {} quarantined; nothing was published",
            counts.rows_read, counts.rows_written, counts.rows_quarantined
        )))
    }

    /// Compares the records and bytes with the date's control file, if there is one.
    pub(super) fn check_control(&self) -> Result<(), JobError> {
        match Control::read(self.run.context, self.collection, self.date)? {
            Some(control) => {
                // It tells the records, of which a child table has the items.
                let rows = (!self.collection.is_child()).then_some(self.attempt.counts.rows_read);
                control.must_agree(self.run.context, (rows, self.bytes()), self.sent_twice.as_ref())?;
                control.must_have_checksums(self.run.context, &self.keys)
            }
            None => Ok(()),
        }
    }

    /// Refuses values in structs, arrays and maps that don't fit, if the module wants no type to change. Those of other columns
    /// are known before rows are written.
    pub(super) fn must_keep_types(&self, found: &FileCounts, evolution: &Evolution) -> Result<(), JobError> {
        let before = |name: &ColumnName| evolution.before.as_ref()?.type_of(name).filter(|ty| ty.is_nested()).cloned();
        let nested = found.value_errors.iter().filter(|(_, count)| **count > 0).map(|(name, _)| name);
        let changed: Vec<Column> = nested.filter_map(|name| Some(Column::new(name.clone(), before(name)?))).collect();
        if self.run.context.module.evolution.type_change != TypeChange::Fail || changed.is_empty() {
            return Ok(());
        }
        Err(JobError::Refused { table: self.collection.table.to_string(), source: SchemaRefused::TypeChanges(changed) })
    }

    pub(super) fn check_limits(
        &self,
        found: &FileCounts,
        quarantined: u64,
        reason: Option<&str>,
        evolution: &Evolution,
    ) -> Result<(), JobError> {
        let Limits { error_rate, quarantine_rate, .. } = self.run.context.module.limits;
        let counts = &self.attempt.counts;
        let quarantine = self.report.quarantine.as_deref().unwrap_or_default();
        let checks = [
            (quarantined, quarantine_rate, "are malformed", "quarantine_rate", format!("see {quarantine}")),
            (
                found.rows_with_errors,
                error_rate,
                "have invalid values",
                "error_rate",
                format!(
                    "compare values of the source with column types: {}{}",
                    worst(&found.value_errors),
                    self.type_hints(found, evolution)
                ),
            ),
        ];
        for (count, Rate(limit), what, key, look) in checks {
            #[allow(clippy::cast_precision_loss)] // A share needs no more digits than a double has.
            let rate = if counts.rows_read == 0 { 0.0 } else { count as f64 / counts.rows_read.max(count) as f64 };
            if rate > limit {
                let all_alike = reason.filter(|_| key == "quarantine_rate" && count >= counts.rows_read);
                let of_names =
                    || reason.filter(|reason| key == "quarantine_rate" && *reason == GIVEN_TWICE).map(|_| self.names_hint());
                let hint = match all_alike.and_then(common_hint).or_else(of_names) {
                    Some(hint) => format!("{look}; {hint}"),
                    None => format!("{look}; or raise `limits.{key}` in the module file"),
                };
                return Err(JobError::Limit { count, rows: counts.rows_read.max(count), what, rate, limit, hint });
            }
        }
        Ok(())
    }
}

/// Returns what to set where every record has the same flaw: none of them is at fault.
fn common_hint(reason: &str) -> Option<String> {
    let of_quotes = "set `source.csv.escape` in the module file if quotes in values are escaped otherwise than by doubling them, \
                     or `quote: none` if they are text (`adg sniff FILE` tells)";
    let of_encoding = "set `source.csv.encoding` in the module file (`adg sniff FILE` tells it)";
    width_hint(reason).or_else(|| match reason {
        _ if reason.contains("quote") => Some(of_quotes.to_owned()),
        _ if reason.contains("UTF-8") => Some(of_encoding.to_owned()),
        _ => None,
    })
}

/// Returns what to set where every record has another number of fields than the header: none of them is at fault.
fn width_hint(reason: &str) -> Option<String> {
    let (found, rest) = reason.split_once(" field")?;
    let wanted: usize = rest.rsplit_once("the header has ")?.1.parse().ok()?;
    let found: usize = found.parse().ok()?;
    Some(match found {
        _ if found == wanted + 1 => format!(
            "every record has {found} fields, and the header {wanted}: set `source.csv.trailing_delimiter` in the module file if \
             records end with a delimiter, or `long_rows`"
        ),
        _ if wanted == 1 => format!(
            "every record has {found} fields, and the header 1: set `source.csv.skip_lines` in the module file if the first line \
             is a title"
        ),
        _ if found < wanted => format!(
            "every record has {found} fields, and the header {wanted}: set `source.csv.short_rows: null_fill` in the module \
             file if fields at the end are left out, or compare `source.csv` with the files (`adg sniff FILE`)"
        ),
        _ => format!(
            "every record has {found} fields, and the header {wanted}: compare `source.csv` in the module file with the files \
             (`adg sniff FILE`)"
        ),
    })
}

/// Returns the columns with the most invalid values. Names and counts only: the values may be confidential.
fn worst(errors: &BTreeMap<ColumnName, u64>) -> String {
    let mut columns: Vec<_> = errors.iter().collect();
    columns.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    columns.iter().take(5).map(|(column, count)| format!("{column} ({count})")).collect::<Vec<_>>().join(", ")
}
