//! A session on a Spark Connect server.

use std::io::{self, Read};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use spark_connect::SparkSession;
use spark_connect::row::Row;

use crate::config::{SparkRemote, SparkSettings};
use crate::jobs::{JobError, Stop};
use crate::schema::TimestampEncoding;

/// How often a session that waits looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);

/// A session of one collection's day. What still runs in it is interrupted when it is dropped.
pub(super) struct Session<'s> {
    spark: SparkSession,
    settings: &'s SparkSettings,
    stop: &'s Stop,
}

impl<'s> Session<'s> {
    /// Opens it, with all that the server may have set otherwise.
    pub(super) fn open(settings: &'s SparkSettings, stop: &'s Stop, timestamps: TimestampEncoding) -> Result<Self, JobError> {
        let opened = SparkSession::builder().remote(settings.remote.address()).get_or_create();
        let spark = opened.map_err(|error| failed(&settings.remote, "open a session", error.get_message()))?;
        let session = Self { spark, settings, stop };
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
            session.watched("set up a session", |spark| spark.conf().set(key, value).map_err(|error| error.get_message()))?;
        }
        Ok(session)
    }

    /// What the server says that it is.
    pub(super) fn version(&self) -> Result<String, JobError> {
        self.watched("ask for the version", |spark| spark.version().map_err(|error| error.get_message()))
    }

    /// Makes a file's lines a view.
    pub(super) fn lines(&self, location: &str, view: &str) -> Result<(), JobError> {
        let location = self.spelled(location);
        self.watched("look at a file", |spark| {
            let lines = spark.read().option("lineSep", "\n").text(&location);
            lines.create_or_replace_temp_view(view).map_err(|error| error.get_message())
        })
    }

    /// The rows of a query.
    pub(super) fn rows(&self, action: &'static str, query: &str) -> Result<Vec<Row>, JobError> {
        tracing::trace!(event = "spark_query", query);
        self.watched(action, |spark| spark.sql(query).and_then(|frame| frame.collect()).map_err(|error| error.get_message()))
    }

    /// Writes the rows of a query into a folder.
    pub(super) fn write(&self, query: &str, location: &str) -> Result<(), JobError> {
        let location = self.spelled(location);
        self.watched("write rows", |spark| {
            let written = spark.sql(query).and_then(|frame| frame.write().mode("append").parquet(&location));
            written.map_err(|error| error.get_message())
        })
    }

    /// Makes the files at a location a view.
    pub(super) fn files(&self, location: &str, view: &str) -> Result<(), JobError> {
        let location = self.spelled(location);
        self.watched("look at what was written", |spark| {
            spark.read().parquet(&location).create_or_replace_temp_view(view).map_err(|error| error.get_message())
        })
    }

    /// The binary first column of a query, a line of text for each row.
    pub(super) fn stream(&self, query: &str) -> Result<Box<dyn Read + Send>, JobError> {
        let query = query.to_owned();
        let rows = self.watched("read what it can't decide", move |spark| {
            spark.sql(&query).and_then(|frame| frame.to_local_iterator(true)).map_err(|error| error.get_message())
        })?;
        let lines = rows.map(|row| match row.as_ref().map(|row| row.get(0).and_then(|value| value.as_bytes())) {
            Ok(Some(line)) => Ok([line, b"\n".as_slice()].concat()),
            Ok(None) => Err(io::Error::other("a line that is no binary")),
            Err(error) => Err(io::Error::other(shortened(&error.get_message()))),
        });
        Ok(Box::new(Lines { lines, current: io::Cursor::default() }))
    }

    /// A location as the server spells it.
    fn spelled(&self, location: &str) -> String {
        match location.strip_prefix("s3://") {
            Some(rest) => format!("{}://{rest}", self.settings.s3_scheme),
            None => location.to_owned(),
        }
    }

    /// Waits for the server, and ends what it does once the run is to stop.
    /// Tells how long the server took.
    fn watched<T: Send>(
        &self,
        action: &'static str,
        work: impl FnOnce(&SparkSession) -> Result<T, String> + Send,
    ) -> Result<T, JobError> {
        self.stop.check()?;
        let began = Instant::now();
        let (done, result) = channel();
        let found = std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = done.send(work(&self.spark));
            });
            let mut is_told = false;
            loop {
                match result.recv_timeout(LOOK) {
                    Err(RecvTimeoutError::Timeout) if self.stop.is_told() && !is_told => {
                        is_told = true;
                        let _ = self.spark.interrupt_all();
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Err("the client panicked".to_owned()),
                    Ok(found) => return found,
                }
            }
        });
        self.stop.check()?;
        tracing::debug!(event = "spark_answered", action, seconds = began.elapsed().as_secs_f64());
        found.map_err(|reason| failed(&self.settings.remote, action, reason))
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let ended = self.spark.interrupt_all().and_then(|_| self.spark.stop());
        if let Err(error) = ended {
            tracing::debug!(event = "session_not_ended", remote = %self.settings.remote, error = shortened(&error.get_message()));
        }
    }
}

/// Of what a server says, the first line: plans and stack traces follow.
fn shortened(message: &str) -> String {
    message.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing").trim().to_owned()
}

fn failed(remote: &SparkRemote, action: &'static str, reason: String) -> JobError {
    JobError::Spark { remote: remote.to_string(), action, reason: shortened(&reason) }
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
