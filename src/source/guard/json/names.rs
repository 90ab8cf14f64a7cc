//! The names of a file's members.

use std::collections::HashMap;

use super::scan::{self, Kind, Value};

/// The names that a file's records have, in the order in which they first came.
#[derive(Debug, Default)]
pub(in crate::source) struct Names {
    names: Vec<String>,
    places: HashMap<Vec<u8>, usize>,
}

impl Names {
    /// These names.
    pub(in crate::source) fn of(names: Vec<String>) -> Self {
        let places = names.iter().enumerate().map(|(place, name)| (name.clone().into_bytes(), place)).collect();
        Self { names, places }
    }

    /// How many there are.
    pub(in crate::source) fn len(&self) -> usize {
        self.names.len()
    }

    /// The names in order.
    pub(in crate::source) fn into_names(self) -> Vec<String> {
        self.names
    }

    /// The place of a name; it is likely `guess`, for records are much alike. None where the name is new.
    pub(in crate::source) fn find(&self, text: &[u8], name: Value, guess: usize) -> Option<usize> {
        let bytes = name.text(text);
        match name.kind {
            Kind::Text { escaped: true } => self.places.get(scan::meaning(bytes, true).as_bytes()).copied(),
            _ if self.names.get(guess).is_some_and(|name| name.as_bytes() == bytes) => Some(guess),
            _ => self.places.get(bytes).copied(),
        }
    }

    /// Adds a name that is new, and gives it.
    pub(in crate::source) fn add(&mut self, text: &[u8], name: Value) -> &str {
        let name = scan::meaning(name.text(text), name.kind == Kind::Text { escaped: true });
        self.places.insert(name.clone().into_bytes(), self.names.len());
        self.names.push(name);
        self.names.last().map_or("", String::as_str)
    }
}
