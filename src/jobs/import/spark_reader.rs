//! Options of a reader of CSV files in Spark as settings of `source.csv`.
//!
//! Spark's defaults are not adg's: columns by position under a schema, a backslash before quotes, short and long rows filled and
//! cut. <https://spark.apache.org/docs/latest/sql-data-sources-csv.html>

use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::schema::fit::TimestampFormats;

/// Settings of a module that reads files as a Spark reader does.
#[derive(Debug, Default, PartialEq)]
pub(super) struct SparkReader {
    /// Settings of `source.csv`.
    pub(super) csv: IndexMap<&'static str, Value>,
    /// `limits.quarantine_rate`, if the reader's mode says what becomes of malformed records.
    pub(super) quarantine_rate: Option<f64>,
    /// Options that have no setting, with what to do.
    pub(super) notes: Vec<String>,
}

/// Returns the settings for options written as `name=value`.
///
/// # Errors
/// An option is not written so.
pub(super) fn spark_reader(options: &[String]) -> Result<SparkReader, String> {
    let mut reader = SparkReader::default();
    let mut has_header = false;
    reader.set("dialect", json!("spark"));
    for option in options {
        let (name, value) = option.split_once('=').ok_or_else(|| format!("`{option}` is not written as name=value"))?;
        if name.eq_ignore_ascii_case("header") {
            has_header = is_true(value);
        } else {
            reader.take(name, value);
        }
    }
    if !has_header {
        reader.set("header", json!("none"));
    }
    Ok(reader)
}

fn is_true(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case("true")
}

impl SparkReader {
    fn set(&mut self, name: &'static str, value: Value) {
        self.csv.insert(name, value);
    }

    fn note(&mut self, name: &str, value: &str, what: &str) {
        self.notes.push(format!("{name}={value}: {what}"));
    }

    /// Takes an option. Spark does not tell its names apart by case.
    fn take(&mut self, name: &str, value: &str) {
        match name.to_ascii_lowercase().as_str() {
            "sep" | "delimiter" => self.set("delimiter", json!(unescaped(value))),
            "quote" if value.is_empty() => self.set("quote", json!("none")),
            "quote" => self.set("quote", json!(value)),
            "escape" if value == "\"" || value.is_empty() => self.set("escape", json!("doubled")),
            "escape" => self.set("escape", json!(value)),
            "comment" => self.set("comment", json!(value)),
            "nullvalue" | "emptyvalue" if value.is_empty() => {}
            // Only then does Spark tell `""` from a field without anything.
            "nullvalue" => {
                self.set("null_values", json!(["", value]));
                self.set("keep_quoted_empty", json!(true));
            }
            "encoding" | "charset" => self.set("encoding", json!(value.to_lowercase())),
            "linesep" => self.set("line_end", json!(value.replace("\\r", "\r").replace("\\n", "\n"))),
            "ignoreleadingwhitespace" | "ignoretrailingwhitespace" if is_true(value) => self.set("trim", json!(true)),
            "enforceschema" if !is_true(value) => self.set("header", json!("names")),
            "timezone" | "spark.sql.session.timezone" => self.set("time_zone", json!(value)),
            "dateformat" => self.take_format("date_formats", name, value),
            "timestampformat" | "timestampntzformat" => self.take_format("timestamp_formats", name, value),
            "mode" => self.take_mode(value),
            // What adg does anyway.
            "multiline"
            | "inferschema"
            | "enforceschema"
            | "ignoreleadingwhitespace"
            | "ignoretrailingwhitespace"
            | "maxcolumns"
            | "maxcharspercolumn"
            | "samplingratio"
            | "prefersdate"
            | "preferdate" => {}
            "columnnameofcorruptrecord" => self.note(name, value, "malformed records go to quarantine, with the reason"),
            "unescapedquotehandling" => self.note(name, value, "records with bad quoting go to quarantine"),
            _ => self.note(name, value, "adg has no such setting"),
        }
    }

    fn take_mode(&mut self, value: &str) {
        match value.to_ascii_uppercase().as_str() {
            "DROPMALFORMED" => self.quarantine_rate = Some(1.0),
            "FAILFAST" => {
                self.quarantine_rate = Some(0.0);
                self.set("short_rows", json!("quarantine"));
                self.set("long_rows", json!("quarantine"));
            }
            _ => {}
        }
    }

    fn take_format(&mut self, setting: &'static str, name: &str, value: &str) {
        match strptime(value) {
            Some(format) if TimestampFormats::new(std::slice::from_ref(&format)).is_ok() => self.set(setting, json!([format])),
            _ => self.note(name, value, &format!("write it in `{setting}`, in strptime notation")),
        }
    }
}

