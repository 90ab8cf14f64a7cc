//! Inference of a column's type from all its text values.

use super::ColumnType;
use super::fit::{self, Formats, Percent, PointTold};

/// Candidate types that every value seen so far fits, narrowest first.
///
/// Feed it all values of a date with [`see`](Self::see), except nulls, which are not values.
#[derive(Debug, Clone)]
pub struct TypeGuess {
    candidates: Vec<ColumnType>,
    strict: bool,
    seen: bool,
    /// True if a value may be a thousand written in groups, or a number with three digits after the point.
    grouped: bool,
    /// True if something tells what the point means.
    is_told: bool,
}

impl TypeGuess {
    /// Creates a guess for a column that the table does not have: bigint, double, boolean, date, timestamp, else string.
    pub fn fresh() -> Self {
        use ColumnType::{BigInt, Boolean, Date, Double, String, Timestamp};
        Self {
            candidates: vec![BigInt, Double, Boolean, Date, Timestamp, String],
            strict: true,
            seen: false,
            grouped: false,
            is_told: false,
        }
    }

    /// Creates a guess for a column that the table has as `ty`: that type, then those it may be widened to.
    pub fn widening(ty: &ColumnType) -> Self {
        use ColumnType::{BigInt, Double, Int, SmallInt, String};
        let wider = [SmallInt, Int, BigInt, Double, String].into_iter().filter(|wider| ty.widens_to(wider));
        Self {
            candidates: std::iter::once(ty.clone()).chain(wider).collect(),
            strict: false,
            seen: false,
            grouped: false,
            is_told: true,
        }
    }

    /// Removes the candidates that a text does not fit.
    pub fn see(&mut self, text: &[u8], formats: &Formats) {
        self.see_value(text, formats, |ty| fit::scalar(ty, text, formats).is_some());
    }

    /// Removes the candidates that a value with a type of its own does not fit, by the rules of [`fit::typed_scalar`].
    pub fn see_typed(&mut self, text: &[u8], formats: &Formats, own: &Formats) {
        self.see_value(text, own, |ty| fit::typed_scalar(ty, text, formats, own).is_some());
    }

    #[inline]
    fn see_value(&mut self, text: &[u8], formats: &Formats, fits: impl Fn(&ColumnType) -> bool) {
        self.seen = true;
        let strict = self.strict;
        if !self.is_told {
            self.see_point(text, formats);
        }
        // Nested values are judged when they are read.
        let fits = |ty: &ColumnType| ty.is_nested() || fits(ty);
        self.candidates.retain(|ty| (!strict || keeps_its_look(ty, text, formats)) && fits(ty));
    }

    fn see_point(&mut self, text: &[u8], formats: &Formats) {
        let number = formats.number_text(text);
        let digits = number.as_deref().map_or(fit::trim(text), str::as_bytes);
        match PointTold::by(digits.strip_suffix(b"e-2").unwrap_or(digits)) {
            _ if !formats.numbers.is_unsaid() => self.is_told = true,
            PointTold::Either => self.grouped = true,
            PointTold::Nothing => {}
            PointTold::Decimal => self.is_told = true,
        }
    }

    /// Returns true if no further value can change the result.
    pub fn is_settled(&self) -> bool {
        self.seen && self.candidates.len() <= 1
    }

    /// Returns the narrowest type that fits all values; `None` if no value was seen or no candidate remains.
    pub fn result(&self) -> Option<&ColumnType> {
        let narrowest = self.candidates.first().filter(|_| self.seen);
        if self.is_ambiguous() { Some(&ColumnType::String) } else { narrowest }
    }

    /// Returns true if all values are numbers by their look, and may be others: `1.000` is one, or a thousand.
    pub fn is_ambiguous(&self) -> bool {
        let is_number = matches!(self.candidates.first(), Some(ColumnType::BigInt | ColumnType::Double));
        self.strict && self.grouped && !self.is_told && is_number
    }

    /// Returns true if a value was seen.
    pub fn has_seen(&self) -> bool {
        self.seen
    }
}

/// Returns true if a value of an undeclared column still looks the same when read back as `ty`. Identifiers often look like
/// numbers: leading zeros, plus signs, exponents and more digits than a double holds stay text.
fn keeps_its_look(ty: &ColumnType, text: &[u8], formats: &Formats) -> bool {
    let number = formats.number_text(text);
    let digits = number.as_deref().map_or(fit::trim(text), str::as_bytes);
    let digits = digits.strip_prefix(b"-").unwrap_or(digits);
    // A fraction that is written as per cent.
    let of_percent = || digits.strip_suffix(b"e-2").filter(|_| formats.numbers.percent == Percent::Fraction).unwrap_or(digits);
    match ty {
        ColumnType::BigInt => digits.iter().all(u8::is_ascii_digit) && !has_leading_zero(digits),
        ColumnType::Double => {
            let digits = of_percent();
            digits.iter().all(|b| b.is_ascii_digit() || *b == b'.')
                && !has_leading_zero(digits)
                && fit::survives_as_double(digits)
        }
        ColumnType::Boolean => digits.len() >= 4 || formats.booleans.has(text),
        ColumnType::Date => !digits.iter().all(u8::is_ascii_digit) && !formats.dates.guess_the_century(text),
        ColumnType::Timestamp => !digits.iter().all(u8::is_ascii_digit) && !formats.timestamps.guess_the_century(text),
        _ => true,
    }
}

