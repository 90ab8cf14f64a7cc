//! Rows in a temporary table of the server.

use arrow_array::RecordBatch;
use bytes::{BufMut, BytesMut};

use crate::batch::BatchError;
use crate::catchup::Slice;
use crate::database::DatabaseError;
use crate::schema::TableSchema;
use crate::sink::{Extent, StagedRows};

use super::super::copy_in::CopyIn;
use super::super::reading::quoted;
use super::super::server::Session;
use super::column::StagedColumn;
use super::encode::{Unfit, Values, put_boolean, put_header, put_trailer};
use super::table::PostgresTable;

/// Name of the temporary table.
pub(super) const STAGED: &str = "pg_temp.adg_staged";
/// Its column that is true for keys whose rows a merge deletes. No column of rows has a name with a blank.
pub(super) const DELETED: &str = "\"is deleted\"";
/// Bytes that are sent at a time.
const SENT_BYTES: usize = 64 * 1024;

/// Rows in a temporary table of a connection of their own. The server deletes them when the connection ends, however it ends.
pub struct StagedCopy {
    pub(super) session: Session,
    /// Id of their commit.
    pub(super) id: String,
    pub(super) columns: Vec<StagedColumn>,
    pub(super) rows: u64,
    /// Number of keys whose rows a merge deletes.
    pub(super) deleted: u64,
    copy: Option<CopyIn>,
    buffer: BytesMut,
}

impl StagedCopy {
    /// Creates the temporary table.
    pub(super) fn begin(table: &PostgresTable, slice: &Slice, schema: &TableSchema, id: String) -> Result<Self, DatabaseError> {
        if *slice != Slice::Whole {
            return Err(DatabaseError::Table {
                table: table.describe(),
                reason: format!("`{slice}` is no slice of it: a run publishes to the whole table"),
                hint: "leave `partition_by` of the sink out".to_owned(),
            });
        }
        let session = Session::open(&table.connection, &table.stop)?;
        let traits = table.traits(&session)?;
        let columns = PostgresTable::staged(schema, traits.as_ref());
        let defined = columns.iter().map(|StagedColumn { name, stored, .. }| format!("{} {}", quoted(name.as_str()), stored.sql));
        let defined = defined.chain([format!("{DELETED} boolean not null")]).collect::<Vec<_>>().join(", ");
        session.run("stage rows", &format!("create temporary table adg_staged ({defined})"))?;
        let copy = session.copy_in(&format!("copy {STAGED} from stdin (format binary)"))?;
        let mut buffer = BytesMut::with_capacity(2 * SENT_BYTES);
        put_header(&mut buffer);
        Ok(Self { session, id, columns, rows: 0, deleted: 0, copy: Some(copy), buffer })
    }

    fn unfit(&self, column: usize, unfit: Unfit) -> DatabaseError {
        let name = self.columns.get(column).map(|column| column.name.to_string()).unwrap_or_default();
        let (reason, hint) = match unfit {
            Unfit::Zero => (
                format!("a text of `{name}` has a character of code 0, which the server has in no text"),
                format!("leave it out in a transform: `replace({name}, chr(0), '')`"),
            ),
            Unfit::Range => {
                (format!("a value of `{name}` is outside the range of the server's type"), "correct it in a transform".to_owned())
            }
        };
        DatabaseError::Rows { server: self.session.address().to_owned(), reason, hint }
    }
}

impl StagedRows for StagedCopy {
    type Error = DatabaseError;

    fn write(&mut self, batch: &RecordBatch) -> Result<(), DatabaseError> {
        self.send(batch, false)?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn delete(&mut self, keys: &RecordBatch) -> Result<(), DatabaseError> {
        self.send(keys, true)?;
        self.deleted += keys.num_rows() as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<Extent, DatabaseError> {
        if let Some(mut copy) = self.copy.take() {
            put_trailer(&mut self.buffer);
            copy.send(&mut self.buffer)?;
            self.rows = copy.finish()? - self.deleted;
            // The server has to know their number to choose how it joins them.
            self.session.run("analyze staged rows", &format!("analyze {STAGED}"))?;
        }
        Ok(Extent { rows: self.rows, ..Extent::default() })
    }

    fn abort(&self) {
        // The server deletes them with the connection.
    }
}

impl StagedCopy {
    fn send(&mut self, batch: &RecordBatch, is_deleted: bool) -> Result<(), DatabaseError> {
        let values = |StagedColumn { name, stored, .. }: &StagedColumn| match batch.column_by_name(name.as_str()) {
            Some(array) => stored.encoding.values(array).map_err(BatchError::from),
            None => Ok(Values::Missing),
        };
        let columns = self.columns.iter().map(values).collect::<Result<Vec<_>, _>>()?;
        let count = i16::try_from(columns.len() + 1).unwrap_or(i16::MAX);
        for row in 0..batch.num_rows() {
            self.buffer.put_i16(count);
            for (place, column) in columns.iter().enumerate() {
                column.put(row, &mut self.buffer).map_err(|unfit| self.unfit(place, unfit))?;
            }
            put_boolean(is_deleted, &mut self.buffer);
            if self.buffer.len() >= SENT_BYTES
                && let Some(copy) = &mut self.copy
            {
                copy.send(&mut self.buffer)?;
            }
        }
        Ok(())
    }
}
