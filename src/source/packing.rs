//! Compression of files, recognised by their first bytes.

use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::stream::failed;
use super::{SourceError, foreign};

/// Bytes read from a compressed stream at a time.
pub(super) const READ_BYTES: usize = 256 << 10;
/// Number of first bytes that tell a format.
pub(super) const TELLING: u64 = 10;
/// Maximum memory for the dictionary of an xz file, in KiB: that of its strongest preset.
pub(super) const XZ_KIB: u32 = 100 << 10;

const GZIP: [u8; 2] = [0x1F, 0x8B];
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
const XZ: [u8; 6] = [0xFD, b'7', b'z', b'X', b'Z', 0];
const LZ4: [u8; 4] = [4, 0x22, 0x4D, 0x18];
const SNAPPY: [u8; 10] = [0xFF, 6, 0, 0, b's', b'N', b'a', b'P', b'p', b'Y'];
const ZIP: [u8; 4] = [b'P', b'K', 3, 4];
/// The end record that an archive without members begins with.
const EMPTY_ZIP: [u8; 4] = [b'P', b'K', 5, 6];

/// Returns true if four bytes begin a frame without data, as parallel zstd writes first.
/// <https://github.com/facebook/zstd/blob/dev/doc/zstd_compression_format.md#skippable-frames>
fn is_skippable(first: &[u8]) -> bool {
    matches!(first, [0x50..=0x5F, 0x2A, 0x4D, 0x18])
}

/// Compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Lz4,
    Snappy,
    /// An archive of one or several files.
    Zip,
}

/// Returns true if an object is compressed in a format that adg reads. `first`: its first bytes, at least ten if it has them.
#[cfg(feature = "spark")]
pub fn is_packed(first: &[u8]) -> bool {
    !matches!(Packing::of("", first), Ok(Packing::None))
}

impl Packing {
    /// Recognises the compression of a file by its first bytes.
    pub(super) fn of_bytes(first: &[u8]) -> Self {
        match first {
            _ if first.starts_with(&GZIP) => Self::Gzip,
            _ if first.starts_with(&ZSTD) || first.get(..4).is_some_and(is_skippable) => Self::Zstd,
            _ if first.starts_with(&XZ) => Self::Xz,
            _ if first.starts_with(&LZ4) => Self::Lz4,
            _ if first.starts_with(&SNAPPY) => Self::Snappy,
            _ if first.starts_with(&ZIP) || first.starts_with(&EMPTY_ZIP) => Self::Zip,
            // A text may begin with `BZh`; the first block's mark follows, or that of the end of an empty file.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, ..] => Self::Bzip2,
            _ => Self::None,
        }
    }

    /// Recognises the compression of a text by its first bytes.
    ///
    /// # Errors
    /// It is of a format that adg does not read, or that is no text.
    pub(super) fn of(key: &str, first: &[u8]) -> Result<Self, SourceError> {
        match foreign::of_bytes(first) {
            Some(found) => Err(SourceError::UnknownPacking { key: key.to_owned(), found }),
            None => Ok(Self::of_bytes(first)),
        }
    }

    /// Returns the decompressed bytes of a file that is no archive.
    pub(super) fn unpack(self, key: &str, bytes: impl Read + Send + 'static) -> Result<Box<dyn Read + Send>, SourceError> {
        let buffered = |bytes| BufReader::with_capacity(READ_BYTES, bytes);
        Ok(match self {
            Self::None | Self::Zip => Box::new(bytes),
            Self::Gzip => Box::new(Gzip { members: MultiGzDecoder::new(buffered(bytes)), has_text: false }),
            Self::Zstd => Box::new(zstd::Decoder::new(bytes).map_err(|source| failed(key, source))?),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(buffered(bytes))),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(buffered(bytes), true, XZ_KIB)),
            Self::Lz4 => {
                let tail = Tail { inner: buffered(bytes), last: [1; 8] };
                Box::new(Lz4Frames { frames: lz4_flex::frame::FrameDecoder::new(tail) })
            }
            Self::Snappy => Box::new(snap::read::FrameDecoder::new(buffered(bytes))),
        })
    }
}

/// Returns the name of what is no text, by its first bytes after it was unpacked.
pub(super) fn foreign_content(first: &[u8]) -> Option<&'static str> {
    let is_packed = || Packing::of_bytes(first) != Packing::None;
    let is_empty = || !first.is_empty() && first.iter().all(|byte| *byte == 0);
    foreign::of_bytes(first)
        .or_else(|| is_packed().then_some(foreign::PACKED_TWICE))
        .or_else(|| is_empty().then_some(foreign::NULS))
}

/// Members of gzip, one after the other.
struct Gzip<R> {
    members: MultiGzDecoder<R>,
    has_text: bool,
}

