//! Slices of a module's files.

use jiff::tz::TimeZone;

use crate::identity::SliceLength;

/// Slices that a module's files belong to.
#[derive(Debug, Clone, Default)]
pub struct Slicing {
    /// Length of the slices.
    pub length: SliceLength,
    /// Zone in which the time of an object's last change is its slice; `None` if the names of the files have dates.
    pub by_time_in: Option<TimeZone>,
}
