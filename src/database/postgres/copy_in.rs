//! Rows on their way to a server.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures::SinkExt;
use tokio_postgres::CopyInSink;

use crate::database::DatabaseError;

use super::failure;
use super::requests::Requests;

const ACTION: &str = "write rows";

/// A table of a server that takes rows by `COPY … FROM STDIN`. Dropped before it is finished, it takes none.
pub(super) struct CopyIn {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    requests: Requests,
}

impl CopyIn {
    pub(super) fn new(sink: CopyInSink<Bytes>, requests: Requests) -> Self {
        Self { sink: Box::pin(sink), requests }
    }

    /// Sends what a buffer has, and empties it.
    ///
    /// # Errors
    /// The connection is lost, the server refuses the rows, or a stop was requested.
    pub(super) fn send(&mut self, rows: &mut BytesMut) -> Result<(), DatabaseError> {
        let bytes = rows.split().freeze();
        let sent = self.requests.wait(self.sink.send(bytes))?;
        sent.map_err(|error| failure::of_rows(ACTION, &self.requests.server, &error))
    }

    /// Ends the rows. Returns their number, as the server counted them.
    ///
    /// # Errors
    /// The connection is lost, the server refuses the rows, or a stop was requested.
    pub(super) fn finish(mut self) -> Result<u64, DatabaseError> {
        let finished = self.requests.wait(self.sink.as_mut().finish())?;
        finished.map_err(|error| failure::of_rows(ACTION, &self.requests.server, &error))
    }
}
