//! The rows that a file's records become, in Spark's SQL.
//!
//! Each level of a query copies all columns that it passes on, and each expression in a level is compiled: so there are few
//! levels, most values need only the first, and only the texts of the record itself are passed on.

use crate::engine::FilePlan;
use crate::schema::fit::Formats;
use crate::schema::{ColumnName, ColumnType, ERROR_DESC, ROW_HASH_ID, TableSchema};
use crate::source::{ColumnPlan, HashVersion, Nulls, RowHash, ValueRules};

use super::lines::{Lines, Look};
use super::sql;
use super::values::{is_invalid, plain, unusual};

/// Verdict on a text that is null or a value.
const FITS: u8 = 0;
/// Verdict on a text that is not a value by any rule.
const INVALID: u8 = 1;
/// Verdict on a text that adg itself must decide.
const DOUBTFUL: u8 = 2;

/// Beginning of every error, before the column's name.
pub(super) const ERROR_BEGIN: &str = "Type Conversion for column ";
/// Part of an error between the column's name and the text.
pub(super) const ERROR_TEXT: &str = ". The source value is: ";

/// White space as [`u8::is_ascii_whitespace`] has it.
const SPACE: &str = "' \\t\\n\\u000C\\r'";

/// A file's records.
pub(super) struct Records<'a> {
    pub(super) lines: &'a Lines,
    pub(super) look: Look,
    pub(super) plan: &'a FilePlan<'a>,
    pub(super) rules: &'a ValueRules,
}

impl Records<'_> {
    /// Returns a query for the decided records, as rows of the table.
    pub(super) fn rows(&self, table: &TableSchema) -> String {
        let columns = table
            .columns()
            .iter()
            .map(|column| format!("{} AS {}", self.value(&column.name, &column.ty), sql::name(&column.name)));
        let columns = columns.collect::<Vec<_>>().join(", ");
        let decided = format!("SELECT * FROM ({}) WHERE NOT odd", self.judged(false));
        format!("SELECT {columns} FROM ({})", self.hashed(decided))
    }

    /// Returns a query for the lines that Spark could not decide.
    pub(super) fn odd(&self) -> String {
        format!("SELECT CAST(raw AS BINARY) AS line FROM ({}) WHERE odd", self.judged(true))
    }

    /// Returns a query for each record: its fields `p`; the value `c{i}` of each column `i` that is not text; the verdict `s{i}`
    /// on each column that may have invalid values; and the flag `odd` of a record that adg must read.
    fn judged(&self, with_raw: bool) -> String {
        let kept = if with_raw { "raw, p, unclear" } else { "p, unclear" };
        let [mut plains, mut rest, mut judged, mut odd] = [const { String::new() }; 4];
        for (i, ColumnPlan { index, ty, .. }) in self.plan.columns.iter().enumerate() {
            match ty {
                ColumnType::String => continue,
                ColumnType::Varchar(limit) | ColumnType::Char(limit) => {
                    let text = self.text(*index);
                    judged += &format!(", CASE WHEN length({text}) > {limit} THEN {INVALID} ELSE {FITS} END AS s{i}");
                    continue;
                }
                _ => {}
            }
            let (x, n, formats) = (field(*index), format!("n{i}"), &self.rules.formats);
            plains += &format!(", {} AS f{i}", self.plain(&x, ty, formats));
            rest += &format!(", f{i}, {} AS {n}", self.rest(&x, &format!("f{i}")));
            let (unusual, invalid_value) = (unusual(ty, &n, formats), is_invalid(ty, &n, formats));
            judged += &format!(
                ", coalesce(f{i}, {unusual}) AS c{i}, CASE WHEN {n} IS NULL OR ({unusual}) IS NOT NULL THEN {FITS} \
                 WHEN {invalid_value} THEN {INVALID} ELSE {DOUBTFUL} END AS s{i}"
            );
            odd += &format!(" OR s{i} = {DOUBTFUL}");
        }
        let width = self.plan.header.names.len();
        let fields = self.lines.fields(self.look, with_raw);
        // A record is marked as odd by a row of its own: a filter's condition on a column is moved to where the lines are read,
        // and repeated there with all its terms for each use. Sail took seconds to plan ten columns, and Spark split each line a
        // hundred times.
        format!(
            "SELECT *, explode(array(unclear OR size(p) <> {width}{odd})) AS odd FROM (\
             SELECT {kept}{judged} FROM (SELECT {kept}{rest} FROM (SELECT {kept}{plains} FROM ({fields}))))"
        )
    }

    /// Returns an expression for the value of a plainly written field.
    fn plain(&self, x: &str, ty: &ColumnType, formats: &Formats) -> String {
        match words(&self.rules.nulls, self.look.quoted) {
            words if words.is_empty() => plain(ty, x, formats),
            words => format!("CASE WHEN NOT {} THEN {} END", sql::is_one_of(x, words.into_iter()), plain(ty, x, formats)),
        }
    }

    /// Returns an expression for the text of any other field, without quotes and the white space around it; null if it means
    /// null.
    fn rest(&self, x: &str, plain: &str) -> String {
        let nothing = [String::new()].into_iter().chain(words(&self.rules.nulls, self.look.quoted));
        let text = self.unquoted(x);
        format!(
            "CASE WHEN {plain} IS NULL AND NOT {} THEN nullif(trim(BOTH {SPACE} FROM {text}), '') END",
            sql::is_one_of(x, nothing)
        )
    }

    /// Returns an expression for a field's text without its quotes.
    fn unquoted(&self, x: &str) -> String {
        if self.look.quoted {
            format!("CASE WHEN startswith({x}, '\"') THEN replace(substring({x}, 2, length({x}) - 2), '\"\"', '\"') ELSE {x} END")
        } else {
            x.to_owned()
        }
    }

    /// Returns an expression for a field's text as in a text column, and as it is hashed: null if it means null.
    fn text(&self, index: usize) -> String {
        let (x, nulls) = (field(index), &self.rules.nulls);
        let nothing = [("", false), ("\"\"", true)].into_iter().filter(|(_, quoted)| nulls.empty_is_null(*quoted));
        let nothing = nothing.map(|(text, _)| text.to_owned()).chain(words(nulls, self.look.quoted));
        format!("CASE WHEN {} THEN NULL ELSE {} END", sql::is_one_of(&x, nothing), self.unquoted(&x))
    }

    fn value(&self, name: &ColumnName, ty: &ColumnType) -> String {
        let place = self.plan.columns.iter().position(|column| column.name == *name);
        let planned = place.and_then(|place| Some((place, self.plan.columns.get(place)?)));
        match (name.as_str(), planned, &self.plan.hash) {
            (ERROR_DESC, ..) => self.error_desc(),
            (ROW_HASH_ID, _, Some(hash)) => row_hash(hash),
            (_, None, _) => format!("CAST(NULL AS {})", spark_type(ty)),
            (_, Some((_, column)), _) if column.ty == ColumnType::String => self.text(column.index),
            (_, Some((i, column)), _) => match column.ty {
                ColumnType::Varchar(_) | ColumnType::Char(_) => {
                    format!("CASE WHEN s{i} = {FITS} THEN {} END", self.text(column.index))
                }
                _ => format!("c{i}"),
            },
        }
    }

    /// Returns an expression for the list of errors: null, not an empty list, if all values are valid.
    fn error_desc(&self) -> String {
        let judged = self.plan.columns.iter().enumerate().filter(|(_, column)| column.ty != ColumnType::String);
        let (any, errors): (Vec<String>, Vec<String>) = judged
            .map(|(i, column)| {
                let is_invalid = format!("s{i} = {INVALID}");
                let text = self.unquoted(&field(column.index));
                let error = format!("CASE WHEN {is_invalid} THEN concat({}, {text}) END", error_begin(&column.name));
                (is_invalid, error)
            })
            .unzip();
        if any.is_empty() {
            return "CAST(NULL AS array<string>)".to_owned();
        }
        // `filter` and not `array_compact`, after which Spark writes lists of two levels where it writes as Hive does.
        format!("CASE WHEN {} THEN filter(array({}), e -> e IS NOT NULL) END", any.join(" OR "), errors.join(", "))
    }

    /// Returns a query for the records with, for each hashed field `i`, its text `h{i}` and the flag `q{i}` if it was in quotes.
    fn hashed(&self, records: String) -> String {
        let Some(hash) = &self.plan.hash else { return records };
        let texts = hash.fields().iter().map(|one| {
            let i = one.place;
            format!(", {} AS h{i}, startswith({}, '\"') AS q{i}", self.text(i), field(i))
        });
        format!("SELECT *{} FROM ({records})", texts.collect::<String>())
    }
}

