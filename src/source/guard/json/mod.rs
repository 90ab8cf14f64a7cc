//! JSON: the way to the records of a document, each record's members, and what is no record.

mod document;
mod reader;
mod recover;
pub(in crate::source) mod scan;

pub use document::{DocumentFlaw, Layout};
pub(in crate::source) use reader::{JsonError, JsonReader, Names, Room};
