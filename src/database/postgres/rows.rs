//! Rows of a query, as a server sends them.

use std::pin::Pin;

use futures::StreamExt;
use tokio_postgres::CopyOutStream;

use crate::database::DatabaseError;

use super::copy::{BadRow, CopyBatch, CopyRows};
use super::requests::Requests;

/// Rows that a server is sending.
pub struct Copy {
    stream: Pin<Box<CopyOutStream>>,
    rows: CopyRows,
    requests: Requests,
    is_over: bool,
}

impl Copy {
    pub(super) fn new(stream: CopyOutStream, rows: CopyRows, requests: Requests) -> Self {
        Self { stream: Box::pin(stream), rows, requests, is_over: false }
    }

    /// Returns the next rows, at most so many, and of about so many bytes; `None` at their end.
    ///
    /// # Errors
    /// The connection is lost, a row is not what the server promised, or a stop was requested.
    pub fn next_batch(&mut self, most: usize, most_bytes: usize) -> Result<Option<CopyBatch>, DatabaseError> {
        let (stream, rows, requests, is_over) = (&mut self.stream, &mut self.rows, &self.requests, &mut self.is_over);
        let bad = |BadRow { row, reason }| DatabaseError::Row { server: requests.server.clone(), row, reason };
        let mut bytes = 0;
        requests.wait(async {
            while rows.held() < most && bytes < most_bytes && !*is_over {
                match stream.next().await {
                    Some(Ok(message)) => {
                        bytes += message.len();
                        rows.push(&message).map_err(bad)?;
                    }
                    Some(Err(error)) => return Err(requests.failed("read rows", &error)),
                    None => {
                        *is_over = true;
                        rows.end().map_err(bad)?;
                    }
                }
            }
            Ok(())
        })??;
        if rows.held() == 0 {
            return Ok(None);
        }
        let row = rows.rows();
        rows.take().map(Some).map_err(|error| bad(BadRow { row, reason: error.to_string() }))
    }
}
