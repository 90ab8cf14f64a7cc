//! Conversion of text to integers, floating point and booleans.

use super::{exact_decimal, trim};

/// Digits of an integer that a double always holds.
const DIGITS_OF_DOUBLE: usize = 15;
/// First integer, 2^53, from which on a double stands for several: one that it holds may have been another.
pub const BEYOND_DOUBLE: f64 = 9_007_199_254_740_992.0;
/// The same of a float: 2^24.
const BEYOND_FLOAT: f32 = 16_777_216.0;

/// Returns `text` as an integer, without rounding: `7`, ` +7 `, `7.0` and `7e0` are 7; `7.5` is `None`.
#[inline]
pub fn integer(text: &[u8]) -> Option<i64> {
    plain_integer(text).or_else(|| unusual_integer(text))
}

#[inline]
pub(super) fn plain_integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    // 18 digits always fit, so that none of their steps needs an overflow check. Many keys have 19.
    let (first, last) = match digits {
        [] => return None,
        [first @ .., last] if digits.len() == 19 => (first, Some(*last)),
        _ if digits.len() < 19 => (digits, None),
        _ => return None,
    };
    let mut value = 0_i64;
    for &byte in first {
        value = value * 10 + digit(byte)?;
    }
    if negative {
        value = -value;
    }
    let Some(last) = last else { return Some(value) };
    let last = digit(last)?;
    value.checked_mul(10)?.checked_add(if negative { -last } else { last })
}

#[inline]
fn digit(byte: u8) -> Option<i64> {
    Some(byte.wrapping_sub(b'0')).filter(|digit| *digit <= 9).map(i64::from)
}

#[cold]
fn unusual_integer(text: &[u8]) -> Option<i64> {
    let (mantissa, exponent) = exact_decimal(trim(text))?;
    let whole = match u32::try_from(exponent) {
        Ok(shift) => mantissa.checked_mul(10_i128.checked_pow(shift)?)?,
        Err(_) => {
            let divisor = 10_i128.checked_pow(exponent.unsigned_abs())?;
            (mantissa % divisor == 0).then(|| mantissa / divisor)?
        }
    };
    i64::try_from(whole).ok()
}

/// Returns the double nearest to `text`; `None` if it overflows, if a value that is not zero would become zero, or if an integer
/// would become another one, as `9007199254740993` would.
#[inline]
pub fn double(text: &[u8]) -> Option<f64> {
    let text = trim(text);
    match fast_float2::parse::<f64, _>(text) {
        Ok(value) if value.abs() >= BEYOND_DOUBLE && is_other_integer(text, value, value) => None,
        Ok(value) if value.is_finite() && (value != 0.0 || is_zero(text)) => Some(value),
        Ok(_) | Err(_) => not_finite(text),
    }
}

/// Returns the float nearest to `text`, by the rules of [`double`].
#[inline]
pub fn float(text: &[u8]) -> Option<f32> {
    let text = trim(text);
    match fast_float2::parse::<f32, _>(text) {
        Ok(value) if value.abs() >= BEYOND_FLOAT && is_other_integer(text, value, value.into()) => None,
        Ok(value) if value.is_finite() && (value != 0.0 || is_zero(text)) => Some(value),
        #[allow(clippy::cast_possible_truncation)] // NaN and the infinities are the same in both widths.
        Ok(_) | Err(_) => not_finite(text).map(|value| value as f32),
    }
}

/// Returns true if a text is an integer that a number, nearest to it, is not; nor are its digits those with which the number is
/// written, as JavaScript writes 2^70: `1180591620717411300000`.
#[cold]
fn is_other_integer(text: &[u8], shortest: impl std::fmt::LowerExp, value: f64) -> bool {
    let whole = |text: &[u8]| {
        let (mantissa, exponent) = exact_decimal(text)?;
        mantissa.checked_mul(10_i128.checked_pow(u32::try_from(exponent).ok()?)?)
    };
    #[allow(clippy::cast_possible_truncation)] // What is beyond 128 bits is no `whole` either.
    let is_same = |integer| integer == value as i128 || Some(integer) == whole(format!("{shortest:e}").as_bytes());
    is_integer(text) && !whole(text).is_some_and(is_same)
}

/// Returns the double nearest to `text`, by the rules of [`double`], if it gives all digits of the text back.
pub fn exact_double(text: &[u8]) -> Option<f64> {
    double(text).filter(|value| !value.is_finite() || digits(text) == digits(format!("{value:e}").as_bytes()))
}

/// Returns the float nearest to `text`, by the rules of [`double`], if it gives all digits of the text back: those with which it
/// is written, or those of the double that it is.
pub fn exact_float(text: &[u8]) -> Option<f32> {
    let is_same = |value: f32| {
        let written = [format!("{value:e}"), format!("{:e}", f64::from(value))];
        written.iter().any(|written| digits(text) == digits(written.as_bytes()))
    };
    float(text).filter(|value| !value.is_finite() || is_same(*value))
}

