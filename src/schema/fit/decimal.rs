//! Conversion of text to exact decimals.

use super::trim;

/// Returns `text` as a decimal of this precision and scale, as its unscaled integer; `None` if a digit would be lost.
#[inline]
pub fn decimal(text: &[u8], precision: u8, scale: u8) -> Option<i128> {
    let text = trim(text);
    let Some(unscaled) = short(text, scale) else { return in_general(text, precision, scale) };
    let limit = POWERS.get(usize::from(precision)).copied().unwrap_or(i64::MAX);
    (unscaled.abs() < limit).then(|| i128::from(unscaled))
}

/// Powers of ten that 64 bits hold.
const POWERS: [i64; 19] = {
    let mut powers = [1; 19];
    let mut i = 1;
    while i < powers.len() {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// Returns the unscaled integer of a decimal with few digits, none of which would be lost, as most are: one pass computes it.
/// Returns `None` for any other text.
#[inline]
fn short(text: &[u8], scale: u8) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.len() > 17 {
        return None;
    }
    let (mut value, mut point) = (0, None);
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    let fraction = point.map_or(0, |at| digits.len() - at - 1);
    if digits.len() == usize::from(point.is_some()) {
        return None;
    }
    let missing = usize::from(scale).checked_sub(fraction)?;
    let unscaled = value.checked_mul(*POWERS.get(missing)?)?;
    Some(if negative { -unscaled } else { unscaled })
}

/// Returns the unscaled integer of any text, by the same rules.
fn in_general(text: &[u8], precision: u8, scale: u8) -> Option<i128> {
    let (mantissa, exponent) = exact_decimal(text)?;
    let shift = exponent.checked_add(i32::from(scale))?;
    let unscaled = if shift >= 0 {
        if mantissa == 0 { 0 } else { mantissa.checked_mul(10_i128.checked_pow(shift.unsigned_abs())?)? }
    } else {
        let divisor = 10_i128.checked_pow(shift.unsigned_abs())?;
        (mantissa % divisor == 0).then(|| mantissa / divisor)?
    };
    let limit = 10_i128.checked_pow(u32::from(precision))?;
    (unscaled.abs() < limit).then_some(unscaled)
}

/// Returns the exact number in `text`: mantissa × 10^exponent. Returns `None` if it is not a number or its significant digits
/// exceed 38. Trailing zeros of a fraction are not significant.
pub fn exact_decimal(text: &[u8]) -> Option<(i128, i32)> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let end = rest.iter().position(|b| b.eq_ignore_ascii_case(&b'e')).unwrap_or(rest.len());
    let (number, exponent) = rest.split_at(end);
    let (mantissa, fraction_digits) = digits(number)?;
    let exponent = match exponent {
        [] => 0,
        [_, exponent @ ..] => small_exponent(exponent)?,
    };
    Some((if negative { -mantissa } else { mantissa }, exponent - fraction_digits))
}

/// Returns the significant digits and their number after the point: `12.3400` is 1234 with two fraction digits.
#[inline]
fn digits(number: &[u8]) -> Option<(i128, i32)> {
    let point = number.iter().position(|&b| b == b'.').unwrap_or(number.len());
    let (whole, fraction) = (&number[..point], number.get(point + 1..).unwrap_or_default());
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let significant = fraction.iter().rposition(|&b| b != b'0').map_or(0, |last| last + 1);
    let zeros = whole.iter().take_while(|&&b| b == b'0').count();
    let fraction_zeros = &fraction[significant..];
    debug_assert!(fraction_zeros.iter().all(|&b| b == b'0'));
    let (whole, fraction) = (&whole[zeros..], &fraction[..significant]);
    let mantissa = if whole.len() + fraction.len() <= 18 {
        let small = append_small(append_small(0, whole)?, fraction)?;
        i128::from(small)
    } else {
        append_large(append_large(0, whole)?, fraction)?
    };
    Some((mantissa, i32::try_from(fraction.len()).ok()?))
}

