//! Where a broken record ends, so that the next one is read again.

use memchr::{memchr, memmem};

use super::scan::skip_space;

/// In a file of lines: with its line. None where the end of that has not come yet.
pub(super) fn end_of_line(text: &[u8], start: usize, ended: bool) -> Option<usize> {
    match memchr(b'\n', text.get(start..).unwrap_or_default()) {
        Some(length) => Some(start + length + 1),
        None => ended.then_some(text.len()),
    }
}

/// In an array: where its brackets are closed, or where a line begins as the record's own line did, whichever comes first.
/// None where neither has come.
pub(super) fn end_of_item(text: &[u8], start: usize) -> Option<usize> {
    let brackets = closed(text, start);
    [brackets, next_alike(text, start)].into_iter().flatten().min()
}

/// Where the brackets that are opened from `start` on are closed. A text ends with its line at the latest, for no text may have
/// a line end. Outside brackets a comma or the array's own end is where it ends.
///
/// An object that begins where a name should stand, with the same name first as the record itself, is the next record: the
/// closing bracket of this one is missing.
fn closed(text: &[u8], start: usize) -> Option<usize> {
    let beginning = beginning(text, start);
    let (mut open, mut quoted, mut at) = (Vec::new(), false, start);
    let mut behind_comma = false;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'\n' => quoted = false,
            _ if quoted => {}
            b'{' if behind_comma && open.last() == Some(&b'{') && self::beginning(text, at) == beginning => return Some(at),
            b'{' | b'[' => open.push(byte),
            b'}' | b']' => match open.iter().rposition(|bracket| bracket + 2 == byte) {
                Some(0) => return Some(at + 1),
                // What is open in it was not closed.
                Some(depth) => open.truncate(depth),
                // The array's own end; a brace that closes nothing is no reason to stop.
                None if byte == b']' => return Some(at.max(start + 1)),
                None => {}
            },
            b',' if open.is_empty() => return Some(at.max(start + 1)),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            behind_comma = byte == b',' && !quoted;
        }
        at += 1;
    }
    None
}

/// The bracket and the first name of an object, without the space between them.
fn beginning(text: &[u8], start: usize) -> Option<&[u8]> {
    let name = skip_space(text, start + 1);
    let rest = text.get(name..)?.strip_prefix(b"\"")?;
    memchr(b'"', rest).map(|length| &rest[..length])
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
        end_of_item(text.as_bytes(), start).map(|end| &text[start..end])
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
        let first = "[{\"a\": 1, \"s\": {\"x\": 1},\n{\"a\": 2}]";
        assert_eq!(item(first, 1), Some("{\"a\": 1, \"s\": {\"x\": 1},\n"));
        assert_eq!(item(r#"[{"a":1,"s":[{"a":0},{"a":0}],{"a":2}]"#, 1), Some(r#"{"a":1,"s":[{"a":0},{"a":0}],"#));
        assert_eq!(item(r#"[{"a":1,{"x":1},"b":2},{"a":2}]"#, 1), Some(r#"{"a":1,{"x":1},"b":2}"#));
        let pretty = "[\n  {\n    \"a\": [\n      {\n\"x\": 1\n      }\n    ,\n  },\n  {\n    \"a\": 2\n  }\n]";
        assert!(item(pretty, 4).unwrap().ends_with(",\n  }"), "{:?}", item(pretty, 4));
    }

    #[test]
    fn a_line_ends_with_its_line_end() {
        assert_eq!(end_of_line(b"{\"a\n{}", 0, false), Some(4));
        assert_eq!(end_of_line(b"{\"a", 0, false), None);
        assert_eq!(end_of_line(b"{\"a", 0, true), Some(3));
    }
}
