//! Where a broken record ends, so that the next one is read again.

use memchr::{memchr, memmem};

/// In a file of lines: with its line. None where the end of that has not come yet.
pub(super) fn end_of_line(text: &[u8], start: usize, ended: bool) -> Option<usize> {
    match memchr(b'\n', text.get(start..).unwrap_or_default()) {
        Some(length) => Some(start + length + 1),
        None => ended.then_some(text.len()),
    }
}

/// In an array: where its brackets are closed, or where a line begins as the record's own line did, whichever comes first.
/// None where neither has come yet.
pub(super) fn end_of_item(text: &[u8], start: usize, ended: bool) -> Option<usize> {
    let brackets = closed(text, start);
    let ends = [brackets, next_alike(text, start)].into_iter().flatten().min();
    ends.or(ended.then_some(text.len()))
}

/// Where the brackets that are opened from `start` on are closed. A text ends with its line at the latest, for no text may have
/// a line end. Outside brackets a comma or the array's own end is where it ends.
fn closed(text: &[u8], start: usize) -> Option<usize> {
    let (mut depth, mut quoted, mut at) = (0_usize, false, start);
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'\n' => quoted = false,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 1 => depth -= 1,
            b'}' if depth == 1 => return Some(at),
            b']' | b',' if depth == 0 => return Some((at - 1).max(start + 1)),
            b']' if text.get(start) == Some(&b'[') => return Some(at),
            // The array's end, which the record's own missing bracket hides.
            b']' => return Some(at - 1),
            _ => {}
        }
    }
    None
}

/// Where a later line begins as the record's own line does: with the same indent and an opening bracket. Records that share a
/// line with others have no such line.
fn next_alike(text: &[u8], start: usize) -> Option<usize> {
    let line = memchr::memrchr(b'\n', text.get(..start)?)?;
    let indent = &text[line..start];
    if !indent.iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    let pattern = [indent, b"{"].concat();
    memmem::find(&text[start..], &pattern).map(|at| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str, start: usize) -> Option<&str> {
        end_of_item(text.as_bytes(), start, false).map(|end| &text[start..end])
    }

    #[test]
    fn a_broken_item_ends_where_its_brackets_do() {
        assert_eq!(item(r#"{"a":01,"b":[{}],"c":"}"},{"a":1}]"#, 0), Some(r#"{"a":01,"b":[{}],"c":"}"}"#));
        assert_eq!(item("{\"a\":\"x,\n \"b\":1},{}]", 0), Some("{\"a\":\"x,\n \"b\":1}"));
        assert_eq!(item("xyz, {}]", 0), Some("xyz"));
        assert_eq!(item("[1,01],{}]", 0), Some("[1,01]"));
        assert_eq!(item(r#"{"a":1]"#, 0), Some(r#"{"a":1"#));
        assert_eq!(item(r#"{"a":1"#, 0), None);
    }

    #[test]
    fn a_missing_bracket_costs_no_more_than_its_line() {
        let text = "[\n  {\"a\": 1, \"b\": {\"c\": 2},\n  {\"a\": 2},\n  {\"a\": 3}\n]";
        assert_eq!(item(text, 4), Some("{\"a\": 1, \"b\": {\"c\": 2},"));
        let pretty = "[\n  {\n    \"a\": [\n      {\n\"x\": 1\n      }\n    ,\n  },\n  {\n    \"a\": 2\n  }\n]";
        assert!(item(pretty, 4).unwrap().ends_with(",\n  },"), "{:?}", item(pretty, 4));
    }

    #[test]
    fn a_line_ends_with_its_line_end() {
        assert_eq!(end_of_line(b"{\"a\n{}", 0, false), Some(4));
        assert_eq!(end_of_line(b"{\"a", 0, false), None);
        assert_eq!(end_of_line(b"{\"a", 0, true), Some(3));
    }
}
