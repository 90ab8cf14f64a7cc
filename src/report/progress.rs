//! Progress of a run, for a person who watches it.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::identity::{CollectionName, ProcessingDate};

/// An observer of a run.
pub trait Progress: Send + Sync {
    /// Begins a collection of a date; its files have `bytes` bytes.
    fn begin(&self, date: ProcessingDate, collection: &CollectionName, bytes: u64) -> Box<dyn CollectionProgress>;
}

/// An observer of one collection of one date, until it is dropped.
pub trait CollectionProgress: Send + Sync {
    /// Adds a number of bytes that were read.
    fn bytes(&self, count: u64);
    /// Adds a number of rows that were written.
    fn rows(&self, count: u64);
}

/// Progress that shows nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _: ProcessingDate, _: &CollectionName, _: u64) -> Box<dyn CollectionProgress> {
        Box::new(Self)
    }
}

impl CollectionProgress for NoProgress {
    fn bytes(&self, _: u64) {}
    fn rows(&self, _: u64) {}
}

/// Progress bars on standard error, one for each collection.
#[derive(Debug, Clone, Default)]
pub struct Bars(MultiProgress);

struct Bar {
    bar: ProgressBar,
    rows: std::sync::atomic::AtomicU64,
}

const BAR: &str = "{prefix:28} {bar:24} {bytes}/{total_bytes} {binary_bytes_per_sec} {msg} {elapsed}, {eta} left";

impl Progress for Bars {
    fn begin(&self, date: ProcessingDate, collection: &CollectionName, bytes: u64) -> Box<dyn CollectionProgress> {
        let bar = self.0.add(ProgressBar::new(bytes));
        if let Ok(style) = ProgressStyle::with_template(BAR) {
            bar.set_style(style);
        }
        bar.set_prefix(format!("{date} {collection}"));
        // A cluster tells of its work seldom.
        bar.enable_steady_tick(Duration::from_secs(1));
        Box::new(Bar { bar, rows: 0.into() })
    }
}

impl CollectionProgress for Bar {
    fn bytes(&self, count: u64) {
        self.bar.inc(count);
    }

    fn rows(&self, count: u64) {
        let rows = self.rows.fetch_add(count, std::sync::atomic::Ordering::Relaxed) + count;
        self.bar.set_message(format!("{rows} rows"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
