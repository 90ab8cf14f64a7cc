//! Notation of numbers: decimal and thousands signs, currencies, per cent, negative numbers in parentheses.

use std::str::Chars;

/// Notation of a source's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberFormat {
    /// Sign before the fraction; `None` if it is a point because nothing else was said.
    pub decimal: Option<char>,
    /// Sign between groups of digits.
    pub thousands: Option<char>,
    /// True if a currency sign or code around a number is not part of it.
    pub currency: bool,
    /// Meaning of `12 %`.
    pub percent: Percent,
    /// True if `(5.00)` and `5.00-` are negative.
    pub accounting: bool,
    /// Number of digits after a decimal sign that is not written; a number with a sign is read as it is written.
    pub implied_decimals: u8,
}

/// Meaning of a per cent sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Percent {
    /// `12%` is no number.
    #[default]
    Refuse,
    /// `12%` is 12.
    Number,
    /// `12%` is 0.12.
    Fraction,
}

impl Default for NumberFormat {
    fn default() -> Self {
        Self { decimal: None, thousands: None, currency: false, percent: Percent::Refuse, accounting: false, implied_decimals: 0 }
    }
}

impl NumberFormat {
    /// Returns true if numbers are written as programs write them, with a point and nothing else.
    pub fn is_plain(&self) -> bool {
        matches!(self.decimal, None | Some('.'))
            && self.thousands.is_none()
            && !self.currency
            && !self.accounting
            && self.implied_decimals == 0
            && self.percent == Percent::Refuse
    }

    /// Returns true if `1.000` may be a thousand: nothing says that the point is the decimal sign.
    pub fn is_unsaid(&self) -> bool {
        self.decimal.is_none() && self.thousands.is_none()
    }

    /// Returns a number as programs write it; `None` if it is not written in this notation. No-break and thin spaces around
    /// it and the minus sign of Unicode are read in any notation.
    pub fn plain(&self, text: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(text).ok()?.trim_matches(is_space);
        let mut number = Parsed { text, negative: false, percent: false };
        if self.accounting
            && let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'))
        {
            number = Parsed { text: inner.trim_matches(is_space), negative: true, percent: false };
        }
        self.strip_signs(&mut number)?;
        let mut out = String::with_capacity(number.text.len() + 4);
        if number.negative {
            out.push('-');
        }
        let before = out.len();
        self.digits(number.text, &mut out)?;
        self.imply_decimals(before, &mut out);
        if number.percent && self.percent == Percent::Fraction {
            // An exponent of its own would make two.
            if out.contains('e') {
                return None;
            }
            out.push_str("e-2");
        }
        Some(out)
    }

    /// Takes signs, currencies and per cent off both ends of a number, each once.
    fn strip_signs(&self, number: &mut Parsed<'_>) -> Option<()> {
        let (mut has_sign, mut has_currency) = (number.negative, false);
        loop {
            let text = number.text;
            let (first, last) = (text.chars().next()?, text.chars().next_back()?);
            if let Some(is_minus) = sign(first).filter(|_| !has_sign) {
                (has_sign, number.negative) = (true, is_minus);
                number.text = &text[first.len_utf8()..];
            } else if let Some(whole) =
                text.strip_suffix(|c| sign(c) == Some(true)).filter(|_| self.accounting && self.is_whole(text))
            {
                // `5.-` is five without cents.
                number.text = &whole[..whole.len() - 1];
            } else if self.accounting && !has_sign && sign(last) == Some(true) {
                (has_sign, number.negative) = (true, true);
                number.text = &text[..text.len() - last.len_utf8()];
            } else if last == '%' && self.percent != Percent::Refuse && !number.percent {
                number.percent = true;
                number.text = &text[..text.len() - 1];
            } else if let Some(rest) = without_currency(text).filter(|_| self.currency && !has_currency) {
                has_currency = true;
                number.text = rest;
            } else {
                return Some(());
            }
            number.text = number.text.trim_matches(is_space);
        }
    }

