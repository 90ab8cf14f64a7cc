//! The binary form of `numeric`: digits to the base of 10,000.
//!
//! Source: `numeric_send` in <https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/numeric.c>.

use bytes::{BufMut, BytesMut};

use super::field::Malformed;

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

/// A value as the server sends it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numeric<'b> {
    /// Power of 10,000 of the first digit.
    weight: i16,
    sign: u16,
    /// Digits after the point, as they are shown.
    shown: u16,
    /// Two bytes each.
    digits: &'b [[u8; 2]],
}

/// Appends the binary form of a decimal of this scale, without its length.
pub(super) fn put(unscaled: i128, scale: u8, out: &mut BytesMut) {
    let value = unscaled.unsigned_abs();
    let unit = 10_u128.pow(u32::from(scale));
    let (mut whole, mut rest, mut left) = (value / unit, value % unit, u32::from(scale));
    // 39 digits of an integer and 38 after the point, four to each.
    let (mut digits, mut first) = ([0_u16; 20], 10);
    let word = |digit: u128| u16::try_from(digit).unwrap_or(0);
    while whole > 0 {
        first -= 1;
        digits[first] = word(whole % 10_000);
        whole /= 10_000;
    }
    let mut end = 10;
    while left > 0 && rest > 0 {
        if left >= 4 {
            let unit = 10_u128.pow(left - 4);
            digits[end] = word(rest / unit);
            rest %= unit;
            left -= 4;
        } else {
            digits[end] = word(rest * 10_u128.pow(4 - left));
            left = 0;
        }
        end += 1;
    }
    let sent = &digits[first..end];
    out.put_u16(u16::try_from(sent.len()).unwrap_or(0));
    // Power of 10,000 of the first digit: -1 where there is none before the point.
    out.put_i16(i16::try_from(10 - first).unwrap_or(0) - 1);
    out.put_u16(if unscaled < 0 { NEGATIVE } else { 0 });
    out.put_u16(scale.into());
    for digit in sent {
        out.put_u16(*digit);
    }
}

impl<'b> Numeric<'b> {
    pub(super) fn read(bytes: &'b [u8]) -> Result<Self, Malformed> {
        let (words, []) = bytes.as_chunks::<2>() else { return Err(Malformed) };
        let [count, weight, sign, shown, digits @ ..] = words else { return Err(Malformed) };
        if usize::from(u16::from_be_bytes(*count)) != digits.len() {
            return Err(Malformed);
        }
        let word = |bytes: &[u8; 2]| u16::from_be_bytes(*bytes);
        Ok(Self { weight: i16::from_be_bytes(*weight), sign: word(sign), shown: word(shown), digits })
    }

