//! Bridge between arrow-rs arrays and Polars frames. Both are Apache Arrow in memory: columns cross without a copy.

mod bridge;
mod convert;
mod error;

pub use convert::{from_arrow, to_arrow};
pub use error::FrameError;