    /// Returns true for a whole amount as it is written in Switzerland and Germany: `5.-`, `5,-`.
    fn is_whole(&self, text: &str) -> bool {
        let mut last = text.chars().rev().skip(1);
        last.next() == Some(self.decimal.unwrap_or('.')) && last.next().is_some_and(|c| c.is_ascii_digit())
    }

    /// Sets the decimal sign that a number from `start` on does not have.
    fn imply_decimals(&self, start: usize, out: &mut String) {
        let decimals = usize::from(self.implied_decimals);
        if decimals == 0 || out[start..].contains(['.', 'e']) {
            return;
        }
        // Zeros that only fill the field up would make it look like an identifier.
        let digits = out.split_off(start);
        let digits = format!("{:0>width$}", digits.trim_start_matches('0'), width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        out.extend([whole, ".", fraction]);
    }

    /// Appends the digits of a number without its sign, with a point as decimal sign.
    fn digits(&self, text: &str, out: &mut String) -> Option<()> {
        let decimal = self.decimal.unwrap_or('.');
        let mut chars = text.chars();
        let mut groups = Groups::default();
        loop {
            match chars.next() {
                None => {
                    groups.end()?;
                    return (groups.all > 0).then_some(());
                }
                Some(c @ '0'..='9') => {
                    out.push(c);
                    groups.digit(c);
                }
                Some(c) if c == decimal => {
                    groups.end()?;
                    out.push('.');
                    return fraction(chars, groups.all, out);
                }
                Some(c @ ('e' | 'E')) if groups.all > 0 => {
                    groups.end()?;
                    return exponent(c, chars, out);
                }
                Some(c) if self.thousands.is_some_and(|thousands| is_same_sign(thousands, c)) => groups.next()?,
                Some(_) => return None,
            }
        }
    }
}

struct Parsed<'t> {
    text: &'t str,
    negative: bool,
    percent: bool,
}

/// Digits in groups: one to three, then groups of three, or of two before a last one of three, as in India.
#[derive(Debug, Default)]
struct Groups {
    all: usize,
    current: usize,
    /// Number of groups before the current one.
    before: usize,
    has_pairs: bool,
    /// True if the first digit is a zero: `0.125` is no number of thousands.
    leads_with_zero: bool,
}

impl Groups {
    fn digit(&mut self, digit: char) {
        self.leads_with_zero |= self.all == 0 && digit == '0';
        self.all += 1;
        self.current += 1;
    }

    fn next(&mut self) -> Option<()> {
        let fits = match (self.before, self.current) {
            (0, 1..=3) => !self.leads_with_zero,
            (_, 2) => {
                self.has_pairs = true;
                true
            }
            (_, 3) => !self.has_pairs,
            _ => false,
        };
        self.before += 1;
        self.current = 0;
        fits.then_some(())
    }

    fn end(&self) -> Option<()> {
        (self.before == 0 || self.current == 3).then_some(())
    }
}

fn fraction(mut chars: Chars<'_>, whole: usize, out: &mut String) -> Option<()> {
    let mut count = whole;
    loop {
        match chars.next() {
            None => return (count > 0).then_some(()),
            Some(c @ '0'..='9') => {
                out.push(c);
                count += 1;
            }
            Some(c @ ('e' | 'E')) if count > 0 => return exponent(c, chars, out),
            Some(_) => return None,
        }
    }
}

fn exponent(e: char, chars: Chars<'_>, out: &mut String) -> Option<()> {
    out.push(e.to_ascii_lowercase());
    let rest = chars.as_str();
    let digits = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    out.push_str(rest);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(())
}

/// Returns true for minus signs, false for a plus sign, `None` for other characters.
fn sign(c: char) -> Option<bool> {
    match c {
        '-' | '\u{2212}' => Some(true),
        '+' => Some(false),
        _ => None,
    }
}