/// Returns a delimiter as Java and Spark write it: `\t`, `\u0001`.
fn unescaped(value: &str) -> String {
    let code = value.strip_prefix("\\u").and_then(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?));
    code.map_or_else(|| value.replace("\\t", "\t"), String::from)
}

/// Returns a pattern of Java in `strptime` notation; `None` if it has letters that have no such meaning.
fn strptime(pattern: &str) -> Option<String> {
    let mut format = String::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix('\'') {
            let end = quoted.find('\'')?;
            format.push_str(if end == 0 { "'" } else { &quoted[..end] });
            rest = &quoted[end + 1..];
            continue;
        }
        let length = rest.len() - rest.trim_start_matches(letter).len();
        let directive = match (letter, length / letter.len_utf8()) {
            ('y' | 'u', 4) => "%Y",
            ('y' | 'u', 2) => "%y",
            ('M' | 'L', 1 | 2) => "%m",
            ('M' | 'L', 3) => "%b",
            ('M' | 'L', 4) => "%B",
            ('d', 1 | 2) => "%d",
            ('D', 3) => "%j",
            ('E', 1..=3) => "%a",
            ('E', 4) => "%A",
            ('H', 1 | 2) => "%H",
            ('h', 1 | 2) => "%I",
            ('m', 1 | 2) => "%M",
            ('s', 1 | 2) => "%S",
            ('a', 1) => "%p",
            ('V', 2) => "%Q",
            ('X' | 'x', 3) => "%:z",
            ('X' | 'x' | 'Z', 1..=3) => "%z",
            ('.', 1) if rest[1..].starts_with('S') => {
                rest = rest[1..].trim_start_matches('S');
                format.push_str("%.f");
                continue;
            }
            ('[' | ']', _) => return None,
            (letter, _) if letter.is_ascii_alphabetic() => return None,
            ('%', _) => "%%",
            _ => {
                format.push_str(&rest[..length]);
                rest = &rest[length..];
                continue;
            }
        };
        format.push_str(directive);
        rest = &rest[length..];
    }
    Some(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &[&str]) -> (String, Vec<String>) {
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let reader = spark_reader(&options).unwrap();
        (serde_json::to_string(&reader.csv).unwrap(), reader.notes)
    }

    #[test]
    fn options_of_spark_are_settings() {
        for (options, csv) in [
            (&[][..], r#"{"dialect":"spark","header":"none"}"#),
            (&["header=true"], r#"{"dialect":"spark"}"#),
            (&["HEADER=True", "enforceSchema=false"], r#"{"dialect":"spark","header":"names"}"#),
            (&["header=true", "sep=\\t", "quote="], r#"{"dialect":"spark","delimiter":"\t","quote":"none"}"#),
            (&["header=true", "escape=\""], r#"{"dialect":"spark","escape":"doubled"}"#),
            (&["header=true", "nullValue=NA"], r#"{"dialect":"spark","null_values":["","NA"],"keep_quoted_empty":true}"#),
            (&["header=true", "multiLine=true", "inferSchema=true"], r#"{"dialect":"spark"}"#),
            (&["header=true", "dateFormat=dd/MM/yyyy"], r#"{"dialect":"spark","date_formats":["%d/%m/%Y"]}"#),
        ] {
            assert_eq!(read(options), (csv.to_owned(), Vec::new()), "{options:?}");
        }
        assert!(spark_reader(&["header".to_owned()]).unwrap_err().contains("name=value"));
        let fail = spark_reader(&["mode=FAILFAST".to_owned()]).unwrap();
        assert_eq!((fail.quarantine_rate, fail.csv.get("short_rows")), (Some(0.0), Some(&json!("quarantine"))));
        let (_, notes) = read(&["header=true", "locale=de-DE", "dateFormat=QQQ yyyy"]);
        assert_eq!(
            notes,
            ["locale=de-DE: adg has no such setting", "dateFormat=QQQ yyyy: write it in `date_formats`, in strptime notation"]
        );
    }

    #[test]
    fn patterns_of_java_are_written_for_strptime() {
        for (java, expected) in [
            ("yyyy-MM-dd HH:mm:ss", Some("%Y-%m-%d %H:%M:%S")),
            ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", Some("%Y-%m-%dT%H:%M:%S%.f%:z")),
            ("d.M.yy", Some("%d.%m.%y")),
            ("dd MMM yyyy hh:mm a", Some("%d %b %Y %I:%M %p")),
            ("yyyyDDD", Some("%Y%j")),
            ("yyyy 100%", Some("%Y 100%%")),
            ("yyyy[-MM]", None),
            ("G yyyy", None),
            ("yyyy 'year", None),
        ] {
            assert_eq!(strptime(java).as_deref(), expected, "{java}");
        }
    }
}
