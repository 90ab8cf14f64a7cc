//! A module file from the files of a source: `adg sniff` for one, `adg init` for all of a store.

mod beside;
mod csv_part;
mod file_name;
mod init;
mod job;
mod module_file;
mod names;
mod trial;

pub use init::{Init, InitRequest, init};
pub use job::{SniffRequest, sniff};