/// Spaces: also those that keep a number in one line, and thin ones between groups of digits.
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || matches!(c, '\u{A0}' | '\u{2007}' | '\u{2009}' | '\u{202F}')
}

/// Returns true if a character is the thousands sign, or is written for it.
fn is_same_sign(thousands: char, c: char) -> bool {
    match thousands {
        // A tab divides fields.
        ' ' => is_space(c) && c != '\t',
        '\'' => matches!(c, '\'' | '\u{2019}'),
        _ => c == thousands,
    }
}

/// Codes of currencies in use: <https://www.iso.org/iso-4217-currency-codes.html>. Sorted.
const CURRENCIES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD", "BIF", "BMD", "BND", "BOB",
    "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK",
    "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL",
    "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD",
    "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR",
    "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG",
    "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC",
    "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES",
    "VND", "VUV", "WST", "XAF", "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
];

/// Returns true for the code of a currency. Other words beside a number are a part of it: `BMW 320`.
pub fn is_currency_code(word: &str) -> bool {
    CURRENCIES.binary_search(&word).is_ok()
}

/// Returns a text without the currency at its beginning or end: a sign, or a code.
fn without_currency(text: &str) -> Option<&str> {
    let is_code = is_currency_code;
    if let Some(rest) = text.get(3..).filter(|_| text.get(..3).is_some_and(is_code)) {
        return Some(rest);
    }
    let end = text.len().checked_sub(3).filter(|end| text.get(*end..).is_some_and(is_code));
    end.map(|end| &text[..end]).or_else(|| text.strip_prefix(is_currency)).or_else(|| text.strip_suffix(is_currency))
}

/// Returns true for the currency signs of Unicode.
fn is_currency(c: char) -> bool {
    let is_of_a_script = matches!(c, '\u{58F}' | '\u{60B}' | '\u{9F2}' | '\u{9F3}' | '\u{E3F}' | '\u{FDFC}' | '\u{FF04}');
    is_of_a_script || matches!(c, '$' | '\u{A2}'..='\u{A5}' | '\u{20A0}'..='\u{20C0}')
}

/// Meaning of the point that a number tells, where nothing else is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointTold {
    /// `1.000` may be a thousand, or one.
    Either,
    /// `250` has neither a fraction nor a thousand.
    Nothing,
    /// `2.5`, `0.125` and `1000` have no thousands sign in a place for one.
    Decimal,
}

impl PointTold {
    /// Returns what a number in plain notation tells.
    pub fn by(text: &[u8]) -> Self {
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        match () {
            () if may_be_grouped(text) => Self::Either,
            () if digits.len() <= 3 && digits.iter().all(u8::is_ascii_digit) => Self::Nothing,
            () => Self::Decimal,
        }
    }
}

