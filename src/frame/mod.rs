//! The bridge between arrow-rs arrays, which the guard builds and the Parquet writer takes, and Polars frames, in which
//! everything relational is done. Both are Apache Arrow in memory: columns cross without a copy.

mod bridge;
mod convert;
mod error;

pub use convert::{from_arrow, to_arrow};
pub use error::FrameError;
