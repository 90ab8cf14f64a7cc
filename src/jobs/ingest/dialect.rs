//! The dialect of a module's CSV files, from its settings.

use crate::config::{CsvSettings, LongRows, Module, ShortRows};
use crate::source::{Dialect, Escape, LineEnds, LongRecords, Sequences, Trailer};

use super::wrong::wrong;
use crate::jobs::run::JobError;

/// Returns the dialect of the module's files. `nulls`: texts that mean null.
pub(super) fn dialect(module: &Module, settings: &CsvSettings, nulls: &[String]) -> Result<Dialect, JobError> {
    let mut dialect = settings.dialect.dialect();
    let refused = |what: &str, reason: String| wrong(module, &format!("source.csv.{what}"), reason);
    if let Some(quote) = &settings.quote {
        dialect.quote = quoting(quote).map_err(|reason| refused("quote", reason))?;
    }
    if let Some(escape) = &settings.escape {
        dialect.escape = escaping(escape, &dialect).map_err(|reason| refused("escape", reason))?;
        dialect.doubled_quotes = dialect.quote.is_some();
    }
    if let Some(escape) = &mut dialect.escape {
        escape.outside_quotes = settings.escape_unquoted.unwrap_or(escape.outside_quotes);
        let is_python = settings.escape.is_some() && dialect.quote.is_none();
        escape.quote = is_python.then_some(b'"');
        escape.nulls = nulls.iter().map(|word| word.clone().into_bytes()).filter(|word| word.contains(&escape.byte)).collect();
    }
    if let Some(delimiter) = &settings.delimiter {
        refuse_words(delimiter).map_err(|reason| refused("delimiter", reason))?;
        dialect.delimiter = delimiter.clone().into_bytes();
    }
    if let Some(line_end) = &settings.line_end {
        dialect.line_ends = line_ends(line_end).map_err(|reason| refused("line_end", reason))?;
    }
    dialect.sep_line = settings.sep_line.unwrap_or(dialect.sep_line);
    dialect.trim = settings.trim;
    dialect.skip_lines = settings.skip_lines.into();
    dialect.comment = settings.comment.clone().filter(|comment| !comment.is_empty()).map(String::into_bytes);
    dialect.footer_lines = settings.footer_lines as usize;
    if let Some(trailer) = &settings.trailer {
        dialect.trailer = Some(Trailer::new(&trailer.pattern).map_err(|reason| refused("trailer.pattern", reason))?);
    }
    set_widths(&mut dialect, settings);
    check(&dialect).map_err(|(what, reason)| refused(what, reason))?;
    Ok(dialect)
}

fn set_widths(dialect: &mut Dialect, settings: &CsvSettings) {
    if let Some(short) = settings.short_rows {
        dialect.widths.fill_short = short == ShortRows::NullFill;
    }
    if let Some(long) = settings.long_rows {
        dialect.widths.long = match long {
            LongRows::Quarantine => LongRecords::SetAside,
            LongRows::DropExtra => LongRecords::DropExtra,
            LongRows::KeepExtra => LongRecords::KeepExtra,
        };
    }
    dialect.widths.trailing_delimiter = settings.trailing_delimiter;
}

/// Refuses names and escapes of characters, which are texts of several characters.
fn refuse_words(text: &str) -> Result<(), String> {
    let escape = text.strip_prefix('\\').filter(|rest| rest.starts_with(['t', 'x', 'u', '0']));
    let meant = match (escape, text.to_lowercase().as_str()) {
        (Some(_), _) => text,
        (_, "tab") => r"\t",
        (_, "comma") => ",",
        (_, "semicolon") => ";",
        (_, "pipe") => "|",
        (_, "space") => " ",
        _ => return Ok(()),
    };
    Err(format!("`{text}` is a text of {} characters; write `\"{meant}\"`, in double quotes", text.chars().count()))
}

/// Returns the quote that a setting means.
fn quoting(text: &str) -> Result<Option<u8>, String> {
    if text == "none" { Ok(None) } else { one_character(text).map(Some) }
}

/// Returns the escape that a setting means: none if quotes are doubled.
fn escaping(text: &str, dialect: &Dialect) -> Result<Option<Escape>, String> {
    if text == "doubled" {
        return Ok(None);
    }
    let byte = one_character(text)?;
    let of_dialect = dialect.escape.clone();
    let new =
        Escape { byte, outside_quotes: dialect.quote.is_none(), sequences: Sequences::Literal, quote: None, nulls: Vec::new() };
    Ok(Some(Escape { byte, ..of_dialect.unwrap_or(new) }).filter(|_| dialect.quote != Some(byte)))
}

