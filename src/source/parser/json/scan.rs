//! Scanner of one JSON value (RFC 8259, and NaN and the infinities as numbers): it checks each byte and builds no value.
//!
//! It returns places in the text, so that a number keeps its digits and a nested value its spelling. UTF-8 is validated
//! elsewhere, for a whole block at once.

use memchr::memchr;

/// Maximum nesting depth of values; the stack limits it.
const DEEPEST: usize = 128;

/// Kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Kind {
    Null,
    Boolean,
    Number,
    /// Its place is the text between the quotes; `escaped` if that has backslashes.
    Text {
        escaped: bool,
    },
    Array,
    Object,
}

/// A value and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) struct Value {
    pub(in crate::source) kind: Kind,
    pub(in crate::source) start: usize,
    pub(in crate::source) end: usize,
}

impl Value {
    /// Returns its bytes in the text that it was found in.
    pub(in crate::source) fn text<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// Returns what it means: a text without its escapes; anything else as it is written.
    pub(in crate::source) fn meaning(&self, text: &[u8]) -> String {
        let mut bytes = self.text(text).to_vec();
        if self.kind == (Kind::Text { escaped: true }) {
            let length = unescape(&mut bytes);
            bytes.truncate(length);
        }
        String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// A name and its value, in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) struct Member {
    /// Always a text.
    pub(in crate::source) name: Value,
    pub(in crate::source) value: Value,
}

/// Reason for a missing value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Flaw {
    /// The text ends in the middle of it.
    Incomplete,
    /// It stops being JSON.
    Broken(&'static str),
}

type Scanned<T> = Result<T, Flaw>;

/// Returns the end of the white space from `at`.
#[inline]
pub(in crate::source) fn skip_space(text: &[u8], at: usize) -> usize {
    // Most texts have none, or one space.
    match text.get(at) {
        Some(byte) if *byte > b' ' => at,
        _ => skip_some_space(text, at),
    }
}

fn skip_some_space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).unwrap_or(rest.len())
}

/// Returns the value that begins at `at`, and its end: for a string, after its closing quote.
pub(in crate::source) fn value(text: &[u8], at: usize) -> Scanned<(Value, usize)> {
    value_within(text, at, 0)
}

/// Passes the members of the object that begins at `at` to `each`, in order; returns the object's end.
pub(in crate::source) fn object(text: &[u8], at: usize, each: &mut impl FnMut(Member)) -> Scanned<usize> {
    members(text, at, &mut |name, at| {
        let (value, end) = value_within(text, at, 1)?;
        each(Member { name, value });
        Ok(end)
    })
}

/// Passes the items of the array that begins at `at` to `each`, in order; returns the array's end.
pub(in crate::source) fn array(text: &[u8], at: usize, each: &mut impl FnMut(Value)) -> Scanned<usize> {
    items(text, at, &mut |at| {
        let (value, end) = value_within(text, at, 1)?;
        each(value);
        Ok(end)
    })
}

/// Scans an object, each of whose values is read by `each`: it receives the name and the start of the value, and returns the
/// value's end. So a nested value is scanned once, at any depth.
pub(in crate::source) fn members(
    text: &[u8],
    at: usize,
    each: &mut impl FnMut(Value, usize) -> Scanned<usize>,
) -> Scanned<usize> {
    let mut next = begin(text, at, b'{')?;
    if byte(text, next)? == b'}' {
        return Ok(next + 1);
    }
    loop {
        let (name, at) = name(text, next)?;
        match separator(text, each(name, at)?, b'}')? {
            Separator::End(end) => return Ok(end),
            Separator::Comma(start) => next = start,
        }
    }
}

/// A name in an object.
pub(in crate::source) struct NextName {
    pub(in crate::source) name: Value,
    /// Start of its value.
    pub(in crate::source) value: usize,
    /// True if it is the expected one.
    pub(in crate::source) is_likely: bool,
}

/// A walk over the members of an object by a caller that knows the likely next name.
pub(in crate::source) struct Walk<'t> {
    text: &'t [u8],
    /// Start of the next name, or, at the end, the end of the object.
    at: usize,
    ended: bool,
}

impl<'t> Walk<'t> {
    /// Begins a walk over the object that begins at `at`.
    pub(in crate::source) fn begin(text: &'t [u8], at: usize) -> Scanned<Self> {
        let next = begin(text, at, b'{')?;
        let ended = byte(text, next)? == b'}';
        Ok(Self { text, at: next + usize::from(ended), ended })
    }

