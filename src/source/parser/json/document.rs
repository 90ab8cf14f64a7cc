//! Path to the records of a JSON document, and from one to the next.

use super::recover::{end_of_item, end_of_line};
use super::scan::{self, Flaw, Member, skip_space};

/// Paths of a document's records and of the one other value that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// Names that lead to the array of records. None: the document is that array, or has a record on each line.
    pub records: Option<Vec<String>>,
    /// Names that lead to a value that is kept.
    pub kept: Option<Vec<String>>,
    /// True if a document without an array of records is skipped, rather than invalid.
    pub may_lack_records: bool,
}

/// A flaw that makes a document invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentFlaw {
    /// It stops being JSON outside its records.
    NotJson(&'static str),
    /// There is nothing but white space.
    Empty,
    /// It ends in the middle.
    Truncated,
    /// A record is broken, and its end is not found.
    Unended(&'static str),
    /// It has no array of records where they should be.
    NoRecords,
    /// It has something else there, such as a text.
    OtherRecords,
    /// The kept value occurs twice in a document, or differs between the documents of a file: there is no telling which holds.
    Twice,
}

/// Result of one step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A record; the next step begins after it.
    Record { start: usize, end: usize },
    /// An invalid record.
    Bad { start: usize, end: usize, reason: &'static str },
    /// Something else was passed.
    Passed { end: usize },
    /// More of the text must come first.
    Incomplete,
    /// The document has ended.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    /// Each line is a record.
    Lines,
    /// Behind an opening bracket or a comma of the array of records.
    BeforeItem,
    /// Before the object that is the only record of an envelope.
    OnlyItem,
    /// Behind a record.
    BehindItem,
    /// Behind an opening bracket or a comma of one of the objects around the records.
    BeforeMember,
    /// Behind a value of such an object.
    BehindMember,
    Ended,
}

/// A walk through a document, of which only a part is in memory.
#[derive(Debug)]
pub(super) struct Document {
    layout: Layout,
    place: Place,
    /// The names of the objects around that are open, from the outermost; empty in that itself.
    open: Vec<String>,
    /// True if the current document has had its records.
    found: bool,
    /// True if it has something else where they should be, other than null.
    is_other: bool,
    /// True if the current document has had the value that is kept.
    has_kept: bool,
    /// The value at [`Layout::kept`], as written.
    pub(super) kept: Option<Vec<u8>>,
}

impl Document {
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout, place: Place::Start, open: Vec::new(), found: false, is_other: false, has_kept: false, kept: None }
    }

    /// Takes the next step from `at`; `members` receives a record's members. `ended`: no more text follows.
    pub(super) fn step(&mut self, text: &[u8], at: usize, ended: bool, members: &mut Vec<Member>) -> Result<Step, DocumentFlaw> {
        let at = skip_space(text, at);
        let Some(&byte) = text.get(at) else {
            return match (self.place, ended) {
                (Place::Ended | Place::Lines, true) => Ok(Step::Ended),
                (Place::Start, true) => Err(DocumentFlaw::Empty),
                (_, true) => Err(DocumentFlaw::Truncated),
                (_, false) => Ok(Step::Incomplete),
            };
        };
        let step = match self.place {
            Place::Start => self.start(byte, at)?,
            Place::BeforeItem if byte == b']' => self.leave_records(at),
            Place::BeforeItem | Place::Lines | Place::OnlyItem => self.record(text, at, ended, members)?,
            Place::BehindItem => match byte {
                b']' => self.leave_records(at),
                b',' => self.pass(Place::BeforeItem, at + 1),
                // A comma is missing, or was part of a broken record.
                _ => self.pass(Place::BeforeItem, at),
            },
            Place::BeforeMember | Place::BehindMember => self.member(text, at, byte)?,
            Place::Ended => self.next_document(byte, at)?,
        };
        match step {
            Step::Incomplete if ended => Err(DocumentFlaw::Truncated),
            step => Ok(step),
        }
    }

    fn pass(&mut self, place: Place, end: usize) -> Step {
        self.place = place;
        Step::Passed { end }
    }

    fn start(&mut self, byte: u8, at: usize) -> Result<Step, DocumentFlaw> {
        match (byte, &self.layout.records) {
            (b'{', Some(_)) => Ok(self.pass(Place::BeforeMember, at + 1)),
            (b'[', Some(_)) => Err(DocumentFlaw::OtherRecords),
            (b'{', None) => Ok(self.pass(Place::Lines, at)),
            (b'[', None) => Ok(self.pass(Place::BeforeItem, at + 1)),
            _ => Err(DocumentFlaw::NotJson("it begins neither with `{` nor with `[`")),
        }
    }

    /// Begins the next document of a file: envelopes or arrays one after the other, on lines of their own or not, with or
    /// without commas.
    fn next_document(&mut self, byte: u8, at: usize) -> Result<Step, DocumentFlaw> {
        match (byte, &self.layout.records) {
            (b',', _) => Ok(self.pass(Place::Ended, at + 1)),
            (b'{', Some(_)) | (b'[', None) => {
                (self.found, self.is_other, self.has_kept) = (false, false, false);
                self.start(byte, at)
            }
            _ => Err(DocumentFlaw::NotJson("something stands behind its end")),
        }
    }

    fn record(&mut self, text: &[u8], at: usize, ended: bool, members: &mut Vec<Member>) -> Result<Step, DocumentFlaw> {
        members.clear();
        let is_line = self.place == Place::Lines;
        let scanned = match text[at] {
            b'{' => scan::object(text, at, &mut |member| members.push(member)),
            b',' => return Ok(Step::Passed { end: at + 1 }),
            _ => scan::value(text, at).and(Err(Flaw::Broken("it is no object"))),
        };
        let reason = match scanned {
            Ok(end) => {
                self.behind_record();
                return Ok(Step::Record { start: at, end });
            }
            // A line that ends in the middle is whole as a line.
            Err(Flaw::Incomplete) if !is_line || !ended => return Ok(Step::Incomplete),
            Err(Flaw::Incomplete) => "it ends in the middle",
            Err(Flaw::Broken(reason)) => reason,
        };
        let end = if is_line { end_of_line(text, at, ended) } else { end_of_item(text, at) };
        match end {
            None if ended => Err(DocumentFlaw::Unended(reason)),
            None => Ok(Step::Incomplete),
            Some(end) => {
                self.behind_record();
                Ok(Step::Bad { start: at, end, reason })
            }
        }
    }

    fn behind_record(&mut self) {
        match self.place {
            Place::BeforeItem => self.place = Place::BehindItem,
            Place::OnlyItem => {
                self.open.pop();
                self.place = Place::BehindMember;
            }
            _ => {}
        }
    }

    fn leave_records(&mut self, at: usize) -> Step {
        let place = if self.layout.records.is_some() { Place::BehindMember } else { Place::Ended };
        self.open.pop();
        self.pass(place, at + 1)
    }

    /// Keeps a value. Each document of a file may have it, if it is the same one.
    fn keep(&mut self, value: &[u8]) -> Result<(), DocumentFlaw> {
        if self.has_kept || self.kept.as_ref().is_some_and(|kept| kept != value) {
            return Err(DocumentFlaw::Twice);
        }
        self.has_kept = true;
        self.kept.get_or_insert_with(|| value.to_vec());
        Ok(())
    }

    /// Takes a step in one of the objects around the records.
    fn member(&mut self, text: &[u8], at: usize, byte: u8) -> Result<Step, DocumentFlaw> {
        match (byte, self.place) {
            (b'}', _) if self.open.pop().is_some() => return Ok(self.pass(Place::BehindMember, at + 1)),
            (b'}', _) if !self.found && self.is_other => return Err(DocumentFlaw::OtherRecords),
            (b'}', _) if !self.found && !self.layout.may_lack_records => return Err(DocumentFlaw::NoRecords),
            (b'}', _) => return Ok(self.pass(Place::Ended, at + 1)),
            (b',', Place::BehindMember) => return Ok(self.pass(Place::BeforeMember, at + 1)),
            (_, Place::BehindMember) => return Err(DocumentFlaw::NotJson("a comma or a closing bracket is missing")),
            _ => {}
        }
        let (name, start) = match scan::name(text, at) {
            Ok(found) => found,
            Err(flaw) => return incomplete(flaw),
        };
        let name = name.meaning(text);
        let leads_to = |path: &Option<Vec<String>>| {
            let (here, last) = path.as_deref().unwrap_or_default().split_at_checked(self.open.len())?;
            (here == self.open && last.first() == Some(&name)).then_some(last.len() == 1)
        };
        let Some(&first) = text.get(start) else { return Ok(Step::Incomplete) };
        match (leads_to(&self.layout.records), leads_to(&self.layout.kept), first) {
            (Some(true), _, _) if self.found => return Err(DocumentFlaw::NotJson("its array of records stands twice")),
            (Some(true), _, b'[') => {
                self.found = true;
                self.open.push(name);
                return Ok(self.pass(Place::BeforeItem, start + 1));
            }
            (Some(true), _, b'{') => {
                self.found = true;
                self.open.push(name);
                return Ok(self.pass(Place::OnlyItem, start));
            }
            (Some(false), _, b'{') | (_, Some(false), b'{') => {
                self.open.push(name);
                return Ok(self.pass(Place::BeforeMember, start + 1));
            }
            (Some(_), _, first) if first != b'n' => self.is_other = true,
            _ => {}
        }
        let is_kept = leads_to(&self.layout.kept) == Some(true);
        match scan::value(text, start) {
            Ok((value, end)) => {
                if is_kept {
                    self.keep(value.text(text))?;
                }
                Ok(self.pass(Place::BehindMember, end))
            }
            Err(flaw) => incomplete(flaw),
        }
    }
}

