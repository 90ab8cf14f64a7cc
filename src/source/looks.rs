//! Texts that look like values rather than names.

use std::sync::LazyLock;

use crate::schema::fit::{DateFormats, Formats, NumberFormat, TimestampFormats, is_currency_code, trim};

/// Notations that are common, though no module may have them.
static COMMON: LazyLock<Vec<Formats>> = LazyLock::new(|| {
    let days = ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y.%m.%d"];
    let with_time = |time: &str| days.map(|day| format!("{day} {time}"));
    let dates = DateFormats::new(&days.map(str::to_owned)).unwrap_or_default();
    let timestamps = TimestampFormats::new(&[with_time("%H:%M:%S"), with_time("%H:%M")].concat()).unwrap_or_default();
    let numbers = |decimal, thousands| NumberFormat {
        decimal: Some(decimal),
        thousands: Some(thousands),
        currency: true,
        accounting: true,
        ..NumberFormat::default()
    };
    let formats = |numbers| Formats { numbers, dates: dates.clone(), timestamps: timestamps.clone(), ..Formats::default() };
    [('.', ','), (',', '.'), (',', ' '), ('.', '\'')].map(|(decimal, thousands)| formats(numbers(decimal, thousands))).to_vec()
});

/// Notations of dates with letters, and with years of two digits.
static WITH_LETTERS: LazyLock<Vec<Formats>> = LazyLock::new(|| {
    let days = ["%d %b %Y", "%d %B %Y", "%b %d, %Y", "%d-%b-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y"].map(str::to_owned);
    let timestamps = TimestampFormats::new(&["dotnet".to_owned()]).unwrap_or_default();
    vec![Formats { dates: DateFormats::new(&days).unwrap_or_default(), timestamps, ..Formats::default() }]
});

/// Returns true if a text is a year of our time, as columns are named too.
pub(super) fn is_year(name: &str) -> bool {
    let name = name.trim();
    name.len() == 4 && name.bytes().all(|b| b.is_ascii_digit()) && (name.starts_with("19") || name.starts_with("20"))
}

/// Returns true if a text is a number, `true` or `false`, a date or a timestamp, a UUID, or an e-mail address.
pub(super) fn looks_like_a_value(name: &str, may_be_year: bool) -> bool {
    let text = trim(name.as_bytes());
    let name = name.trim();
    if is_year(name) {
        return may_be_year;
    }
    let is_email = name.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    // Words for true and false are names too: `y`, `no`.
    let is_boolean = text.eq_ignore_ascii_case(b"true") || text.eq_ignore_ascii_case(b"false");
    let is_address = name.contains("://") || name.parse::<std::net::IpAddr>().is_ok();
    let is_document =
        name.len() > 1 && (name.starts_with('{') && name.ends_with('}') || name.starts_with('[') && name.ends_with(']'));
    let is_hexadecimal = name.strip_prefix("0x").is_some_and(|digits| u64::from_str_radix(digits, 16).is_ok());
    // Letters beside digits are a name, such as `USD 1`; an amount before its currency is none.
    let amount = name.rsplit_once(' ').filter(|(_, code)| is_currency_code(code)).map(|(amount, _)| amount);
    let is_amount = || amount.is_some_and(|amount| COMMON.iter().any(|formats| is_read_by(formats, amount)));
    let is_common = || !name.contains(char::is_alphabetic) && COMMON.iter().any(|formats| is_read_by(formats, name));
    is_read_by(&Formats::default(), name)
        || is_boolean
        || is_email
        || uuid::Uuid::parse_str(name).is_ok()
        || is_address
        || is_document
        || is_hexadecimal
        || is_amount()
        || WITH_LETTERS.iter().any(|formats| is_read_by(formats, name))
        || is_common()
}

/// Returns true if a text is a number, a date or a timestamp in a notation; a year alone is none.
pub(super) fn is_read_by(formats: &Formats, name: &str) -> bool {
    let text = name.as_bytes();
    !is_year(name)
        && (formats.double(text).is_some_and(f64::is_finite)
            || formats.dates.parse(text).is_some()
            || formats.timestamps.parse(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_from_names() {
        for value in [
            "1",
            "-5",
            "(3.00)",
            "5.00-",
            "12,50",
            "1.299,99",
            "$5",
            "31/05/2024",
            "31.05.2024 10:30",
            "2024-05-01",
            "TRUE",
            "5 EUR",
            "1 299,99",
            "1'299.99",
            "192.168.1.1",
            "http://x.y/z",
            "01/05/24",
            "01 May 2024",
            "/Date(17)/",
            "[1,2]",
            "{\"a\":1}",
            "0x1F",
            "a@b.de",
        ] {
            assert!(looks_like_a_value(value, false), "{value}");
        }
        for name in [
            "t", "f", "y", "n", "no", "yes", "id", "2024", "0-30", "60+", "1st", "Q1", "p50", "USD 1", "2024-05", "", "%",
            "00:30", "25%", "[x", "May 2024", "a/b",
        ] {
            assert!(!looks_like_a_value(name, false), "{name}");
        }
        assert!(looks_like_a_value("2024", true));
        let german = Formats { numbers: NumberFormat { decimal: Some(','), ..NumberFormat::default() }, ..Formats::default() };
        assert!(is_read_by(&german, "1,5") && !is_read_by(&Formats::default(), "1,5"));
    }
}
