//! What a run is about: modules, collections, processing dates, run ids. Ground floor: every room may use it.

mod clock;
mod date;
mod fencing;
mod name;
mod run_id;

#[cfg(test)]
pub use clock::FixedClock;
pub use clock::{Clock, SystemClock};
pub use date::{DateError, ProcessingDate};
pub use fencing::FencingToken;
pub use name::{CollectionName, ModuleName, NameError};
pub use run_id::RunId;
