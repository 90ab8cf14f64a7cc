//! A row group under construction: leaf columns are encoded in parallel.

use std::io::Write;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{FieldRef, Schema};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;

use crate::schema::{TableSchema, TimestampEncoding};

use super::int96::{self, Int96Leaf};

/// Encoder of one leaf.
enum LeafWriter {
    Arrow(Box<ArrowColumnWriter>),
    Int96(Int96Leaf),
}

/// Encoded values of one leaf, to append to the file.
enum LeafChunk {
    Arrow(Box<ArrowColumnChunk>),
    Int96(Int96Leaf),
}

struct ColumnWriter {
    field: FieldRef,
    leaves: Vec<LeafWriter>,
}

/// The columns of a row group.
pub(super) struct RowGroup {
    columns: Vec<ColumnWriter>,
    rows: usize,
}

impl RowGroup {
    pub(super) fn new(
        factory: &ArrowRowGroupWriterFactory,
        index: usize,
        schema: &TableSchema,
        arrow: &Schema,
        timestamps: TimestampEncoding,
    ) -> Result<Self, ParquetError> {
        let mut writers = factory.create_column_writers(index)?.into_iter();
        let columns = schema.columns().iter().zip(arrow.fields()).map(|(column, field)| {
            let leaves = int96::leaves(&column.ty).into_iter().zip(writers.by_ref()).map(|(int96, writer)| match int96 {
                Some(leaf) if timestamps == TimestampEncoding::Int96 => LeafWriter::Int96(leaf),
                _ => LeafWriter::Arrow(Box::new(writer)),
            });
            ColumnWriter { field: Arc::clone(field), leaves: leaves.collect() }
        });
        Ok(Self { columns: columns.collect(), rows: 0 })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the approximate size of the row group in bytes.
    pub(super) fn bytes(&self) -> usize {
        let leaf_bytes = |leaf: &LeafWriter| match leaf {
            LeafWriter::Arrow(writer) => writer.get_estimated_total_bytes(),
            LeafWriter::Int96(leaf) => leaf.bytes(),
        };
        self.columns.iter().flat_map(|column| &column.leaves).map(leaf_bytes).sum()
    }

    /// Encodes one array for each column, each `rows` long.
    pub(super) fn write(&mut self, rows: usize, arrays: &[ArrayRef]) -> Result<(), ParquetError> {
        self.rows += rows;
        self.columns.par_iter_mut().zip(arrays).try_for_each(|(column, array)| column.write(array))
    }

    /// Writes the row group to the file.
    pub(super) fn close<W: Write + Send>(self, file: &mut SerializedFileWriter<W>) -> Result<(), ParquetError> {
        let leaves: Vec<LeafWriter> = self.columns.into_iter().flat_map(|column| column.leaves).collect();
        let chunks: Vec<LeafChunk> = leaves
            .into_par_iter()
            .map(|leaf| match leaf {
                LeafWriter::Arrow(writer) => writer.close().map(|chunk| LeafChunk::Arrow(Box::new(chunk))),
                LeafWriter::Int96(leaf) => Ok(LeafChunk::Int96(leaf)),
            })
            .collect::<Result<_, _>>()?;
        let mut group = file.next_row_group()?;
        for chunk in chunks {
            match chunk {
                LeafChunk::Arrow(chunk) => chunk.append_to_row_group(&mut group)?,
                LeafChunk::Int96(leaf) => {
                    let column = group.next_column()?.ok_or_else(|| ParquetError::General("a leaf without a column".into()))?;
                    leaf.write(column)?;
                }
            }
        }
        group.close().map(drop)
    }
}

impl ColumnWriter {
    fn write(&mut self, array: &ArrayRef) -> Result<(), ParquetError> {
        let all_int96 = self.leaves.iter().all(|leaf| matches!(leaf, LeafWriter::Int96(_)));
        let mut encoded = if all_int96 { Vec::new() } else { compute_leaves(&self.field, array)? }.into_iter();
        for leaf in &mut self.leaves {
            match (leaf, encoded.next()) {
                (LeafWriter::Int96(leaf), _) => leaf.take(array),
                (LeafWriter::Arrow(writer), Some(leaf)) => writer.write(&leaf)?,
                (LeafWriter::Arrow(_), None) => return Err(ParquetError::General("a column lacks a leaf".into())),
            }
        }
        Ok(())
    }
}
