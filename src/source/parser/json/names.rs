//! The names of a file's members.

use std::collections::HashMap;

use super::scan::{Kind, Value};

/// The names that a file's records have, in the order in which they first came.
#[derive(Debug, Default)]
pub(in crate::source) struct Names {
    texts: Vec<String>,
    /// For each name, true if a text means it only when written exactly like it.
    plain: Vec<bool>,
    places: HashMap<Vec<u8>, usize>,
}

fn is_plain(name: &str) -> bool {
    !name.bytes().any(|byte| matches!(byte, b'"' | b'\\' | ..b' '))
}

impl Names {
    /// Creates the list from these names.
    pub(in crate::source) fn of(texts: Vec<String>) -> Self {
        let places = texts.iter().enumerate().map(|(place, name)| (name.clone().into_bytes(), place)).collect();
        let plain = texts.iter().map(|name| is_plain(name)).collect();
        Self { texts, plain, places }
    }

    /// Gives the place of a name to another one.
    pub(in crate::source) fn alias(&mut self, name: &str, place: usize) {
        self.places.insert(name.as_bytes().to_vec(), place);
    }

    /// Returns the number of names.
    pub(in crate::source) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Returns the names in order.
    pub(in crate::source) fn into_names(self) -> Vec<String> {
        self.texts
    }

    /// Returns the index of a name; it is likely `guess`, since records are similar. `None` if the name is new.
    pub(in crate::source) fn find(&self, text: &[u8], name: Value, guess: usize) -> Option<usize> {
        let bytes = name.text(text);
        match name.kind {
            Kind::Text { escaped: true } => self.places.get(name.meaning(text).as_bytes()).copied(),
            _ if self.texts.get(guess).is_some_and(|name| is_same(name.as_bytes(), bytes)) => Some(guess),
            _ => self.places.get(bytes).copied(),
        }
    }

    /// Returns the name at an index if it is plain, so that it can be compared as written; else an empty one.
    pub(in crate::source) fn likely(&self, place: usize) -> &[u8] {
        match (self.texts.get(place), self.plain.get(place)) {
            (Some(name), Some(true)) => name.as_bytes(),
            _ => b"",
        }
    }

    /// Adds a new name and returns it.
    pub(in crate::source) fn add(&mut self, text: &[u8], name: Value) -> &str {
        let name = name.meaning(text);
        self.places.insert(name.clone().into_bytes(), self.texts.len());
        self.plain.push(is_plain(&name));
        self.texts.push(name);
        self.texts.last().map_or("", String::as_str)
    }
}

/// Compares names inline. Names are short: a call takes longer than the comparison.
#[inline]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let ((words, rest), (others, other_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    a.len() == b.len() && words.iter().zip(others).all(|(a, b)| a == b) && rest.iter().zip(other_rest).all(|(a, b)| a == b)
}
