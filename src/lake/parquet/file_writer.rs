//! A file whose row groups are finished and written on a separate thread, while the next one is being built.

use std::io::Write;
use std::thread::{self, JoinHandle};

use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;

use super::row_group::RowGroup;

/// A file to which row groups are appended, one at a time.
pub(super) struct FileWriter<W: Write + Send + 'static> {
    state: State<W>,
}

enum State<W: Write + Send> {
    Idle(SerializedFileWriter<W>),
    /// Writing a row group; the thread returns the writer.
    Busy(JoinHandle<Result<SerializedFileWriter<W>, ParquetError>>),
    /// A row group failed, and with it the file.
    Failed,
}

impl<W: Write + Send + 'static> FileWriter<W> {
    pub(super) fn new(writer: SerializedFileWriter<W>) -> Self {
        Self { state: State::Idle(writer) }
    }

    /// Appends a row group, once the last one is written.
    ///
    /// # Errors
    /// The last one could not be written.
    pub(super) fn append(&mut self, group: RowGroup) -> Result<(), ParquetError> {
        let mut writer = self.end()?;
        let write = move || group.close(&mut writer).map(|()| writer);
        self.state = State::Busy(thread::Builder::new().name("row group".to_owned()).spawn(write)?);
        Ok(())
    }

    /// Waits until all row groups are written and returns the writer.
    ///
    /// # Errors
    /// The last one could not be written.
    pub(super) fn end(&mut self) -> Result<SerializedFileWriter<W>, ParquetError> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(writer) => Ok(writer),
            State::Busy(thread) => match thread.join() {
                Ok(written) => written,
                // A bug, told where such are told.
                Err(panic) => std::panic::resume_unwind(panic),
            },
            State::Failed => Err(ParquetError::General("a row group could not be written".to_owned())),
        }
    }
}

/// Waits for the row group that is being written, so that nothing is sent after the file was given up.
impl<W: Write + Send> Drop for FileWriter<W> {
    fn drop(&mut self) {
        if let State::Busy(thread) = std::mem::replace(&mut self.state, State::Failed) {
            drop(thread.join());
        }
    }
}