/// Returns the digits of a number without the zeros behind them, and its exponent.
fn digits(number: &[u8]) -> Option<(i128, i32)> {
    let (mut mantissa, mut exponent) = exact_decimal(trim(number))?;
    while mantissa != 0 && mantissa % 10 == 0 {
        (mantissa, exponent) = (mantissa / 10, exponent + 1);
    }
    Some((mantissa, if mantissa == 0 { 0 } else { exponent }))
}

/// Returns true if a double holds the number without loss, and is written with the same digits.
pub fn survives_as_double(number: &[u8]) -> bool {
    // Fifteen digits always are, unless an exponent takes them to where doubles have fewer.
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    if digits.len() <= DIGITS_OF_DOUBLE {
        let count = digits.iter().filter(|byte| byte.is_ascii_digit()).count();
        let is_plain = count == digits.len() || count + 1 == digits.len() && digits.contains(&b'.');
        if is_plain && count > 0 {
            return true;
        }
    }
    let printed = double(number).map(|value| format!("{value:e}"));
    printed.is_some_and(|printed| exact_decimal(printed.as_bytes()) == exact_decimal(number))
}

/// Returns true if a number is written with digits alone.
fn is_integer(number: &[u8]) -> bool {
    let digits = number.strip_prefix(b"-").or_else(|| number.strip_prefix(b"+")).unwrap_or(number);
    digits.iter().all(u8::is_ascii_digit)
}

/// Returns true if the number is written as an integer that 64 bits hold.
#[inline]
pub fn is_plain_bigint(number: &[u8]) -> bool {
    plain_integer(number).is_some()
}

fn is_zero(text: &[u8]) -> bool {
    !text.iter().take_while(|b| !b.eq_ignore_ascii_case(&b'e')).any(|b| (b'1'..=b'9').contains(b))
}

