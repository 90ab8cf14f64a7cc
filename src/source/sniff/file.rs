//! A look at one file.

use std::io::{Cursor, Read};

use super::super::foreign::FIRST;
use super::super::packing::{Packing, TELLING, foreign_content};
use super::super::stream::{failed, peek};
use super::super::zip::Archive;
use super::column::SniffedColumn;
use super::delimited::{Delimited, MOST_RECORDS};
use super::encodings::{decoded, encoding};
use super::notations;
use super::objects::Objects;
use super::other;
use super::sniffed::{Kind, Sniffed};
use super::typed::{typed, typed_kind};
use crate::source::SourceError;

/// Bytes of text that are looked at.
const SAMPLE: u64 = 1 << 20;

type Bytes = Box<dyn Read + Send>;

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
    let unknown = |found| SourceError::UnknownPacking { key: key.to_owned(), found };
    let (text, doubt): (Bytes, Option<String>) = match packing {
        Packing::Zip => {
            // A workbook is an archive too: it is read again from its copy.
            let mut copy = Vec::new();
            let mut bytes = bytes;
            bytes.read_to_end(&mut copy).map_err(|source| failed(key, source))?;
            match Archive::open(key, copy.as_slice()) {
                Err(SourceError::UnknownPacking { found, .. }) if let Some(kind) = typed_kind(found) => {
                    return typed(key, Box::new(Cursor::new(copy)), kind);
                }
                archive => {
                    let archive = archive?;
                    let with_content = archive.members.iter().find(|member| member.size > 0);
                    let member = with_content.or(archive.members.first());
                    let member = member.ok_or_else(|| unknown("a zip archive without files"))?;
                    let (first, bytes) = peek(archive.bytes(member), FIRST).map_err(|source| failed(key, source))?;
                    if let Some(kind) = foreign_content(&first).and_then(typed_kind).filter(|_| archive.members.len() == 1) {
                        return typed(key, Box::new(bytes), kind);
                    }
                    (Box::new(bytes), several_members(&archive))
                }
            }
        }
        packing => {
            let (first, bytes) = peek(packing.unpack(key, bytes)?, FIRST).map_err(|source| failed(key, source))?;
            // Files of typed fields may be packed too.
            if let Some(kind) = foreign_content(&first).and_then(typed_kind) {
                return typed(key, Box::new(bytes), kind);
            }
            (Box::new(bytes), None)
        }
    };
    let mut sample = Vec::new();
    text.take(SAMPLE + 1).read_to_end(&mut sample).map_err(|source| failed(key, source))?;
    let is_whole = sample.len() as u64 <= SAMPLE;
    sample.truncate(usize::try_from(SAMPLE).unwrap_or(usize::MAX));
    if sample.is_empty() {
        let is_packed = !matches!(packing, Packing::None);
        return Err(if is_packed { unknown("an archive of an empty file") } else { SourceError::Empty { key: key.to_owned() } });
    }
    let sniffed = of_sample(&sample, is_whole).map_err(unknown)?;
    let doubts = doubt.into_iter().chain(sniffed.doubts).collect();
    Ok(Sniffed { is_archive: matches!(packing, Packing::Zip), doubts, ..sniffed })
}

fn not_all(count: usize) -> String {
    format!("only the first {count} records were looked at: later ones may have other columns, types or widths")
}

fn several_members(archive: &Archive) -> Option<String> {
    let names: Vec<String> = archive.members.iter().take(5).map(|member| format!("`{}`", member.name)).collect();
    let count = archive.members.len();
    (count > 1).then(|| {
        format!("the archive has {count} files ({}), all of which are read: only one of them was looked at", names.join(", "))
    })
}

/// Returns the form of a text from its first bytes.
///
/// # Errors
/// The name of what it is, if it has no records.
fn of_sample(sample: &[u8], is_whole: bool) -> Result<Sniffed, &'static str> {
    if let Some(found) = other::of_bytes(sample) {
        return Err(found);
    }
    let (encoding, doubt) = encoding(sample, is_whole);
    let text = decoded(sample, encoding);
    if let Some(found) = other::of_text(&text) {
        return Err(found);
    }
    let sniffed = of_text(&text, is_whole).ok_or("a text without records")?;
    let doubts = doubt.into_iter().chain(sniffed.doubts).collect();
    Ok(Sniffed { encoding, doubts, ..sniffed })
}

fn of_text(text: &str, is_whole: bool) -> Option<Sniffed> {
    let sniffed = |kind, columns, doubts| Sniffed { kind, encoding: "utf-8", is_archive: false, columns, doubts };
    if let Some(objects) = Objects::of(text, is_whole) {
        let is_all = is_whole && objects.sample.len() < MOST_RECORDS;
        let doubts = objects.doubts.iter().cloned().chain((!is_all).then(|| not_all(objects.sample.len()))).collect();
        let column = |name: &String| SniffedColumn { name: name.clone(), ..SniffedColumn::default() };
        let columns = objects.names().iter().map(column).collect();
        return Some(sniffed(Kind::Objects(objects), columns, doubts));
    }
    let found = Delimited::of(text, is_whole)?;
    let (header, rows) = found.records.split_at(usize::from(found.has_header));
    let width = found.records.first().map_or(0, Vec::len);
    let numbered: Vec<String> = (0..width).map(|place| format!("column_{}", place + 1)).collect();
    let column = |place: usize| {
        let name = header.first().map_or(numbered[place].as_str(), |names| names[place].as_str());
        (name, rows.iter().map(|row| row[place].as_str()).collect())
    };
    let columns = notations::columns(&(0..width).map(column).collect::<Vec<(&str, Vec<&str>)>>());
    let is_all = is_whole && found.records.len() < MOST_RECORDS;
    let doubts = found.doubts.iter().cloned().chain((!is_all).then(|| not_all(found.records.len()))).collect();
    Some(sniffed(Kind::Delimited(found), columns, doubts))
}
