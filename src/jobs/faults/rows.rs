//! Generated source files, and checks of the rows in a table.
//!
//! A file is of a generation, which each of its rows names and which determines the number of rows. So the rows alone show if
//! they are all rows of one file.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// The columns that the module file declares. Later generations bring more.
pub(super) const COLUMNS: &str = "{ id: bigint, generation: int, amount: int, at: date }";
/// The generation with which a column comes.
pub(super) const EXTRA: u32 = 2;
pub(super) const MORE: u32 = 4;

/// Returns the number of rows of a generation.
pub(super) fn count(generation: u32) -> u64 {
    3 + u64::from(generation % 3)
}

/// Returns a file of a generation: its rows, one record that can't be read as a row, and an invalid value.
pub(super) fn file(generation: u32) -> String {
    let since = |first: u32, text: &'static str| if generation >= first { text } else { "" };
    let header = format!("id,generation,amount,at{}{}\n", since(EXTRA, ",extra"), since(MORE, ",more"));
    let tail = format!("{}{}", since(EXTRA, ",text"), since(MORE, ",7"));
    // Of four days, and not all of them in each generation.
    let at = |id: u64| format!("2024-04-{}", 10 + (id + u64::from(generation)) % 4);
    let row = |id: u64| {
        let amount = if id == 0 { "many".to_owned() } else { id.to_string() };
        format!("{id},{generation},{amount},{}{tail}\n", at(id))
    };
    let rows: String = (0..count(generation)).map(row).collect();
    format!("{header}{rows}too,many,fields,for,a,row,of,this,file,too\n")
}

/// Returns the generation whose rows these files hold, all of them and nothing else; otherwise a description of the error.
pub(super) fn generation(files: &[Bytes]) -> Result<u32, String> {
    let mut rows = Vec::new();
    for file in files {
        read(file, &mut rows).map_err(|error| format!("a file can't be read: {error}"))?;
    }
    rows.sort_unstable();
    let (_, generation) = *rows.first().ok_or("no rows")?;
    let wanted: Vec<_> = (0..count(generation)).map(|id| (id, generation)).collect();
    if rows == wanted { Ok(generation) } else { Err(format!("rows (id, generation) {rows:?}")) }
}

fn read(file: &Bytes, rows: &mut Vec<(u64, u32)>) -> Result<(), Box<dyn std::error::Error>> {
    for batch in ParquetRecordBatchReaderBuilder::try_new(file.clone())?.build()? {
        let batch = batch?;
        let column = |name: &str| batch.column_by_name(name).cloned().ok_or(format!("no column {name}"));
        let (ids, generations, amounts) = (column("id")?, column("generation")?, column("amount")?);
        let (ids, generations) = (ids.as_primitive::<Int64Type>(), generations.as_primitive::<Int32Type>());
        let errors = column("error_desc")?;
        for row in 0..batch.num_rows() {
            let id = u64::try_from(ids.value(row))?;
            // What did not fit is told, and nothing else is.
            if amounts.is_null(row) != (id == 0) || errors.is_null(row) == (id == 0) {
                return Err(format!("row {id}: amount {amounts:?}, error_desc {errors:?}").into());
            }
            rows.push((id, u32::try_from(generations.value(row))?));
        }
    }
    Ok(())
}
