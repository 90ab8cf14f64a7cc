//! Shares of dates, for processes that run in parallel.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::identity::ProcessingDate;

/// One of several equal shares of all dates: `3/8`. Consecutive dates are in different shares, so that a long catch-up is divided
/// evenly, and a date is always in the same share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard {
    number: u16,
    of: u16,
}

/// An error for an invalid share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no share of the dates: write the third of eight as `3/8`; there are at most {MOST}")]
pub struct ShardError(String);

/// Largest number of shares: each is a process with a lease of its own.
const MOST: u16 = 1000;

impl Shard {
    /// Returns true if a date is in this share.
    pub fn has(self, date: ProcessingDate) -> bool {
        date.epoch_days().rem_euclid(i32::from(self.of)) == i32::from(self.number) - 1
    }

    /// Returns the number of shares into which the dates are divided.
    pub fn of(self) -> u16 {
        self.of
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let parse = || {
            let (number, of) = text.trim().split_once('/')?;
            let (number, of) = (number.parse().ok()?, of.parse().ok()?);
            ((1..=of).contains(&number) && of <= MOST).then_some(Self { number, of })
        };
        parse().ok_or_else(|| ShardError(text.to_owned()))
    }
}

impl Serialize for Shard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shard {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_share_is_one_of_those_that_there_are() {
        for text in ["1/1", "3/8", " 8/8 ", "1000/1000"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text.trim());
        }
        for text in ["", "3", "0/8", "9/8", "1/0", "-1/8", "1/1001", "a/b", "1/2/3"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    fn day(text: &str) -> ProcessingDate {
        text.parse().unwrap()
    }

    proptest! {
        #[test]
        fn each_date_is_of_one_share(days in 0..2_900_000_u32, of in 1..=MOST) {
            let date = day("0001-01-01").plus_days(days);
            let shares = (1..=of).filter(|number| Shard { number: *number, of }.has(date));
            prop_assert_eq!(shares.count(), 1);
        }

        #[test]
        fn dates_in_a_row_are_divided_evenly(first in 0..60_000_u32, of in 1..40_u16, rounds in 1..5_u32) {
            let first = day("1900-01-01").plus_days(first);
            let mut counts = vec![0; usize::from(of)];
            for date in (0..u32::from(of) * rounds).map(|days| first.plus_days(days)) {
                (1..=of).filter(|number| Shard { number: *number, of }.has(date)).for_each(|n| counts[usize::from(n) - 1] += 1);
            }
            prop_assert!(counts.iter().all(|count| *count == rounds));
        }
    }
}
