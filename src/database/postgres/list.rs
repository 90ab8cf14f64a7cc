//! The binary form of arrays.
//!
//! Source: `array_send` in <https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/arrayfuncs.c>.

use super::field::Malformed;

/// An array as the server sends it.
#[derive(Debug)]
pub(super) struct List<'b> {
    /// Number of items and index of the first one, for each dimension. An array without items has none.
    pub(super) dimensions: Vec<(i32, i32)>,
    /// The items, each with its length.
    pub(super) items: &'b [u8],
}

impl<'b> List<'b> {
    pub(super) fn read(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let (count, rest) = number(bytes)?;
        let (_has_nulls, rest) = number(rest)?;
        let (_type, mut rest) = number(rest)?;
        let mut dimensions = Vec::new();
        for _ in 0..count {
            let (length, first);
            (length, rest) = number(rest)?;
            (first, rest) = number(rest)?;
            dimensions.push((length, first));
        }
        Ok(Self { dimensions, items: rest })
    }

    /// Returns true if a list without bounds is the same: it has one dimension at most, counted from 1.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.dimensions.as_slice(), [] | [(_, 1)])
    }
}

fn number(bytes: &[u8]) -> Result<(i32, &[u8]), Malformed> {
    let (number, rest) = bytes.split_first_chunk::<4>().ok_or(Malformed)?;
    Ok((i32::from_be_bytes(*number), rest))
}
