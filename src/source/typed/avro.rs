//! Avro object container files.

use std::io::{self, BufReader, Read};
use std::sync::{Arc, OnceLock};

use arrow_avro::reader::{Reader, ReaderBuilder};
use arrow_schema::SchemaRef;

use super::unreadable::unreadable;
use crate::source::SourceError;

pub(super) type AvroReader = Reader<BufReader<Ending>>;

/// Mark that ends the header and each block of a file.
type Mark = [u8; 16];

/// Opens a file: its schema and its batches.
pub(super) fn open(key: &str, bytes: Box<dyn Read + Send>, rows: usize) -> Result<(SchemaRef, AvroReader), SourceError> {
    let builder = ReaderBuilder::new().with_batch_size(rows);
    let mark = Arc::new(OnceLock::new());
    let bytes = BufReader::new(Ending { bytes, last: [0; 16], mark: Arc::clone(&mark) });
    let reader = builder.build(bytes).map_err(|error| unreadable(key, "Avro", &error))?;
    // It is set here alone.
    let _ = mark.set(reader.avro_header().sync());
    Ok((reader.schema(), reader))
}

/// The bytes of a file, which must end with its mark: the library takes a file that was cut within a block for a shorter one.
pub(super) struct Ending {
    bytes: Box<dyn Read + Send>,
    last: Mark,
    /// Known once the header was read.
    mark: Arc<OnceLock<Mark>>,
}

impl Read for Ending {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        for byte in &buffer[count.saturating_sub(16)..count] {
            self.last.rotate_left(1);
            self.last[15] = *byte;
        }
        if count == 0 && !buffer.is_empty() && self.mark.get().is_some_and(|mark| *mark != self.last) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends within a block: a part of it is missing"));
        }
        Ok(count)
    }
}
