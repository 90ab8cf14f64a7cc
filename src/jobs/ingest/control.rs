//! Control files: a file of the source beside a date's files, which tells their rows and bytes.

use std::io::Read;

use regex::Regex;

use crate::config::ControlSettings;
use crate::identity::ProcessingDate;
use crate::source::{SourceError, with_date};
use crate::store::StoreError;

use super::context::Context;
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
    pub(super) fn must_agree(&self, context: &Context<'_>, rows: Option<u64>, bytes: u64) -> Result<(), JobError> {
        let Some(settings) = &context.module.source.control else { return Ok(()) };
        for (what, pattern, found) in [("rows", &settings.rows, rows), ("bytes", &settings.bytes, Some(bytes))] {
            let (Some(pattern), Some(found)) = (pattern, found) else { continue };
            let told = number(&self.text, pattern, what)
                .map_err(|reason| wrong(context.module, &format!("source.control.{what}"), reason))?;
            match told {
                Some(told) if told == found => {}
                told => return Err(JobError::Control { key: self.key.clone(), what, told, found }),
            }
        }
        Ok(())
    }
}

/// Returns the number in a text: at a JSON Pointer such as `/counts/rows`, else in the first place of a pattern such as
/// `ROWS={rows}`; `*` matches anything within a line.
///
/// # Errors
/// The pattern does not have the token.
fn number(text: &str, pattern: &str, token: &str) -> Result<Option<u64>, String> {
    if pattern.starts_with('/') {
        let document: Option<serde_json::Value> = serde_json::from_str(text).ok();
        return Ok(document.and_then(|document| match document.pointer(pattern)? {
            serde_json::Value::String(text) => whole(text),
            // `12.0` is 12.
            value => value.as_u64().or_else(|| whole(value.to_string().trim_end_matches('0').strip_suffix('.')?)),
        }));
    }
    let token = format!("{{{token}}}");
    let Some((before, after)) = pattern.split_once(&token) else {
        return Err(format!("`{pattern}` has no `{token}`, and is no JSON Pointer"));
    };
    let literal = |text: &str| text.split('*').map(regex::escape).collect::<Vec<_>>().join(".*");
    // As much as stands there, if nothing is said of what follows: `12.5` is not 12.
    let greed = if after.is_empty() { "" } else { "?" };
    let regex = Regex::new(&format!("{}[ \t]*\"?([0-9][0-9.,'_]*{greed})\"?{}", literal(before), literal(after)));
    let regex = regex.map_err(|error| error.to_string())?;
    Ok(regex.captures(text).and_then(|found| whole(&found[1])))
}

/// Returns a whole number, with or without signs between its thousands: `1,234`.
fn whole(text: &str) -> Option<u64> {
    let text = text.trim().trim_end_matches([',', '.', '\'']);
    let mut groups = text.split([',', '.', '\'', '_']);
    let first = groups.next()?;
    let groups: Vec<&str> = groups.collect();
    let are_thousands = groups.is_empty() || first.len() <= 3 && groups.iter().all(|group| group.len() == 3);
    let digits = are_thousands.then(|| groups.concat())?;
    format!("{first}{digits}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_at_a_pointer_or_in_a_pattern() {
        let of = |text: &str, pattern: &str| number(text, pattern, "rows").unwrap();
        assert_eq!(of("{\"counts\": {\"rows\": 12}}", "/counts/rows"), Some(12));
        assert_eq!(of("[\"0012\"]", "/0"), Some(12));
        assert_eq!(of("file=orders\nROWS = 0012\n", "ROWS ={rows}"), Some(12));
        assert_eq!(of("orders.csv|2024-05-01|7|123", "orders.csv|*|{rows}|"), Some(7));
        assert_eq!(of("0", "{rows}"), Some(0));
        assert_eq!(
            (of("{\"rows\": 12.0}", "/rows"), of("{\"rows\": 12.5}", "/rows"), of("[\"1,234\"]", "/0")),
            (Some(12), None, Some(1234))
        );
        assert_eq!((of("ROWS=1,234.", "ROWS={rows}"), of("ROWS=12, BYTES=3", "ROWS={rows}")), (Some(1234), Some(12)));
        assert_eq!(
            (of("ROWS=12.5", "ROWS={rows}"), of("ROWS=-5", "ROWS={rows}"), of("12,345,x", "{rows},*")),
            (None, None, Some(12))
        );
        assert_eq!(of("ROWS=12345678901234567890123", "ROWS={rows}"), None);
        assert_eq!((of("{}", "/rows"), of("no json", "/rows"), of("rows: many", "rows: {rows}")), (None, None, None));
        assert!(number("", "ROWS=", "rows").is_err());
    }
}
