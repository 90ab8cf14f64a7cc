//! Days and clock times in another format than ISO 8601.

use super::column::SniffedColumn;
use crate::schema::ColumnType;
use crate::schema::fit::{ClockRules, DateFormats, Nanoseconds, TimestampFormats};

/// Formats of days that are tried, beside ISO 8601. Those with the day and the month in other places are told apart by a day
/// above twelve.
const DATES: &[&str] =
    &["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y"];
/// Times of day that follow them.
const CLOCKS: &[&str] = &[" %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %H:%M:%S%.f"];

/// Returns a column of days or clock times in another format than ISO 8601, or with nanoseconds.
pub(super) fn days(column: &SniffedColumn, values: &[&str]) -> Option<SniffedColumn> {
    if values.is_empty() {
        return None;
    }
    let fits_dates = |format: &&str| {
        DateFormats::new(&[(*format).to_owned()])
            .is_ok_and(|formats| values.iter().all(|value| formats.parse(value.trim().as_bytes()).is_some()))
    };
    let dates: Vec<String> = DATES.iter().copied().filter(fits_dates).map(str::to_owned).collect();
    if !dates.is_empty() {
        return Some(with_formats(column, values, ColumnType::Date, &dates));
    }
    [Nanoseconds::Invalid, Nanoseconds::Truncate].into_iter().find_map(|nanoseconds| times(column, values, nanoseconds))
}

fn times(column: &SniffedColumn, values: &[&str], nanoseconds: Nanoseconds) -> Option<SniffedColumn> {
    let fits = |listed: &[String]| {
        let formats =
            TimestampFormats::new(listed).map(|formats| formats.by_clock(ClockRules { nanoseconds, ..ClockRules::default() }));
        formats.is_ok_and(|formats| values.iter().all(|value| formats.parse(value.trim().as_bytes()).is_some()))
    };
    let of_clock = |clock: &&str| {
        let formats = DATES.iter().map(|date| format!("{date}{clock}"));
        formats.filter(|format| fits(std::slice::from_ref(format))).collect::<Vec<_>>()
    };
    // Numbers are read as ISO 8601 by the guess alone.
    let is_iso = nanoseconds == Nanoseconds::Truncate && values.iter().all(|value| value.contains(':')) && fits(&[]);
    let listed = if is_iso { Vec::new() } else { CLOCKS.iter().map(of_clock).find(|formats| !formats.is_empty())? };
    let found = with_formats(column, values, ColumnType::Timestamp, &listed);
    let example = values.iter().max_by_key(|value| value.len()).copied().unwrap_or_default();
    Some(if nanoseconds == Nanoseconds::Truncate { found.with_nanoseconds(example) } else { found })
}

/// Returns the column with the first of the formats, and a doubt if there are others.
fn with_formats(column: &SniffedColumn, values: &[&str], ty: ColumnType, formats: &[String]) -> SniffedColumn {
    let setting = if ty == ColumnType::Date { "date_formats" } else { "timestamp_formats" };
    let first = formats.first();
    let example = values.first().copied().unwrap_or_default();
    let doubt = first.zip(formats.get(1)).map(|(first, other)| format!("`{example}` fits `{first}` and `{other}`: which is it?"));
    SniffedColumn {
        ty: Some(ty),
        notation: first.map(|format| (setting, format!("[\"{format}\"]"))).into_iter().collect(),
        doubts: doubt.into_iter().collect(),
        ..column.clone()
    }
}
