//! What a text is as a value, in Spark's SQL, by the rules of [`crate::schema::fit`].
//!
//! Spark's casts differ from ours: to them `1.5` is the integer 1, `1.0d` a number, `2024-1-1` a day. So no cast counts of a text that
//! is not written plainly. Of all other texts some are no value by any rule; what is left is decided by adg itself.

use crate::schema::ColumnType;
use crate::schema::fit::{DateFormats, Formats};

use super::sql::matches;

/// A column's expressions over its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judgement {
    /// The value, where the text fits.
    pub(super) value: String,
    /// [`FITS`], [`MISFIT`] or [`DOUBTFUL`].
    pub(super) verdict: String,
}

/// The text is null or a value.
pub(super) const FITS: u8 = 0;
/// The text is none, by any rule.
pub(super) const MISFIT: u8 = 1;
/// adg itself is to say it.
pub(super) const DOUBTFUL: u8 = 2;

/// All that could be a number.
const NUMBER: &str = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?";
const DAY: &str = "[0-9]{4}-[0-9]{2}-[0-9]{2}";

/// How the text `t` is judged that stands in a column: as it is in a text column, else without the white space around it. It is null
/// where that is what it means. None of a nested type, as Spark is not asked for those.
pub(super) fn judge(ty: &ColumnType, t: &str, formats: &Formats) -> Option<Judgement> {
    let cast = |ty: &str| format!("try_cast({t} AS {ty})");
    let (value, verdict) = match ty {
        ColumnType::String => (t.to_owned(), FITS.to_string()),
        ColumnType::Varchar(limit) | ColumnType::Char(limit) => {
            (t.to_owned(), verdict(&[(format!("length({t}) <= {limit}"), FITS)], MISFIT))
        }
        ColumnType::Boolean => {
            let (yes, no) = ("'t', 'true', 'y', 'yes', '1'", "'f', 'false', 'n', 'no', '0'");
            (format!("lower({t}) IN ({yes})"), verdict(&[(format!("lower({t}) IN ({yes}, {no})"), FITS)], MISFIT))
        }
        ColumnType::TinyInt => (cast("TINYINT"), integer(t, i8::MIN.into(), i8::MAX.into())),
        ColumnType::SmallInt => (cast("SMALLINT"), integer(t, i16::MIN.into(), i16::MAX.into())),
        ColumnType::Int => (cast("INT"), integer(t, i32::MIN.into(), i32::MAX.into())),
        ColumnType::BigInt => (cast("BIGINT"), integer(t, i64::MIN, i64::MAX)),
        ColumnType::Float => (cast("FLOAT"), real(t, "FLOAT")),
        ColumnType::Double => (cast("DOUBLE"), real(t, "DOUBLE")),
        ColumnType::Decimal { precision, scale } => {
            (cast(&format!("DECIMAL({precision},{scale})")), decimal(t, *precision, *scale))
        }
        ColumnType::Date => {
            let listed = formats.dates != DateFormats::default();
            (cast("DATE"), moment(t, "DATE", "0001-01-01", DAY, if listed { DOUBTFUL } else { MISFIT }))
        }
        ColumnType::Timestamp => (cast("TIMESTAMP"), timestamp(t, formats)),
        ColumnType::Array(_) | ColumnType::Struct(_) | ColumnType::Map(..) => return None,
    };
    let verdict = match written_back(ty, t, &value) {
        // As Spark would write the value: no need to look closer, which takes longer than all else.
        Some(same) => format!("CASE WHEN {t} IS NULL OR {same} THEN {FITS} ELSE {verdict} END"),
        None => format!("CASE WHEN {t} IS NULL THEN {FITS} ELSE {verdict} END"),
    };
    Some(Judgement { verdict, value })
}

/// Whether a value that was cast from `t` is written so again, and is one that every reader reads; none where that says little.
fn written_back(ty: &ColumnType, t: &str, value: &str) -> Option<String> {
    let text = format!("CAST({value} AS STRING) = {t}");
    match ty {
        ColumnType::TinyInt | ColumnType::SmallInt | ColumnType::Int | ColumnType::BigInt | ColumnType::Decimal { .. } => {
            Some(text)
        }
        ColumnType::Float | ColumnType::Double => Some(format!("({text} AND left({t}, 1) IN {FINITE})")),
        ColumnType::Date => Some(format!("({text} AND {value} >= DATE '0001-01-01' AND length({t}) = 10)")),
        ColumnType::Timestamp => {
            let padded = format!("date_format({value}, 'yyyy-MM-dd HH:mm:ss.SSSSSS') = {t}");
            Some(format!(
                "(({text} OR {padded}) AND {value} >= TIMESTAMP '0001-01-01 00:00:00' AND length({t}) BETWEEN 19 AND 26)"
            ))
        }
        _ => None,
    }
}