/// Returns true if a number is written in groups of three after a point or comma, such as `1.000` or `12,345,678`: it may be
/// a thousand, or one.
pub fn may_be_grouped(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let Some(sign) = digits.iter().copied().find(|byte| matches!(byte, b'.' | b',')) else { return false };
    let mut groups = digits.split(|byte| *byte == sign);
    let all_digits = |group: &[u8]| group.iter().all(u8::is_ascii_digit);
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()) && all_digits(group) && group[0] != b'0');
    first && groups.all(|group| group.len() == 3 && all_digits(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn german() -> NumberFormat {
        NumberFormat { decimal: Some(','), thousands: Some('.'), ..NumberFormat::default() }
    }

    fn check(format: &NumberFormat, cases: &[(&str, Option<&str>)]) {
        for (text, expected) in cases {
            assert_eq!(format.plain(text.as_bytes()).as_deref(), *expected, "{text:?} in {format:?}");
        }
    }

    #[test]
    fn decimal_and_thousands_signs_have_their_places() {
        check(
            &german(),
            &[
                ("1.000", Some("1000")),
                ("-1.234.567,89", Some("-1234567.89")),
                ("1234,5", Some("1234.5")),
                (",5", Some(".5")),
                ("1.00", None),
                ("1.2345", None),
                ("1234.567", None),
                ("1,234.5", None),
                ("1,5,5", None),
                ("0.125", None),
                ("-0.250", None),
                ("00.125", None),
                ("0,125", Some("0.125")),
                ("1.000,", Some("1000.")),
                (".", None),
                (",", None),
                ("1e3", Some("1e3")),
                ("1,5E-2", Some("1.5e-2")),
                ("1e", None),
                ("", None),
            ],
        );
        let swiss = NumberFormat { thousands: Some('\''), ..NumberFormat::default() };
        check(&swiss, &[("1'234'567.5", Some("1234567.5")), ("1\u{2019}000", Some("1000")), ("1'00", None)]);
        let french = NumberFormat { decimal: Some(','), thousands: Some(' '), ..NumberFormat::default() };
        check(&french, &[("1 234,5", Some("1234.5")), ("1\u{202F}234\u{A0}567", Some("1234567")), ("12 34", None)]);
        let indian = NumberFormat { thousands: Some(','), ..NumberFormat::default() };
        check(
            &indian,
            &[("12,34,567.8", Some("1234567.8")), ("1,234,56", None), ("1,23", None), ("123,45,678", Some("12345678"))],
        );
    }

    #[test]
    fn money_is_a_number_where_the_source_has_money() {
        let money = NumberFormat {
            thousands: Some(','),
            currency: true,
            accounting: true,
            percent: Percent::Number,
            ..NumberFormat::default()
        };
        check(
            &money,
            &[
                ("$1,299.99", Some("1299.99")),
                ("-$5", Some("-5")),
                ("$-5", Some("-5")),
                ("5 €", Some("5")),
                ("EUR 5.10", Some("5.10")),
                ("5.10\u{A0}USD", Some("5.10")),
                ("(5.00)", Some("-5.00")),
                ("($5.00)", Some("-5.00")),
                ("5.00-", Some("-5.00")),
                ("12%", Some("12")),
                ("7.5 %", Some("7.5")),
                ("$5 $", None),
                ("--5", None),
                ("(-5)", None),
                ("$", None),
                ("()", None),
                ("5x", None),
            ],
        );
        let fraction = NumberFormat { percent: Percent::Fraction, ..NumberFormat::default() };
        check(&fraction, &[("12%", Some("12e-2")), ("12", Some("12")), ("1e2%", None), ("12%%", None)]);
        check(&NumberFormat::default(), &[("$5", None), ("(5)", None), ("5%", None), ("5-", None), ("1,000", None)]);
    }

    #[test]
    fn a_decimal_sign_may_be_implied() {
        let implied = NumberFormat { implied_decimals: 2, ..NumberFormat::default() };
        check(
            &implied,
            &[
                ("0001050", Some("10.50")),
                ("0000000", Some("0.00")),
                ("-1050", Some("-10.50")),
                ("5", Some("0.05")),
                ("50", Some("0.50")),
                ("10.5", Some("10.5")),
                ("1e3", Some("1e3")),
                ("", None),
                ("x", None),
            ],
        );
    }

    #[test]
    fn spaces_and_the_minus_of_unicode_are_read_anywhere() {
        check(&NumberFormat::default(), &[("\u{2212}5", Some("-5")), ("\u{A0}7.5\u{202F}", Some("7.5")), ("1\u{A0}000", None)]);
    }

    #[test]
    fn a_thousand_may_look_like_one() {
        for text in ["1.000", "12.345", "1,000", "-1.234.567", "999,999"] {
            assert!(may_be_grouped(text.as_bytes()), "{text}");
        }
        for text in ["1.00", "1000", "1.0000", "0.125", "1234.567", "1.234,5", "1.23.456", ".500", "1.", "1.00a"] {
            assert!(!may_be_grouped(text.as_bytes()), "{text}");
        }
    }
}
