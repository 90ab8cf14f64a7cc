//! Workbooks.

use std::io::{Cursor, Read};
use std::vec::IntoIter;

use calamine::{Data, Range, Reader, Sheets, open_workbook_auto_from_rs};

use super::super::parser::Span;
use super::super::stream::failed;
use super::Sheet;
use super::unreadable::unreadable;
use crate::schema::fit::BEYOND_DOUBLE;
use crate::source::{RawBatch, SourceError};

const WORKBOOK: &str = "a workbook";
/// Number of the day after 9999-12-31.
const DAYS_END: f64 = 2_958_466.0;

/// The rows of a sheet below its names.
pub(super) struct ExcelRows {
    rows: IntoIter<Vec<Data>>,
    width: usize,
    at_once: usize,
}

/// Opens a file: the names in the first line of its cells, its rows, and notes about cells that are no values. Workbooks are read
/// whole.
pub(super) fn open(
    key: &str,
    mut bytes: Box<dyn Read + Send>,
    sheet: &Sheet,
    at_once: usize,
) -> Result<(Vec<String>, ExcelRows, Vec<String>), SourceError> {
    let mut file = Vec::new();
    bytes.read_to_end(&mut file).map_err(|source| failed(key, source))?;
    let wrong = |reason: String| SourceError::NotReadable { key: key.to_owned(), format: WORKBOOK, reason };
    let mut book = open_workbook_auto_from_rs(Cursor::new(file)).map_err(|error| unreadable(key, WORKBOOK, &error))?;
    let names = book.sheet_names();
    let name = match &sheet.name {
        Some(name) if names.contains(name) => name.clone(),
        Some(name) => return Err(wrong(format!("it has no sheet `{name}`; it has {}", names.join(", ")))),
        None => names.first().cloned().ok_or_else(|| wrong("it has no sheet".to_owned()))?,
    };
    let (cells, formulas) = cells_of(&mut book, &name).map_err(|error| unreadable(key, WORKBOOK, &error))?;
    let cells = cut(cells, sheet.range.as_deref()).map_err(wrong)?;
    let mut rows: Vec<Vec<Data>> = cells.rows().map(<[Data]>::to_vec).collect();
    if rows.is_empty() {
        return Err(SourceError::Empty { key: key.to_owned() });
    }
    let header: Vec<String> = rows.remove(0).iter().map(|cell| text(cell).unwrap_or_default()).collect();
    let width = header.len();
    // Cells that only have a format are rows of nothing.
    rows.retain(|row| row.iter().any(|cell| text(cell).is_some()));
    let notes = notes(key, formulas, &rows);
    Ok((header, ExcelRows { rows: rows.into_iter(), width, at_once }, notes))
}

