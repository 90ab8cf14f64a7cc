//! Data lineage in the model of OpenLineage: <https://openlineage.io/docs/spec/object-model>.

mod dataset;
mod destination;
mod event;
mod facets;

pub use dataset::DatasetName;
pub use destination::{Lineage, LineageError};
pub use event::{Event, JobName, Moment, Parent};
pub use facets::{Input, Output, SourceField};
