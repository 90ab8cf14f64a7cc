//! Names, dates, ids and kinds of errors. Ground floor: every room may use it.

mod clock;
mod date;
mod error_kind;
mod explain;
mod fencing;
pub mod hints;
mod load_type;
mod name;
mod run_id;

#[cfg(test)]
pub use clock::FixedClock;
pub use clock::{Clock, SystemClock};
pub use date::{DateError, ProcessingDate, SliceLength};
pub use error_kind::ErrorKind;
pub use explain::{Causes, Explain};
pub use fencing::FencingToken;
pub use load_type::LoadType;
pub use name::{CollectionName, JobName, ModuleName, NameError, NodeName};
pub use run_id::{RunId, RunIdError};
