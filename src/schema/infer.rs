//! Which type a column's text values have, taken together.

use super::ColumnType;
use super::fit::{self, DateFormats, TimestampFormats};

/// The types that every value seen so far fits, narrowest first.
///
/// Feed it a whole day's values with [`see`](Self::see); nulls are not values and are not fed.
#[derive(Debug, Clone)]
pub struct TypeGuess {
    candidates: Vec<ColumnType>,
    strict: bool,
    seen: bool,
}

impl TypeGuess {
    /// For a column that the table does not have: bigint, double, boolean, date, timestamp, else string.
    pub fn fresh() -> Self {
        use ColumnType::{BigInt, Boolean, Date, Double, String, Timestamp};
        Self { candidates: vec![BigInt, Double, Boolean, Date, Timestamp, String], strict: true, seen: false }
    }

    /// For a column that the table has as `ty`: that type, then those it may be widened to.
    pub fn widening(ty: &ColumnType) -> Self {
        use ColumnType::{BigInt, Double, Int, SmallInt, String};
        let wider = [SmallInt, Int, BigInt, Double, String].into_iter().filter(|wider| ty.widens_to(wider));
        Self { candidates: std::iter::once(ty.clone()).chain(wider).collect(), strict: false, seen: false }
    }

    /// Takes a value into account.
    pub fn see(&mut self, text: &[u8], dates: &DateFormats, timestamps: &TimestampFormats) {
        self.seen = true;
        let strict = self.strict;
        self.candidates.retain(|ty| (!strict || keeps_its_look(ty, text)) && fits(ty, text, dates, timestamps));
    }

    /// Takes into account what another guess of the same column saw.
    pub fn merge(&mut self, other: &Self) {
        self.seen |= other.seen;
        self.candidates.retain(|ty| other.candidates.contains(ty));
    }

    /// Whether nothing that could still be seen would change the result.
    pub fn is_settled(&self) -> bool {
        self.seen && self.candidates.len() <= 1
    }

    /// The narrowest type that fits all values; `None` where no value was seen or no candidate is left.
    pub fn result(&self) -> Option<&ColumnType> {
        self.candidates.first().filter(|_| self.seen)
    }

    /// Whether a value was seen.
    pub fn has_seen(&self) -> bool {
        self.seen
    }
}

/// Whether `text` fits `ty`, for the types that are guessed. Nested types fit whatever they are: their values are judged
/// when they are read.
fn fits(ty: &ColumnType, text: &[u8], dates: &DateFormats, timestamps: &TimestampFormats) -> bool {
    let integer_in = |min: i64, max: i64| fit::integer(text).is_some_and(|value| (min..=max).contains(&value));
    match ty {
        ColumnType::String | ColumnType::Array(_) | ColumnType::Struct(_) | ColumnType::Map(..) => true,
        ColumnType::Varchar(n) | ColumnType::Char(n) => fit::within_characters(text, *n),
        ColumnType::Boolean => fit::boolean(text).is_some(),
        ColumnType::TinyInt => integer_in(i8::MIN.into(), i8::MAX.into()),
        ColumnType::SmallInt => integer_in(i16::MIN.into(), i16::MAX.into()),
        ColumnType::Int => integer_in(i32::MIN.into(), i32::MAX.into()),
        ColumnType::BigInt => fit::integer(text).is_some(),
        ColumnType::Float => fit::float(text).is_some(),
        ColumnType::Double => fit::double(text).is_some(),
        ColumnType::Decimal { precision, scale } => fit::decimal(text, *precision, *scale).is_some(),
        ColumnType::Date => dates.parse(text).is_some(),
        ColumnType::Timestamp => timestamps.parse(text).is_some(),
    }
}

/// Whether a value of a column that nobody declared would still look the same when read back as `ty`. Identifiers often
/// look like numbers: leading zeros, plus signs and more digits than a double holds stay text.
fn keeps_its_look(ty: &ColumnType, text: &[u8]) -> bool {
    let digits = fit::trim(text);
    let digits = digits.strip_prefix(b"-").unwrap_or(digits);
    match ty {
        ColumnType::BigInt => digits.iter().all(u8::is_ascii_digit) && !has_leading_zero(digits),
        ColumnType::Double => {
            let significant = digits.iter().filter(|b| b.is_ascii_digit()).count();
            digits.first() != Some(&b'+') && !has_leading_zero(digits) && significant <= 17 + leading_zeros(digits)
        }
        ColumnType::Boolean => digits.len() >= 4,
        ColumnType::Date | ColumnType::Timestamp => !digits.iter().all(u8::is_ascii_digit),
        _ => true,
    }
}

fn has_leading_zero(digits: &[u8]) -> bool {
    matches!(digits, [b'0', next, ..] if next.is_ascii_digit())
}

/// The zeros of `0.00012`, which are not significant.
fn leading_zeros(digits: &[u8]) -> usize {
    digits.iter().take_while(|b| matches!(b, b'0' | b'.')).filter(|b| **b == b'0').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(start: TypeGuess, values: &[&str]) -> Option<String> {
        let mut guess = start;
        for value in values {
            guess.see(value.as_bytes(), &DateFormats::default(), &TimestampFormats::default());
        }
        guess.result().map(ToString::to_string)
    }

    #[test]
    fn the_narrowest_type_that_fits_all_values() {
        for (values, ty) in [
            (&["1", "-20", " 3 "][..], Some("bigint")),
            (&["1", "2.5"], Some("double")),
            (&["1.0", "2.0"], Some("double")),
            (&["true", "False"], Some("boolean")),
            (&["0", "1"], Some("bigint")),
            (&["y", "n"], Some("string")),
            (&["2024-01-01"], Some("date")),
            (&["2024-01-01", "2024-01-01 10:00:00"], Some("timestamp")),
            (&["2024-01-01", "7"], Some("string")),
            (&["007"], Some("string")),
            (&["0", "0.5"], Some("double")),
            (&["+4412345"], Some("string")),
            (&["20240101"], Some("bigint")),
            (&["9223372036854775808"], Some("string")),
            (&["123456789012345678.10"], Some("string")),
            (&["0.12345678901234567"], Some("double")),
            (&[], None),
            (&["NaN", "1.5"], Some("double")),
            (&["no"], Some("string")),
        ] {
            assert_eq!(guess(TypeGuess::fresh(), values).as_deref(), ty, "{values:?}");
        }
    }

    #[test]
    fn a_known_column_widens_only_as_far_as_its_values_ask() {
        let int = || TypeGuess::widening(&ColumnType::Int);
        assert_eq!(guess(int(), &["1", "2"]).as_deref(), Some("int"));
        assert_eq!(guess(int(), &["1", "3000000000"]).as_deref(), Some("bigint"));
        assert_eq!(guess(int(), &["1.5"]), None, "no reader reads int files under a double column");
        assert_eq!(guess(TypeGuess::widening(&ColumnType::Varchar(3)), &["abcd"]).as_deref(), Some("string"));
    }

    #[test]
    fn merging_is_seeing_both() {
        let mut one = TypeGuess::fresh();
        let mut other = TypeGuess::fresh();
        one.see(b"1", &DateFormats::default(), &TimestampFormats::default());
        other.see(b"1.5", &DateFormats::default(), &TimestampFormats::default());
        one.merge(&other);
        assert_eq!(one.result(), Some(&ColumnType::Double));
    }
}
