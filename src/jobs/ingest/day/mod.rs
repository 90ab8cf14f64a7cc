//! One collection of one date, from its files to its partition.

mod attempt;
mod check;
mod end;
mod personal;
mod publish;
mod read;

pub use attempt::{run, without_files};
pub use personal::route;
pub use publish::notes;