    /// Returns the next name; `None` at the end. `likely` is an expected name without escapes; empty means no expectation.
    #[inline]
    pub(in crate::source) fn next(&mut self, likely: &[u8]) -> Scanned<Option<NextName>> {
        if self.ended {
            return Ok(None);
        }
        let start = self.at + 1;
        let end = start + likely.len();
        let is_likely = !likely.is_empty()
            && self.text.get(self.at) == Some(&b'"')
            && self.text.get(start..end).is_some_and(|name| name == likely)
            && self.text.get(end..end + 2) == Some(b"\":");
        if is_likely {
            let name = Value { kind: Kind::Text { escaped: false }, start, end };
            return Ok(Some(NextName { name, value: skip_space(self.text, end + 2), is_likely: true }));
        }
        name(self.text, self.at).map(|(name, value)| Some(NextName { name, value, is_likely: false }))
    }

    /// Continues after a value that ends at `end`.
    #[inline]
    pub(in crate::source) fn pass(&mut self, end: usize) -> Scanned<()> {
        (self.at, self.ended) = match separator(self.text, end, b'}')? {
            Separator::End(end) => (end, true),
            Separator::Comma(next) => (next, false),
        };
        Ok(())
    }

    /// Returns the object's end, once there is no next name.
    pub(in crate::source) fn end(&self) -> usize {
        self.at
    }
}

/// Scans an array, each of whose items is read by `each`: it receives the item's start and returns its end.
pub(in crate::source) fn items(text: &[u8], at: usize, each: &mut impl FnMut(usize) -> Scanned<usize>) -> Scanned<usize> {
    let mut next = begin(text, at, b'[')?;
    if byte(text, next)? == b']' {
        return Ok(next + 1);
    }
    loop {
        match separator(text, each(next)?, b']')? {
            Separator::End(end) => return Ok(end),
            Separator::Comma(start) => next = start,
        }
    }
}

/// Reads the name at `at` and its colon; returns the name and the start of its value.
pub(in crate::source) fn name(text: &[u8], at: usize) -> Scanned<(Value, usize)> {
    if byte(text, at)? != b'"' {
        return Err(Flaw::Broken("a name in quotes is missing"));
    }
    let (name, end) = string(text, at)?;
    let colon = skip_space(text, end);
    match byte(text, colon)? {
        b':' => Ok((name, skip_space(text, colon + 1))),
        _ => Err(Flaw::Broken("a colon is missing")),
    }
}

fn byte(text: &[u8], at: usize) -> Scanned<u8> {
    text.get(at).copied().ok_or(Flaw::Incomplete)
}

fn value_within(text: &[u8], at: usize, depth: usize) -> Scanned<(Value, usize)> {
    let whole = |kind, end| Ok((Value { kind, start: at, end }, end));
    match byte(text, at)? {
        b'"' => string(text, at),
        b'{' | b'[' if depth >= DEEPEST => Err(Flaw::Broken("it is nested too deep")),
        b'{' => whole(Kind::Object, members(text, at, &mut |_, at| nested(text, at, depth + 1))?),
        b'[' => whole(Kind::Array, items(text, at, &mut |at| nested(text, at, depth + 1))?),
        b't' => whole(Kind::Boolean, word(text, at, b"true")?),
        b'f' => whole(Kind::Boolean, word(text, at, b"false")?),
        b'n' => whole(Kind::Null, word(text, at, b"null")?),
        // Python writes these three; Spark reads them.
        b'N' => whole(Kind::Number, word(text, at, b"NaN")?),
        b'I' => whole(Kind::Number, word(text, at, b"Infinity")?),
        b'-' if text.get(at + 1) == Some(&b'I') => whole(Kind::Number, word(text, at, b"-Infinity")?),
        b'-' | b'0'..=b'9' => whole(Kind::Number, number(text, at)?),
        _ => Err(Flaw::Broken("a value is missing")),
    }
}

/// Returns the end of a nested value at that depth.
fn nested(text: &[u8], at: usize, depth: usize) -> Scanned<usize> {
    value_within(text, at, depth).map(|(_, end)| end)
}

fn begin(text: &[u8], at: usize, bracket: u8) -> Scanned<usize> {
    match byte(text, at)? {
        found if found != bracket => Err(Flaw::Broken("a bracket is missing")),
        _ => Ok(skip_space(text, at + 1)),
    }
}

enum Separator {
    Comma(usize),
    End(usize),
}

fn separator(text: &[u8], end: usize, bracket: u8) -> Scanned<Separator> {
    let at = skip_space(text, end);
    match byte(text, at)? {
        b',' => Ok(Separator::Comma(skip_space(text, at + 1))),
        found if found == bracket => Ok(Separator::End(at + 1)),
        _ => Err(Flaw::Broken("a comma or a closing bracket is missing")),
    }
}

fn word(text: &[u8], at: usize, word: &[u8]) -> Scanned<usize> {
    let rest = text.get(at..).unwrap_or_default();
    match rest.len() {
        _ if rest.starts_with(word) => Ok(at + word.len()),
        length if length < word.len() && word.starts_with(rest) => Err(Flaw::Incomplete),
        _ => Err(Flaw::Broken("a word stands without quotes")),
    }
}

