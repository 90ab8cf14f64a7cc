//! Plain JSON from values that are wrapped with their type.

use jiff::SignedDuration;
use jiff::civil::DateTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::marks::Marks;
use super::scan::{self, Flaw, Kind, Member, Value};
use super::without::Written;

/// Notation of values with their types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unwrap {
    /// Extended JSON of MongoDB, canonical and relaxed, as `mongoexport` writes it: `{"$oid": "…"}`, `{"$date": …}`.
    MongoExtended,
    /// Attribute values of DynamoDB, as its streams and exports have them: `{"S": "…"}`, `{"N": "1"}`.
    Dynamodb,
}

impl Unwrap {
    /// Appends the value at `at` to `out` as plain JSON. Returns its end.
    pub(super) fn plain(self, text: &[u8], at: usize, out: &mut Vec<u8>, marks: &mut Marks) -> Written {
        match text.get(at) {
            Some(b'{') => match self.wrapped(text, at)? {
                Some((member, end)) => {
                    self.unwrapped(text, member, out, marks)?;
                    Ok(end)
                }
                None => self.object(text, at, out, marks),
            },
            Some(b'[') => self.items(text, at, out, marks),
            _ => copied(text, at, out),
        }
    }

    /// Appends an object whose members may be wrapped.
    fn object(self, text: &[u8], at: usize, out: &mut Vec<u8>, marks: &mut Marks) -> Written {
        out.push(b'{');
        let end = self.members(text, at, out, marks)?;
        out.push(b'}');
        Ok(end)
    }

    /// Appends the members of an object, with commas between them.
    pub(super) fn members(self, text: &[u8], at: usize, out: &mut Vec<u8>, marks: &mut Marks) -> Written {
        let mut is_first = true;
        scan::members(text, at, &mut |name, at| {
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            quoted(text, name, out);
            out.push(b':');
            self.plain(text, at, out, marks)
        })
    }

    fn items(self, text: &[u8], at: usize, out: &mut Vec<u8>, marks: &mut Marks) -> Written {
        out.push(b'[');
        let mut is_first = true;
        let end = scan::items(text, at, &mut |at| {
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            self.plain(text, at, out, marks)
        })?;
        out.push(b']');
        Ok(end)
    }

    /// Returns the only member of an object if it is a type and a value, and the object's end.
    fn wrapped(self, text: &[u8], at: usize) -> Result<Option<(Member, usize)>, Flaw> {
        let name = scan::skip_space(text, at + 1);
        if text.get(name) != Some(&b'"') || !self.is_type(scan::name(text, name)?.0.text(text)) {
            return Ok(None);
        }
        let (mut count, mut only) = (0, None);
        let end = scan::object(text, at, &mut |member| {
            count += 1;
            only.get_or_insert(member);
        })?;
        Ok(only.filter(|_| count == 1).map(|member| (member, end)))
    }

    fn is_type(self, name: &[u8]) -> bool {
        match self {
            Self::MongoExtended => matches!(
                name,
                b"$oid"
                    | b"$date"
                    | b"$numberLong"
                    | b"$numberInt"
                    | b"$numberDouble"
                    | b"$numberDecimal"
                    | b"$uuid"
                    | b"$binary"
                    | b"$symbol"
                    | b"$code"
                    | b"$timestamp"
                    | b"$undefined"
            ),
            Self::Dynamodb => matches!(name, b"S" | b"N" | b"B" | b"BOOL" | b"NULL" | b"SS" | b"NS" | b"BS" | b"L" | b"M"),
        }
    }

    /// Appends a wrapped value as plain JSON.
    fn unwrapped(self, text: &[u8], Member { name, value }: Member, out: &mut Vec<u8>, marks: &mut Marks) -> Result<(), Flaw> {
        match (name.text(text), value.kind) {
            (b"$undefined" | b"NULL", _) | (b"$date", Kind::Null) => out.extend_from_slice(b"null"),
            (b"$numberDecimal", Kind::Text { .. }) => {
                marks.decimals.push(out.len());
                number(text, value, out);
            }
            (b"$numberLong" | b"$numberInt" | b"$numberDouble" | b"N", Kind::Text { .. }) => number(text, value, out),
            (b"$date", _) => date(text, name, value, out, marks)?,
            (b"$timestamp", Kind::Object) => timestamp(text, name, value, out, marks)?,
            (b"$binary", Kind::Object) => match member(text, value, b"base64")? {
                Some(base64) => copied(text, start(base64), out).map(drop)?,
                None => copied(text, value.start, out).map(drop)?,
            },
            (b"NS", Kind::Array) => numbers(text, value, out)?,
            (b"M", Kind::Object) => self.object(text, value.start, out, marks).map(drop)?,
            (b"L", Kind::Array) => self.items(text, value.start, out, marks).map(drop)?,
            _ => copied(text, start(value), out).map(drop)?,
        }
        Ok(())
    }
}

