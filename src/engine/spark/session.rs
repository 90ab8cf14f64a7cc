//! A session on a Spark Connect server.

#![expect(clippy::result_large_err, reason = "the client's error is its own")]

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{ArrowError, DataType};
use spark_connect_core::Result as Answer;

use crate::config::{SparkRemote, SparkSettings};
use crate::engine::{EngineError, SparkStep};
use crate::schema::TimestampEncoding;
use crate::stop::Stop;

use super::client::Client;
use super::watch::{Unanswered, Watch, is_reachable, shortened, soon};

/// Longest time for a server to begin a session: some start a cluster for it.
const GREETING: Duration = Duration::from_mins(3);

/// A session of one collection's day. Dropping it interrupts running statements.
pub(super) struct Session<'s> {
    client: Client,
    settings: &'s SparkSettings,
    stop: &'s Stop,
    /// True if the server was lost.
    is_lost: AtomicBool,
}

impl<'s> Session<'s> {
    /// Opens a session, and sets all options that the server may have set otherwise.
    pub(super) fn open(settings: &'s SparkSettings, stop: &'s Stop, timestamps: TimestampEncoding) -> Result<Self, EngineError> {
        is_reachable(&settings.remote).map_err(|error| failed(&settings.remote, SparkStep::OpenSession, &error.to_string()))?;
        let client = Client::connect(settings.remote.address());
        let client = client.map_err(|error| failed(&settings.remote, SparkStep::OpenSession, &error.get_message()))?;
        let session = Self { client, settings, stop, is_lost: AtomicBool::new(false) };
        let instants = match timestamps {
            TimestampEncoding::Int96 => "INT96",
            TimestampEncoding::Micros => "TIMESTAMP_MICROS",
        };
        let set = [
            ("spark.sql.session.timeZone", "UTC"),
            ("spark.sql.parquet.outputTimestampType", instants),
            ("spark.sql.parquet.int96RebaseModeInWrite", "CORRECTED"),
            ("spark.sql.parquet.datetimeRebaseModeInWrite", "CORRECTED"),
            // Decimals as Hive reads them.
            ("spark.sql.parquet.writeLegacyFormat", "true"),
            ("spark.sql.parquet.compression.codec", "zstd"),
        ];
        for (key, value) in set {
            let watch = Watch { limit: Some(GREETING), ..session.watch() };
            session.watched_by(&watch, SparkStep::SetUp, move |client| client.set(key, value))?;
        }
        let wishes = [
            // A larger method is never made into machine code by Java, which costs more than anything else; in parts it is.
            ("spark.sql.codegen.hugeMethodLimit", "8000"),
            // How often it tells of its tasks, for a statement can be ended only while they run.
            ("spark.connect.progress.reportInterval", "500ms"),
        ];
        for (key, value) in wishes {
            soon(&session.client, &settings.remote, move |client| client.set(key, value));
        }
        Ok(session)
    }

    /// Returns the server's version.
    pub(super) fn version(&self) -> Result<String, EngineError> {
        self.watched(SparkStep::AskVersion, Client::version)
    }

    /// Creates a view of a file's lines.
    pub(super) fn lines(&self, location: &str, view: &str) -> Result<(), EngineError> {
        let (location, view) = (self.spelled(location), view.to_owned());
        self.watched(SparkStep::LookAtFile, move |client| client.view(&view, "text", &location, &[("lineSep", "\n")]))
    }

    /// Returns the rows of a query whose first column is a text or null and all others are numbers; a null number is 0.
    pub(super) fn counts(&self, step: SparkStep, query: &str) -> Result<Vec<(String, Vec<u64>)>, EngineError> {
        tracing::trace!(event = "spark_query", query);
        let query = query.to_owned();
        let batches = self.watched(step, move |client| client.query(&query)?.collect::<Answer<Vec<_>>>())?;
        let counts = batches.iter().map(counts).collect::<Result<Vec<_>, _>>();
        let counts = counts.map_err(|error| failed(&self.settings.remote, step, &error.to_string()))?;
        Ok(counts.concat())
    }

    /// Writes the rows of a query into a folder, and reports now and then the number of bytes that have been read for it.
    pub(super) fn write(&self, query: &str, location: &str, bytes_read: &dyn Fn(u64)) -> Result<(), EngineError> {
        let (query, location) = (query.to_owned(), self.spelled(location));
        tracing::trace!(event = "spark_query", query);
        let watch = Watch { bytes_read: Some(bytes_read), ..self.watch() };
        self.watched_by(&watch, SparkStep::Write, move |client| client.write(&query, &location))
    }

