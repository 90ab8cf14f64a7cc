//! Format of a module's source files, from its settings.

use crate::config::{CsvSettings, JsonSettings, Module};
use crate::schema::NewColumn;
use crate::schema::fit::{DateFormats, Formats, TimestampFormats};
use crate::source::{CsvFormat, Format, JsonFormat, Layout, Nulls, ValueRules};

use super::module::wrong;
use crate::jobs::run::JobError;

/// Returns the format of the module's source files.
pub(crate) fn format(module: &Module) -> Result<Format, JobError> {
    match (&module.source.csv, &module.source.json) {
        (Some(_), Some(_)) => Err(wrong(module, "source", "it has both `csv` and `json`; a module's files are of one format")),
        (csv, None) => csv_format(module, csv.as_ref().unwrap_or(&CsvSettings::default())).map(Format::Csv),
        (None, Some(json)) => json_format(module, json).map(Format::Json),
    }
}

fn csv_format(module: &Module, settings: &CsvSettings) -> Result<CsvFormat, JobError> {
    let CsvSettings { delimiter, encoding, null_values, keep_quoted_empty, date_formats, timestamp_formats } = settings;
    let refused = format!("`{delimiter}` is not one ASCII character beside quotes and line ends");
    let delimiter = u8::try_from(*delimiter)
        .ok()
        .filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte))
        .ok_or_else(|| wrong(module, "source.csv.delimiter", refused))?;
    let formats = formats(module, "csv", date_formats, timestamp_formats)?;
    let values = ValueRules { nested_in_text: true, ..values(module, Nulls::new(null_values, *keep_quoted_empty), formats) };
    Ok(CsvFormat { delimiter, encoding: *encoding, values })
}

fn json_format(module: &Module, settings: &JsonSettings) -> Result<JsonFormat, JobError> {
    let JsonSettings { records, fields, encoding, null_values, date_formats, timestamp_formats } = settings;
    let path = |what: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => {
            let names: Vec<String> = text.split('.').map(str::to_owned).collect();
            let refused = || wrong(module, &format!("source.json.{what}"), format!("`{text}` is no way of names and dots"));
            if names.iter().any(String::is_empty) { Err(refused()) } else { Ok(Some(names)) }
        }
    };
    let layout = Layout { records: path("records", records)?, kept: path("fields", fields)? };
    let inside = |outer: &[String], inner: &[String]| inner.starts_with(outer);
    if let (records, Some(kept)) = (layout.records.as_deref().unwrap_or_default(), &layout.kept)
        && (inside(records, kept) || inside(kept, records))
    {
        return Err(wrong(module, "source.json.fields", "the list of fields stands beside the records, not in them"));
    }
    let formats = formats(module, "json", date_formats, timestamp_formats)?;
    // Null has its own word; what stands in quotes is a text, an empty one too.
    let mut nulls = null_values.clone();
    nulls.push(String::new());
    Ok(JsonFormat { layout, encoding: *encoding, values: values(module, Nulls::new(&nulls, true), formats) })
}

fn formats(module: &Module, format: &str, dates: &[String], timestamps: &[String]) -> Result<Formats, JobError> {
    let refused = |what: &str, reason: String| wrong(module, &format!("source.{format}.{what}"), reason);
    Ok(Formats {
        dates: DateFormats::new(dates).map_err(|reason| refused("date_formats", reason))?,
        timestamps: TimestampFormats::new(timestamps).map_err(|reason| refused("timestamp_formats", reason))?,
    })
}

fn values(module: &Module, nulls: Nulls, formats: Formats) -> ValueRules {
    ValueRules {
        nulls,
        formats,
        nested_in_text: false,
        naming: module.column_names,
        ignore_new_members: module.evolution.new_column == NewColumn::Ignore,
    }
}
