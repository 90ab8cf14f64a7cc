//! Compression of the blocks of an Avro file.

use std::io::{self, Read};

use crc_fast::CrcAlgorithm;
use flate2::bufread::DeflateDecoder;

use super::super::super::packing::XZ_KIB;

/// Maximum bytes of a block: texts of a batch have offsets of 32 bits.
pub(super) const MOST_BYTES: u64 = i32::MAX as u64;
const TOO_LONG: &str = "it has more than 2 GiB";

/// Compression of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    None,
    Deflate,
    Snappy,
    Zstandard,
    Bzip2,
    Xz,
}

impl Codec {
    /// Returns a codec by its name in the header.
    pub(super) fn of(name: &[u8]) -> Result<Self, String> {
        Ok(match name {
            b"null" | b"" => Self::None,
            b"deflate" => Self::Deflate,
            b"snappy" => Self::Snappy,
            b"zstandard" => Self::Zstandard,
            b"bzip2" => Self::Bzip2,
            b"xz" => Self::Xz,
            other => return Err(format!("its blocks are packed by `{}`, which adg does not read", other.escape_ascii())),
        })
    }

    /// Returns the bytes of a block.
    pub(super) fn unpack(self, packed: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Self::None => Ok(packed),
            Self::Snappy => snappy(&packed),
            // Bytes behind the end are no flaw: old writers leave a checksum of zlib there.
            Self::Deflate => all(DeflateDecoder::new(packed.as_slice())),
            Self::Zstandard => all(zstd::Decoder::new(packed.as_slice())?),
            Self::Bzip2 => all(bzip2::bufread::MultiBzDecoder::new(packed.as_slice())),
            Self::Xz => all(lzma_rust2::XzReader::new_mem_limit(packed.as_slice(), true, XZ_KIB)),
        }
    }
}

fn all(bytes: impl Read) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    bytes.take(MOST_BYTES + 1).read_to_end(&mut data)?;
    if data.len() as u64 > MOST_BYTES { Err(io::Error::other(TOO_LONG)) } else { Ok(data) }
}

/// Returns the bytes of a block of snappy, behind which their checksum is.
fn snappy(packed: &[u8]) -> io::Result<Vec<u8>> {
    let (packed, sum) = packed.split_last_chunk::<4>().ok_or_else(|| io::Error::other("it has no checksum"))?;
    if snap::raw::decompress_len(packed).map_err(io::Error::other)? as u64 > MOST_BYTES {
        return Err(io::Error::other(TOO_LONG));
    }
    let data = snap::raw::Decoder::new().decompress_vec(packed).map_err(io::Error::other)?;
    let found = crc_fast::checksum(CrcAlgorithm::Crc32IsoHdlc, &data);
    if found == u64::from(u32::from_be_bytes(*sum)) { Ok(data) } else { Err(io::Error::other("its checksum is another one")) }
}
