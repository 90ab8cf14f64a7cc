//! Notation of a source's values.

use super::quick_number;
use super::{DateFormats, NumberFormat, TimestampFormats};
use super::{boolean, decimal, double, exact_double, exact_float, float, integer, may_be_grouped, plain_integer, trim};

/// Notation of a source's values.
#[derive(Debug, Clone, Default)]
pub struct Formats {
    /// Formats of dates.
    pub dates: DateFormats,
    /// Formats of timestamps.
    pub timestamps: TimestampFormats,
    /// Notation of numbers.
    pub numbers: NumberFormat,
    /// Words for true and false, beside those of Spark.
    pub booleans: BooleanWords,
}

/// Words for true and false.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BooleanWords {
    truths: Vec<String>,
    falsehoods: Vec<String>,
}

impl BooleanWords {
    /// Creates the words; upper and lower case are the same.
    pub fn new(truths: &[String], falsehoods: &[String]) -> Self {
        let lower = |words: &[String]| words.iter().map(|word| word.trim().to_lowercase()).collect();
        Self { truths: lower(truths), falsehoods: lower(falsehoods) }
    }

    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.truths.is_empty() && self.falsehoods.is_empty()
    }

    /// Returns true if a text is one of the words.
    pub fn has(&self, text: &[u8]) -> bool {
        !self.is_empty() && self.find(text).is_some()
    }

    fn find(&self, text: &[u8]) -> Option<bool> {
        let word = std::str::from_utf8(text).ok()?.trim().to_lowercase();
        let has = |words: &[String]| words.contains(&word);
        if has(&self.truths) { Some(true) } else { has(&self.falsehoods).then_some(false) }
    }
}

impl Formats {
    /// Returns the notation in which programs write values, with the same rules for clock times: ISO 8601, and numbers with a
    /// point.
    #[must_use]
    pub fn of_programs(&self) -> Self {
        let numbers = NumberFormat { decimal: Some('.'), ..NumberFormat::default() };
        Self { timestamps: self.timestamps.without_listed(), numbers, ..Self::default() }
    }

    /// Returns a text as an integer, without rounding. `1.000` is none where nothing says that the point is the decimal sign:
    /// it may be a thousand.
    #[inline]
    pub fn integer(&self, text: &[u8]) -> Option<i64> {
        if self.numbers.implied_decimals > 0 {
            return self.number(text, integer);
        }
        plain_integer(text).or_else(|| self.unusual_integer(text))
    }

    #[cold]
    fn unusual_integer(&self, text: &[u8]) -> Option<i64> {
        if self.numbers.is_unsaid() {
            let number = self.number_text(text);
            if may_be_grouped(number.as_deref().map_or(trim(text), str::as_bytes)) {
                return None;
            }
        }
        self.number(text, integer)
    }

    /// Returns the double nearest to a text.
    #[inline]
    pub fn double(&self, text: &[u8]) -> Option<f64> {
        self.number(text, double)
    }

    /// Returns the float nearest to a text.
    #[inline]
    pub fn float(&self, text: &[u8]) -> Option<f32> {
        self.number(text, float)
    }

    /// Returns the double nearest to a text, if it gives all digits back.
    pub fn exact_double(&self, text: &[u8]) -> Option<f64> {
        self.number(text, exact_double)
    }

    /// Returns the float nearest to a text, if it gives all digits back.
    pub fn exact_float(&self, text: &[u8]) -> Option<f32> {
        self.number(text, exact_float)
    }

    /// Returns a text as a decimal of this precision and scale, as its unscaled integer; `None` if a digit would be lost.
    #[inline]
    pub fn decimal(&self, text: &[u8], precision: u8, scale: u8) -> Option<i128> {
        self.number(text, |text| decimal(text, precision, scale))
    }

    /// Returns a text as a boolean.
    #[inline]
    pub fn boolean(&self, text: &[u8]) -> Option<bool> {
        if self.booleans.is_empty() { boolean(text) } else { self.booleans.find(text).or_else(|| boolean(text)) }
    }

    #[inline]
    fn number<T>(&self, text: &[u8], parse: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        if self.numbers.is_plain() {
            return parse(text).or_else(|| self.unusual(text, parse));
        }
        let mut buffer = [0; quick_number::MOST];
        match self.numbers.quick(text, &mut buffer) {
            Some(number) => parse(number),
            None => self.written(text, parse),
        }
    }

    /// Reads what only looks like no number: the minus sign of Unicode, no-break spaces.
    #[cold]
    fn unusual<T>(&self, text: &[u8], parse: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        if text.is_ascii() { None } else { self.written(text, parse) }
    }

    #[cold]
    fn written<T>(&self, text: &[u8], parse: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        match self.numbers.plain(text) {
            Some(number) => parse(number.as_bytes()),
            // NaN and the infinities are words.
            None => {
                parse(text).filter(|_| trim(text).iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'+')))
            }
        }
    }

    /// Returns true if numbers, booleans and clock times are written as programs write them.
    pub fn is_plain(&self) -> bool {
        self.numbers.is_plain() && self.booleans.is_empty() && self.timestamps.is_in_utc()
    }

    /// Returns a number as programs write it, for its look; the text itself if it is written so.
    pub fn number_text(&self, text: &[u8]) -> Option<String> {
        if self.numbers.is_plain() { None } else { self.numbers.plain(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn german() -> Formats {
        let numbers = NumberFormat { decimal: Some(','), thousands: Some('.'), ..NumberFormat::default() };
        let booleans = BooleanWords::new(&["Ja".to_owned()], &["NEIN".to_owned(), String::new()]);
        Formats { numbers, booleans, ..Formats::default() }
    }

    #[test]
    fn values_are_read_in_their_notation() {
        let german = german();
        assert_eq!((german.integer(b"1.000"), german.integer(b"1000"), german.integer(b"1,5")), (Some(1000), Some(1000), None));
        assert_eq!((german.double(b"1.250"), german.double(b"1,25"), german.double(b"1.25")), (Some(1250.0), Some(1.25), None));
        assert_eq!(german.decimal(b"-1.234,50", 9, 2), Some(-123_450));
        assert_eq!(
            (german.boolean(b" ja "), german.boolean(b"Nein"), german.boolean(b"true")),
            (Some(true), Some(false), Some(true))
        );
        assert_eq!(german.double(b"-Infinity"), Some(f64::NEG_INFINITY));
        assert_eq!(german.boolean(b"oui"), None);
    }

    #[test]
    fn a_thousand_is_not_taken_for_one() {
        let plain = Formats::default();
        assert_eq!((plain.integer(b"1.000"), plain.integer(b"1.0"), plain.integer(b"7.0000")), (None, Some(1), Some(7)));
        let said = Formats { numbers: NumberFormat { decimal: Some('.'), ..NumberFormat::default() }, ..Formats::default() };
        assert_eq!(said.integer(b"1.000"), Some(1));
        assert_eq!(plain.double(b"1.250"), Some(1.25));
        assert_eq!((plain.integer("\u{2212}5".as_bytes()), plain.double("\u{A0}2.5".as_bytes())), (Some(-5), Some(2.5)));
    }
}
