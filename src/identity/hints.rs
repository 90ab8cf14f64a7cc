//! Hints that errors of several rooms share.

/// For a failure that passes by itself.
pub const RUN_AGAIN: &str = "run the same command again; what is published is kept";

/// For a run that lost its lease.
pub const LEASE_LOST: &str = "another run does the rest; look at its report, and run the date again if it did not";

/// For a database that this version does not understand.
pub const CORRUPT: &str = "run the adg that wrote it, restore it from a backup, or correct the profile in adg.yaml";

/// For rows that can't be merged by their keys.
pub const KEYS: &str = "correct the source, or name the columns that identify a row; `order_by` takes the newest of each key";

/// For a scratch folder that can't be used.
pub const SCRATCH: &str = "name a folder that can be written, on a disk with room, as the profile's `scratch` in adg.yaml";
