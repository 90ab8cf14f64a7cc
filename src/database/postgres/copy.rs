//! Rows that a server sends by `COPY … TO STDOUT (FORMAT binary)`.
//!
//! Source: <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4>.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema};

use crate::batch::BatchError;

use super::field::{Malformed, field};
use super::reading::ReadColumn;
use super::vector::{Misfit, Vector};

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// A row whose bytes are not what the server promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadRow {
    /// Number of the row, from 1.
    pub(super) row: u64,
    pub(super) reason: String,
}

/// Rows on their way into batches.
#[derive(Debug)]
pub(super) struct CopyRows {
    columns: Vec<ReadColumn>,
    vectors: Vec<Vector>,
    schema: Arc<Schema>,
    misfits: Vec<(usize, usize, Misfit)>,
    /// Rows that the vectors hold.
    held: usize,
    /// Rows that were read in all.
    rows: u64,
    has_begun: bool,
    has_ended: bool,
}

/// Rows of a batch, and the values that did not fit.
#[derive(Debug)]
pub struct CopyBatch {
    /// The rows.
    pub batch: RecordBatch,
    /// Row, column and value of what is null in the batch because its type does not hold it, in the order of the rows.
    pub misfits: Vec<(usize, usize, Misfit)>,
}

impl CopyRows {
    /// Creates a reader of these columns.
    pub(super) fn new(columns: Vec<ReadColumn>) -> Self {
        let vectors: Vec<Vector> = columns.iter().map(|column| Vector::of(&column.reading)).collect();
        let fields = columns.iter().map(|column| Field::new(&column.name, crate::batch::arrow_type(&column.ty), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let (held, rows, has_begun, has_ended) = (0, 0, false, false);
        Self { columns, vectors, schema, misfits: Vec::new(), held, rows, has_begun, has_ended }
    }

    /// Returns the number of rows that were read and not taken.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Returns the number of rows that were read in all.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes a message of the server, which has one row; the first one has the header too.
    ///
    /// # Errors
    /// The bytes are not those of the columns.
    pub(super) fn push(&mut self, message: &[u8]) -> Result<(), BadRow> {
        let mut rest = message;
        if !self.has_begun {
            rest = header(message).ok_or_else(|| self.bad("the rows have no header".to_owned()))?;
            self.has_begun = true;
        }
        while !rest.is_empty() {
            rest = self.row(rest)?;
        }
        Ok(())
    }

    /// Takes one row; returns the bytes after it.
    fn row<'m>(&mut self, message: &'m [u8]) -> Result<&'m [u8], BadRow> {
        let wrong = || self.bad("the server sent other fields than it told".to_owned());
        let (count, mut rest) = message.split_first_chunk::<2>().ok_or_else(wrong)?;
        let count = i16::from_be_bytes(*count);
        if count == -1 && rest.is_empty() {
            self.has_ended = true;
            return Ok(rest);
        }
        if usize::try_from(count) != Ok(self.vectors.len()) || self.has_ended {
            return Err(wrong());
        }
        for at in 0..self.vectors.len() {
            let (field, after) = field(rest).ok_or_else(|| self.bad("a field is cut".to_owned()))?;
            rest = after;
            match self.vectors[at].push(field) {
                Ok(None) => {}
                Ok(Some(misfit)) => self.misfits.push((self.held, at, misfit)),
                Err(Malformed) => {
                    let ReadColumn { name, ty, .. } = &self.columns[at];
                    return Err(self.bad(format!("the bytes of column `{name}` are no {ty}")));
                }
            }
        }
        self.held += 1;
        self.rows += 1;
        Ok(rest)
    }

    /// Takes the rows that were read since the last batch.
    ///
    /// # Errors
    /// The columns are of other lengths: a bug of adg.
    pub(super) fn take(&mut self) -> Result<CopyBatch, BatchError> {
        let arrays = self.vectors.iter_mut().map(Vector::take).collect::<Result<Vec<_>, _>>()?;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)?;
        self.held = 0;
        Ok(CopyBatch { batch, misfits: std::mem::take(&mut self.misfits) })
    }

    fn bad(&self, reason: String) -> BadRow {
        BadRow { row: self.rows + 1, reason }
    }

    /// Ends the rows.
    ///
    /// # Errors
    /// The server did not send their end.
    pub(super) fn end(&self) -> Result<(), BadRow> {
        if self.has_ended { Ok(()) } else { Err(self.bad("the server did not send the end of the rows".to_owned())) }
    }
}

/// Returns the bytes after the header.
fn header(message: &[u8]) -> Option<&[u8]> {
    let rest = message.strip_prefix(SIGNATURE)?;
    let (_flags, rest) = rest.split_first_chunk::<4>()?;
    let (extension, rest) = rest.split_first_chunk::<4>()?;
    rest.get(usize::try_from(u32::from_be_bytes(*extension)).ok()?..)
}
