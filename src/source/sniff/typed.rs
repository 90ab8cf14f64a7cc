//! Files of typed fields, with the types that they have.

use std::collections::BTreeMap;
use std::io::Read;

use super::super::foreign;
#[cfg(feature = "excel")]
use super::super::stream::failed;
use super::super::typed::TypedBatches;
use super::column::{SniffedColumn, has_nanoseconds};
use super::sniffed::{Kind, Sniffed};
use crate::schema::{ColumnType, DuplicateNames, Naming, NamingRule, TableSchema};
use crate::source::{BinaryText, RawBatch, Sheet, SourceError, TypedFormat, TypedKind, ValueRules};

/// Returns the format of a file by the name of what it was found to be.
pub(super) fn typed_kind(found: &str) -> Option<TypedKind> {
    match foreign::setting(found)? {
        "parquet" => Some(TypedKind::Parquet),
        "avro" => Some(TypedKind::Avro),
        "orc" => Some(TypedKind::Orc),
        "excel" => Some(TypedKind::Excel(Sheet::default())),
        _ => None,
    }
}

/// Returns a file of typed fields with their types; of a workbook, the sheet that has a table.
pub(super) fn typed(key: &str, bytes: Box<dyn Read + Send>, kind: TypedKind) -> Result<Sniffed, SourceError> {
    #[cfg(feature = "excel")]
    if let TypedKind::Excel(_) = kind {
        let mut file = Vec::new();
        let mut bytes = bytes;
        bytes.read_to_end(&mut file).map_err(|source| failed(key, source))?;
        if let Some(found) = foreign::of_old_workbook(&file) {
            return Err(SourceError::UnknownPacking { key: key.to_owned(), found });
        }
        let (sheet, doubts) = super::workbook::sheet(key, &file)?;
        let bytes = Box::new(std::io::Cursor::new(file));
        return Ok(Sniffed { doubts, ..columns(key, bytes, TypedKind::Excel(sheet))? });
    }
    columns(key, bytes, kind)
}

fn columns(key: &str, bytes: Box<dyn Read + Send>, kind: TypedKind) -> Result<Sniffed, SourceError> {
    let renames = BTreeMap::new();
    // By the rule that leaves most names.
    let naming = Naming { rule: NamingRule::Unicode, renames: &renames, duplicates: DuplicateNames::Rename };
    let format = TypedFormat { kind, binary: BinaryText::default(), values: ValueRules::default() };
    let (header, mut batches) = TypedBatches::open(key, bytes, &format, (naming, &TableSchema::default(), &[]))?;
    let first = batches.next_batch()?;
    let types = header.types.into_iter().chain(std::iter::repeat(None));
    let columns = header.names.into_iter().zip(types).enumerate().map(|(place, (name, ty))| {
        let column = SniffedColumn { name, ty, ..SniffedColumn::default() };
        match first.as_ref().and_then(|batch| nanoseconds(&column, batch, place)) {
            Some(example) => column.with_nanoseconds(&example),
            None => column,
        }
    });
    let columns = columns.collect();
    Ok(Sniffed { kind: Kind::Typed(format.kind), encoding: "utf-8", is_archive: false, columns, doubts: Vec::new() })
}

/// Returns a timestamp of a column that has digits beyond the sixth.
fn nanoseconds(column: &SniffedColumn, batch: &RawBatch, place: usize) -> Option<String> {
    if column.ty != Some(ColumnType::Timestamp) {
        return None;
    }
    let texts = (0..batch.rows()).map(|row| String::from_utf8_lossy(batch.field(row, place).text).into_owned());
    texts.into_iter().find(|text| has_nanoseconds(text))
}
