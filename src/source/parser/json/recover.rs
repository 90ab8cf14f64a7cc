//! Recovery after a broken record: finds its end, so that the next record is read again.

use memchr::{memchr, memmem};

use super::scan::skip_space;

/// Finds the end of a broken record in a file of lines: the end of its line. `None` if that was not read yet.
pub(super) fn end_of_line(text: &[u8], start: usize, ended: bool) -> Option<usize> {
    match memchr(b'\n', text.get(start..).unwrap_or_default()) {
        Some(length) => Some(start + length + 1),
        None => ended.then_some(text.len()),
    }
}

/// Bytes of the first search window. It doubles each time, so that a file of only broken records is scanned a few times, and
/// not once for each record.
const WINDOW: usize = 256;

/// Finds the end of a broken record in an array: its brackets are closed, or a line begins as the record's own line did,
/// whichever comes first. `None` if neither was found.
pub(super) fn end_of_item(text: &[u8], start: usize) -> Option<usize> {
    let mut window = WINDOW;
    loop {
        let limit = start.saturating_add(window).min(text.len());
        let found = [closed(text, start, limit), next_alike(text, start, limit)].into_iter().flatten().min();
        if found.is_some() || limit == text.len() {
            return found;
        }
        window *= 2;
    }
}

/// The brackets that are open.
#[derive(Default)]
struct Open {
    brackets: Vec<u8>,
    braces: usize,
}

impl Open {
    fn push(&mut self, bracket: u8) {
        self.braces += usize::from(bracket == b'{');
        self.brackets.push(bracket);
    }

    /// Closes the last bracket of its kind, and all brackets open in it. Returns false if there was none.
    fn close(&mut self, end: u8) -> bool {
        let of_kind = if end == b'}' { self.braces } else { self.brackets.len() - self.braces };
        if of_kind == 0 {
            return false;
        }
        while let Some(bracket) = self.brackets.pop() {
            self.braces -= usize::from(bracket == b'{');
            if bracket + 2 == end {
                break;
            }
        }
        true
    }
}

/// Finds where the brackets opened from `start` on are closed, before `limit`. A string ends with its line at the latest, since
/// no string may have a line end. Outside brackets, the record ends at a comma or at the array's own end.
///
/// An object that begins where a name should stand, with the same name first as the record itself, is the next record: the
/// closing bracket of this one is missing.
fn closed(text: &[u8], start: usize, limit: usize) -> Option<usize> {
    let beginning = beginning(text, start);
    let (mut open, mut quoted, mut at) = (Open::default(), false, start);
    let mut behind_comma = false;
    while let Some(&byte) = text[..limit].get(at) {
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'\n' => quoted = false,
            _ if quoted => {}
            b'{' if behind_comma && open.brackets.last() == Some(&b'{') && self::beginning(text, at) == beginning => {
                return Some(at);
            }
            b'{' | b'[' => open.push(byte),
            b'}' | b']' => {
                // What was open in it may not have been closed.
                let closes = open.close(byte);
                if closes && open.brackets.is_empty() {
                    return Some(at + 1);
                }
                // The array's own end; a brace that closes nothing is no reason to stop.
                if !closes && byte == b']' {
                    return Some(at.max(start + 1));
                }
            }
            b',' if open.brackets.is_empty() => return Some(at.max(start + 1)),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            behind_comma = byte == b',' && !quoted;
        }
        at += 1;
    }
    None
}

/// Returns the first name of an object, after its bracket and any space; `None` if there is none.
fn beginning(text: &[u8], start: usize) -> Option<&[u8]> {
    let name = skip_space(text, start + 1);
    let rest = text.get(name..)?.strip_prefix(b"\"")?;
    memchr(b'"', rest).map(|length| &rest[..length])
}

/// Finds a later line that begins as the record's own line does, before `limit`: with the same indent and an opening bracket.
/// Records that share a line with others have no such line.
fn next_alike(text: &[u8], start: usize, limit: usize) -> Option<usize> {
    let is_indent = |byte: &&u8| byte.is_ascii_whitespace() && **byte != b'\n';
    let line = start.checked_sub(text.get(..start)?.iter().rev().take_while(is_indent).count() + 1)?;
    let indent = &text[line..start];
    if indent.first() != Some(&b'\n') {
        return None;
    }
    let pattern = [indent, b"{"].concat();
    memmem::find(&text[start..limit], &pattern).map(|at| start + at)
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

    /// Each of these took minutes, as each item was looked for to the end of the text, or back to its beginning.
    #[test]
    fn a_file_of_nothing_but_broken_items_is_gone_through_in_no_time() {
        let count = 100_000;
        let texts = [
            format!("[{}{}{{\"a\":1}}]", "[".repeat(count), "}".repeat(count)),
            format!("[{}]", "1,".repeat(count)),
            format!("[{}]", "\n1,".repeat(count)),
            format!("[{}]", "\n{\"x\":\",".repeat(count)),
        ];
        for text in texts {
            let (started, mut at, mut items) = (std::time::Instant::now(), 1, 0);
            while let Some(end) = end_of_item(text.as_bytes(), at).filter(|end| *end < text.len()) {
                // As the reader goes on behind the comma.
                at = end + usize::from(text.as_bytes()[end] == b',') + usize::from(text.as_bytes()[end] == b'\n');
                items += 1;
            }
            assert!(started.elapsed().as_secs() < 20, "{items} items in {:?}: {}", started.elapsed(), &text[..20]);
        }
    }

    #[test]
    fn a_line_ends_with_its_line_end() {
        assert_eq!(end_of_line(b"{\"a\n{}", 0, false), Some(4));
        assert_eq!(end_of_line(b"{\"a", 0, false), None);
        assert_eq!(end_of_line(b"{\"a", 0, true), Some(3));
    }
}