fn incomplete(flaw: Flaw) -> Result<Step, DocumentFlaw> {
    match flaw {
        Flaw::Incomplete => Ok(Step::Incomplete),
        Flaw::Broken(reason) => Err(DocumentFlaw::NotJson(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Option<Vec<String>> {
        (!text.is_empty()).then(|| text.split('.').map(str::to_owned).collect())
    }

    /// Returns the records, the bad ones with their reason, and the kept value.
    fn walk(text: &str, records: &str, kept: &str) -> Result<(Vec<String>, Option<String>), DocumentFlaw> {
        walk_by(Layout { records: path(records), kept: path(kept), may_lack_records: false }, text)
    }

    fn walk_by(layout: Layout, text: &str) -> Result<(Vec<String>, Option<String>), DocumentFlaw> {
        let mut document = Document::new(layout);
        let (mut at, mut found, mut members) = (0, Vec::new(), Vec::new());
        loop {
            match document.step(text.as_bytes(), at, true, &mut members)? {
                Step::Record { start, end } => {
                    found.push(text[start..end].to_owned());
                    at = end;
                }
                Step::Bad { start, end, reason } => {
                    found.push(format!("{reason}: {}", &text[start..end]));
                    at = end;
                }
                Step::Passed { end } => at = end,
                Step::Incomplete => panic!("the text has ended"),
                Step::Ended => break,
            }
        }
        Ok((found, document.kept.map(|kept| String::from_utf8(kept).unwrap())))
    }

    fn records(text: &str, path: &str) -> Vec<String> {
        walk(text, path, "").unwrap().0
    }

    #[test]
    fn arrays_lines_and_envelopes_have_the_same_records() {
        let expected = [r#"{"a":1}"#, r#"{"a":[{}]}"#];
        assert_eq!(records(r#" [{"a":1} , {"a":[{}]}] "#, ""), expected);
        assert_eq!(records("{\"a\":1}\n\n{\"a\":[{}]}", ""), expected);
        let envelope = r#"{"extract":{"data":[{}]},"data":[{"a":1},{"a":[{}]}],"fields":[{"pii":true}]}"#;
        assert_eq!(
            walk(envelope, "data", "fields").unwrap(),
            (expected.map(str::to_owned).to_vec(), Some(r#"[{"pii":true}]"#.to_owned()))
        );
        let deep = r#"{"x":1,"a":{"y":{"b":[]},"b":[{"a":1},{"a":[{}]}],"k":7},"b":[{"no":1}]}"#;
        assert_eq!(walk(deep, "a.b", "a.k").unwrap(), (expected.map(str::to_owned).to_vec(), Some("7".to_owned())));
        assert!(records("[]", "").is_empty());
    }

    #[test]
    fn documents_may_follow_one_another() {
        let three = [r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#];
        for (text, path) in [
            ("{\"d\":[{\"a\":1},{\"a\":2}],\"x\":1}\n{\"x\":2,\"d\":[{\"a\":3}]}\n", "d"),
            (r#"{"d":[{"a":1}]}{"d":[]},{"d":[{"a":2},{"a":3}]}"#, "d"),
            (r#"{"d":{"a":1}} {"d":{"a":2},"x":[]} {"d":[{"a":3}]}"#, "d"),
            (r#"[{"a":1},{"a":2}][{"a":3}]"#, ""),
            ("[{\"a\":1}],\n[{\"a\":2},{\"a\":3}],\n", ""),
            ("{\"a\":1},\n{\"a\":2},\n{\"a\":3}", ""),
            (r#"{"a":1}{"a":2}{"a":3}"#, ""),
        ] {
            assert_eq!(records(text, path), three, "{text}");
        }
        let kept = |text: &str| walk(text, "d", "f").map(|(_, kept)| kept);
        assert_eq!(kept(r#"{"d":[],"f":[1]}{"f":[1],"d":[]}"#), Ok(Some("[1]".to_owned())));
        assert_eq!(kept(r#"{"d":[],"f":[1]}{"f":[2],"d":[]}"#), Err(DocumentFlaw::Twice));
        assert_eq!(walk(r#"{"d":[]}{"e":1}"#, "d", "").unwrap_err(), DocumentFlaw::NoRecords);
    }

    #[test]
    fn broken_records_leave_the_others_alone() {
        let found = records("[{\"a\":1},{\"a\":01},7,{\"a\":2} {\"a\":3},,{\"a\" \"}\"},{\"a\":4}]", "");
        assert_eq!(
            found,
            [
                r#"{"a":1}"#,
                r#"a number is not written as JSON writes them: {"a":01}"#,
                "it is no object: 7",
                r#"{"a":2}"#,
                r#"{"a":3}"#,
                r#"a colon is missing: {"a" "}"}"#,
                r#"{"a":4}"#
            ]
        );
        let found = records("{\"a\":1}\n{\"a\":\n[1]\n{\"a\":2}\n{\"b\"", "");
        assert_eq!(
            found,
            [
                r#"{"a":1}"#,
                "a comma or a closing bracket is missing: {\"a\":\n",
                "it is no object: [1]\n",
                r#"{"a":2}"#,
                "it ends in the middle: {\"b\""
            ]
        );
    }

    #[test]
    fn documents_without_records_are_skipped_if_they_may_be() {
        let walked = |text: &str| {
            let layout = Layout { records: path("a.d"), kept: None, may_lack_records: true };
            walk_by(layout, text).map(|(found, _)| found)
        };
        for text in [r#"{"error":"x"}"#, r#"{"a":null}"#, r#"{"a":{"d":null}}{"a":{}}"#] {
            assert_eq!(walked(text), Ok(Vec::new()), "{text}");
        }
        assert_eq!(walked(r#"{"error":"x"}{"a":{"d":[{"id":1}]}}{}"#), Ok(vec![r#"{"id":1}"#.to_owned()]));
        for text in [r#"{"a":7}"#, r#"{"a":[]}"#, r#"{"a":{"d":"x"}}"#, r#"{"a":{"d":7}}{"a":{"d":[]}}"#, "[]"] {
            assert_eq!(walked(text), Err(DocumentFlaw::OtherRecords), "{text}");
        }
    }

    #[test]
    fn a_document_that_is_none_says_why() {
        let flaw = |text: &str, path: &str| walk(text, path, "").unwrap_err();
        for text in [r#"{"data":[{"a":1}"#, r#"{"data":[{"a":1}]"#, r#"{"data":[{"a":1"#, r#"{"data":["#, r#"{"da"#] {
            assert_eq!(flaw(text, "data"), DocumentFlaw::Truncated, "{text}");
        }
        assert_eq!(flaw("[1", ""), DocumentFlaw::Truncated);
        assert_eq!(flaw(" \n", ""), DocumentFlaw::Empty);
        let swallowed = r#"[{"a":1,"b":"x"},{"a":2,"b":"y},{"a":3,"b":"z"}]"#;
        assert_eq!(flaw(swallowed, ""), DocumentFlaw::Unended("a comma or a closing bracket is missing"));
        assert_eq!(flaw(r#"{"date":[]}"#, "data"), DocumentFlaw::NoRecords);
        assert_eq!(flaw(r#"{"data":7}"#, "data"), DocumentFlaw::OtherRecords);
        assert_eq!(flaw("[]", "data"), DocumentFlaw::OtherRecords);
        let twice = r#"{"fields":[],"data":[{"a":1}],"fields":[1]}"#;
        assert_eq!(walk(twice, "data", "fields").unwrap_err(), DocumentFlaw::Twice);
        for text in ["id,name", "[] x", r#"{"data":[],"data":[]}"#, r#"{"data":{"a":1},"data":{"a":2}}"#, r#"{"data":[] "x":1}"#]
        {
            let records = if text.starts_with('{') { "data" } else { "" };
            assert!(matches!(flaw(text, records), DocumentFlaw::NotJson(_)), "{text}");
        }
    }
}
