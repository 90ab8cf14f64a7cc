//! Columns of arrays, structs and maps from fields that hold them as JSON.

mod builder;
mod column;
mod leaf;

pub(super) use column::build;
pub(super) use leaf::Leaf;
