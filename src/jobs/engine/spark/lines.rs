//! A CSV file as a cluster reads it: its lines, their fields, each judged, in Spark's SQL.
//!
//! Spark's own reader of CSV has other ideas of quotes, of rows that are too long or too short, and of what is null. So it is asked
//! for lines only. A line whose fields are written whole in it is a record, as in [`crate::source`], as long as all lines before it in
//! its file are. A file with a line that is not so is read by adg.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::jobs::engine::FilePlan;
use crate::schema::{ColumnName, ColumnType, ERROR_DESC, ROW_HASH_ID, TableSchema};
use crate::source::{ColumnPlan, HashVersion, RowHash, ValueRules};

use super::sql;
use super::values::{DOUBTFUL, FITS, Judgement, MISFIT, judge};

/// Longer lines, and lines with more doubled quotes than these, are left to adg: regular expressions of Java go as deep as a line is
/// quoted.
const LONGEST: usize = 1 << 20;
const MOST_QUOTES: usize = 500;

/// White space as [`u8::is_ascii_whitespace`] has it.
const SPACE: &str = "' \\t\\n\\u000C\\r'";

/// The statements of one file.
pub(super) struct FileQuery {
    /// Each line that is not empty, judged: `raw` as it is, `v` without its end and as text, `broken`, `odd`, and for each field `i` that is needed its
    /// text `t{i}`, for each column `i` of the plan its value `c{i}` and verdict `s{i}`, for each hashed field `i` its text `h{i}`.
    judged: String,
    /// Whether a line is the first one.
    is_header: String,
    columns: Vec<ColumnPlan>,
    hash: Option<RowHash>,
}

impl FileQuery {
    /// Of the file whose lines the view has; none where a column has a nested type.
    pub(super) fn new(view: &str, header: &str, delimiter: u8, plan: &FilePlan<'_>, rules: &ValueRules) -> Option<Self> {
        let judgements: Vec<Judgement> = (plan.columns.iter().enumerate())
            .map(|(i, column)| judge(&column.ty, &format!("n{i}"), &rules.formats))
            .collect::<Option<_>>()?;
        // Hadoop leaves a byte order mark out, others don't.
        let is_header = sql::is_one_of("v", [header.to_owned(), format!("\u{FEFF}{header}")].into_iter());
        let fields = fields(&lines(view), delimiter);
        let texts = texts(&fields, plan);
        let nulled = nulled(&texts, plan, rules);
        Some(Self {
            judged: judged(&nulled, plan, &judgements),
            is_header,
            columns: plan.columns.clone(),
            hash: plan.hash.clone(),
        })
    }

    /// What the file is like: lines, those that are as the first, those that are no whole record, those that adg is to decide.
    pub(super) fn survey(&self, number: usize) -> String {
        let Self { judged, is_header, .. } = self;
        let count = |what: &str| format!("sum(CASE WHEN {what} THEN 1 ELSE 0 END)");
        format!(
            "SELECT {number} AS file, count(*) AS lines, {} AS headers, {} AS broken, {} AS odd FROM ({judged})",
            count(is_header),
            count("broken"),
            count(&format!("odd AND NOT {is_header}")),
        )
    }

    /// The rows that are decided, as the table has them.
    pub(super) fn rows(&self, table: &TableSchema) -> String {
        let columns = table
            .columns()
            .iter()
            .map(|column| format!("{} AS {}", self.value(&column.name, &column.ty), sql::name(&column.name)));
        let columns = columns.collect::<Vec<_>>().join(", ");
        format!("SELECT {columns} FROM {} WHERE NOT is_odd", self.records())
    }

    /// The lines that are not.
    pub(super) fn odd(&self) -> String {
        format!("SELECT CAST(raw AS BINARY) AS line FROM {} WHERE is_odd", self.records())
    }

    /// All lines but the first. Whether one is odd is said by a row of its own, for what a filter asks of a column is moved to where the
    /// lines are read, and there written out with all that it is made of, again for each time that it is used: Sail took seconds to
    /// plan ten columns, and Spark split each line a hundred times.
    fn records(&self) -> String {
        format!("(SELECT *, explode(array(odd)) AS is_odd FROM ({}) WHERE NOT {})", self.judged, self.is_header)
    }

