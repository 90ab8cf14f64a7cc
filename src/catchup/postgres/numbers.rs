//! Conversion of unsigned integers, which PostgreSQL lacks: counts and tokens stay far below the largest signed one.

pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
