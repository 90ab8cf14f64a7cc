//! The text of a file as it is read, a block at a time.

use std::io::{self, Read};

use super::ReadSizes;

/// Bytes asked for at once: the standard library clears that many before it reads, however short the file is.
const PIECE: usize = 128 << 10;

/// A stream with the text that was read but not yet handed out.
#[derive(Debug)]
pub(super) struct Input<R> {
    source: R,
    pub(super) sizes: ReadSizes,
    /// Read, but not yet handed out.
    pub(super) rest: Vec<u8>,
    pub(super) ended: bool,
    /// Bytes read from the source.
    pub(super) bytes: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(source: R, sizes: ReadSizes) -> Self {
        Self { source, sizes, rest: Vec::new(), ended: false, bytes: 0 }
    }

    /// Reads another block to the end of `text`.
    pub(super) fn fill(&mut self, text: &mut Vec<u8>) -> io::Result<()> {
        if self.ended {
            return Ok(());
        }
        let ReadSizes { block_bytes, record_bytes } = self.sizes;
        // A record longer than a block is found in time linear in its length.
        let wanted = block_bytes.max(text.len()).saturating_sub(text.len() / 2).max(1);
        let wanted = wanted.min(record_bytes.saturating_sub(text.len())).max(1);
        text.reserve_exact(wanted);
        let mut left = wanted;
        while left > 0 && !self.ended {
            let piece = left.min(PIECE);
            let read = Read::by_ref(&mut self.source).take(piece as u64).read_to_end(text)?;
            self.bytes += read as u64;
            self.ended = read < piece;
            left -= read;
        }
        Ok(())
    }
}