    /// Creates a view of the files at a location.
    pub(super) fn files(&self, location: &str, view: &str) -> Result<(), EngineError> {
        let (location, view) = (self.spelled(location), view.to_owned());
        self.watched(SparkStep::LookAtWritten, move |client| client.view(&view, "parquet", &location, &[]))
    }

    /// Streams the binary first column of a query, a line of text for each row.
    pub(super) fn stream(&self, query: &str) -> Result<Box<dyn Read + Send>, EngineError> {
        let query = query.to_owned();
        let batches = self.watched(SparkStep::FetchUndecided, move |client| client.query(&query))?;
        let lines = batches.map(|batch| match batch {
            Ok(batch) => lines(&batch).map_err(io::Error::other),
            Err(error) => Err(io::Error::other(shortened(&error.get_message()))),
        });
        Ok(Box::new(Lines { lines, current: io::Cursor::default() }))
    }

    /// Returns a location as the server spells it.
    fn spelled(&self, location: &str) -> String {
        match location.strip_prefix("s3://") {
            Some(rest) => format!("{}://{rest}", self.settings.s3_scheme),
            None => location.to_owned(),
        }
    }

    /// Waits for a request to the server.
    fn watched<T: Send + 'static>(
        &self,
        step: SparkStep,
        work: impl FnOnce(&Client) -> Answer<T> + Send + 'static,
    ) -> Result<T, EngineError> {
        self.watched_by(&self.watch(), step, work)
    }

    fn watch(&self) -> Watch<'_> {
        Watch { client: &self.client, remote: &self.settings.remote, stop: self.stop, limit: None, bytes_read: None }
    }

    fn watched_by<T: Send + 'static>(
        &self,
        watch: &Watch<'_>,
        step: SparkStep,
        work: impl FnOnce(&Client) -> Answer<T> + Send + 'static,
    ) -> Result<T, EngineError> {
        self.stop.check()?;
        let began = Instant::now();
        let found = watch.over(work).map_err(|unanswered| match unanswered {
            Unanswered::Refused(reason) => reason,
            Unanswered::Lost(reason) => {
                self.is_lost.store(true, Ordering::Relaxed);
                reason
            }
        });
        self.stop.check()?;
        tracing::debug!(
            event = "spark_answered", action = %step, seconds = began.elapsed().as_secs_f64(),
            "the Spark Connect server answered"
        );
        found.map_err(|reason| failed(&self.settings.remote, step, &reason))
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if !self.is_lost.load(Ordering::Relaxed) {
            soon(&self.client, &self.settings.remote, Client::release);
        }
    }
}

fn failed(remote: &SparkRemote, step: SparkStep, reason: &str) -> EngineError {
    EngineError::Spark { remote: remote.to_string(), step, reason: shortened(reason) }
}

/// Returns the rows of a batch: a text, and numbers.
fn counts(batch: &RecordBatch) -> Result<Vec<(String, Vec<u64>)>, ArrowError> {
    let [first, rest @ ..] = batch.columns() else { return Ok(Vec::new()) };
    let texts = arrow_cast::cast(first, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    let numbers = rest.iter().map(|column| arrow_cast::cast(column, &DataType::Int64)).collect::<Result<Vec<_>, _>>()?;
    let number = |column: &dyn Array, row: usize| {
        if column.is_valid(row) { u64::try_from(column.as_primitive::<Int64Type>().value(row)).unwrap_or_default() } else { 0 }
    };
    let row = |row: usize| (texts.value(row).to_owned(), numbers.iter().map(|column| number(column, row)).collect());
    Ok((0..batch.num_rows()).map(row).collect())
}

/// Returns the first column of a batch, a line for each row.
fn lines(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let column = batch.columns().first().ok_or_else(|| ArrowError::SchemaError("there is no column".to_owned()))?;
    let column = arrow_cast::cast(column, &DataType::Binary)?;
    let lines = column.as_binary::<i32>().iter().flatten();
    Ok(lines.flat_map(|line| [line, b"\n".as_slice()].concat()).collect())
}

/// Lines as a stream of bytes.
struct Lines<I> {
    lines: I,
    current: io::Cursor<Vec<u8>>,
}

impl<I: Iterator<Item = io::Result<Vec<u8>>>> Read for Lines<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.current.read(buffer)? {
                0 if buffer.is_empty() => return Ok(0),
                0 => match self.lines.next() {
                    Some(line) => self.current = io::Cursor::new(line?),
                    None => return Ok(0),
                },
                read => return Ok(read),
            }
        }
    }
}