impl<R: io::BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.members.read(buffer) {
            Ok(count) => {
                self.has_text |= count > 0;
                Ok(count)
            }
            // Of flate2, a member that does not begin as one.
            Err(error) if self.has_text && error.to_string() == "invalid gzip header" => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "its gzip data ends, and bytes follow that are no gzip, such as padding; `gzip -dc FILE | gzip > OUT` packs it \
                 without them",
            )),
            failed => failed,
        }
    }
}

/// Frames of lz4, one after the other. The decoder says the end of each frame as the end of all, and takes a text that was cut
/// between two blocks for a whole one.
struct Lz4Frames<R: Read> {
    frames: lz4_flex::frame::FrameDecoder<Tail<R>>,
}

impl<R: Read> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.frames.read(buffer)? {
            0 => self.frames.read(buffer)?,
            count => count,
        };
        if count == 0 && !buffer.is_empty() && !self.frames.get_ref().ends_a_frame() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the lz4 frame has no end"));
        }
        Ok(count)
    }
}

/// A reader that remembers the last bytes that were read.
struct Tail<R> {
    inner: R,
    last: [u8; 8],
}

impl<R> Tail<R> {
    /// Returns true if the bytes end with the mark that ends a frame: four zeros, and a checksum if there is one.
    fn ends_a_frame(&self) -> bool {
        self.last[4..] == [0; 4] || self.last[..4] == [0; 4]
    }
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        for byte in &buffer[count.saturating_sub(8)..count] {
            self.last.rotate_left(1);
            self.last[7] = *byte;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn unpacked(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let packing = Packing::of("k", &bytes[..bytes.len().min(10)]).unwrap();
        let mut read = Vec::new();
        packing.unpack("k", Cursor::new(bytes)).unwrap().read_to_end(&mut read)?;
        Ok(read)
    }

    fn packed(text: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text).unwrap();
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        bzip2.write_all(text).unwrap();
        let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
        lz4.write_all(text).unwrap();
        let mut snappy = snap::write::FrameEncoder::new(Vec::new());
        snappy.write_all(text).unwrap();
        vec![
            ("plain", text.to_vec()),
            ("gzip", gzip.finish().unwrap()),
            ("zstd", zstd::encode_all(text, 1).unwrap()),
            ("bzip2", bzip2.finish().unwrap()),
            ("lz4", lz4.finish().unwrap()),
            ("snappy", snappy.into_inner().unwrap()),
        ]
    }

    /// `printf 'a,b\n1,2\n' | xz`
    const OF_XZ: &[u8] = include_bytes!("packing/sample.xz");

    #[test]
    fn all_formats_are_found_by_their_first_bytes() {
        let text = b"a,b\n1,2\n".repeat(50_000);
        for (name, bytes) in packed(&text) {
            assert_eq!(unpacked(bytes.clone()).unwrap(), text, "{name}");
            if name == "zstd" {
                let skipped = [&[0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4][..], &bytes].concat();
                assert_eq!(unpacked(skipped).unwrap(), text, "with a frame that is skipped");
            }
            // Files of one format that were joined are one file.
            assert_eq!(unpacked([bytes.clone(), bytes].concat()).unwrap().len(), 2 * text.len(), "{name}");
        }
        assert_eq!(unpacked([OF_XZ, OF_XZ].concat()).unwrap(), b"a,b\n1,2\na,b\n1,2\n");
        for (name, bytes) in packed(b"") {
            assert_eq!(unpacked(bytes).unwrap(), b"", "{name}");
        }
    }

    #[test]
    fn bytes_after_gzip_data_are_an_error_that_names_them() {
        let (_, gzip) = packed(b"a,b\n1,2\n").remove(1);
        let error = unpacked([gzip, vec![0; 512]].concat()).unwrap_err().to_string();
        assert!(error.contains("such as padding"), "{error}");
    }

    #[test]
    fn contents_that_are_no_text_have_names() {
        for (bytes, name) in [
            (&[0x1F, 0x8B, 8, 0][..], Some(foreign::PACKED_TWICE)),
            (b"7z\xBC\xAF\x27\x1C", Some("a 7z archive")),
            (&[0; 100], Some(foreign::NULS)),
            (b"", None),
            (b"i\0d\0,\0a\0", None),
            (b"id,name\n1,Ann\n", None),
        ] {
            assert_eq!(foreign_content(bytes), name, "{bytes:?}");
        }
    }

    #[test]
    fn a_cut_archive_is_an_error_and_not_a_shorter_text() {
        let noise: Vec<u8> = (0..200_000_u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for (name, bytes) in packed(&noise).into_iter().skip(1) {
            for cut in [1, 9, bytes.len() / 2] {
                assert!(unpacked(bytes[..bytes.len() - cut].to_vec()).is_err(), "{name} without its last {cut} bytes");
            }
        }
        assert!(unpacked(OF_XZ[..OF_XZ.len() - 1].to_vec()).is_err());
    }
}
