//! Output of a query's result.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_json::WriterBuilder;
use arrow_json::writer::LineDelimited;
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::concat::concat_batches;
use clap::ValueEnum;
use comfy_table::CellAlignment;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use polars::prelude::*;

use crate::batch::arrow_schema;
use crate::identity::Causes;
use crate::jobs::run::JobError;
use crate::report;
use crate::schema::TableSchema;
use crate::sql::polars::frame::{self, FrameError};

/// Output format of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// Text table.
    Table,
    /// CSV with a header; nested values as text.
    Csv,
    /// One JSON object per line.
    ///
    /// Decimals keep all digits; NaN and infinity are null.
    Json,
    /// Parquet file.
    Parquet,
}

pub(super) fn write(
    schema: &TableSchema,
    batches: Vec<RecordBatch>,
    format: QueryFormat,
    output: Option<&Path>,
) -> Result<(), JobError> {
    let schema = Arc::new(arrow_schema(schema));
    let what = output.map_or_else(|| "the result".to_owned(), |path| path.display().to_string());
    let unwritable = |source: io::Error| JobError::Output { what: what.clone(), source };
    let mut sink: Box<dyn Write + Send> = match output {
        Some(path) => Box::new(io::BufWriter::new(File::create(path).map_err(unwritable)?)),
        None if io::stdout().is_terminal() && format != QueryFormat::Parquet => Box::new(Harmless(io::stdout())),
        None => Box::new(io::BufWriter::new(UntilClosed(io::stdout()))),
    };
    let frame = || frame(&schema, &batches).map_err(|error| JobError::Bug(Causes(&error).to_string()));
    match format {
        QueryFormat::Table => writeln!(sink, "{}", for_a_person(&frame()?)).map_err(unwritable)?,
        QueryFormat::Csv => {
            let written = CsvWriter::new(&mut sink).finish(&mut nested_as_text(frame()?));
            written.map_err(|error| unwritable(io::Error::other(error.to_string())))?;
        }
        QueryFormat::Json => json_lines(&batches, &mut sink).map_err(|error| unwritable(io::Error::other(error)))?,
        QueryFormat::Parquet => parquet(schema, &batches, &mut sink).map_err(|error| unwritable(io::Error::other(error)))?,
    }
    sink.flush().map_err(unwritable)
}

/// Returns the rows as a frame, whose values Polars writes as text.
fn frame(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<DataFrame, FrameError> {
    let all = concat_batches(schema, batches)?;
    let names = schema.fields().iter().map(|field| field.name().as_str());
    frame::from_arrow(all.num_rows(), names.zip(all.columns().iter().cloned()).collect())
}

/// A writer that ignores all bytes after the reader of a pipe has closed it: it has seen enough, as `head` does.
struct UntilClosed<W>(W);

impl<W: Write> Write for UntilClosed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            result => result,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

/// A writer of text without the characters that a terminal would act on. A file or a pipe gets every byte as it is.
struct Harmless<W>(W);

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A character may be split between two writes: only whole ones are taken, unless they are none.
        let (text, taken) = match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), bytes.len()),
            Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
                (String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned(), error.valid_up_to())
            }
            Err(_) => (String::from_utf8_lossy(bytes).into_owned(), bytes.len()),
        };
        self.0.write_all(report::shown(&text).as_bytes())?;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn json_lines(batches: &[RecordBatch], sink: impl Write) -> Result<(), ArrowError> {
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(sink);
    batches.iter().try_for_each(|batch| writer.write(batch))?;
    writer.finish()
}

fn parquet(schema: SchemaRef, batches: &[RecordBatch], sink: impl Write + Send) -> Result<(), ParquetError> {
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(sink, schema, options)?;
    batches.iter().try_for_each(|batch| writer.write(batch))?;
    writer.close().map(drop)
}

fn shown(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => "null".to_owned(),
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::Float64(value) => value.to_string(),
        AnyValue::Float32(value) => value.to_string(),
        AnyValue::List(items) => format!("[{}]", items.iter().map(|item| quoted(&item)).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn quoted(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::String(text) => format!("{text:?}"),
        other => shown(other),
    }
}

fn for_a_person(frame: &DataFrame) -> String {
    let names = frame.get_column_names();
    let mut table = report::table(
        &names
            .iter()
            .map(|name| report::shown_in_a_line(name))
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    for (i, column) in frame.columns().iter().enumerate() {
        if column.dtype().is_primitive_numeric()
            && let Some(column) = table.column_mut(i)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for row in 0..frame.height() {
        let cell = |column: &Column| column.get(row).map(|value| report::shown(&shown(&value))).unwrap_or_default();
        table.add_row(frame.columns().iter().map(cell));
    }
    let rows = frame.height();
    let plural = if rows == 1 { "" } else { "s" };
    format!("{table}\n{rows} row{plural}")
}

fn nested_as_text(frame: DataFrame) -> DataFrame {
    let columns = frame.columns().iter().map(|column| {
        if !column.dtype().is_nested() {
            return column.clone();
        }
        let texts = (0..column.len()).map(|row| column.get(row).ok().filter(|value| !value.is_null()).map(|value| shown(&value)));
        Column::new(column.name().clone(), texts.collect::<Vec<_>>())
    });
    DataFrame::new(frame.height(), columns.collect()).unwrap_or(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The end of a pipe whose reader has gone.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_failure() {
        let mut sink = io::BufWriter::new(UntilClosed(Closed));
        sink.write_all(&vec![b'x'; 1 << 20]).unwrap();
        sink.flush().unwrap();
    }
}
