//! A look at one file.

use std::io::Read;

use super::super::packing::{Packing, TELLING};
use super::super::stream::{failed, peek};
use super::super::typed::TypedBatches;
use super::super::zip::Archive;
use super::delimited::Delimited;
use super::encodings::{decoded, encoding};
use super::header::has_header;
use super::notations::{self, SniffedColumn};
use super::objects::Objects;
use crate::schema::{DuplicateNames, Naming, NamingRule, TableSchema};
use crate::source::{BinaryText, Sheet, SourceError, TypedFormat, TypedKind, ValueRules};

/// Bytes of text that are looked at.
const SAMPLE: u64 = 1 << 20;

type Bytes = Box<dyn Read + Send>;

/// The likely form of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Sniffed {
    /// Its format.
    pub kind: Kind,
    /// Name of the encoding of its text.
    pub encoding: &'static str,
    /// True if it is an archive.
    pub is_archive: bool,
    /// Its columns, as far as they are known without a table.
    pub columns: Vec<SniffedColumn>,
    /// Doubts, each a sentence.
    pub doubts: Vec<String>,
}

/// Format of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Delimited text, and true if it has a header.
    Delimited(Delimited, bool),
    /// JSON.
    Objects(Objects),
    /// Typed fields.
    Typed(TypedKind),
}

/// Looks at a file, or at the first part of it.
///
/// # Errors
/// It is empty, damaged, or of a format that adg does not read; the store fails.
pub fn sniff(key: &str, bytes: Bytes) -> Result<Sniffed, SourceError> {
    let (first, bytes) = peek(bytes, TELLING).map_err(|source| failed(key, source))?;
    let packing = match Packing::of(key, &first) {
        Err(SourceError::UnknownPacking { found, .. }) if let Some(kind) = typed_kind(found) => {
            return typed(key, Box::new(bytes), kind);
        }
        packing => packing?,
    };
    let (text, is_archive): (Bytes, bool) = match packing {
        Packing::Zip => {
            // A workbook is an archive too: it is read again from its copy.
            let mut copy = Vec::new();
            let mut bytes = bytes;
            bytes.read_to_end(&mut copy).map_err(|source| failed(key, source))?;
            match Archive::open(key, copy.as_slice()) {
                Err(SourceError::UnknownPacking { found, .. }) if let Some(kind) = typed_kind(found) => {
                    return typed(key, Box::new(std::io::Cursor::new(copy)), kind);
                }
                archive => {
                    let archive = archive?;
                    let member = archive.members.first().ok_or_else(|| SourceError::Empty { key: key.to_owned() })?;
                    (archive.bytes(member), true)
                }
            }
        }
        packing => (packing.unpack(key, bytes)?, false),
    };
    let mut sample = Vec::new();
    text.take(SAMPLE + 1).read_to_end(&mut sample).map_err(|source| failed(key, source))?;
    let is_whole = sample.len() as u64 <= SAMPLE;
    sample.truncate(usize::try_from(SAMPLE).unwrap_or(usize::MAX));
    let (encoding, doubt) = encoding(&sample, is_whole);
    let text = decoded(&sample, encoding);
    let sniffed = of_text(&text, is_whole).ok_or_else(|| SourceError::Empty { key: key.to_owned() })?;
    let doubts = doubt.into_iter().chain(sniffed.doubts).collect();
    Ok(Sniffed { encoding, is_archive, doubts, ..sniffed })
}

fn of_text(text: &str, is_whole: bool) -> Option<Sniffed> {
    let sniffed = |kind, columns, doubts| Sniffed { kind, encoding: "utf-8", is_archive: false, columns, doubts };
    if let Some(objects) = Objects::of(text) {
        let doubts = objects.doubts.clone();
        return Some(sniffed(Kind::Objects(objects), Vec::new(), doubts));
    }
    let found = Delimited::of(text, is_whole)?;
    let (is_header, doubt) = has_header(&found.records);
    let mut doubts: Vec<String> = doubt.into_iter().collect();
    if found.others > 0 {
        doubts.push(format!(
            "{} of {} records have another number of fields, or can't be read: they would go to quarantine",
            found.others,
            found.others + found.records.len()
        ));
    }
    if found.footer_lines > 0 {
        doubts.push("the last lines are no records: are they in every file?".to_owned());
    }
    let (header, rows) = if is_header { found.records.split_at(1) } else { found.records.split_at(0) };
    let width = found.records.first().map_or(0, Vec::len);
    let column = |place: usize| {
        let numbered = format!("column_{}", place + 1);
        let name = header.first().map_or(numbered.as_str(), |names| names[place].as_str());
        let values: Vec<&str> = rows.iter().map(|row| row[place].as_str()).collect();
        notations::column(name, &values)
    };
    let columns = (0..width).map(column).collect();
    Some(sniffed(Kind::Delimited(found, is_header), columns, doubts))
}

fn typed_kind(found: &str) -> Option<TypedKind> {
    let is = |name: &str| found.contains(name);
    match () {
        () if is("Parquet") => Some(TypedKind::Parquet),
        () if is("Avro") => Some(TypedKind::Avro),
        () if is("ORC") => Some(TypedKind::Orc),
        () if is("Excel") => Some(TypedKind::Excel(Sheet::default())),
        () => None,
    }
}

/// Returns a file of typed fields with their types.
fn typed(key: &str, bytes: Bytes, kind: TypedKind) -> Result<Sniffed, SourceError> {
    let renames = std::collections::BTreeMap::new();
    let naming = Naming { rule: NamingRule::Words, renames: &renames, duplicates: DuplicateNames::Rename };
    let format = TypedFormat { kind, binary: BinaryText::default(), values: ValueRules::default() };
    let (header, _) = TypedBatches::open(key, bytes, &format, (naming, &TableSchema::default(), &[]))?;
    let types = header.types.into_iter().chain(std::iter::repeat(None));
    let columns = header.names.into_iter().zip(types).map(|(name, ty)| SniffedColumn { name, ty, ..SniffedColumn::default() });
    Ok(Sniffed {
        kind: Kind::Typed(format.kind),
        encoding: "utf-8",
        is_archive: false,
        columns: columns.collect(),
        doubts: Vec::new(),
    })
}
