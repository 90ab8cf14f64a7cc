//! Days, times of day and timestamps of Arrow arrays as text.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow_schema::{DataType, Field, TimeUnit};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use super::number::number;

/// Seconds of a day.
const DAY: i64 = 86_400;
const NANOS: i64 = 1_000_000_000;
const EPOCH: Date = Date::constant(1970, 1, 1);

/// Metadata of a field whose decimals are nanoseconds of a clock time: 64 bits end in the year 2262.
pub(super) const CLOCK: &str = "adg.clock";

/// Returns true if the decimals of a field are nanoseconds of a clock time.
pub(super) fn is_clock(field: &Field) -> bool {
    field.metadata().contains_key(CLOCK)
}

/// Appends a day, counted from 1970-01-01; the number itself if there is no such day.
pub(super) fn date(days: i64, out: &mut Vec<u8>) {
    let span = days.checked_mul(DAY).map(SignedDuration::from_secs);
    match span.and_then(|span| EPOCH.checked_add(span).ok()) {
        Some(date) => number(date, out),
        None => number(days, out),
    }
}

/// Appends the day of a number of milliseconds.
pub(super) fn date_of_millis(millis: i64, out: &mut Vec<u8>) {
    date(millis.div_euclid(DAY * 1000), out);
}

/// Appends an instant, or a clock time if the type has no zone; the number itself if there is no such time.
pub(super) fn timestamp(array: &dyn Array, row: usize, unit: TimeUnit, is_instant: bool, out: &mut Vec<u8>) {
    let (value, in_second) = match unit {
        TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().value(row), 1),
        TimeUnit::Millisecond => (array.as_primitive::<TimestampMillisecondType>().value(row), 1_000),
        TimeUnit::Microsecond => (array.as_primitive::<TimestampMicrosecondType>().value(row), 1_000_000),
        TimeUnit::Nanosecond => (array.as_primitive::<TimestampNanosecondType>().value(row), NANOS),
    };
    let clock = clock_time(value.div_euclid(in_second), value.rem_euclid(in_second) * (NANOS / in_second));
    match clock {
        Some(clock) => {
            number(clock, out);
            if is_instant {
                out.push(b'Z');
            }
        }
        None => number(value, out),
    }
}

/// Appends the clock time that is so many nanoseconds after the epoch; the number itself if there is no such time, or if it is
/// not to be believed. C++ writes a fraction before 1970 as a negative one, which the library takes for one without a sign: the
/// value is of the years 2262 to 2554 then, where no source has fractions.
pub(super) fn nanoseconds(value: i128, out: &mut Vec<u8>) {
    let in_second = i128::from(NANOS);
    if value % in_second != 0 && (1 << 63..1 << 64).contains(&value) {
        return number(format_args!("{value} nanoseconds after 1970, or a time before it"), out);
    }
    let parts = (i64::try_from(value.div_euclid(in_second)), i64::try_from(value.rem_euclid(in_second)));
    match parts {
        (Ok(seconds), Ok(nanos)) if let Some(clock) = clock_time(seconds, nanos) => number(clock, out),
        _ => number(value, out),
    }
}

/// Returns the clock time in UTC. jiff's own instants end a day before 9999-12-31, which sources use for "never ends".
fn clock_time(seconds: i64, nanos: i64) -> Option<DateTime> {
    // Less than a second of nanoseconds carries over into no further one.
    let since = SignedDuration::new(seconds, i32::try_from(nanos).ok()?);
    EPOCH.to_datetime(Time::midnight()).checked_add(since).ok()
}

/// Appends a time of day, `24:00:00` for the end of one; the number itself, in its unit, if it is none.
pub(super) fn time(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    let (value, in_second) = match array.data_type() {
        DataType::Time32(TimeUnit::Second) => (array.as_primitive::<Time32SecondType>().value(row).into(), 1),
        DataType::Time32(_) => (array.as_primitive::<Time32MillisecondType>().value(row).into(), 1_000),
        DataType::Time64(TimeUnit::Microsecond) => (array.as_primitive::<Time64MicrosecondType>().value(row), 1_000_000),
        _ => (array.as_primitive::<Time64NanosecondType>().value(row), NANOS),
    };
    let time = || Time::midnight().checked_add(SignedDuration::from_nanos(value.checked_mul(NANOS / in_second)?)).ok();
    match time() {
        _ if value == DAY * in_second => out.extend_from_slice(b"24:00:00"),
        Some(time) => number(time, out),
        None => number(value, out),
    }
}
