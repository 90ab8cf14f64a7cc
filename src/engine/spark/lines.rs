//! The lines of a CSV file as a cluster reads them, and their fields, in Spark's SQL.
//!
//! Spark's own reader of CSV has other ideas of quotes, of rows that are too long or too short, and of what is null. So it is asked
//! for lines only. A line whose fields are written whole in it is a record, as in [`crate::source`], as long as all lines before it in
//! its file are. A file with a line that is not so is read by adg.

use super::sql;

/// Longer lines, and lines with more doubled quotes than these, are left to adg where they have quotes: regular expressions of Java go
/// as deep as a line is quoted.
const LONGEST: usize = 1 << 20;
const MOST_QUOTES: usize = 500;

/// What is no text in UTF-8, as all regular expressions see it.
const UNKNOWN: &str = r"\x{FFFD}";

/// A file.
pub(super) struct Lines {
    /// The view that has its lines.
    view: String,
    header: String,
    delimiter: u8,
}

/// What its lines are like. What none of them has is not asked of each of them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// Some have quotes.
    pub(super) quoted: bool,
    /// Some end with a return.
    pub(super) returns: bool,
    /// Some have a return elsewhere, or bytes that are no text. Those are for adg.
    pub(super) unclear: bool,
}

impl Lines {
    /// Of the file whose lines the view has.
    pub(super) fn new(view: &str, header: &str, delimiter: u8) -> Self {
        Self { view: view.to_owned(), header: header.to_owned(), delimiter }
    }

    /// One row of counts: of lines, of those that are the header, that are no whole record, that have quotes, that end with a return,
    /// and that are unclear. The file's number comes first.
    pub(super) fn survey(&self, number: usize) -> String {
        let Self { view, .. } = self;
        let count = |what: &str| format!("sum(CASE WHEN {what} THEN 1 ELSE 0 END)");
        let too_long = format!(
            "octet_length(v) > {} AND (octet_length(v) > {LONGEST} OR length(v) - length(replace(v, '\"\"', '')) > {})",
            2 * MOST_QUOTES,
            2 * MOST_QUOTES,
        );
        let unknown = format!("v RLIKE {}", sql::pattern(UNKNOWN));
        // A question mark stands for what is no text, lest it hide what quotes do.
        let plain = format!("regexp_replace(v, {}, '?')", sql::pattern(UNKNOWN));
        let whole = format!(
            "CASE WHEN too_long THEN FALSE WHEN quoted THEN {} ELSE NOT {unknown} END AND NOT contains(v, '\u{FFFD}')",
            self.is_whole("v")
        );
        let broken = format!("NOT whole AND quoted AND (too_long OR NOT {})", self.is_whole(&plain));
        let unclear = format!("{} OR (NOT whole AND {unknown})", stray_return());
        format!(
            "SELECT '{number}' AS file, count(*) AS lines, {} AS headers, {} AS broken, {} AS quoted, {} AS returns, {} AS unclear \
             FROM (SELECT value, v, quoted, too_long, {whole} AS whole FROM (\
             SELECT value, v, quoted, quoted AND {too_long} AS too_long FROM (\
             SELECT value, v, contains(v, '\"') AS quoted FROM (SELECT value, {} AS v FROM {view} WHERE {NOT_EMPTY}))))",
            count(&self.is_header()),
            count(&broken),
            count("quoted"),
            count("endswith(value, '\\r')"),
            count(&unclear),
            text(true),
        )
    }

    /// Each record: its fields `p` as they are written, and whether it is `unclear`; its line as it is, `raw`, where that is asked for.
    pub(super) fn fields(&self, look: Look, with_raw: bool) -> String {
        let Self { view, .. } = self;
        let raw = if with_raw { "value AS raw, " } else { "" };
        let unclear = match look.unclear {
            true => format!("{} OR v RLIKE {}", stray_return(), sql::pattern(UNKNOWN)),
            false => "FALSE".to_owned(),
        };
        format!(
            "SELECT {raw}{} AS p, {unclear} AS unclear FROM (SELECT value, {} AS v FROM {view} WHERE {NOT_EMPTY}) WHERE NOT {}",
            self.split("v", look.quoted),
            text(look.returns),
            self.is_header(),
        )
    }

    /// Hadoop leaves a byte order mark out, others don't.
    fn is_header(&self) -> String {
        sql::is_one_of("v", [self.header.clone(), format!("\u{FEFF}{}", self.header)].into_iter())
    }

    /// The fields of a text as they are written.
    fn split(&self, v: &str, quoted: bool) -> String {
        let split = format!("split({v}, {}, -1)", sql::pattern(&self.between()));
        match quoted {
            true => format!("CASE WHEN contains({v}, '\"') THEN {} ELSE {split} END", self.extract(v)),
            false => split,
        }
    }

    fn extract(&self, v: &str) -> String {
        let d = self.between();
        let field = sql::pattern(&format!("{d}(\"[^\"]*(?:\"\"[^\"]*)*\"|[^\"{d}][^{d}]*|)"));
        format!("regexp_extract_all(concat({}, {v}), {field}, 1)", self.delimiter())
    }

    /// Whether the fields of a text with quotes are all of it.
    fn is_whole(&self, v: &str) -> String {
        format!("array_join({}, {}) = {v}", self.extract(v), self.delimiter())
    }

    fn delimiter(&self) -> String {
        sql::text(&char::from(self.delimiter).to_string())
    }

    fn between(&self) -> String {
        format!("\\x{{{:02X}}}", self.delimiter)
    }
}

/// An empty line is no record.
const NOT_EMPTY: &str = "value NOT IN ('', '\\r')";

/// A line without its end.
fn text(returns: bool) -> &'static str {
    if returns { "CASE WHEN endswith(value, '\\r') THEN rtrim('\\r', value) ELSE value END" } else { "value" }
}

/// Whether there is a return that is not a line's end.
fn stray_return() -> &'static str {
    "contains(v, '\\r') OR (v <> value AND concat(v, '\\r') <> value)"
}