fn one_character(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !b"\r\n".contains(byte) => Ok(*byte),
        _ => Err(format!("`{text}` is not one ASCII character")),
    }
}

fn line_ends(text: &str) -> Result<Option<LineEnds>, String> {
    Ok(Some(match text {
        "detect" => return Ok(None),
        "lf" => LineEnds::Exactly(b"\n".to_vec()),
        "crlf" => LineEnds::Exactly(b"\r\n".to_vec()),
        "cr" => LineEnds::Exactly(b"\r".to_vec()),
        "" => return Err("it is empty".to_owned()),
        other => LineEnds::Exactly(other.as_bytes().to_vec()),
    }))
}

/// Refuses characters of two meanings. Returns the setting and the reason.
fn check(dialect: &Dialect) -> Result<(), (&'static str, String)> {
    let delimiter = String::from_utf8_lossy(&dialect.delimiter).into_owned();
    let escape = dialect.escape.as_ref().map(|escape| escape.byte);
    let line_end = match &dialect.line_ends {
        Some(LineEnds::Exactly(bytes)) => bytes.clone(),
        _ => b"\r\n".to_vec(),
    };
    let first = dialect.delimiter.first().copied();
    let clash = |byte: Option<u8>| byte.is_some_and(|byte| dialect.delimiter.contains(&byte));
    if first.is_none() {
        return Err(("delimiter", "it is empty".to_owned()));
    }
    if clash(dialect.quote) || clash(escape) {
        return Err(("delimiter", format!("`{delimiter}` has the quote or the escape character")));
    }
    if first == line_end.first().copied() || dialect.delimiter.iter().any(|byte| b"\r\n".contains(byte)) {
        return Err(("delimiter", format!("`{}` begins as a line end does", delimiter.escape_default())));
    }
    if dialect.quote.is_some() && dialect.quote == escape {
        return Err(("escape", "it is the quote; write `doubled`".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::DialectName;

    fn of(csv: &str) -> Result<Dialect, String> {
        let yaml = format!("version: 1\nmodule: m\nsource: {{ files: f, csv: {csv} }}\ntarget: {{ database: d }}");
        let module: Module = serde_saphyr::from_str(&yaml).map_err(|error| error.to_string())?;
        let settings = module.source.csv.clone().unwrap();
        dialect(&module, &settings, &["NULL".to_owned(), r"\N".to_owned()]).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_change_the_dialect() {
        assert_eq!(of("{}").unwrap(), Dialect::default());
        let piped = of(r#"{ delimiter: "||", quote: "'", escape: "\\", trim: true }"#).unwrap();
        assert_eq!((piped.delimiter.as_slice(), piped.quote, piped.trim), (&b"||"[..], Some(b'\''), true));
        let escape = piped.escape.unwrap();
        assert_eq!((escape.byte, escape.outside_quotes, escape.nulls), (b'\\', false, vec![br"\N".to_vec()]));
        assert!(of("{ quote: none, escape: \"^\" }").unwrap().escape.unwrap().outside_quotes);
        assert_eq!(of("{ dialect: mysql, escape: \"#\" }").unwrap().escape.unwrap().sequences, Sequences::Mysql);
        assert_eq!(
            of("{ dialect: spark, escape: doubled }").unwrap(),
            Dialect { widths: DialectName::Spark.dialect().widths, blank_lines: true, ..Dialect::default() }
        );
    }

    #[test]
    fn a_character_has_one_meaning() {
        for (csv, reason) in [
            ("{ delimiter: \"\" }", "source.csv.delimiter"),
            ("{ delimiter: '\"' }", "the quote or the escape"),
            ("{ delimiter: \"\\n\" }", "begins as a line end"),
            ("{ delimiter: \"\\r|\" }", "begins as a line end"),
            ("{ delimiter: '\\t' }", r#"write `"\t"`, in double quotes"#),
            ("{ delimiter: '\\x01' }", r#"write `"\x01"`, in double quotes"#),
            ("{ delimiter: tab }", r#"write `"\t"`, in double quotes"#),
            ("{ quote: \"''\" }", "is not one ASCII character"),
            ("{ escape: é }", "is not one ASCII character"),
            ("{ line_end: \"\" }", "source.csv.line_end"),
        ] {
            let error = of(csv).unwrap_err();
            assert!(error.contains(reason), "{csv}: {error}");
        }
    }
}