/// Appends digits to `start`, at most 18 in all: 64-bit arithmetic without overflow checks, several times faster than 128-bit.
#[inline]
fn append_small(start: i64, digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(start, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + i64::from(digit))
    })
}

fn append_large(start: i128, digits: &[u8]) -> Option<i128> {
    digits.iter().try_fold(start, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value.checked_mul(10)?.checked_add(i128::from(digit))
    })
}

fn small_exponent(text: &[u8]) -> Option<i32> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    let value = i32::try_from(append_small(0, digits)?).ok()?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_decimals_take_the_short_way() {
        for (text, unscaled) in [
            ("0", Some(0)),
            ("9.99", Some(999)),
            ("-12.5", Some(-1250)),
            (".5", Some(50)),
            ("7.", Some(700)),
            ("-12345678901234567", Some(-1_234_567_890_123_456_700)),
            ("123456789012345678", None),
            ("1.234", None),
            ("1.2.3", None),
            ("1e2", None),
            ("+1", None),
            (".", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(short(text.as_bytes(), 2), unscaled, "{text}");
        }
    }

    #[test]
    fn the_long_way_loses_nothing() {
        for (text, precision, scale, unscaled) in [
            ("120e-1", 2, 0, Some(12)),
            ("125e-1", 3, 0, None),
            ("1e+2", 3, 0, Some(100)),
            ("100", 2, 0, None),
            ("-99", 2, 0, Some(-99)),
            ("1.5", 3, 2, Some(150)),
        ] {
            assert_eq!(in_general(text.as_bytes(), precision, scale), unscaled, "{text}");
        }
    }
    use proptest::prelude::*;

    #[test]
    fn a_decimal_keeps_every_digit_or_does_not_fit() {
        for (text, precision, scale, unscaled) in [
            ("123.45", 9, 2, Some(12345)),
            ("123.4500", 9, 2, Some(12345)),
            ("-0.01", 9, 2, Some(-1)),
            ("5", 9, 2, Some(500)),
            (".5", 9, 2, Some(50)),
            ("1e2", 9, 2, Some(10000)),
            ("1.2345e2", 9, 2, Some(12345)),
            (" 7 ", 3, 0, Some(7)),
            ("007", 3, 0, Some(7)),
            ("0.00", 2, 2, Some(0)),
            ("99999999999999999999999999999999999999", 38, 0, Some(10_i128.pow(38) - 1)),
            ("123.456", 9, 2, None),
            ("100", 4, 2, None),
            ("1,5", 9, 2, None),
            ("", 9, 2, None),
            (".", 9, 2, None),
            ("1.2.3", 9, 2, None),
            ("1e", 9, 2, None),
            ("0e9999", 9, 2, Some(0)),
            ("1e9999", 9, 2, None),
            ("NaN", 9, 2, None),
        ] {
            assert_eq!(decimal(text.as_bytes(), precision, scale), unscaled, "{text}");
        }
    }

    proptest! {
        #[test]
        fn short_ones_are_as_in_general(
            text in r"[-+]?[0-9]{0,18}\.?[0-9]{0,4}[.e-]?", precision in 1_u8..=38, scale in 0_u8..=38
        ) {
            prop_assert_eq!(decimal(text.as_bytes(), precision, scale), in_general(text.as_bytes(), precision, scale));
        }

        #[test]
        fn writing_a_decimal_and_reading_it_is_the_same(
            unscaled in -999_999_999_999_999_999_i128..=999_999_999_999_999_999, scale in 0..=18_u8
        ) {
            let digits = format!("{:0width$}", unscaled.abs(), width = usize::from(scale) + 1);
            let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
            let sign = if unscaled < 0 { "-" } else { "" };
            let text = format!("{sign}{whole}.{fraction}");
            prop_assert_eq!(decimal(text.as_bytes(), 18, scale), Some(unscaled));
        }

        #[test]
        fn no_bytes_make_it_panic(text in prop::collection::vec(any::<u8>(), 0..24)) {
            let _ = decimal(&text, 38, 10);
        }
    }
}
