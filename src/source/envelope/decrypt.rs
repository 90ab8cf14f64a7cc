//! Files that come encrypted: each under a key of its own, which its metadata has in a wrapped form.

use std::io::{Cursor, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::cipher::{DecryptingReader, Iv};
use crate::store::Metadata;

use super::super::SourceError;

use super::{KeyService, WrappedKey};

/// The names of the metadata, as the sources write them.
const IV: &str = "iv";
const CIPHERTEXT: &str = "ciphertext";
const KEY_ID: &str = "datakeyencryptionkeyid";

/// Number of decrypted bytes that are checked to detect a wrong key.
const SAMPLE: u64 = 512;

/// Encryption details from a file's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The file's key in its wrapped form; only the key service can unwrap it.
    pub wrapped: WrappedKey,
    /// Initial value of the counter.
    pub iv: Iv,
}

impl Envelope {
    /// Reads the metadata of the file `key`.
    ///
    /// # Errors
    /// A value is missing or invalid.
    pub fn read(key: &str, metadata: &Metadata) -> Result<Self, SourceError> {
        let wrong = |name, what| SourceError::Metadata { key: key.to_owned(), name, what };
        let text = |name| metadata.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let must = |name| text(name).ok_or_else(|| wrong(name, "is missing"));
        let iv = STANDARD.decode(must(IV)?).map_err(|_| wrong(IV, "is not base64"))?;
        let iv = iv.try_into().map_err(|_| wrong(IV, "has not 16 bytes"))?;
        Ok(Self { wrapped: WrappedKey { id: must(KEY_ID)?, ciphertext: must(CIPHERTEXT)? }, iv: Iv(iv) })
    }

    /// Returns the metadata with these details.
    pub fn metadata(&self) -> Metadata {
        let WrappedKey { id, ciphertext } = &self.wrapped;
        let pairs = [(IV, STANDARD.encode(self.iv.0)), (CIPHERTEXT, ciphertext.clone()), (KEY_ID, id.clone())];
        pairs.map(|(name, value)| (name.to_owned(), value)).into()
    }
}

/// Decrypts the bytes of the file `key`.
///
/// # Errors
/// Its metadata is invalid, the key service refuses, or the decrypted bytes are neither text nor an archive of text.
pub fn decrypt(
    key: &str,
    bytes: Box<dyn Read + Send>,
    metadata: &Metadata,
    service: &KeyService,
) -> Result<Box<dyn Read + Send>, SourceError> {
    let envelope = Envelope::read(key, metadata)?;
    let data_key =
        service.unwrap(&envelope.wrapped).map_err(|source| SourceError::Key { key: key.to_owned(), source: Box::new(source) })?;
    let failed = |source| SourceError::Read { key: key.to_owned(), bytes: 0, source };
    let mut plain = DecryptingReader::new(bytes, &data_key, envelope.iv).map_err(failed)?;
    let mut sample = Vec::new();
    plain.by_ref().take(SAMPLE).read_to_end(&mut sample).map_err(failed)?;
    if !is_plausible(&sample) {
        return Err(SourceError::WrongKey { key: key.to_owned() });
    }
    Ok(Box::new(Cursor::new(sample).chain(plain)))
}

/// Returns true if the bytes may begin a text or an archive: bytes decrypted with a wrong key begin neither.
fn is_plausible(sample: &[u8]) -> bool {
    match sample {
        // The third byte of gzip is its method, of which there is one; the fourth has no more than five flags.
        [0x1F, 0x8B, 8, flags, ..] => *flags < 32,
        [0x28, 0xB5, 0x2F, 0xFD, ..] | [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => true,
        _ => {
            let is_control = sample.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
            !is_control && std::str::from_utf8(sample).map_or_else(|error| error.error_len().is_none(), |_| true)
        }
    }
}