/// What finite numbers begin with.
const FINITE: &str = "('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-')";

/// The first that holds says it.
fn verdict(cases: &[(String, u8)], otherwise: u8) -> String {
    let cases: Vec<String> = cases.iter().map(|(when, then)| format!("WHEN {when} THEN {then}")).collect();
    format!("CASE {} ELSE {otherwise} END", cases.join(" "))
}

/// Whether a text is no number, however it may be written.
fn is_no_number(t: &str) -> String {
    format!("NOT {}", matches(t, NUMBER))
}

fn integer(t: &str, min: i64, max: i64) -> String {
    // 18 digits always fit into 64 bits.
    let plain = matches(t, "-?[0-9]{1,18}");
    let cases = [
        (format!("{plain} AND try_cast({t} AS BIGINT) BETWEEN {min} AND {max}"), FITS),
        (plain, MISFIT),
        (matches(t, r"[+-]?[0-9]*\.[0-9]*[1-9][0-9]*"), MISFIT),
        (is_no_number(t), MISFIT),
    ];
    verdict(&cases, DOUBTFUL)
}

fn decimal(t: &str, precision: u8, scale: u8) -> String {
    let whole = precision - scale;
    let digits = if whole == 0 { "0".to_owned() } else { format!("[0-9]{{1,{whole}}}") };
    let fraction = if scale == 0 { String::new() } else { format!(r"(\.[0-9]{{1,{scale}}})?") };
    let cases = [
        (matches(t, &format!("-?{digits}{fraction}")), FITS),
        // Too large; a digit would be lost.
        (matches(t, &format!(r"-?[1-9][0-9]{{{whole},}}(\.[0-9]*)?")), MISFIT),
        (matches(t, &format!(r"-?[0-9]*\.[0-9]{{{scale}}}[0-9]*[1-9]")), MISFIT),
        (is_no_number(t), MISFIT),
    ];
    verdict(&cases, DOUBTFUL)
}

fn real(t: &str, ty: &str) -> String {
    let plain = matches(t, r"-?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?");
    let (value, is_zero) = (format!("try_cast({t} AS {ty})"), matches(t, r"-?[0.]*([eE].*)?"));
    let is_lost = format!("abs({value}) = try_cast('Infinity' AS {ty}) OR ({value} = 0 AND NOT {is_zero})");
    let is_named = format!("lower({t}) IN ('nan', 'inf', '+inf', '-inf', 'infinity', '+infinity', '-infinity')");
    let cases = [
        (format!("{plain} AND ({is_lost})"), MISFIT),
        (plain, FITS),
        (format!("{} AND NOT {is_named}", is_no_number(t)), MISFIT),
    ];
    verdict(&cases, DOUBTFUL)
}

fn timestamp(t: &str, formats: &Formats) -> String {
    let clock = format!(r"{DAY}[ T][0-9]{{2}}:[0-9]{{2}}:[0-5][0-9](\.[0-9]{{1,6}})?");
    // Listed formats are asked only for what is not written so.
    if !formats.timestamps.say_nothing_new() {
        return moment(t, "TIMESTAMP", "0001-01-01 00:00:00", &clock, DOUBTFUL);
    }
    let no_such_day = matches(t, "[0-9]{4}-(00-[0-9]{2}|[0-9]{2}-00)([ T][0-9:.]*)?");
    let else_verdict = moment(t, "TIMESTAMP", "0001-01-01 00:00:00", &format!("{clock}|{DAY}"), DOUBTFUL);
    format!("CASE WHEN {no_such_day} THEN {MISFIT} ELSE {else_verdict} END")
}

/// A day or an instant. Readers differ on those before the year 1. What has no digit is none, however it is written.
fn moment(t: &str, ty: &str, first: &str, plain: &str, no_such: u8) -> String {
    let (plain, value) = (matches(t, plain), format!("try_cast({t} AS {ty})"));
    let cases = [
        (format!("{plain} AND {value} < {ty} '{first}'"), MISFIT),
        (format!("{plain} AND {value} IS NOT NULL"), FITS),
        (plain, no_such),
        (format!("NOT {t} RLIKE '[0-9]'"), MISFIT),
    ];
    verdict(&cases, DOUBTFUL)
}
