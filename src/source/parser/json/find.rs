//! Values at a path of a document.

use super::path::PathStep;
use super::scan::{self, Flaw, Kind, Value};
use crate::source::parser::batch::TWICE;

const SOMETHING_ELSE: &str = "it has neither an object nor an array where the path of its records leads";

/// Reason for which a document, or an item of its arrays, has no value at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    /// The path leads nowhere, or to null.
    Missing,
    /// Something else stands there.
    Other(&'static str),
}

/// A value at a path, or a part of the document that has none there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    /// A value, and its position in its array, counted from 1.
    Value { value: Value, position: usize },
    /// The whole document, or the innermost item of an array on the way.
    Lacking { start: usize, end: usize, lack: Lack },
}

/// Finds the records: the objects at the path, and the items of the arrays there. Null is no record.
pub(super) fn records_at(text: &[u8], at: usize, path: &[PathStep]) -> Result<Vec<Found>, Flaw> {
    let mut finder = Finder { text, spreads: true, found: Vec::new(), lack: None };
    let end = finder.find(at, path, 1)?;
    finder.end_of_item(0, at, end);
    Ok(finder.found)
}

/// Finds the only value at a path of members, which may be null.
pub(super) fn value_at(text: &[u8], at: usize, path: &[PathStep]) -> Result<Value, Lack> {
    let mut finder = Finder { text, spreads: false, found: Vec::new(), lack: None };
    finder.find(at, path, 1).map_err(|_| Lack::Missing)?;
    match (finder.lack, finder.found.first()) {
        (None, Some(Found::Value { value, .. })) => Ok(*value),
        (lack, _) => Err(lack.unwrap_or(Lack::Missing)),
    }
}

/// A walk along a path.
struct Finder<'t> {
    text: &'t [u8],
    /// True if the items of an array at the end of the path are wanted, rather than the array.
    spreads: bool,
    found: Vec<Found>,
    /// Reason for which the document, or the item of an array that is open, has no value.
    lack: Option<Lack>,
}

impl Finder<'_> {
    /// Finds the values at the path. Returns the end of the value at `at`.
    fn find(&mut self, at: usize, path: &[PathStep], position: usize) -> Result<usize, Flaw> {
        match (path.split_first(), self.text.get(at)) {
            (None, _) => self.take(at, position),
            (Some((PathStep::Member(wanted), rest)), Some(b'{')) => self.member(at, wanted, rest),
            (Some((PathStep::Items, rest)), Some(b'[')) => self.items(at, rest),
            // An object in place of an array is its only item.
            (Some((PathStep::Items, rest)), Some(b'{')) => self.find(at, rest, 1),
            _ => {
                let (value, end) = scan::value(self.text, at)?;
                self.lacks(if value.kind == Kind::Null { Lack::Missing } else { Lack::Other(SOMETHING_ELSE) });
                Ok(end)
            }
        }
    }

    fn member(&mut self, at: usize, wanted: &str, rest: &[PathStep]) -> Result<usize, Flaw> {
        let (text, mut count) = (self.text, 0);
        let end = scan::members(text, at, &mut |name, at| {
            if is_named(text, name, wanted) {
                count += 1;
                self.find(at, rest, 1)
            } else {
                scan::value(text, at).map(|(_, end)| end)
            }
        })?;
        match count {
            0 => self.lacks(Lack::Missing),
            1 => {}
            // Readers differ in which of them they keep.
            _ => self.lacks(Lack::Other(TWICE)),
        }
        Ok(end)
    }

    fn items(&mut self, at: usize, rest: &[PathStep]) -> Result<usize, Flaw> {
        let (outer, mut position) = (self.lack.take(), 0);
        let end = scan::items(self.text, at, &mut |at| {
            let before = self.found.len();
            position += 1;
            let end = self.find(at, rest, position)?;
            self.end_of_item(before, at, end);
            Ok(end)
        });
        self.lack = outer;
        end
    }

    /// Puts an item without a value in the place of what was found in it.
    fn end_of_item(&mut self, before: usize, start: usize, end: usize) {
        if let Some(lack) = self.lack.take() {
            self.found.truncate(before);
            self.found.push(Found::Lacking { start, end, lack });
        }
    }

    /// Takes the value at the end of the path.
    fn take(&mut self, at: usize, position: usize) -> Result<usize, Flaw> {
        let (value, end) = scan::value(self.text, at)?;
        match value.kind {
            Kind::Null if self.spreads => self.lacks(Lack::Missing),
            Kind::Array if self.spreads => {
                let mut position = 0;
                scan::array(self.text, at, &mut |value| {
                    position += 1;
                    self.found.push(Found::Value { value, position });
                })?;
            }
            _ => self.found.push(Found::Value { value, position }),
        }
        Ok(end)
    }

    fn lacks(&mut self, lack: Lack) {
        if !matches!(self.lack, Some(Lack::Other(_))) {
            self.lack = Some(lack);
        }
    }
}

pub(super) fn is_named(text: &[u8], name: Value, wanted: &str) -> bool {
    match name.kind {
        Kind::Text { escaped: true } => name.meaning(text) == wanted,
        _ => name.text(text) == wanted.as_bytes(),
    }
}
