//! The lines of a CSV file as a cluster reads them, and their fields, in Spark's SQL.
//!
//! Spark's own CSV reader has other rules for quotes, for rows that are too long or too short, and for null. So it is asked for
//! lines only. A line that holds whole fields is a record, as in [`crate::source`], as long as all lines before it in its file
//! are. adg reads a file with any other line.

use super::sql;

/// Limits of lines with quotes: longer ones, and ones with more doubled quotes, are left to adg, since Java's regular expressions
/// recurse deeper with each quote.
const LONGEST: usize = 1 << 20;
const MOST_QUOTES: usize = 500;

/// The replacement character that all regular expressions see for bytes that are not UTF-8.
const UNKNOWN: &str = r"\x{FFFD}";

/// A file.
pub(super) struct Lines {
    /// The view of its lines.
    view: String,
    header: String,
    delimiter: u8,
}

/// Properties of a file's lines. A query does not check each line again for a property that none has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// True if some have quotes.
    pub(super) quoted: bool,
    /// True if some end with a return.
    pub(super) returns: bool,
    /// True if some have a return elsewhere, or bytes that are not text. Those are left to adg.
    pub(super) unclear: bool,
}

impl Lines {
    /// Creates it for the file whose lines the view has.
    pub(super) fn new(view: &str, header: &str, delimiter: u8) -> Self {
        Self { view: view.to_owned(), header: header.to_owned(), delimiter }
    }

    /// Returns a query for one row: the file's number, then the counts of lines, headers, lines that are not whole records, lines
    /// with quotes, lines that end with a return, and unclear lines.
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
            "SELECT '{number}' AS file, count(*) AS lines, {} AS headers, {} AS broken, {} AS quoted, {} AS returns, {} AS \
                unclear \
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

    /// Returns a query for each record: its fields `p` as they are written, the flag `unclear` and, if `with_raw`, its line
    /// unchanged as `raw`.
    pub(super) fn fields(&self, look: Look, with_raw: bool) -> String {
        let Self { view, .. } = self;
        let raw = if with_raw { "value AS raw, " } else { "" };
        let unclear =
            if look.unclear { format!("{} OR v RLIKE {}", stray_return(), sql::pattern(UNKNOWN)) } else { "FALSE".to_owned() };
        format!(
            "SELECT {raw}{} AS p, {unclear} AS unclear FROM (SELECT value, {} AS v FROM {view} WHERE {NOT_EMPTY}) WHERE NOT {}",
            self.split("v", look.quoted),
            text(look.returns),
            self.is_header(),
        )
    }

    /// Returns a condition for the header line. Hadoop drops a byte order mark, others don't.
    fn is_header(&self) -> String {
        sql::is_one_of("v", [self.header.clone(), format!("\u{FEFF}{}", self.header)].into_iter())
    }

    /// Returns an expression for the fields of a text as they are written.
    fn split(&self, v: &str, quoted: bool) -> String {
        let split = format!("split({v}, {}, -1)", sql::pattern(&self.between()));
        if quoted { format!("CASE WHEN contains({v}, '\"') THEN {} ELSE {split} END", self.extract(v)) } else { split }
    }

    fn extract(&self, v: &str) -> String {
        let d = self.between();
        let field = sql::pattern(&format!("{d}(\"[^\"]*(?:\"\"[^\"]*)*\"|[^\"{d}][^{d}]*|)"));
        format!("regexp_extract_all(concat({}, {v}), {field}, 1)", self.delimiter())
    }

    /// Returns a condition that the fields of a text with quotes are all of it.
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

/// Condition of a line that is not empty: an empty line is not a record.
const NOT_EMPTY: &str = "value NOT IN ('', '\\r')";

/// Returns an expression for a line without its end.
fn text(returns: bool) -> &'static str {
    if returns { "CASE WHEN endswith(value, '\\r') THEN rtrim('\\r', value) ELSE value END" } else { "value" }
}

/// Returns a condition that a line has a return that is not at its end.
fn stray_return() -> &'static str {
    "contains(v, '\\r') OR (v <> value AND concat(v, '\\r') <> value)"
}