/// Bytes that end a plain piece of a text: quotes, backslashes, control characters.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        special[control] = true;
        control += 1;
    }
    special[b'"' as usize] = true;
    special[b'\\' as usize] = true;
    special
};

/// Returns the number of bytes before the first special one; `None` if all are plain. Eight at a time: a byte of `found` has its
/// highest bit set where the text's byte is special, and the lowest of them that are set is exact.
#[inline]
fn plain_bytes(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = text.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // With one bit changed, a quote and the control characters are all that is below 0x21.
        let low = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
        let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
        let found = (low | backslash) & !word & HIGH;
        if found != 0 {
            return Some(i * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|byte| SPECIAL[usize::from(*byte)])?;
    Some(words.len() * 8 + at)
}

fn string(text: &[u8], at: usize) -> Scanned<(Value, usize)> {
    let start = at + 1;
    let (mut next, mut escaped) = (start, false);
    loop {
        next += plain_bytes(text.get(next..).unwrap_or_default()).ok_or(Flaw::Incomplete)?;
        match text[next] {
            b'"' => return Ok((Value { kind: Kind::Text { escaped }, start, end: next }, next + 1)),
            b'\\' => {
                escaped = true;
                next = escape(text, next)?;
            }
            _ => return Err(Flaw::Broken("a control character stands in a text")),
        }
    }
}

/// Returns the end of the escape that begins at `at`. Half of a surrogate pair is no character.
fn escape(text: &[u8], at: usize) -> Scanned<usize> {
    const HALF: Flaw = Flaw::Broken("an escape is half a character");
    match byte(text, at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
        b'u' => match hex(text, at + 2)? {
            0xD800..=0xDBFF => {
                if byte(text, at + 6)? != b'\\' || byte(text, at + 7)? != b'u' {
                    return Err(HALF);
                }
                if (0xDC00..=0xDFFF).contains(&hex(text, at + 8)?) { Ok(at + 12) } else { Err(HALF) }
            }
            0xDC00..=0xDFFF => Err(HALF),
            _ => Ok(at + 6),
        },
        _ => Err(Flaw::Broken("a backslash escapes nothing")),
    }
}

fn hex(text: &[u8], at: usize) -> Scanned<u32> {
    (at..at + 4).try_fold(0, |code, at| {
        let digit = char::from(byte(text, at)?).to_digit(16).ok_or(Flaw::Broken("an escape has no four hex digits"))?;
        Ok(code * 16 + digit)
    })
}

fn number(text: &[u8], at: usize) -> Scanned<usize> {
    const NONE: Flaw = Flaw::Broken("a number is not written as JSON writes them");
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        match rest.iter().position(|byte| !byte.is_ascii_digit()) {
            None => Err(Flaw::Incomplete),
            Some(0) => Err(NONE),
            Some(count) => Ok(from + count),
        }
    };
    let whole = if text[at] == b'-' { at + 1 } else { at };
    let mut end = if byte(text, whole)? == b'0' { whole + 1 } else { digits(whole)? };
    if byte(text, end)? == b'.' {
        end = digits(end + 1)?;
    }
    if matches!(byte(text, end)?, b'e' | b'E') {
        let signed = matches!(byte(text, end + 1)?, b'+' | b'-');
        end = digits(end + 1 + usize::from(signed))?;
    }
    if byte(text, end)?.is_ascii_alphanumeric() { Err(NONE) } else { Ok(end) }
}

/// Unescapes a text in place: escapes are never shorter than the characters they mean. The text must be one that
/// [`value`] accepted. Returns its new length.
pub(in crate::source) fn unescape(text: &mut [u8]) -> usize {
    let (mut from, mut to) = (0, 0);
    while from < text.len() {
        if text[from] != b'\\' {
            let end = memchr(b'\\', &text[from..]).map_or(text.len(), |at| from + at);
            text.copy_within(from..end, to);
            (from, to) = (end, to + end - from);
            continue;
        }
        let plain = match text.get(from + 1) {
            Some(b'b') => 0x08,
            Some(b'f') => 0x0C,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let (character, end) = character(text, from);
                to += character.encode_utf8(&mut text[to..]).len();
                from = end;
                continue;
            }
            Some(other) => *other,
            None => break,
        };
        text[to] = plain;
        (from, to) = (from + 2, to + 1);
    }
    to
}

/// Returns the character of the escape `\uXXXX`, or of a pair of them, at `at`, and its end.
fn character(text: &[u8], at: usize) -> (char, usize) {
    let unit = |at: usize| hex(text, at + 2).unwrap_or_default();
    let (high, low) = (unit(at), unit(at + 6));
    match char::from_u32(high) {
        Some(character) => (character, at + 6),
        None => {
            let pair = 0x1_0000 + ((high & 0x3FF) << 10) + (low & 0x3FF);
            (char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER), at + 12)
        }
    }
}

#[cfg(test)]
mod tests;
