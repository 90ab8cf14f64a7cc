//! Casts of texts to values in Spark's SQL, by the rules of [`crate::schema::fit`].
//!
//! Spark's casts differ from ours: to them `1.5` is the integer 1, `1.0d` a number, `2024-1-1` a day. So a cast counts only for a
//! plainly written text. Some other texts are not a value by any rule; adg itself decides the rest.

use crate::schema::ColumnType;
use crate::schema::fit::{DateFormats, Formats};

use super::formats::{YEAR, by_formats};
use super::sql::matches;

/// Any text that could be a number.
const NUMBER: &str = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?";
/// Numbers that may exceed a double's range.
const REAL: &str = r"-?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?";
/// Integers that may fit into 64 bits.
const INTEGER: &str = "-?[0-9]{1,19}";
const DAY: &str = "-[0-9]{2}-[0-9]{2}";
const CLOCK: &str = r"[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,6})?";
/// Dates in common notations that are not ISO 8601, whatever the order of day, month and year.
const NOT_ISO: &str = r"[0-9]{1,4}[/.][0-9]{1,2}[/.][0-9]{1,4}( .*)?";
const TRUE: &str = "'t', 'true', 'y', 'yes', '1'";
const FALSE: &str = "'f', 'false', 'n', 'no', '0'";

/// Returns an expression for the value of the text `t`, if it is written as most are; null for any other, and for texts that
/// Spark can't cast. It scans the text once, since it is evaluated for each value of each row.
pub(super) fn plain(ty: &ColumnType, t: &str, formats: &Formats) -> String {
    match ty {
        ColumnType::Boolean => {
            format!("CASE WHEN lower({t}) IN ({TRUE}) THEN TRUE WHEN lower({t}) IN ({FALSE}) THEN FALSE END")
        }
        ColumnType::TinyInt | ColumnType::SmallInt | ColumnType::Int | ColumnType::BigInt => cast_where(ty, t, INTEGER),
        // Neither too large for it nor so small that it would be zero; and no integer that would become another one.
        ColumnType::Float => cast_where(ty, t, r"-?([0-9]{1,7}|[0-9]{1,30}\.[0-9]{1,30})"),
        ColumnType::Double => {
            cast_where(ty, t, r"-?([0-9]{1,15}|[0-9]{1,30}\.[0-9]{1,30}([eE][+-]?[0-9]{1,2})?|[0-9]{1,30}[eE][+-]?[0-9]{1,2})")
        }
        ColumnType::Decimal { precision, scale } => cast_where(ty, t, &decimal(*precision, *scale)),
        // adg itself reads a notation that only looks like ISO 8601.
        ColumnType::Date if formats.dates.are_not_iso() => "NULL".to_owned(),
        ColumnType::Timestamp if formats.timestamps.are_not_iso() => "NULL".to_owned(),
        ColumnType::Date => dated(ty, t, &format!("{YEAR}{DAY}"), formats.dates.listed()),
        // A listed format may say something else of a day alone.
        ColumnType::Timestamp if formats.timestamps.say_nothing_new() => cast_where(ty, t, &format!("{YEAR}{DAY}([ T]{CLOCK})?")),
        ColumnType::Timestamp => dated(ty, t, &format!("{YEAR}{DAY}[ T]{CLOCK}"), formats.timestamps.listed()),
        ColumnType::String | ColumnType::Varchar(_) | ColumnType::Char(_) => t.to_owned(),
        ColumnType::Array(_) | ColumnType::Struct(_) | ColumnType::Map(..) => "NULL".to_owned(),
    }
}

/// Returns an expression for the value of a text that is not null and for which [`plain`] gives null: the few that need a second
/// check, or plain ones in quotes.
pub(super) fn unusual(ty: &ColumnType, t: &str, formats: &Formats) -> String {
    match ty {
        ColumnType::Float | ColumnType::Double => {
            let (value, lost) = (cast(ty, t), is_lost(ty, t));
            let is_long_integer = matches(t, if *ty == ColumnType::Float { "-?[0-9]{8,}" } else { "-?[0-9]{16,}" });
            format!("CASE WHEN {} AND NOT {is_long_integer} AND NOT ({lost}) THEN {value} END", matches(t, REAL))
        }
        ty => plain(ty, t, formats),
    }
}