/// Returns the infinity or NaN that Spark's cast gives for a word.
#[cold]
fn not_finite(text: &[u8]) -> Option<f64> {
    match text.to_ascii_lowercase().as_slice() {
        b"nan" => Some(f64::NAN),
        b"inf" | b"+inf" | b"infinity" | b"+infinity" => Some(f64::INFINITY),
        b"-inf" | b"-infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// Returns the boolean that Spark's cast gives: `t true y yes 1`, `f false n no 0`, in any case.
#[inline]
pub fn boolean(text: &[u8]) -> Option<bool> {
    let text = trim(text);
    let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
    match text.len() {
        1 => match text[0].to_ascii_lowercase() {
            b't' | b'y' | b'1' => Some(true),
            b'f' | b'n' | b'0' => Some(false),
            _ => None,
        },
        2 if is(b"no") => Some(false),
        3 if is(b"yes") => Some(true),
        4 if is(b"true") => Some(true),
        5 if is(b"false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn most_integers_take_the_short_way() {
        for (text, value) in [
            ("0", Some(0)),
            ("9", Some(9)),
            ("-17", Some(-17)),
            ("999999999999999999", Some(999_999_999_999_999_999)),
            ("9999999999999999999", None),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
            ("0000000000000000007", Some(7)),
            ("100000000000000000x", None),
            ("10000000000000000000", None),
            ("1:", None),
            ("1/", None),
            ("+1", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(plain_integer(text.as_bytes()), value, "{text}");
        }
        assert!(is_plain_bigint(b"-9223372036854775808") && !is_plain_bigint(b"9223372036854775808"));
    }

    #[test]
    fn a_number_survives_as_a_double_that_gives_all_its_digits_back() {
        for number in ["0.1", "-123456789.012345", "1e300", "1.5E-300", "9007199254740993e0", "12345678901234567"] {
            let printed: f64 = number.parse().unwrap();
            let expected = exact_decimal(number.as_bytes()) == exact_decimal(format!("{printed:e}").as_bytes());
            assert_eq!(survives_as_double(number.as_bytes()), expected, "{number}");
        }
        assert!(survives_as_double(b"1e300") && !survives_as_double(b"12345678901234567"));
        for (number, expected) in
            [("-7", true), ("123456.78901234", true), (".5", true), ("7.", true), ("-", false), (".", false)]
        {
            assert_eq!(survives_as_double(number.as_bytes()), expected, "{number}");
        }
        assert!(!survives_as_double(b"1.2.3") && !survives_as_double(b"") && !survives_as_double(b"12x"));
        // Fifteen characters, of which a double so near to zero keeps four.
        assert!(!survives_as_double(b"1.23456789e-320") && !survives_as_double(b"123456789e-330"));
        assert!(!survives_as_double(b"1e400"));
    }

    #[test]
    fn integers_lose_nothing() {
        for (text, value) in [
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("+7", Some(7)),
            ("1.0", Some(1)),
            ("1.", Some(1)),
            ("-0", Some(0)),
            ("1e3", Some(1000)),
            ("120e-1", Some(12)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("1.5", None),
            ("9223372036854775808", None),
            ("", None),
            ("-", None),
            ("1,5", None),
            ("0x1", None),
            ("1_000", None),
            ("1e-1", None),
            ("1e99", None),
            ("--1", None),
            ("٣", None),
            (".", None),
            ("e3", None),
        ] {
            assert_eq!(integer(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn floating_point_is_finite_or_said_in_words() {
        for (text, value) in [
            ("1.5", Some(1.5)),
            (" -2e3 ", Some(-2000.0)),
            ("0", Some(0.0)),
            ("0.000", Some(0.0)),
            ("0e5", Some(0.0)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("INF", Some(f64::INFINITY)),
            ("1e400", None),
            ("1e-400", None),
            ("1,5", None),
            ("abc", None),
            ("", None),
            ("1.0d", None),
        ] {
            assert_eq!(double(text.as_bytes()), value, "{text}");
        }
        assert!(double(b"NaN").unwrap().is_nan());
        assert_eq!(float(b"1e39"), None);
        assert_eq!(
            (float(b"16777216"), float(b"16777217"), float(b"16777217.0")),
            (Some(16_777_216.0), None, Some(16_777_216.0))
        );
        assert_eq!(float(b"0.1"), Some(0.1));
    }

    #[test]
    fn an_exact_number_gives_all_its_digits_back() {
        for (text, is_double, is_float) in [
            ("0.1", true, true),
            (" +1.50 ", true, true),
            ("-0.0", true, true),
            ("0e5", true, true),
            ("1200000", true, true),
            ("1e300", true, false),
            ("0.123456789", true, false),
            ("16777217.0", true, false),
            ("16777216.0", true, true),
            // The float 0.1 as a double.
            ("0.10000000149011612", true, true),
            ("3.4028234663852886e38", true, true),
            ("0.12345678901234567890123", false, false),
            ("1234567890123456.78", false, false),
            ("9007199254740993.0", false, false),
            ("12345678901234567000", true, false),
            ("0.1000000000000000055511151231257827", false, false),
            ("5e-324", true, false),
            ("NaN", true, true),
            ("-Infinity", true, true),
            ("x", false, false),
        ] {
            let found = (exact_double(text.as_bytes()).is_some(), exact_float(text.as_bytes()).is_some());
            assert_eq!(found, (is_double, is_float), "{text}");
        }
    }

    #[test]
    fn an_integer_is_the_same_one_as_a_double_or_none() {
        for (text, value) in [
            ("9007199254740992", Some(9_007_199_254_740_992.0)),
            ("9007199254740993", None),
            (" -9007199254740993", None),
            ("1234567890123456", Some(1_234_567_890_123_456.0)),
            ("+12345678901234567", None),
            // JavaScript writes doubles so: their shortest digits, filled up with zeros.
            ("123456789012345680000", Some(123_456_789_012_345_680_000.0)),
            // And C writes all digits.
            ("1180591620717411303424", Some(1_180_591_620_717_411_303_424.0)),
            ("1180591620717411303425", None),
            ("00000000000000000007", Some(7.0)),
            ("0000000000000000000000", Some(0.0)),
            // A fraction is an approximation, and so is an exponent.
            ("9007199254740993.0", Some(9_007_199_254_740_992.0)),
            ("9007199254740993e0", Some(9_007_199_254_740_992.0)),
        ] {
            assert_eq!(double(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn booleans_are_sparks_words() {
        for text in ["t", "TRUE", "y", "Yes", "1", " true "] {
            assert_eq!(boolean(text.as_bytes()), Some(true), "{text}");
        }
        for text in ["f", "False", "n", "NO", "0"] {
            assert_eq!(boolean(text.as_bytes()), Some(false), "{text}");
        }
        for text in ["", "2", "on", "na", "yet", "tree", "falsy", "truth", "no!"] {
            assert_eq!(boolean(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_i64_fits_and_only_itself(value: i64) {
            prop_assert_eq!(integer(value.to_string().as_bytes()), Some(value));
        }

        #[test]
        fn what_a_program_writes_is_exact(double: f64, float: f32) {
            prop_assume!(!float.is_nan() && !double.is_nan());
            prop_assert_eq!(exact_double(format!("{double:?}").as_bytes()), Some(double));
            prop_assert_eq!(exact_float(format!("{float:?}").as_bytes()), Some(float));
            prop_assert_eq!(exact_float(format!("{:?}", f64::from(float)).as_bytes()), Some(float));
        }

        #[test]
        fn integer_agrees_with_the_standard_parser(text in "[-+]?[0-9]{1,20}") {
            prop_assert_eq!(integer(text.as_bytes()), text.parse().ok());
        }
    }
}