fn has_leading_zero(digits: &[u8]) -> bool {
    matches!(digits, [b'0', next, ..] if next.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(start: TypeGuess, values: &[&str]) -> Option<String> {
        let mut guess = start;
        for value in values {
            guess.see(value.as_bytes(), &Formats::default());
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
            (&["0.12345678901234567"], Some("string")),
            (&[], None),
            (&["NaN", "1.5"], Some("string")),
            (&["no"], Some("string")),
            (&["0.1234567890123456"], Some("double")),
            (&["9007199254740993", "1.5"], Some("string")),
            (&["1E5"], Some("string")),
        ] {
            assert_eq!(guess(TypeGuess::fresh(), values).as_deref(), ty, "{values:?}");
        }
    }

    #[test]
    fn digits_are_no_days_unless_they_are_written_as_such() {
        let formats = Formats { dates: fit::DateFormats::new(&["%d%m%Y".to_owned()]).unwrap(), ..Formats::default() };
        let mut guess = TypeGuess::fresh();
        guess.see(b"01012024", &formats);
        assert_eq!(guess.result(), Some(&ColumnType::String));
    }

    #[test]
    fn a_year_of_two_digits_makes_no_date() {
        let dates = fit::DateFormats::new(&["%d/%m/%y".to_owned(), "%d/%m/%Y".to_owned()]).unwrap();
        let formats = Formats { dates, ..Formats::default() };
        for (text, ty) in [("01/05/24", "string"), ("01/05/2024", "date")] {
            let mut guess = TypeGuess::fresh();
            guess.see(text.as_bytes(), &formats);
            assert_eq!(guess.result().unwrap().to_string(), ty, "{text}");
        }
    }

    #[test]
    fn thousands_are_no_numbers_unless_the_source_says_so() {
        for (values, ty) in [
            (&["1.000", "2.500"][..], "string"),
            (&["1.000", "500", "0"], "string"),
            (&["1.000", "2.5"], "double"),
            (&["1.000", "1,000"], "string"),
            (&["0.125", "1.250"], "double"),
            (&["1000", "1.250"], "double"),
        ] {
            assert_eq!(guess(TypeGuess::fresh(), values).as_deref(), Some(ty), "{values:?}");
        }
        let noted = fit::NumberFormat { currency: true, percent: fit::Percent::Number, accounting: true, ..Default::default() };
        for (values, ty) in [
            (["$1.000", "$2.500"], "string"),
            (["1.000 €", "500 €"], "string"),
            (["1.000%", "2.500%"], "string"),
            (["(1.000)", "2.500"], "string"),
            (["$1.000", "$2.5"], "double"),
        ] {
            let mut guess = TypeGuess::fresh();
            for text in values {
                guess.see(text.as_bytes(), &Formats { numbers: noted.clone(), ..Formats::default() });
            }
            assert_eq!(guess.result().map(ToString::to_string).as_deref(), Some(ty), "{values:?}");
        }
        let numbers = |decimal| fit::NumberFormat {
            decimal: Some(decimal),
            thousands: Some('.').filter(|_| decimal == ','),
            ..fit::NumberFormat::default()
        };
        for (decimal, values, ty) in
            [(',', ["1.000", "2.500"], "bigint"), (',', ["1.000", "2,5"], "double"), ('.', ["1.000", "2.500"], "double")]
        {
            let mut guess = TypeGuess::fresh();
            for text in values {
                guess.see(text.as_bytes(), &Formats { numbers: numbers(decimal), ..Formats::default() });
            }
            assert_eq!((guess.result().unwrap().to_string().as_str(), guess.is_ambiguous()), (ty, false), "{values:?}");
        }
    }

    #[test]
    fn a_typed_number_is_no_thousand_and_a_typed_day_is_iso() {
        let formats = fit::Formats { dates: fit::DateFormats::new(&["%Y-%d-%m".to_owned()]).unwrap(), ..Formats::default() };
        for (values, ty) in [
            (&["1.000", "2.500"][..], "double"),
            (&["2024-12-31"], "date"),
            (&["1", "9007199254740992.0"], "double"),
            (&["true"], "boolean"),
        ] {
            let mut guess = TypeGuess::fresh();
            for text in values {
                guess.see_typed(text.as_bytes(), &formats, &formats.of_programs());
            }
            assert_eq!((guess.result().unwrap().to_string().as_str(), guess.is_ambiguous()), (ty, false), "{values:?}");
        }
        let mut guess = TypeGuess::fresh();
        guess.see_typed(b"1.250", &formats, &formats.of_programs());
        guess.see(b"1.250", &formats);
        assert_eq!(guess.result(), Some(&ColumnType::Double));
    }

    #[test]
    fn it_is_settled_once_only_text_is_left() {
        let mut guess = TypeGuess::widening(&ColumnType::String);
        assert!(!guess.is_settled() && !guess.has_seen());
        guess.see(b"x", &Formats::default());
        assert!(guess.is_settled() && guess.has_seen());
        let mut guess = TypeGuess::fresh();
        guess.see(b"1", &Formats::default());
        assert!(!guess.is_settled());
        guess.see(b"x", &Formats::default());
        assert!(guess.is_settled());
    }

    #[test]
    fn a_known_column_widens_only_as_far_as_its_values_ask() {
        let int = || TypeGuess::widening(&ColumnType::Int);
        assert_eq!(guess(int(), &["1", "2"]).as_deref(), Some("int"));
        assert_eq!(guess(int(), &["1", "3000000000"]).as_deref(), Some("bigint"));
        assert_eq!(guess(int(), &["1.5"]), None, "no reader reads int files under a double column");
        assert_eq!(guess(TypeGuess::widening(&ColumnType::Varchar(3)), &["abcd"]).as_deref(), Some("string"));
    }
}