    /// Returns the word of a value that is no number.
    fn word(&self) -> Option<&'static str> {
        match self.sign {
            NAN => Some("NaN"),
            INFINITY => Some("Infinity"),
            NEGATIVE_INFINITY => Some("-Infinity"),
            _ => None,
        }
    }

    /// Returns the unscaled integer of a decimal of this precision and scale; `None` if a digit would be lost.
    pub(super) fn unscaled(&self, precision: u8, scale: u8) -> Option<i128> {
        if self.word().is_some() {
            return None;
        }
        let (mut value, mut shift) = (0_i128, 0);
        for (place, digit) in (0_i32..).zip(self.digits) {
            let digit = u16::from_be_bytes(*digit);
            // Power of 10 of the digit's unit, from the last one that the scale has.
            shift = (i32::from(self.weight) - place) * 4 + i32::from(scale);
            let (power, digit) = match shift {
                0.. => (10_000, digit),
                // The last digits to the base of 10,000 may end in zeros that the scale does not have.
                -3..0 => {
                    let divisor = 10_u16.pow(shift.unsigned_abs());
                    (10_000 / divisor, (digit % divisor == 0).then(|| digit / divisor)?)
                }
                _ if digit == 0 => (1, 0),
                _ => return None,
            };
            value = value.checked_mul(i128::from(power))?.checked_add(i128::from(digit))?;
        }
        if shift > 0 && value != 0 {
            value = value.checked_mul(10_i128.checked_pow(shift.unsigned_abs())?)?;
        }
        let limit = 10_i128.checked_pow(u32::from(precision))?;
        (value < limit).then_some(if self.sign == NEGATIVE { -value } else { value })
    }

    /// Appends the value as the server shows it.
    pub(super) fn write(&self, out: &mut String) {
        if let Some(word) = self.word() {
            return out.push_str(word);
        }
        if self.sign == NEGATIVE {
            out.push('-');
        }
        let digit = |place: i32| {
            let at = usize::try_from(i32::from(self.weight) - place).ok();
            at.and_then(|at| self.digits.get(at)).map_or(0, |digit| u16::from_be_bytes(*digit))
        };
        let first = i32::from(self.weight).max(0);
        out.push_str(&digit(first).to_string());
        (0..first).rev().for_each(|place| out.push_str(&format!("{:04}", digit(place))));
        let shown = usize::from(self.shown);
        if shown > 0 {
            let places = i32::from(self.shown.div_ceil(4));
            let fraction: String = (1..=places).map(|place| format!("{:04}", digit(-place))).collect();
            out.push('.');
            out.push_str(&fraction[..shown]);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns the binary form of a value.
    pub(in super::super) fn sent(weight: i16, sign: u16, shown: u16, digits: &[u16]) -> Vec<u8> {
        let count = u16::try_from(digits.len()).unwrap();
        let words = [count, weight.cast_unsigned(), sign, shown].into_iter().chain(digits.iter().copied());
        words.flat_map(u16::to_be_bytes).collect()
    }

    #[test]
    fn values_are_exact() {
        for (bytes, shown, (precision, scale), unscaled) in [
            (sent(0, 0, 2, &[12, 3400]), "12.34", (12, 2), Some(1_234)),
            (sent(0, NEGATIVE, 2, &[12, 3400]), "-12.34", (12, 2), Some(-1_234)),
            (sent(0, 0, 0, &[]), "0", (12, 2), Some(0)),
            (sent(0, 0, 5, &[]), "0.00000", (12, 2), Some(0)),
            (sent(1, 0, 0, &[1]), "10000", (12, 2), Some(1_000_000)),
            (sent(2, 0, 1, &[1, 0, 2, 5000]), "100000002.5", (12, 2), Some(10_000_000_250)),
            (sent(-1, 0, 4, &[1]), "0.0001", (12, 4), Some(1)),
            (sent(-2, 0, 8, &[100]), "0.00000100", (12, 6), Some(1)),
            (sent(-1, 0, 4, &[1]), "0.0001", (12, 2), None),
            (sent(0, 0, 0, &[1000]), "1000", (3, 0), None),
            (sent(0, 0, 0, &[999]), "999", (3, 0), Some(999)),
            (sent(0, NAN, 0, &[]), "NaN", (12, 2), None),
            (sent(0, INFINITY, 0, &[]), "Infinity", (12, 2), None),
            (sent(0, NEGATIVE_INFINITY, 0, &[]), "-Infinity", (12, 2), None),
            (sent(9, 0, 0, &[9999; 10]), &"9".repeat(40), (38, 0), None),
            // As many digits as the type has, which are more with the zeros behind them.
            (
                sent(6, 0, 10, &[9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9900]),
                "9999999999999999999999999999.9999999999",
                (38, 10),
                Some(10_i128.pow(38) - 1),
            ),
            (
                sent(-1, NEGATIVE, 38, &[9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9900]),
                "-0.99999999999999999999999999999999999999",
                (38, 38),
                Some(1 - 10_i128.pow(38)),
            ),
            (sent(0, 0, 10, &[1, 2500, 0, 0]), "1.2500000000", (12, 2), Some(125)),
        ] {
            let value = Numeric::read(&bytes).unwrap();
            let mut text = String::new();
            value.write(&mut text);
            assert_eq!((text.as_str(), value.unscaled(precision, scale)), (shown, unscaled));
        }
    }

    #[test]
    fn written_values_are_read_as_they_are() {
        let limits = [0, 1, 9_999, 10_000, 123_456_789, 10_i128.pow(38) - 1, 1 - 10_i128.pow(38)];
        for scale in 0..=38 {
            let units = [1, 10_i128.pow(scale.into()).saturating_sub(1), 10_i128.pow(u32::from(scale).min(37)) * 7];
            for unscaled in limits.into_iter().chain(units) {
                let mut bytes = BytesMut::new();
                put(unscaled, scale, &mut bytes);
                assert_eq!(Numeric::read(&bytes).unwrap().unscaled(38, scale), Some(unscaled), "{scale}");
            }
        }
    }

    #[test]
    fn other_bytes_are_malformed() {
        for bytes in [&b""[..], b"\0", &sent(0, 0, 0, &[1])[..9], &[sent(0, 0, 0, &[1]), vec![0, 0]].concat()] {
            assert!(Numeric::read(bytes).is_err());
        }
    }
}
