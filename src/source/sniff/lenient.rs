//! JSON that the parser of runs reads, and others do not, as JSON that all read.

/// Returns a text in which numbers that no double holds, and `NaN` and the like, are 0, and escapes of half a character are the
/// replacement character.
pub(super) fn lenient(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_alphanumeric()) {
        written.push_str(&rest[..start]);
        rest = &rest[start..];
        let length = if rest.starts_with('"') { of_text(rest, &mut written) } else { of_word(rest, &mut written) };
        rest = &rest[length..];
    }
    written + rest
}

/// Writes a number or a word, and returns its length.
fn of_word(rest: &str, written: &mut String) -> usize {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
    let word = &rest[..rest.find(|c| !is_of_word(c)).unwrap_or(rest.len())];
    let is_number = word.parse::<f64>().is_ok_and(|number| !number.is_finite());
    written.push_str(if is_number { "0" } else { word });
    word.len()
}

/// Writes a text in quotes, and returns its length.
fn of_text(rest: &str, written: &mut String) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    let end = (at + 1).min(rest.len());
    let Some(text) = rest.get(..end) else {
        written.push_str(rest);
        return rest.len();
    };
    let (mut from, mut at) = (0, 0);
    while let Some(escape) = text[at..].find('\\').map(|found| at + found) {
        at = match half(text, escape) {
            Some(false) => escape + 12,
            Some(true) => {
                written.push_str(&text[from..escape]);
                written.push_str("\\ufffd");
                from = escape + 6;
                from
            }
            // An escaped sign of several bytes is none that JSON has.
            None => (escape + 2..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len()),
        };
    }
    written.push_str(&text[from..]);
    end
}

/// Returns true if an escape is half a character, and false if it and the next one are one; `None` if it is another.
fn half(text: &str, at: usize) -> Option<bool> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let first = unit(at).filter(|unit| (0xD800..0xE000).contains(unit))?;
    let second = unit(at + 6).filter(|unit| (0xDC00..0xE000).contains(unit));
    Some(first >= 0xDC00 || second.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_runs_read_becomes_plain_json() {
        for (text, expected) in [
            (r#"{"a":1e400,"b":[-1e999, 5]}"#, r#"{"a":0,"b":[0, 5]}"#),
            (r#"{"a":NaN,"b":-Infinity,"c":"NaN"}"#, r#"{"a":0,"b":0,"c":"NaN"}"#),
            (r#"{"a":"x\ud800","b":"\udc00y"}"#, r#"{"a":"x\ufffd","b":"\ufffdy"}"#),
            (r#"{"a":"\ud83d\ude00\\ud800"}"#, r#"{"a":"\ud83d\ude00\\ud800"}"#),
            (r#"{"a\"":true,"b":"cut"#, r#"{"a\"":true,"b":"cut"#),
            ("{\"a\":\"\\é\"", "{\"a\":\"\\é\""),
        ] {
            assert_eq!(lenient(text), expected);
        }
    }
}