/// Returns an expression for a field as it is written.
fn field(index: usize) -> String {
    format!("get(p, {index})")
}

fn error_begin(column: &ColumnName) -> String {
    sql::text(&format!("{ERROR_BEGIN}{column}{ERROR_TEXT}"))
}

/// Returns the words for null, as they are written in a file.
fn words(nulls: &Nulls, quoted: bool) -> Vec<String> {
    let in_quotes = |word: &String| format!("\"{}\"", word.replace('"', "\"\""));
    nulls.words().flat_map(|word| [in_quotes(&word), word].into_iter().skip(usize::from(!quoted))).collect()
}

fn row_hash(hash: &RowHash) -> String {
    let fields = hash.fields().iter();
    match hash.version() {
        HashVersion::V1 => {
            let texts = fields.map(|field| format!("h{}", field.place)).collect::<Vec<_>>().join(", ");
            format!("sha2(concat_ws('||', {texts}), 256)")
        }
        HashVersion::V2 => {
            let length = |of: &str| format!("unhex(lpad(hex(octet_length({of})), 16, '0'))");
            let fields = fields.map(|field| {
                let (h, q, name) = (format!("h{}", field.place), format!("q{}", field.place), sql::text(&field.name));
                format!(
                    "CASE WHEN {h} IS NULL THEN X'' ELSE concat({}, CAST({name} AS BINARY), CASE WHEN {q} THEN X'01' ELSE X'00' \
                     END, {}, CAST({h} AS BINARY)) END",
                    length(&name),
                    length(&h),
                )
            });
            format!("sha2(concat({}), 256)", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Returns Hive's name of a type, with the member names quoted for a statement.
fn spark_type(ty: &ColumnType) -> String {
    match ty {
        // In a cast Spark would pad or cut.
        ColumnType::Varchar(_) | ColumnType::Char(_) => "string".to_owned(),
        ty => format!("{ty:#}"),
    }
}
