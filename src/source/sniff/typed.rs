//! Files of typed fields, with the types that they have.

use std::collections::BTreeMap;
use std::io::Read;

#[cfg(feature = "excel")]
use super::super::stream::failed;
use super::super::typed::TypedBatches;
use super::column::SniffedColumn;
use super::sniffed::{Kind, Sniffed};
use crate::schema::{ColumnType, DuplicateNames, Naming, NamingRule, TableSchema};
use crate::source::{BinaryText, RawBatch, Sheet, SourceError, TypedFormat, TypedKind, ValueRules};

/// Returns the format of a file by the name of what it was found to be.
pub(super) fn typed_kind(found: &str) -> Option<TypedKind> {
    let is = |name: &str| found.contains(name);
    match () {
        () if is("Parquet") => Some(TypedKind::Parquet),
        () if is("Avro") => Some(TypedKind::Avro),
        () if is("ORC") => Some(TypedKind::Orc),
        () if is("Excel") => Some(TypedKind::Excel(Sheet::default())),
        () => None,
    }
}

/// Returns a file of typed fields with their types; of a workbook, the sheet that has a table.
pub(super) fn typed(key: &str, bytes: Box<dyn Read + Send>, kind: TypedKind) -> Result<Sniffed, SourceError> {
    #[cfg(feature = "excel")]
    if let TypedKind::Excel(_) = kind {
        let mut file = Vec::new();
        let mut bytes = bytes;
        bytes.read_to_end(&mut file).map_err(|source| failed(key, source))?;
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
    let has_more = |text: &String| {
        let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
        let digits = fraction.bytes().take_while(u8::is_ascii_digit);
        digits.skip(6).any(|digit| digit != b'0')
    };
    texts.into_iter().find(has_more)
}
