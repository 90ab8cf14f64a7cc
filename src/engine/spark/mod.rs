//! A Spark Connect server: Spark itself, or Sail. It reads lines, casts, hashes and writes; adg reads the lines that it can't
//! decide, and checks the written files before anything is published.

mod client;
mod formats;
mod lines;
mod load;
mod location;
mod rows;
mod session;
mod sql;
mod staged;
mod survey;
mod values;
mod watch;
mod work;

pub(super) use load::{Spark, version};