    fn value(&self, name: &ColumnName, ty: &ColumnType) -> String {
        match name.as_str() {
            ERROR_DESC => self.error_desc(),
            ROW_HASH_ID if self.hash.is_some() => self.row_hash(),
            _ => match self.columns.iter().position(|column| column.name == *name) {
                Some(i) => format!("CASE WHEN s{i} = {FITS} THEN c{i} END"),
                None => format!("CAST(NULL AS {})", spark_type(ty)),
            },
        }
    }

    /// Null, not an empty list, where all values fit.
    fn error_desc(&self) -> String {
        let errors = self.columns.iter().enumerate().map(|(i, column)| {
            let begin = sql::text(&format!("Type Conversion for column {}. The source value is: ", column.name));
            format!("CASE WHEN s{i} = {MISFIT} THEN concat({begin}, t{}) END", column.index)
        });
        let errors = errors.collect::<Vec<_>>().join(", ");
        let any = (0..self.columns.len()).map(|i| format!("s{i} = {MISFIT}")).collect::<Vec<_>>().join(" OR ");
        if any.is_empty() {
            return "CAST(NULL AS array<string>)".to_owned();
        }
        // `filter` and not `array_compact`, after which Spark writes lists of two levels where it writes as Hive does.
        format!("CASE WHEN {any} THEN filter(array({errors}), e -> e IS NOT NULL) END")
    }

