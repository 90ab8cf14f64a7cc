//! AES in counter mode, as a stream: for encrypted source files, and for files in scratch.
//!
//! The counter is all 16 bytes, the highest first, as the sources' own tools count. The mode does not detect changed bytes:
//! the decrypted data is checked by other means, such as a checksum of its archive or its store.

use std::fmt;
use std::io::{self, Read, Write};

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptionContext, StreamingEncryptingKey, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;
use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

/// Largest number of bytes that are encrypted or decrypted at once.
const PIECE: usize = 64 << 10;
/// Bytes of a cipher's block.
const BLOCK: usize = 16;

/// A key of 128 or 256 bits. It is overwritten when it is dropped, and never shown.
#[derive(Clone)]
pub struct DataKey(Zeroizing<Vec<u8>>);

impl DataKey {
    /// Returns a key of these bytes; none if there are neither 16 nor 32.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        matches!(bytes.len(), 16 | 32).then_some(Self(bytes))
    }

    /// Returns a new random key of 256 bits.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn random() -> io::Result<Self> {
        let mut bytes = Zeroizing::new(vec![0; 32]);
        randomise(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
}

/// The initial value of the counter. No two files with the same key may have the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Iv(pub [u8; BLOCK]);

impl Iv {
    /// Returns a random value, which no other file has.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; BLOCK];
        randomise(&mut bytes)?;
        Ok(Self(bytes))
    }
}

/// Fills `bytes` from the system's generator, which is as good as the library's own: the latter first spends 20 ms and
/// 430 million instructions on the jitter of the clock.
fn randomise(bytes: &mut [u8]) -> io::Result<()> {
    SysRng.try_fill_bytes(bytes).map_err(io::Error::other)
}

fn failed(_: Unspecified) -> io::Error {
    io::Error::other("the cipher failed")
}

/// The key stream, which encrypts and decrypts alike.
struct KeyStream {
    key: StreamingEncryptingKey,
    done: Vec<u8>,
}

impl KeyStream {
    fn new(key: &DataKey, iv: Iv) -> io::Result<Self> {
        let algorithm = if key.0.len() == 16 { &AES_128 } else { &AES_256 };
        let key = UnboundCipherKey::new(algorithm, &key.0).map_err(failed)?;
        let context = EncryptionContext::Iv128(FixedLength::from(iv.0));
        let key = StreamingEncryptingKey::less_safe_ctr(key, context).map_err(failed)?;
        Ok(Self { key, done: vec![0; PIECE + BLOCK] })
    }

    /// Encrypts or decrypts at most [`PIECE`] bytes.
    fn apply(&mut self, bytes: &[u8]) -> io::Result<&[u8]> {
        let update = self.key.update(bytes, &mut self.done).map_err(failed)?;
        let length = update.written().len();
        Ok(&self.done[..length])
    }
}

/// A reader that decrypts its source.
pub struct DecryptingReader<R> {
    source: R,
    stream: KeyStream,
    piece: Vec<u8>,
}

impl<R: Read> DecryptingReader<R> {
    /// Returns a reader of an encrypted stream.
    ///
    /// # Errors
    /// The cipher fails.
    pub fn new(source: R, key: &DataKey, iv: Iv) -> io::Result<Self> {
        Ok(Self { source, stream: KeyStream::new(key, iv)?, piece: vec![0; PIECE] })
    }
}

impl<R: Read> Read for DecryptingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(PIECE);
        let read = self.source.read(&mut self.piece[..wanted])?;
        let plain = self.stream.apply(&self.piece[..read])?;
        buffer[..plain.len()].copy_from_slice(plain);
        Ok(plain.len())
    }
}

/// A writer that encrypts into its target.
pub struct EncryptingWriter<W> {
    target: W,
    stream: KeyStream,
}

impl<W: Write> EncryptingWriter<W> {
    /// Returns a writer into `target`.
    ///
    /// # Errors
    /// The cipher fails.
    pub fn new(target: W, key: &DataKey, iv: Iv) -> io::Result<Self> {
        Ok(Self { target, stream: KeyStream::new(key, iv)? })
    }
}

impl<W: Write> Write for EncryptingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(PIECE)];
        // All of it or an error: what was encrypted once can't be encrypted again.
        self.target.write_all(self.stream.apply(piece)?)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(bytes: &[u8]) -> DataKey {
        DataKey::new(Zeroizing::new(bytes.to_vec())).unwrap()
    }

    fn decrypt(key: &DataKey, iv: Iv, bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        DecryptingReader::new(bytes, key, iv).unwrap().read_to_end(&mut plain).unwrap();
        plain
    }

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    /// NIST SP 800-38A, F.5.1 and F.5.5.
    #[test]
    fn it_is_the_standards_counter_mode() {
        let iv = Iv(bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff").try_into().unwrap());
        let plain = bytes("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
        for (name, encrypted) in [
            ("2b7e151628aed2a6abf7158809cf4f3c", "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"),
            (
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5",
            ),
        ] {
            assert_eq!(decrypt(&key(&bytes(name)), iv, &bytes(encrypted)), plain);
        }
    }

    #[test]
    fn the_counter_is_sixteen_bytes_wide() {
        // The second block's counter is zero: what AES gives of sixteen zeros under a key of zeros.
        let plain = decrypt(&key(&[0; 16]), Iv([0xFF; 16]), &[0; 32]);
        assert_eq!(plain[16..], bytes("66e94bd4ef8a2c3b884cfa59ca342b2e"));
        // And so is that of the block behind the highest that four bytes count.
        let mut iv = [0; 16];
        iv[12..].fill(0xFF);
        let (behind, mut next) = (decrypt(&key(&[0; 16]), Iv(iv), &[0; 32]), [0; 16]);
        next[11] = 1;
        assert_eq!(behind[16..], decrypt(&key(&[0; 16]), Iv(next), &[0; 16]));
    }

    #[test]
    fn what_is_written_in_pieces_is_read_in_others() {
        let plain: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
        let (key, iv) = (DataKey::random().unwrap(), Iv::random().unwrap());
        let mut encrypted = Vec::new();
        let mut writer = EncryptingWriter::new(&mut encrypted, &key, iv).unwrap();
        plain.chunks(777).for_each(|piece| writer.write_all(piece).unwrap());
        writer.flush().unwrap();
        assert_eq!(encrypted.len(), plain.len());
        assert_ne!(encrypted, plain);
        assert_eq!(decrypt(&key, iv, &encrypted), plain);
        assert!(DataKey::new(Zeroizing::new(vec![0; 24])).is_none());
        assert_eq!(format!("{key:?}"), "a key");
    }
}
