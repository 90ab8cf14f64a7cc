//! The rows that a file's records become, in Spark's SQL.
//!
//! Each level of a query is a copy of all that it hands on, and what is written in a level is compiled: so there are few levels, most
//! values need only the first, and no text is handed on but those of the record itself.

use crate::engine::FilePlan;
use crate::schema::fit::Formats;
use crate::schema::{ColumnName, ColumnType, ERROR_DESC, ROW_HASH_ID, TableSchema};
use crate::source::{ColumnPlan, HashVersion, Nulls, RowHash, ValueRules};

use super::lines::{Lines, Look};
use super::sql;
use super::values::{is_misfit, plain, unusual};

/// What is said of a text: that it is null or a value,
const FITS: u8 = 0;
/// that it is none, by any rule,
const MISFIT: u8 = 1;
/// or that adg itself is to say it.
const DOUBTFUL: u8 = 2;

/// What every error begins with, but for the column's name.
pub(super) const ERROR_BEGIN: &str = "Type Conversion for column ";
/// What stands between that and the text.
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
    /// The rows that are decided, as the table has them.
    pub(super) fn rows(&self, table: &TableSchema) -> String {
        let columns = table
            .columns()
            .iter()
            .map(|column| format!("{} AS {}", self.value(&column.name, &column.ty), sql::name(&column.name)));
        let columns = columns.collect::<Vec<_>>().join(", ");
        let decided = format!("SELECT * FROM ({}) WHERE NOT odd", self.judged(false));
        format!("SELECT {columns} FROM ({})", self.hashed(decided))
    }

    /// The lines that are not.
    pub(super) fn odd(&self) -> String {
        format!("SELECT CAST(raw AS BINARY) AS line FROM ({}) WHERE odd", self.judged(true))
    }

    /// Each record with its fields `p`, and of each column `i` that is not of text the value `c{i}`, of each that may not fit what is
    /// said of it, `s{i}`; and whether it is `odd`, one that adg is to read.
    fn judged(&self, with_raw: bool) -> String {
        let kept = if with_raw { "raw, p, unclear" } else { "p, unclear" };
        let [mut plains, mut rest, mut judged, mut odd] = [const { String::new() }; 4];
        for (i, ColumnPlan { index, ty, .. }) in self.plan.columns.iter().enumerate() {
            match ty {
                ColumnType::String => continue,
                ColumnType::Varchar(limit) | ColumnType::Char(limit) => {
                    let text = self.text(*index);
                    judged += &format!(", CASE WHEN length({text}) > {limit} THEN {MISFIT} ELSE {FITS} END AS s{i}");
                    continue;
                }
                _ => {}
            }
            let (x, n, formats) = (field(*index), format!("n{i}"), &self.rules.formats);
            plains += &format!(", {} AS f{i}", self.plain(&x, ty, formats));
            rest += &format!(", f{i}, {} AS {n}", self.rest(&x, &format!("f{i}")));
            let (unusual, misfit) = (unusual(ty, &n, formats), is_misfit(ty, &n, formats));
            judged += &format!(
                ", coalesce(f{i}, {unusual}) AS c{i}, CASE WHEN {n} IS NULL OR ({unusual}) IS NOT NULL THEN {FITS} \
                 WHEN {misfit} THEN {MISFIT} ELSE {DOUBTFUL} END AS s{i}"
            );
            odd += &format!(" OR s{i} = {DOUBTFUL}");
        }
        let width = self.plan.header.names.len();
        let fields = self.lines.fields(self.look, with_raw);
        // Whether a record is odd is said by a row of its own, for what a filter asks of a column is moved to where the lines are read,
        // and there written out with all that it is made of, again for each time that it is used: Sail took seconds to plan ten
        // columns, and Spark split each line a hundred times.
        format!(
            "SELECT *, explode(array(unclear OR size(p) <> {width}{odd})) AS odd FROM (\
             SELECT {kept}{judged} FROM (SELECT {kept}{rest} FROM (SELECT {kept}{plains} FROM ({fields}))))"
        )
    }

    /// The value of a field that is plainly written.
    fn plain(&self, x: &str, ty: &ColumnType, formats: &Formats) -> String {
        match words(&self.rules.nulls, self.look.quoted) {
            words if words.is_empty() => plain(ty, x, formats),
            words => format!("CASE WHEN NOT {} THEN {} END", sql::is_one_of(x, words.into_iter()), plain(ty, x, formats)),
        }
    }

    /// The text of any other field, without quotes and the white space around it; null where it means that.
    fn rest(&self, x: &str, plain: &str) -> String {
        let nothing = [String::new()].into_iter().chain(words(&self.rules.nulls, self.look.quoted));
        let text = self.unquoted(x);
        format!(
            "CASE WHEN {plain} IS NULL AND NOT {} THEN nullif(trim(BOTH {SPACE} FROM {text}), '') END",
            sql::is_one_of(x, nothing)
        )
    }

    /// What a field says.
    fn unquoted(&self, x: &str) -> String {
        match self.look.quoted {
            true => format!(
                "CASE WHEN startswith({x}, '\"') THEN replace(substring({x}, 2, length({x}) - 2), '\"\"', '\"') ELSE {x} END"
            ),
            false => x.to_owned(),
        }
    }

    /// A field's text as a column of text has it, and as it is hashed: null where it means that.
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

    /// Null, not an empty list, where all values fit.
    fn error_desc(&self) -> String {
        let judged = self.plan.columns.iter().enumerate().filter(|(_, column)| column.ty != ColumnType::String);
        let (any, errors): (Vec<String>, Vec<String>) = judged
            .map(|(i, column)| {
                let is_misfit = format!("s{i} = {MISFIT}");
                let text = self.unquoted(&field(column.index));
                let error = format!("CASE WHEN {is_misfit} THEN concat({}, {text}) END", error_begin(&column.name));
                (is_misfit, error)
            })
            .unzip();
        if any.is_empty() {
            return "CAST(NULL AS array<string>)".to_owned();
        }
        // `filter` and not `array_compact`, after which Spark writes lists of two levels where it writes as Hive does.
        format!("CASE WHEN {} THEN filter(array({}), e -> e IS NOT NULL) END", any.join(" OR "), errors.join(", "))
    }

    /// Records with the text `h{i}` of each field `i` that is hashed, and whether it stood in quotes, `q{i}`.
    fn hashed(&self, records: String) -> String {
        let Some(hash) = &self.plan.hash else { return records };
        let texts = hash.fields().iter().map(|one| {
            let i = one.place;
            format!(", {} AS h{i}, startswith({}, '\"') AS q{i}", self.text(i), field(i))
        });
        format!("SELECT *{} FROM ({records})", texts.collect::<String>())
    }
}

/// A field as it is written.
fn field(index: usize) -> String {
    format!("get(p, {index})")
}

fn error_begin(column: &ColumnName) -> String {
    sql::text(&format!("{ERROR_BEGIN}{column}{ERROR_TEXT}"))
}

/// The words for nothing, as they stand in a file.
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
                    "CASE WHEN {h} IS NULL THEN X'' ELSE concat({}, CAST({name} AS BINARY), CASE WHEN {q} THEN X'01' ELSE X'00' END, {}, CAST({h} AS BINARY)) END",
                    length(&name),
                    length(&h),
                )
            });
            format!("sha2(concat({}), 256)", fields.collect::<Vec<_>>().join(", "))
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