    fn row_hash(&self) -> String {
        let Some(hash) = &self.hash else { return "CAST(NULL AS string)".to_owned() };
        match hash.version() {
            HashVersion::V1 => {
                let texts = hash.fields().iter().map(|field| format!("h{}", field.place)).collect::<Vec<_>>().join(", ");
                format!("sha2(concat_ws('||', {texts}), 256)")
            }
            HashVersion::V2 => {
                let fields = hash.fields().iter().map(|field| {
                    let i = field.place;
                    let length = |of: &str| format!("unhex(lpad(hex(octet_length({of})), 16, '0'))");
                    let name = sql::text(&field.name);
                    format!(
                        "CASE WHEN h{i} IS NULL THEN X'' ELSE concat({}, CAST({name} AS BINARY), CASE WHEN q{i} THEN X'01' ELSE X'00' END, {}, CAST(h{i} AS BINARY)) END",
                        length(&name),
                        length(&format!("h{i}")),
                    )
                });
                format!("sha2(concat({}), 256)", fields.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Hive's name of a type, with members quoted where a statement asks for it.
fn spark_type(ty: &ColumnType) -> String {
    match ty {
        // In a cast Spark would pad or cut.
        ColumnType::Varchar(_) | ColumnType::Char(_) => "string".to_owned(),
        ty => format!("{ty:#}"),
    }
}

/// Lines without their ends. An empty line is no record.
fn lines(view: &str) -> String {
    format!("SELECT value AS raw, rtrim('\\r', value) AS v FROM {view} WHERE value NOT IN ('', '\\r')")
}

/// Each line with the fields `p` that are written whole in it, and whether those are all of it. What is not text in UTF-8 is for adg; a
/// question mark stands for it meanwhile, lest it hide what quotes do. So is a return that is not at the line's end.
fn fields(lines: &str, delimiter: u8) -> String {
    let d = format!("\\x{{{delimiter:02X}}}");
    let field = sql::pattern(&format!("{d}(\"[^\"]*(?:\"\"[^\"]*)*\"|[^\"{d}][^{d}]*|)"));
    let (delimiter, between) = (sql::text(&char::from(delimiter).to_string()), sql::pattern(&d));
    let unknown = sql::pattern(r"\x{FFFD}");
    let too_much = format!("length(w) > {LONGEST} OR length(w) - length(replace(w, '\"\"', '')) > {}", 2 * MOST_QUOTES);
    format!(
        "SELECT raw, v, p, array_join(p, {delimiter}) <> w AS broken, unclear FROM (\
         SELECT raw, v, w, unclear, CASE WHEN {too_much} THEN array('') WHEN instr(w, '\"') = 0 THEN split(w, {between}, -1) \
         ELSE regexp_extract_all(concat({delimiter}, w), {field}, 1) END AS p FROM (\
         SELECT raw, v, CASE WHEN is_unknown THEN regexp_replace(v, {unknown}, '?') ELSE v END AS w, \
         is_unknown OR instr(raw, '\\r') NOT IN (0, length(raw)) AS unclear FROM (\
         SELECT raw, v, v RLIKE {unknown} AS is_unknown FROM ({lines}))))"
    )
}

/// Which fields are needed.
fn needed(plan: &FilePlan<'_>) -> BTreeSet<usize> {
    let hashed = plan.hash.iter().flat_map(|hash| hash.fields().iter().map(|field| field.place));
    plan.columns.iter().map(|column| column.index).chain(hashed).collect()
}

/// Each needed field's text `t{i}`, and whether it stood in quotes, `q{i}`.
fn texts(fields: &str, plan: &FilePlan<'_>) -> String {
    let (mut raw, mut texts) = (String::new(), String::new());
    for i in needed(plan) {
        let _ = write!(raw, ", get(p, {i}) AS x{i}");
        let meant = format!("replace(substring(x{i}, 2, length(x{i}) - 2), '\"\"', '\"')");
        let _ =
            write!(texts, ", left(x{i}, 1) = '\"' AS q{i}, CASE WHEN left(x{i}, 1) = '\"' THEN {meant} ELSE x{i} END AS t{i}");
    }
    let width = plan.header.names.len();
    format!(
        "SELECT raw, v, broken, unclear{texts} FROM (SELECT raw, v, broken, unclear OR size(p) <> {width} AS unclear{raw} FROM ({fields}))"
    )
}

/// Each column's text `n{i}`, each hashed field's text `h{i}`: null where it means that.
fn nulled(texts: &str, plan: &FilePlan<'_>, rules: &ValueRules) -> String {
    let nulls = &rules.nulls;
    let empty = |i: usize| match (nulls.empty_is_null(false), nulls.empty_is_null(true)) {
        (true, true) => format!("t{i} = ''"),
        (true, false) => format!("(t{i} = '' AND NOT q{i})"),
        (false, _) => "FALSE".to_owned(),
    };
    let word = |i: usize| sql::is_one_of(&format!("t{i}"), nulls.words());
    let as_text = |i: usize| format!("CASE WHEN {} OR {} THEN NULL ELSE t{i} END", empty(i), word(i));
    let mut nulled = String::new();
    for (number, ColumnPlan { index, ty, .. }) in plan.columns.iter().enumerate() {
        let is_text = matches!(ty, ColumnType::String | ColumnType::Varchar(_) | ColumnType::Char(_));
        let null = match is_text {
            true => as_text(*index),
            false => format!("CASE WHEN {} THEN NULL ELSE nullif(trim(BOTH {SPACE} FROM t{index}), '') END", word(*index)),
        };
        let _ = write!(nulled, ", {null} AS n{number}");
    }
    for field in plan.hash.iter().flat_map(|hash| hash.fields()) {
        let _ = write!(nulled, ", {} AS h{}", as_text(field.place), field.place);
    }
    let kept: String = needed(plan).into_iter().map(|i| format!(", t{i}, q{i}")).collect();
    format!("SELECT raw, v, broken, unclear{kept}{nulled} FROM ({texts})")
}

/// Values and verdicts. What Spark could not cast after all is for adg to decide.
fn judged(nulled: &str, plan: &FilePlan<'_>, judgements: &[Judgement]) -> String {
    let [mut values, mut verdicts, mut columns] = [const { String::new() }; 3];
    let mut odd = "unclear".to_owned();
    for (i, Judgement { value, verdict }) in judgements.iter().enumerate() {
        let _ = write!(values, ", n{i}, {value} AS c{i}, {verdict} AS r{i}");
        let lost = format!("r{i} = {FITS} AND c{i} IS NULL AND n{i} IS NOT NULL");
        let _ = write!(verdicts, ", c{i}, CASE WHEN {lost} THEN {DOUBTFUL} ELSE r{i} END AS s{i}");
        let _ = write!(columns, ", c{i}, s{i}");
        let _ = write!(odd, " OR s{i} = {DOUBTFUL}");
    }
    let mut kept: String = needed(plan).into_iter().map(|i| format!(", t{i}, q{i}")).collect();
    kept.extend(plan.hash.iter().flat_map(|hash| hash.fields()).map(|field| format!(", h{}", field.place)));
    format!(
        "SELECT raw, v, broken, {odd} AS odd{kept}{columns} FROM (SELECT raw, v, broken, unclear{kept}{verdicts} FROM (\
         SELECT raw, v, broken, unclear{kept}{values} FROM ({nulled})))"
    )
}
