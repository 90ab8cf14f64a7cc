//! Conversion of text values to typed values, if they fit.
//!
//! One rule for all types: a text fits only if nothing is lost. `1.0` is the integer 1, `1.5` is not an integer, 300 is not
//! a tinyint, `12.345` is not a `decimal(9,2)`. White space around a value is not part of it, except in text columns.

mod clock;
mod dates;
mod decimal;
mod epoch;
mod formats;
mod listed;
mod number;
mod number_format;
mod quick_number;
mod scalar;
mod strict;
mod text;
mod timestamps;

pub use clock::{AmbiguousTime, ClockRules, Nanoseconds};
pub use dates::DateFormats;
pub use decimal::{decimal, exact_decimal};
pub use formats::{BooleanWords, Formats};
use number::plain_integer;
pub use number::{
    BEYOND_DOUBLE, boolean, double, exact_double, exact_float, float, integer, is_plain_bigint, survives_as_double,
};
pub use number_format::{NumberFormat, Percent, PointTold, is_currency_code, may_be_grouped};
pub use scalar::{Scalar, json_scalar, scalar, typed_scalar};
pub use text::{trim, within_characters};
pub use timestamps::TimestampFormats;
