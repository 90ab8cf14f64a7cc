//! Numbers in another notation than that of programs, without a look at what is seldom in them.

use super::NumberFormat;

/// Maximum length of a number that is read so.
pub(super) const MOST: usize = 48;

impl NumberFormat {
    /// Returns a number as programs write it, as [`plain`](Self::plain) does, if it has nothing but digits, a minus sign before
    /// them, groups of three and a decimal sign; `None` if it is to be looked at as a whole.
    #[inline]
    pub(super) fn quick<'b>(&self, text: &[u8], buffer: &'b mut [u8; MOST]) -> Option<&'b [u8]> {
        if self.implied_decimals > 0 || text.len() > MOST {
            return None;
        }
        let sign = |sign: Option<char>| sign.and_then(|sign| u8::try_from(sign).ok());
        let (decimal, thousands) = (sign(Some(self.decimal.unwrap_or('.')))?, sign(self.thousands));
        let (mut length, mut digits, mut group, mut groups, mut is_fraction) = (0, 0_usize, 0_usize, 0_usize, false);
        for (at, &byte) in text.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    digits += 1;
                    group += 1;
                }
                b'-' if at == 0 => {}
                _ if is_fraction => return None,
                _ if byte == decimal => {
                    if groups > 0 && group != 3 {
                        return None;
                    }
                    is_fraction = true;
                    buffer[length] = b'.';
                    length += 1;
                    continue;
                }
                _ if Some(byte) == thousands => {
                    let is_whole = if groups == 0 { (1..=3).contains(&group) } else { group == 3 };
                    let leads_with_zero = groups == 0 && buffer[usize::from(buffer[0] == b'-')] == b'0';
                    if !is_whole || leads_with_zero {
                        return None;
                    }
                    (groups, group) = (groups + 1, 0);
                    continue;
                }
                _ => return None,
            }
            buffer[length] = byte;
            length += 1;
        }
        let is_whole = is_fraction || groups == 0 || group == 3;
        (digits > 0 && is_whole).then(|| &buffer[..length])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_quickly_is_what_is_read(
            text in "[-+]?[0-9.,' ]{0,14}",
            (decimal, thousands) in prop::sample::select(vec![
                (Some(','), Some('.')),
                (Some(','), None),
                (Some('.'), Some(',')),
                (None, Some(' ')),
                (None, Some('\'')),
                (None, None),
            ]),
        ) {
            let format = NumberFormat { decimal, thousands, currency: true, accounting: true, ..NumberFormat::default() };
            let mut buffer = [0; MOST];
            if let Some(quick) = format.quick(text.as_bytes(), &mut buffer) {
                let plain = format.plain(text.as_bytes());
                prop_assert_eq!(plain.as_deref().map(str::as_bytes), Some(quick));
            }
        }
    }

    #[test]
    fn usual_numbers_are_read_quickly() {
        let german = NumberFormat { decimal: Some(','), thousands: Some('.'), ..NumberFormat::default() };
        for (text, expected) in [
            ("1.234,50", Some("1234.50")),
            ("-12,5", Some("-12.5")),
            ("7", Some("7")),
            ("1.23,5", None),
            ("0.125", None),
            ("-0.125", None),
            ("1,2,3", None),
            ("-", None),
            ("", None),
        ] {
            let mut buffer = [0; MOST];
            let found = german.quick(text.as_bytes(), &mut buffer).map(|number| std::str::from_utf8(number).unwrap());
            assert_eq!(found, expected, "{text}");
        }
    }
}
