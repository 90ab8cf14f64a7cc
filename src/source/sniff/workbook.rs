//! The sheet of a workbook that has a table: the first one is often a cover.

use super::super::parser::SampledRecord;
use super::super::typed::{Cells, cell_name, sheets};
use super::around::Beginning;
use super::header::has_header;
use crate::source::{Sheet, SourceError};

/// Maximum number of rows of a sheet that are looked at.
const MOST_ROWS: usize = 1_000;

/// A sheet as a table.
struct Candidate {
    /// Place among the sheets.
    place: usize,
    /// Number of rows above the header.
    titles: usize,
    /// True if it has a header over values of other types.
    is_certain: bool,
    /// Number of cells with a value.
    cells: usize,
}

/// Returns the sheet with a table, and doubts about it.
pub(super) fn sheet(key: &str, file: &[u8]) -> Result<(Sheet, Vec<String>), SourceError> {
    let sheets = sheets(key, file, MOST_ROWS)?;
    let candidates: Vec<Candidate> = (0..sheets.len()).filter_map(|place| candidate(place, &sheets[place])).collect();
    // Of equals, the first one.
    let best = candidates.iter().rev().max_by_key(|candidate| (candidate.is_certain, candidate.cells));
    let Some(best) = best else { return Ok((Sheet::default(), Vec::new())) };
    let cells = &sheets[best.place];
    let mut doubts = Vec::new();
    if sheets.len() > 1 {
        let others = sheets.iter().filter(|other| other.name != cells.name).map(|other| format!("`{}`", other.name));
        let others = others.collect::<Vec<_>>().join(", ");
        doubts.push(format!("the table is that of the sheet `{}`: {others} are not read: is that right?", cells.name));
    }
    let mut range = None;
    if best.titles > 0 {
        let titles = cells.rows.iter().take(best.titles).flatten().filter(|text| !text.trim().is_empty());
        let shown = titles.take(3).map(|text| format!("`{}`", text.escape_debug())).collect::<Vec<_>>().join(", ");
        doubts.push(format!("rows above the header are left out: {shown}: are they in every file?"));
        let rows = u32::try_from(best.titles).unwrap_or(u32::MAX);
        range = Some(cell_name((cells.start.0.saturating_add(rows), cells.start.1)));
    }
    let name = (sheets.len() > 1).then(|| cells.name.clone());
    Ok((Sheet { name, range }, doubts))
}

/// Returns a sheet as a table; `None` if it has no two rows.
fn candidate(place: usize, cells: &Cells) -> Option<Candidate> {
    let filled = |row: &&Vec<String>| row.iter().any(|text| !text.trim().is_empty());
    if cells.rows.iter().filter(filled).count() < 2 {
        return None;
    }
    let record = |row: &Vec<String>| SampledRecord { line: 0, fields: Ok(row.clone()), quoted_empty: Vec::new() };
    let records: Vec<SampledRecord> = cells.rows.iter().map(record).collect();
    let titles = Beginning::of(&records)?.first;
    let table: Vec<Vec<String>> = cells.rows[titles..].to_vec();
    let (is_header, doubt) = has_header(&table);
    let cells = table.iter().flatten().filter(|text| !text.trim().is_empty()).count();
    Some(Candidate { place, titles, is_certain: is_header && doubt.is_none(), cells })
}
