//! JSON parser: the path to the records of a document, each record's members, and bad records.

mod around;
mod document;
mod documents;
mod find;
mod marks;
mod names;
mod path;
mod reader;
mod recover;
mod reshape;
pub(in crate::source) mod scan;
mod shape;
mod unwrap;
mod without;

pub use document::{DocumentFlaw, Layout};
pub(in crate::source) use marks::Marks;
pub(in crate::source) use names::Names;
pub use path::{PathStep, parse_path, written_path};
pub(in crate::source) use reader::{JsonError, JsonReader, Room};
pub use reshape::{GIVEN_TWICE, Items, Part, Reshape};
pub(in crate::source) use shape::{see_marked, see_shape};
pub use unwrap::Unwrap;
