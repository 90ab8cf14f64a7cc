//! Fields at fixed positions of each line.

use super::batch::Span;
use super::split::Found;
use super::widths::LongRecords;

const TOO_SHORT: &str = "the line ends before the last field of the layout does";
const TOO_LONG: &str = "text follows the last field of the layout";

/// A field at a fixed place of each line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedField {
    /// Name of the field.
    pub name: String,
    /// Position of its first character, counted from 1.
    pub first: usize,
    /// Position of its last character.
    pub last: usize,
}

/// Layout of the lines of a file: its fields, in the order of their positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedWidth(Vec<FixedField>);

impl FixedWidth {
    /// Creates a layout.
    ///
    /// # Errors
    /// A field ends before it begins, or begins before the one before it ends; there is no field.
    pub fn new(fields: Vec<FixedField>) -> Result<Self, String> {
        let mut end = 0;
        for FixedField { name, first, last } in &fields {
            if last < first || *first == 0 {
                return Err(format!(
                    "`{name}` has the positions {first} to {last}; give its first and its last one, counted from 1"
                ));
            }
            if *first <= end {
                return Err(format!("`{name}` begins at {first}, where another field ends at {end}"));
            }
            end = *last;
        }
        if fields.is_empty() { Err("it has no field".to_owned()) } else { Ok(Self(fields)) }
    }

    /// Returns the names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|field| field.name.as_str())
    }

    /// Splits the line `text[start..end]`, without its line end; the next one begins at `next`. Blanks around a value fill its
    /// field up, and are not part of it. `fill_short` and `long`: handling of lines that are shorter and longer than the layout.
    pub(super) fn split(
        &self,
        text: &[u8],
        (start, end, next): (usize, usize, usize),
        (fill_short, long): (bool, LongRecords),
        spans: &mut Vec<Span>,
    ) -> Found {
        let mut positions = Positions::of(&text[start..end]);
        let flawed = |reason| Found::Flawed { next, reason, field: start };
        let length = end - start;
        for field in &self.0 {
            let Some(first) = positions.byte(field.first - 1).filter(|first| *first < length) else {
                if !fill_short {
                    return flawed(TOO_SHORT);
                }
                spans.push(Span::MISSING);
                continue;
            };
            let last = match positions.byte(field.last) {
                Some(last) => last,
                None if fill_short => length,
                None => return flawed(TOO_SHORT),
            };
            let value = text[start + first..start + last].trim_ascii_end();
            let filled = value.len() - value.trim_ascii_start().len();
            spans.push(Span::plain(start + first + filled, start + first + value.len()));
        }
        let after = self.0.last().and_then(|field| positions.byte(field.last)).unwrap_or(length);
        if !text[start + after..end].trim_ascii().is_empty() {
            match long {
                LongRecords::SetAside => return flawed(TOO_LONG),
                LongRecords::DropExtra => {}
                LongRecords::KeepExtra => spans.push(Span::plain(start + after, end)),
            }
        }
        Found::Record { next }
    }
}

/// Places of a line's characters. They are asked for in order.
struct Positions<'l> {
    line: &'l [u8],
    is_ascii: bool,
    /// A character and the byte at which it begins.
    at: (usize, usize),
}

impl<'l> Positions<'l> {
    fn of(line: &'l [u8]) -> Self {
        Self { line, is_ascii: line.is_ascii(), at: (0, 0) }
    }

    /// Returns the byte after the first `characters` of the line; `None` if it has fewer. Bytes that are not UTF-8 count as one
    /// character each: such a line is set aside.
    fn byte(&mut self, characters: usize) -> Option<usize> {
        if self.is_ascii {
            return (characters <= self.line.len()).then_some(characters);
        }
        while self.at.0 < characters {
            let rest = self.line.get(self.at.1 + 1..).filter(|_| self.at.1 < self.line.len())?;
            let continued = rest.iter().take_while(|byte| (0x80..0xC0).contains(*byte)).count();
            self.at = (self.at.0 + 1, self.at.1 + 1 + continued);
        }
        Some(self.at.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, first: usize, last: usize) -> FixedField {
        FixedField { name: name.to_owned(), first, last }
    }

    fn layout() -> FixedWidth {
        FixedWidth::new(vec![field("id", 1, 4), field("name", 5, 9), field("amount", 12, 14)]).unwrap()
    }

    fn split(line: &str, fill_short: bool, long: LongRecords) -> Result<Vec<Option<String>>, &'static str> {
        let mut spans = Vec::new();
        let text = line.as_bytes();
        match layout().split(text, (0, text.len(), text.len()), (fill_short, long), &mut spans) {
            Found::Record { .. } => Ok(spans
                .iter()
                .map(|span| (*span != Span::MISSING).then(|| line[span.written_start()..span.end()].to_owned()))
                .collect()),
            Found::Flawed { reason, .. } => Err(reason),
            Found::Incomplete { .. } => panic!("a line has an end"),
        }
    }

    fn values(line: &str) -> Vec<String> {
        split(line, false, LongRecords::SetAside).unwrap().into_iter().map(Option::unwrap).collect()
    }

    #[test]
    fn values_stand_at_their_positions_without_the_blanks_around_them() {
        assert_eq!(values("0001Ann  xx 42"), ["0001", "Ann", "42"]);
        assert_eq!(values(" 1  a b     7  "), ["1", "a b", "7"]);
        assert_eq!(values("0002Börß€--123"), ["0002", "Börß€", "123"]);
        assert_eq!(values("              "), ["", "", ""]);
    }

    #[test]
    fn a_line_must_be_as_long_as_the_layout() {
        let set_aside = LongRecords::SetAside;
        for short in ["0001Ann  xx 4", "0001Ann", "0001Ann  ", ""] {
            assert_eq!(split(short, false, set_aside), Err(TOO_SHORT), "{short:?}");
        }
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(split("0001Ann", true, set_aside), Ok(vec![text("0001"), text("Ann"), None]));
        assert_eq!(split("0001Ann  xx 4", true, set_aside), Ok(vec![text("0001"), text("Ann"), text("4")]));
        assert_eq!(split("0001Ann  xx 42!", false, set_aside), Err(TOO_LONG));
        assert_eq!(split("0001Ann  xx 42!", false, LongRecords::DropExtra).unwrap().len(), 3);
        assert_eq!(split("0001Ann  xx 42!", false, LongRecords::KeepExtra).unwrap()[3], text("!"));
    }

    #[test]
    fn a_layout_is_a_list_of_first_and_last_positions() {
        for (fields, reason) in [
            (vec![], "no field"),
            (vec![field("a", 0, 3)], "counted from 1"),
            (vec![field("a", 5, 4)], "its first and its last"),
            (vec![field("a", 1, 4), field("b", 4, 9)], "where another field ends"),
        ] {
            let error = FixedWidth::new(fields).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