/// Returns a condition that such a text, for which [`unusual`] gives null too, is not a value by any rule.
pub(super) fn is_invalid(ty: &ColumnType, t: &str, formats: &Formats) -> String {
    // Other signs and spaces than those of ASCII may be of a number too.
    let is_no_number = format!("(NOT {} AND NOT {t} RLIKE '[^ -~]')", matches(t, NUMBER));
    // What has no digit is no day, however it is written.
    let has_no_digit = format!("NOT {t} RLIKE '[0-9]'");
    match ty {
        ColumnType::Boolean => "TRUE".to_owned(),
        ColumnType::TinyInt | ColumnType::SmallInt | ColumnType::Int | ColumnType::BigInt => {
            let has_fraction = matches(t, r"[+-]?[0-9]*\.[0-9]*[1-9][0-9]*");
            format!("{} OR {has_fraction} OR {is_no_number}", matches(t, INTEGER))
        }
        ColumnType::Float | ColumnType::Double => {
            let is_named = format!("lower({t}) IN ('nan', 'inf', '+inf', '-inf', 'infinity', '+infinity', '-infinity')");
            format!("({} AND ({})) OR ({is_no_number} AND NOT {is_named})", matches(t, REAL), is_lost(ty, t))
        }
        ColumnType::Decimal { precision, scale } => {
            let is_too_large = matches(t, &format!(r"-?[1-9][0-9]{{{},}}(\.[0-9]*)?", precision - scale));
            let loses_a_digit = matches(t, &format!(r"-?[0-9]*\.[0-9]{{{scale}}}[0-9]*[1-9]"));
            format!("{is_too_large} OR {loses_a_digit} OR {is_no_number}")
        }
        ColumnType::Date if formats.dates == DateFormats::default() => {
            format!("{has_no_digit} OR {}", matches(t, &format!("[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|{NOT_ISO}")))
        }
        ColumnType::Timestamp if formats.timestamps.say_nothing_new() => {
            let no_such_day = "(0000-[0-9]{2}-[0-9]{2}|[0-9]{4}-00-[0-9]{2}|[0-9]{4}-[0-9]{2}-00)([ T][0-9:.]*)?";
            format!("{has_no_digit} OR {}", matches(t, &format!("{no_such_day}|{NOT_ISO}")))
        }
        ColumnType::Date | ColumnType::Timestamp => has_no_digit,
        ColumnType::String
        | ColumnType::Varchar(_)
        | ColumnType::Char(_)
        | ColumnType::Array(_)
        | ColumnType::Struct(_)
        | ColumnType::Map(..) => "FALSE".to_owned(),
    }
}

fn cast(ty: &ColumnType, t: &str) -> String {
    format!("try_cast({t} AS {ty})")
}

fn cast_where(ty: &ColumnType, t: &str, plain: &str) -> String {
    format!("CASE WHEN {} THEN {} END", matches(t, plain), cast(ty, t))
}

/// Returns an expression for a date or timestamp by ISO 8601, then by the listed formats.
fn dated(ty: &ColumnType, t: &str, iso: &str, listed: &[String]) -> String {
    let ways = [cast_where(ty, t, iso)].into_iter().chain(by_formats(ty, t, listed));
    format!("coalesce({})", ways.collect::<Vec<_>>().join(", "))
}

/// Returns a pattern of decimals that lose no digit.
fn decimal(precision: u8, scale: u8) -> String {
    let whole = precision - scale;
    let digits = if whole == 0 { "0".to_owned() } else { format!("[0-9]{{1,{whole}}}") };
    let fraction = if scale == 0 { String::new() } else { format!(r"(\.[0-9]{{1,{scale}}})?") };
    format!("-?{digits}{fraction}")
}

/// Returns a condition that a number overflows, or becomes zero without being zero.
fn is_lost(ty: &ColumnType, t: &str) -> String {
    let (value, is_zero) = (cast(ty, t), matches(t, r"-?[0.]*([eE].*)?"));
    format!("abs({value}) = try_cast('Infinity' AS {ty}) OR ({value} = 0 AND NOT {is_zero})")
}