/// Returns the place at which a value begins as it is written, with its quote.
fn start(value: Value) -> usize {
    value.start - usize::from(matches!(value.kind, Kind::Text { .. }))
}

fn copied(text: &[u8], at: usize, out: &mut Vec<u8>) -> Written {
    let (_, end) = scan::value(text, at)?;
    out.extend_from_slice(text.get(at..end).unwrap_or_default());
    Ok(end)
}

fn quoted(text: &[u8], value: Value, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(value.text(text));
    out.push(b'"');
}

/// Appends a number that is written as a text; a text that is none stays one.
fn number(text: &[u8], value: Value, out: &mut Vec<u8>) {
    let mut written = value.text(text).to_vec();
    // A number ends with what follows it.
    written.push(b' ');
    match scan::value(&written, 0) {
        Ok((Value { kind: Kind::Number, .. }, end)) if end + 1 == written.len() => out.extend_from_slice(value.text(text)),
        _ => quoted(text, value, out),
    }
}

fn numbers(text: &[u8], array: Value, out: &mut Vec<u8>) -> Result<(), Flaw> {
    out.push(b'[');
    let mut is_first = true;
    scan::array(text, array.start, &mut |item| {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        match item.kind {
            Kind::Text { .. } => number(text, item, out),
            _ => out.extend_from_slice(item.text(text)),
        }
    })?;
    out.push(b']');
    Ok(())
}

/// Appends a date of MongoDB: an ISO text, or milliseconds since 1970-01-01.
fn date(text: &[u8], name: Value, value: Value, out: &mut Vec<u8>, marks: &mut Marks) -> Result<(), Flaw> {
    let number = match value.kind {
        Kind::Text { .. } => {
            marks.instants.push(out.len() + 1);
            quoted(text, value, out);
            return Ok(());
        }
        Kind::Object => member(text, value, b"$numberLong")?,
        _ => Some(value),
    };
    let millis = number.and_then(|number| std::str::from_utf8(number.text(text)).ok()?.parse().ok());
    let at = millis.and_then(|millis| after_epoch(SignedDuration::from_millis(millis)));
    instant(at, text, (name, value), out, marks);
    Ok(())
}

/// Appends a timestamp of MongoDB: an object of its time, and of its place among those of the same second.
fn timestamp(text: &[u8], name: Value, value: Value, out: &mut Vec<u8>, marks: &mut Marks) -> Result<(), Flaw> {
    let mut count = 0;
    scan::object(text, value.start, &mut |_| count += 1)?;
    let (Some(at), Some(place), 2) = (seconds(text, value), member(text, value, b"i")?, count) else {
        return copied(text, value.start, out).map(drop);
    };
    out.extend_from_slice(b"{\"t\":");
    instant(Some(at), text, (name, value), out, marks);
    out.extend_from_slice(b",\"i\":");
    copied(text, start(place), out)?;
    out.push(b'}');
    Ok(())
}

/// Returns the time of a timestamp of MongoDB, which has seconds and a counter.
fn seconds(text: &[u8], value: Value) -> Option<DateTime> {
    let seconds = member(text, value, b"t").ok()??;
    after_epoch(SignedDuration::from_secs(std::str::from_utf8(seconds.text(text)).ok()?.parse().ok()?))
}

/// Returns a time in UTC. jiff's own instants end a day before 9999-12-31, which sources use for "never ends".
fn after_epoch(since: SignedDuration) -> Option<DateTime> {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0).checked_add(since).ok()
}

/// Appends an instant as an ISO text. What is none, such as a time after the year 9999, becomes the text of the wrapped value,
/// which no format reads: an invalid value, which doesn't change the type of the others.
fn instant(at: Option<DateTime>, text: &[u8], (name, value): (Value, Value), out: &mut Vec<u8>, marks: &mut Marks) {
    marks.instants.push(out.len() + 1);
    match at {
        Some(at) => out.extend_from_slice(format!("\"{at}Z\"").as_bytes()),
        None => {
            let wrapped = format!("{{\"{}\":{}}}", name.meaning(text), value.meaning(text));
            out.extend_from_slice(serde_json::Value::from(wrapped).to_string().as_bytes());
        }
    }
}

