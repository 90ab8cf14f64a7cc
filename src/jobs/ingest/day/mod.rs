//! One collection of one date, from its files to its partition.

mod attempt;
mod check;
mod end;
mod hints;
mod personal;
mod publish;
mod read;

pub(super) use attempt::{run, without_files};
pub(super) use personal::route;
pub(super) use publish::notes;
pub(super) use read::column_plan;