/// Returns notes about cells that are no values of their sheet.
fn notes(key: &str, formulas: usize, rows: &[Vec<Data>]) -> Vec<String> {
    let errors = rows.iter().flatten().filter(|cell| matches!(cell, Data::Error(_))).count();
    let without_result = format!(
        "`{key}` has {formulas} formulas without a result, which are read as their texts: a program that computes them must \
         have saved it"
    );
    let with_error = format!("`{key}` has {errors} cells with an error, such as `#N/A`, which are read as that text");
    [(formulas, without_result), (errors, with_error)].into_iter().filter(|(count, _)| *count > 0).map(|(_, note)| note).collect()
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct Cells {
    /// Name of the sheet.
    pub(in crate::source) name: String,
    /// Row and column of the first used cell, from 0.
    pub(in crate::source) start: (u32, u32),
    /// First rows as texts.
    pub(in crate::source) rows: Vec<Vec<String>>,
}

/// Returns the sheets of a workbook that have cells, with at most so many of their rows.
pub(in crate::source) fn sheets(key: &str, file: &[u8], most: usize) -> Result<Vec<Cells>, SourceError> {
    let mut book = open_workbook_auto_from_rs(Cursor::new(file.to_vec())).map_err(|error| unreadable(key, WORKBOOK, &error))?;
    let mut sheets = Vec::new();
    for name in book.sheet_names() {
        // Sheets of charts have no cells.
        let Ok((cells, _)) = cells_of(&mut book, &name) else { continue };
        let rows = cells.rows().take(most).map(|row| row.iter().map(|cell| text(cell).unwrap_or_default()).collect());
        sheets.extend(cells.start().map(|start| Cells { name, start, rows: rows.collect() }));
    }
    Ok(sheets)
}

/// Returns the cells of a sheet. A formula without a result, as programs write it that do not compute, is its own text: it would
/// be null without a word. Returns their number too.
fn cells_of(book: &mut Sheets<Cursor<Vec<u8>>>, name: &str) -> Result<(Range<Data>, usize), calamine::Error> {
    let mut cells = book.worksheet_range(name)?;
    let formulas = book.worksheet_formula(name)?;
    let (Some(first), Some(start)) = (formulas.start(), cells.start()) else { return Ok((cells, 0)) };
    let mut count = 0;
    for (row, column, formula) in formulas.used_cells() {
        let at = (u32::try_from(row).unwrap_or_default() + first.0, u32::try_from(column).unwrap_or_default() + first.1);
        let is_empty = cells.get_value(at).is_none_or(|cell| *cell == Data::Empty);
        if is_empty && !formula.is_empty() && at.0 >= start.0 && at.1 >= start.1 {
            count += 1;
            cells.set_value(at, Data::String(format!("={}", formula.trim_start_matches('='))));
        }
    }
    Ok((cells, count))
}

/// Returns the name of a cell by its row and column, from 0.
pub(in crate::source) fn cell_name((row, column): (u32, u32)) -> String {
    let (mut letters, mut left) = (Vec::new(), column + 1);
    while left > 0 {
        letters.push(char::from(b'A' + u8::try_from((left - 1) % 26).unwrap_or_default()));
        left = (left - 1) / 26;
    }
    letters.into_iter().rev().chain((row + 1).to_string().chars()).collect()
}

impl ExcelRows {
    /// Returns the next rows; `None` at the end.
    pub(super) fn next_batch(&mut self) -> Option<RawBatch> {
        let rows: Vec<Vec<Data>> = self.rows.by_ref().take(self.at_once).collect();
        if rows.is_empty() {
            return None;
        }
        let (mut bytes, mut spans) = (Vec::new(), Vec::with_capacity(rows.len() * self.width));
        for cell in rows.iter().flatten() {
            let start = bytes.len();
            bytes.extend_from_slice(text(cell).unwrap_or_default().as_bytes());
            // As a field of CSV: an empty text in quotes is no null, a cell without a value is one.
            spans.push(match cell {
                Data::String(_) => Span::quoted(start, bytes.len(), false),
                Data::Empty | Data::Error(_) => Span::plain(start, bytes.len()),
                _ => Span::typed(start, bytes.len()),
            });
        }
        Some(RawBatch { text: bytes.into(), spans, width: self.width, rows: rows.len(), bad: Vec::new() })
    }
}

/// Returns the cells of a range such as `B3:F200` or `B3`.
fn cut(cells: Range<Data>, range: Option<&str>) -> Result<Range<Data>, String> {
    let Some(range) = range else { return Ok(cells) };
    let wrong = || format!("`{range}` is no range of cells such as `B3:F200`");
    let (first, last) = range.split_once(':').map_or((range, None), |(first, last)| (first, Some(last)));
    let first = cell(first).ok_or_else(wrong)?;
    let used = cells.end().ok_or_else(|| "the sheet has no cells".to_owned())?;
    let last = match last {
        Some(last) => cell(last).ok_or_else(wrong)?,
        None => used,
    };
    if last.0 < first.0 || last.1 < first.1 || first.0 > used.0 || first.1 > used.1 {
        return Err(format!("it has no cells in `{range}`"));
    }
    Ok(cells.range(first, (last.0.min(used.0), last.1)))
}

/// Returns the row and column of a cell such as `B3`, from 0.
fn cell(name: &str) -> Option<(u32, u32)> {
    let letters = name.find(|c: char| !c.is_ascii_alphabetic()).filter(|length| (1..=3).contains(length))?;
    let column =
        name[..letters].bytes().fold(0, |column, letter| column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    let row: u32 = name[letters..].parse().ok()?;
    Some((row.checked_sub(1)?, column - 1))
}

/// Returns a cell's value as text; `None` if it has none. A whole number has no fraction, and a midnight of a day no time.
fn text(cell: &Data) -> Option<String> {
    Some(match cell {
        Data::Empty => return None,
        Data::Int(value) => value.to_string(),
        Data::Float(value) => number(*value),
        Data::String(value) | Data::DateTimeIso(value) | Data::DurationIso(value) => value.clone(),
        Data::Bool(value) => value.to_string(),
        // Days end with the year 9999. Beyond, Excel shows no date, and the library the last one.
        Data::DateTime(value) if value.is_datetime() && (0.0..DAYS_END).contains(&value.as_f64()) => {
            let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            let milli = if milli == 0 { String::new() } else { format!(".{milli:03}") };
            let time = format!("{hour:02}:{minute:02}:{second:02}{milli}");
            match time.as_str() {
                // Days are counted from 1: the rest is a time of day.
                _ if (0.0..1.0).contains(&value.as_f64()) => time,
                "00:00:00" => date,
                _ => format!("{date} {time}"),
            }
        }
        // A duration is a number of days, as is what is no date.
        Data::DateTime(value) => number(value.as_f64()),
        Data::Error(error) => error.to_string(),
    })
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < BEYOND_DOUBLE { format!("{value:.0}") } else { format!("{value:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_names() {
        for (name, place) in
            [("A1", Some((0, 0))), ("b3", Some((2, 1))), ("AA10", Some((9, 26))), ("A0", None), ("1A", None), ("", None)]
        {
            assert_eq!(cell(name), place, "{name}");
            assert!(place.is_none_or(|place| cell_name(place) == name.to_uppercase()), "{name}");
        }
    }

    #[test]
    fn values_are_written_without_what_excel_adds() {
        for (value, expected) in [
            (4_111_111_111_111_111.0, "4111111111111111"),
            (5.0, "5"),
            (-0.5, "-0.5"),
            (1e20, "1e20"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (9_007_199_254_740_992.0, "9007199254740992.0"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            assert_eq!(text(&Data::Float(value)).unwrap(), expected);
        }
        assert_eq!((text(&Data::Bool(true)), text(&Data::Empty)), (Some("true".to_owned()), None));
    }
}
