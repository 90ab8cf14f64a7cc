//! JSON format of a module's files.

use super::super::parser::json::{Layout, Reshape};
use super::super::{Encoding, ValueRules};

/// JSON format of a module's files.
#[derive(Debug, Clone)]
pub struct JsonFormat {
    /// Paths of the records and of the list of fields.
    pub layout: Layout,
    /// Form of the records in what stands at that path.
    pub reshape: Reshape,
    /// Encoding of the text.
    pub encoding: Encoding,
    /// Rules of the values.
    pub values: ValueRules,
}
