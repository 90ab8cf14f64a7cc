//! Header and blocks of an Avro file: <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>.

use std::io::{self, BufReader, Read};

use arrow_schema::ArrowError;

use super::codec::{Codec, MOST_BYTES};

/// First bytes of a file.
const MAGIC: [u8; 4] = *b"Obj\x01";
const CUT: &str = "it ends within a block: a part of it is missing";

/// Reason for which a file can't be read.
#[derive(Debug)]
pub(super) enum Flaw {
    /// Its bytes can't be read.
    Io(io::Error),
    /// The library refuses it.
    Library(ArrowError),
    /// It is not as it should be.
    Wrong(String),
}

impl From<ArrowError> for Flaw {
    fn from(error: ArrowError) -> Self {
        Self::Library(error)
    }
}

fn wrong(reason: &str) -> Flaw {
    Flaw::Wrong(reason.to_owned())
}

/// The blocks of a file.
pub(super) struct Container {
    bytes: BufReader<Box<dyn Read + Send>>,
    codec: Codec,
    /// Bytes that end the header and each block.
    mark: Vec<u8>,
}

/// A block, unpacked.
pub(super) struct Block {
    /// Number of its records.
    pub(super) count: i64,
    /// Their bytes.
    pub(super) data: Vec<u8>,
}

impl Container {
    /// Reads the header. Returns the schema too, as JSON.
    pub(super) fn open(bytes: Box<dyn Read + Send>) -> Result<(String, Self), Flaw> {
        let mut file = Self { bytes: BufReader::new(bytes), codec: Codec::None, mark: Vec::new() };
        if file.take(MAGIC.len() as u64)? != MAGIC {
            return Err(wrong("it does not begin as such a file does"));
        }
        let mut schema = None;
        loop {
            let count = match file.long()? {
                0 => break,
                count if count < 0 => {
                    // The number of bytes follows, for readers that skip them.
                    file.long()?;
                    count.unsigned_abs()
                }
                count => count.unsigned_abs(),
            };
            for _ in 0..count {
                let (key, value) = (file.text()?, file.text()?);
                match key.as_slice() {
                    b"avro.schema" => schema = Some(String::from_utf8(value).map_err(|_| wrong("its schema is no text"))?),
                    b"avro.codec" => file.codec = Codec::of(&value).map_err(Flaw::Wrong)?,
                    _ => {}
                }
            }
        }
        file.mark = file.take(16)?;
        Ok((schema.ok_or_else(|| wrong("it has no schema"))?, file))
    }

    /// Returns the next block; `None` at the end of the file.
    pub(super) fn next_block(&mut self) -> Result<Option<Block>, Flaw> {
        let Some(count) = self.long_or_end()? else { return Ok(None) };
        let size = self.long()?;
        let size = match u64::try_from(size) {
            Ok(size) if count >= 0 && size <= MOST_BYTES => size,
            Ok(_) if count >= 0 => return Err(wrong("a block has more than 2 GiB")),
            _ => return Err(wrong("a block has a negative number of records or bytes")),
        };
        let packed = self.take(size)?;
        if self.take(16)? != self.mark {
            return Err(wrong("a block does not end with the mark of the file: it is damaged"));
        }
        let data = self.codec.unpack(packed).map_err(|error| Flaw::Wrong(format!("a block can't be unpacked: {error}")))?;
        Ok(Some(Block { count, data }))
    }

    /// Reads so many bytes. Memory is taken for those that are there.
    fn take(&mut self, count: u64) -> Result<Vec<u8>, Flaw> {
        let mut taken = Vec::new();
        self.bytes.by_ref().take(count).read_to_end(&mut taken).map_err(Flaw::Io)?;
        if (taken.len() as u64) < count { Err(wrong(CUT)) } else { Ok(taken) }
    }

    /// Reads a text or bytes: their length, then themselves.
    fn text(&mut self) -> Result<Vec<u8>, Flaw> {
        let length = u64::try_from(self.long()?).map_err(|_| wrong("its header has a negative length"))?;
        self.take(length)
    }

    fn long(&mut self) -> Result<i64, Flaw> {
        self.long_or_end()?.ok_or_else(|| wrong(CUT))
    }

    /// Reads a number of variable length; `None` if the file has ended before it.
    fn long_or_end(&mut self) -> Result<Option<i64>, Flaw> {
        let mut value = 0_u64;
        for nth in 0..10_u32 {
            let mut byte = [0];
            if self.bytes.read(&mut byte).map_err(Flaw::Io)? == 0 {
                return if nth == 0 { Ok(None) } else { Err(wrong(CUT)) };
            }
            let [byte] = byte;
            if nth == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7F) << (7 * nth);
            if byte < 0x80 {
                return Ok(Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed()));
            }
        }
        Err(wrong("it has a number of more than 64 bits"))
    }
}

/// Appends a number of variable length.
#[allow(clippy::cast_possible_truncation)] // Bytes have seven bits of it.
pub(super) fn write_long(value: i64, out: &mut Vec<u8>) {
    let mut left = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while left >= 0x80 {
        out.push((left & 0x7F) as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}