/// Returns a member of an object by its name; `None` if it stands twice.
fn member(text: &[u8], object: Value, name: &[u8]) -> Result<Option<Value>, Flaw> {
    let (mut found, mut count) = (None, 0);
    scan::object(text, object.start, &mut |member| {
        if member.name.text(text) == name {
            (found, count) = (Some(member.value), count + 1);
        }
    })?;
    Ok(found.filter(|_| count == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(unwrap: Unwrap, text: &str) -> (String, Vec<String>, Vec<String>) {
        let (mut out, mut marks) = (Vec::new(), Marks::default());
        assert_eq!(unwrap.plain(text.as_bytes(), 0, &mut out, &mut marks), Ok(text.len()), "{text}");
        let marked = |places: &[usize]| {
            let value =
                |at: &usize| String::from_utf8_lossy(&out[*at..]).split([',', '"', '}']).next().unwrap_or_default().to_owned();
            places.iter().map(value).collect::<Vec<_>>()
        };
        let marked = (marked(&marks.instants), marked(&marks.decimals));
        (String::from_utf8(out).unwrap(), marked.0, marked.1)
    }

    #[test]
    fn extended_json_becomes_plain() {
        for (text, expected) in [
            (r#"{"_id":{"$oid":"64a"},"n":{"$numberLong":"9007199254740993"}}"#, r#"{"_id":"64a","n":9007199254740993}"#),
            (r#"[{"$numberInt":"5"},{"$numberDouble":"-1.5"},{"$numberDouble":"NaN"}]"#, "[5,-1.5,NaN]"),
            (r#"{"u":{"$uuid":"x-y"},"b":{"$binary":{"base64":"AA==","subType":"00"}}}"#, r#"{"u":"x-y","b":"AA=="}"#),
            (
                r#"{"a":{"$undefined":true},"b":{"$minKey":1},"c":{"$oid":"1","x":2}}"#,
                r#"{"a":null,"b":{"$minKey":1},"c":{"$oid":"1","x":2}}"#,
            ),
            (r#"{"a":{},"b":[[]],"c\n":"é"}"#, r#"{"a":{},"b":[[]],"c\n":"é"}"#),
            (r#"{"$numberLong":"x"}"#, r#""x""#),
        ] {
            assert_eq!(plain(Unwrap::MongoExtended, text).0, expected, "{text}");
        }
        let last = plain(Unwrap::MongoExtended, r#"{"a":{"$date":{"$numberLong":"253402300799999"}}}"#).0;
        assert_eq!(last, r#"{"a":"9999-12-31T23:59:59.999Z"}"#);
        let twice = plain(Unwrap::MongoExtended, r#"{"a":{"$date":{"$numberLong":"1","$numberLong":"2"}}}"#).0;
        assert!(twice.contains("numberLong") && !twice.contains("1970"), "{twice}");
        let late = r#"{"$date":{"$numberLong":"253402300800000"}}"#;
        let (out, instants, _) = plain(Unwrap::MongoExtended, &format!(r#"{{"a":{late},"b":{{"$date":null}}}}"#));
        assert_eq!(out, r#"{"a":"{\"$date\":{\"$numberLong\":\"253402300800000\"}}","b":null}"#);
        assert_eq!(instants.len(), 1);
        let dates = [
            r#"{"$date":"2024-05-01T10:00:00.123Z"}"#,
            r#"{"$date":{"$numberLong":"1714557600123"}}"#,
            r#"{"$date":-1}"#,
            r#"{"$timestamp":{"t":1714557600,"i":1}}"#,
            r#"{"$numberDecimal":"12.50"}"#,
        ];
        let dates = format!("[{}]", dates.join(","));
        let (out, instants, decimals) = plain(Unwrap::MongoExtended, &dates);
        assert_eq!(
            out,
            concat!(
                r#"["2024-05-01T10:00:00.123Z","2024-05-01T10:00:00.123Z","1969-12-31T23:59:59.999Z","#,
                r#"{"t":"2024-05-01T10:00:00Z","i":1},12.50]"#
            )
        );
        assert_eq!((instants.len(), instants[0].as_str()), (4, "2024-05-01T10:00:00.123Z"));
        assert_eq!(decimals, ["12.50]"]);
    }

    #[test]
    fn attribute_values_become_plain() {
        let members = [
            r#""id":{"N":"1"},"s":{"S":"x"},"t":{"BOOL":true},"z":{"NULL":true},"ns":{"NS":["1","2.5"]},"ss":{"SS":["a"]}"#,
            r#""m":{"M":{"S":{"S":"y"},"l":{"L":[{"N":"3"},{"M":{}}]}}}"#,
        ];
        let text = format!("{{{}}}", members.join(","));
        let expected = r#"{"id":1,"s":"x","t":true,"z":null,"ns":[1,2.5],"ss":["a"],"m":{"S":"y","l":[3,{}]}}"#;
        assert_eq!(plain(Unwrap::Dynamodb, &text).0, expected);
    }
}
