//! JSON parser: the path to the records of a document, each record's members, and bad records.

mod document;
mod names;
mod reader;
mod recover;
pub(in crate::source) mod scan;
mod shape;

pub use document::{DocumentFlaw, Layout};
pub(in crate::source) use names::Names;
pub(in crate::source) use reader::{JsonError, JsonReader, Room};
pub(in crate::source) use shape::see_shape;
