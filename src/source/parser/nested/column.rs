//! Columns of arrays, structs and maps from fields that hold them as JSON.

use crate::batch::BatchError;
use crate::schema::{Flat, FlatReason, Shape, TypeStep};

use super::super::batch::RawBatch;
use super::super::built::{Built, Misfit, invalid_value};
use super::super::json::scan::{self, Flaw, Kind, Member, NextName, Value, Walk, skip_space};
use super::super::json::see_shape;
use super::super::plan::ColumnPlan;
use super::super::rules::ValueRules;

use super::builder::{Builder, ListBuilder, MapBuilder, StructBuilder};

/// Builds a nested column straight from the text. A struct's missing fields are null. A value in it that does not fit its type is
/// null, and the rest is kept; the whole is null if it is of another kind, or if something of it would be lost.
pub(in crate::source::parser) fn build(batch: &RawBatch, column: &ColumnPlan, rules: &ValueRules) -> Result<Built, BatchError> {
    let names = (&*column.source_names, rules.naming);
    let mut builder = Builder::of(&column.ty, names, column.name.as_str());
    if column.keeps_digits {
        builder.keep_digits();
    }
    let (mut invalid_values, mut seen) = (Vec::new(), Shape::default());
    let has_nulls = !rules.nested_in_text && rules.nulls.may_be_of_json();
    let mut parser = Parser { rules, has_nulls, misfits: Vec::new(), alike: None };
    for row in 0..batch.rows() {
        let field = batch.field(row, column.index);
        let misfits_before = parser.misfits.len();
        let fits = if rules.nulls.is_null(field) {
            false
        } else {
            let (start, length) = batch.place(row, column.index);
            let start = start as usize;
            // Nothing behind the field is read, but places are those of the batch.
            let text = batch.text.get(..start + length as usize).unwrap_or_default();
            let fits = parser.whole(text, start, field.quoted, row, &mut builder);
            if !fits {
                invalid_value::<()>(&mut invalid_values, row, field);
                parser.misfits.truncate(misfits_before);
                if column.may_grow {
                    see_shape(&mut seen, text, start, &rules.nulls);
                }
            }
            fits
        };
        if !fits {
            builder.truncate(row);
            builder.append_null();
        }
    }
    let has_grown =
        column.may_grow && seen.grown(&column.ty, rules.naming, &column.source_names, column.name.as_str()) != column.ty;
    let alike = parser.alike.map(|(fields, reason)| {
        let path = fields.into_iter().fold(column.name.to_string(), |path, field| path + "." + &field);
        Flat { path, is_text: false, reason }
    });
    Ok(Built { array: builder.finish(&batch.text)?, invalid_values, misfits: parser.misfits, alike, zero_led: 0, has_grown })
}

/// True if the value fits the type, and the end of the value.
type Parsed = Result<(bool, usize), Flaw>;

/// A parser of the values of one column.
struct Parser<'r> {
    rules: &'r ValueRules,
    /// True if values other than null may mean null. In files of fields, null words are those of fields.
    has_nulls: bool,
    /// Values in others that did not fit their type.
    misfits: Vec<Misfit>,
    /// Fields that lead to a struct of which an object has two members for one field, and those members.
    alike: Option<(Vec<String>, FlatReason)>,
}

/// Place of a value in that of a row.
#[derive(Clone, Copy)]
enum At<'p> {
    /// The whole value of this row.
    Row(usize),
    Member(&'p At<'p>, &'p str),
    /// The value of a key of a map.
    Key(&'p At<'p>, &'p [u8], Value),
    Item(&'p At<'p>, usize),
}

impl At<'_> {
    fn row(self) -> usize {
        match self {
            Self::Row(row) => row,
            Self::Member(parent, _) | Self::Key(parent, ..) | Self::Item(parent, _) => parent.row(),
        }
    }

    /// Writes the path below the column, `.a[2].b`, and the steps through its type.
    fn write(self, path: &mut String, steps: &mut Vec<TypeStep>) {
        match self {
            Self::Row(_) => {}
            Self::Member(parent, name) => {
                parent.write(path, steps);
                path.push('.');
                path.push_str(name);
                steps.push(TypeStep::Field(name.to_owned()));
            }
            Self::Key(parent, text, key) => {
                parent.write(path, steps);
                path.push('.');
                path.push_str(&key.meaning(text));
                steps.push(TypeStep::Value);
            }
            Self::Item(parent, place) => {
                parent.write(path, steps);
                path.push_str(&format!("[{place}]"));
                steps.push(TypeStep::Item);
            }
        }
    }
}

impl Parser<'_> {
    /// Returns true if the text from `start` to its end is one JSON value that fits the type. A value that does not fit may leave
    /// leftovers in the builder.
    fn whole(&mut self, text: &[u8], start: usize, quoted: bool, row: usize, builder: &mut Builder<'_>) -> bool {
        let at = skip_space(text, start);
        // A document in a text was not read by anything before.
        if self.rules.nested_in_text || quoted {
            let Ok((_, end)) = scan::value(text, at) else { return false };
            if skip_space(text, end) != text.len() || simdutf8::basic::from_utf8(text.get(start..).unwrap_or_default()).is_err() {
                return false;
            }
        }
        // What the JSON reader took has no flaw.
        self.parse(text, at, At::Row(row), builder).is_ok_and(|(fits, _)| fits)
    }

    /// Appends the value that begins at `at`.
    fn parse(&mut self, text: &[u8], at: usize, place: At<'_>, builder: &mut Builder<'_>) -> Parsed {
        match (builder, text.get(at)) {
            (Builder::List(list), Some(b'[')) => self.parse_list(text, at, place, list),
            (Builder::Struct(members), Some(b'{')) => self.parse_struct(text, at, place, members),
            (Builder::Map(map), Some(b'{')) => self.parse_map(text, at, place, map),
            (builder, _) => {
                let (value, end) = scan::value(text, at)?;
                let fits = match (&mut *builder, value.kind) {
                    (builder, kind) if kind == Kind::Null || self.means_null(text, value) => {
                        builder.append_null();
                        true
                    }
                    // PHP writes an object without members as an empty array.
                    (builder @ (Builder::Struct(_) | Builder::Map(_)), Kind::Array) if is_empty(text, value) => {
                        builder.append_null();
                        true
                    }
                    // Numbers keep the digits that the source wrote; an array or object in a text is kept as its JSON.
                    (Builder::Leaf(leaf), _) => leaf.append(text, value, &self.rules.formats),
                    _ => false,
                };
                if fits || matches!(place, At::Row(_)) {
                    return Ok((fits, end));
                }
                builder.append_null();
                self.misfits.push(Misfit::new(place, text, value));
                Ok((true, end))
            }
        }
    }

    /// Returns true for a text, number or boolean that means null.
    #[inline]
    fn means_null(&self, text: &[u8], value: Value) -> bool {
        self.has_nulls && self.rules.nulls.is_null_value(text, value)
    }

    /// Returns true for null, and for arrays and objects without any value in them: they have no type, so they get no column.
    fn is_nothing(&self, text: &[u8], value: Value) -> bool {
        let mut nothing = true;
        match value.kind {
            Kind::Null => true,
            Kind::Array => scan::array(text, value.start, &mut |item| nothing &= self.is_nothing(text, item)).is_ok() && nothing,
            Kind::Object => {
                let each = &mut |member: Member| nothing &= self.is_nothing(text, member.value);
                scan::object(text, value.start, each).is_ok() && nothing
            }
            _ => self.means_null(text, value),
        }
    }

    fn parse_list(&mut self, text: &[u8], at: usize, place: At<'_>, list: &mut ListBuilder<'_>) -> Parsed {
        let (mut fits, mut nth) = (true, 0);
        let end = scan::items(text, at, &mut |at| {
            if !fits {
                return skip(text, at);
            }
            let (item_fits, end) = self.parse(text, at, At::Item(&place, nth), &mut list.items)?;
            nth += 1;
            fits = item_fits;
            Ok(end)
        })?;
        list.end(fits);
        Ok((fits, end))
    }

    /// Appends a struct. A member that the type does not have, or that occurs twice, would be lost: then the value does not fit,
    /// unless new members are to be ignored, or there is nothing in it.
    fn parse_struct(&mut self, text: &[u8], at: usize, place: At<'_>, members: &mut StructBuilder<'_>) -> Parsed {
        let (mut fits, mut nth) = (true, 0);
        let start = at;
        let mut walk = Walk::begin(text, at)?;
        while let Some(NextName { name, value: at, is_likely }) = walk.next(members.likely(nth))? {
            let field = match is_likely {
                _ if !fits => None,
                true => members.likely_place(nth),
                false => members.place(text, name, nth),
            };
            nth += 1;
            let end = match field {
                _ if !fits => skip(text, at)?,
                Some(field) if members.has(field) => {
                    fits = false;
                    self.see_alike(text, start, place, (members, field));
                    skip(text, at)?
                }
                Some(field) => {
                    let name = members.name(field);
                    let (member_fits, end) = self.parse(text, at, At::Member(&place, name), &mut members.fields[field])?;
                    fits = member_fits;
                    end
                }
                None => {
                    let (value, end) = scan::value(text, at)?;
                    fits = self.rules.ignore_new_members || self.is_nothing(text, value);
                    end
                }
            };
            walk.pass(end)?;
        }
        members.end(fits);
        Ok((fits, walk.end()))
    }

    /// Takes down the two members of an object that are one field, unless they have the very same name.
    #[cold]
    fn see_alike(&mut self, text: &[u8], object: usize, place: At<'_>, (members, field): (&mut StructBuilder<'_>, usize)) {
        if self.alike.is_some() {
            return;
        }
        let mut names: Vec<String> = Vec::new();
        // The object was scanned before.
        let _ = scan::members(text, object, &mut |name, at| {
            if members.place(text, name, 0) == Some(field) {
                names.push(name.meaning(text));
            }
            skip(text, at)
        });
        names.dedup();
        let (mut path, mut steps) = (String::new(), Vec::new());
        place.write(&mut path, &mut steps);
        let fields = steps.into_iter().filter_map(|step| match step {
            TypeStep::Field(name) => Some(name),
            TypeStep::Value | TypeStep::Item => None,
        });
        if let [first, second, ..] = names.as_slice() {
            self.alike = Some((fields.collect(), FlatReason::alike(first, second)));
        }
    }

    /// Appends a map. Readers differ in which of two equal keys they keep: then the value does not fit. `1` and `01` are one key
    /// of integers.
    fn parse_map(&mut self, text: &[u8], at: usize, place: At<'_>, map: &mut MapBuilder<'_>) -> Parsed {
        let mut fits = true;
        let end = scan::members(text, at, &mut |name, at| {
            if !fits {
                return skip(text, at);
            }
            fits = map.keys.append(text, name, &self.rules.formats) && !map.repeats_a_key(text);
            let (value_fits, end) = self.parse(text, at, At::Key(&place, text, name), &mut map.values)?;
            fits &= value_fits;
            Ok(end)
        })?;
        map.end(fits);
        Ok((fits, end))
    }
}

impl Misfit {
    #[cold]
    fn new(place: At<'_>, text: &[u8], value: Value) -> Self {
        let (mut path, mut steps) = (String::new(), Vec::new());
        place.write(&mut path, &mut steps);
        Self { row: place.row(), path, steps, text: value.meaning(text) }
    }
}

/// Returns the end of a value that is skipped.
fn skip(text: &[u8], at: usize) -> Result<usize, Flaw> {
    scan::value(text, at).map(|(_, end)| end)
}

/// Returns true for an array without items.
fn is_empty(text: &[u8], array: Value) -> bool {
    text.get(skip_space(text, array.start + 1)) == Some(&b']')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::schema::ColumnName;
    use crate::source::parser::Span;
    use arrow_array::Array;
    use arrow_buffer::Buffer;

    fn built(ty: &str, values: &[&str]) -> Built {
        built_by(ty, values, false)
    }

    fn built_by(ty: &str, values: &[&str], keeps_digits: bool) -> Built {
        let (mut text, mut spans) = (Vec::new(), Vec::new());
        for value in values {
            spans.push(Span::plain(text.len(), text.len() + value.len()));
            text.extend_from_slice(value.as_bytes());
        }
        let batch = RawBatch { text: Buffer::from_vec(text), spans, width: 1, rows: values.len(), bad: Vec::new() };
        let name = ColumnName::new("c").unwrap();
        let column =
            ColumnPlan { index: 0, name, ty: ty.parse().unwrap(), may_grow: true, keeps_digits, source_names: Arc::default() };
        build(&batch, &column, &ValueRules { nested_in_text: true, ..ValueRules::default() }).unwrap()
    }

    #[test]
    fn a_number_of_another_type_keeps_its_digits_or_is_null() {
        let ty = "struct<f:float,l:array<double>,m:map<string,float>>";
        let json = r#"{"f":0.1,"l":[0.5,1234567890123456.78],"m":{"k":16777217.0,"n":"1.5"}}"#;
        let misfits = |keeps| {
            let built = built_by(ty, &[json], keeps);
            assert!(built.invalid_values.is_empty());
            built.misfits.iter().map(|misfit| format!("{} {}", misfit.path, misfit.text)).collect::<Vec<_>>()
        };
        assert_eq!(misfits(true), [".l[1] 1234567890123456.78", ".m.k 16777217.0"]);
        assert!(misfits(false).is_empty());
    }

    fn fits(ty: &str, json: &str) -> bool {
        let built = built(ty, &[json]);
        built.invalid_values.is_empty() && built.misfits.is_empty()
    }

    #[test]
    fn a_value_in_another_that_does_not_fit_is_null_alone() {
        let misfits = |ty: &str, json: &str| {
            let built = built(ty, &["null", json]);
            assert!(built.invalid_values.is_empty() && built.array.is_valid(1), "{ty} {json}");
            built.misfits.into_iter().map(|misfit| format!("{} {} {}", misfit.row, misfit.path, misfit.text)).collect::<Vec<_>>()
        };
        assert_eq!(misfits("struct<a:int,b:string>", r#"{"a":"x","b":"y"}"#), ["1 .a x"]);
        assert_eq!(misfits("struct<a:int>", r#"{"a":"{\"x\": \u00e9}"}"#), ["1 .a {\"x\": é}"]);
        assert_eq!(misfits("struct<a:int>", r#"{"a":["\u00e9"]}"#), [r#"1 .a ["\u00e9"]"#]);
        assert_eq!(misfits("array<int>", "[1,1.5,2,true]"), ["1 [1] 1.5", "1 [3] true"]);
        let deep = r#"{"a":[{"m":{"k":{"n":[1]}}},7]}"#;
        assert_eq!(misfits("struct<a:array<struct<m:map<string,struct<n:int>>>>>", deep), ["1 .a[0].m.k.n [1]", "1 .a[1] 7"]);
        assert_eq!(misfits("struct<a:struct<b:int>>", r#"{"a":[1]}"#), ["1 .a [1]"]);
    }

    #[test]
    fn nothing_of_a_nested_value_is_lost() {
        for (ty, json) in [
            ("struct<a:int>", "{}"),
            ("struct<a:int>", r#"{"A":"7.0"}"#),
            ("map<int,int>", r#"{"1":1,"2":null}"#),
            ("struct<a:int>", r#"{"a":1,"b":null,"c":[{}]}"#),
            ("array<string>", r#"["x",null,1.50,{"any":"json"}]"#),
            ("array<decimal(38,10)>", "[1234567890123456789012345678.0000000001]"),
            ("struct<a:int>", "[]"),
            ("map<string,int>", "[ ]"),
            ("array<struct<a:int>>", "[[],{}]"),
        ] {
            assert!(fits(ty, json), "{ty} {json}");
        }
        for (ty, json) in [
            ("struct<a:int>", r#"{"a":1,"b":2}"#),
            ("struct<a:int>", r#"{"a":1,"a":2}"#),
            ("struct<a:int>", r#"{"a":1,"A":2}"#),
            ("map<string,int>", r#"{"a":1,"a":2}"#),
            ("map<string,int>", r#"{"a":1,"\u0061":2}"#),
            ("map<int,int>", r#"{"1":1,"01":2}"#),
            ("map<timestamp,int>", r#"{"2024-01-01":1,"2024-01-01 00:00:00":2}"#),
            ("array<int>", "1"),
            ("struct<a:int>", "[1]"),
            ("map<string,int>", "[[]]"),
            ("array<int>", "[1"),
        ] {
            assert!(!fits(ty, json), "{ty} {json}");
        }
    }

    #[test]
    fn what_does_not_fit_leaves_nothing_behind() {
        let ty = "struct<a:array<struct<b:int,c:map<string,array<string>>>>,d:string>";
        let good = r#"{"a":[{"b":1,"c":{"k\n":["x","a text of more than twelve bytes",null]}},{}],"d":"\u00e9"}"#;
        let bad = [
            r#"{"a":[{"b":"no","c":{"k":["x"],"l":[{}]}},{"b":2,"b":2}],"d":"y"}"#,
            r#"{"d":"y","a":[{"c":{"k":["x"],"k":[]}}]}"#,
            r#"{"a":[{"c":{"k":["x"]}}],"a":[]}"#,
            r#"{"a":[{"c":{"k":["x"]}}],"new":1}"#,
            "[1]",
        ];
        let alone = built(ty, &[good, "null", good]);
        assert!(alone.invalid_values.is_empty() && !alone.has_grown);
        for value in bad {
            let among = built(ty, &[value, good, value, good, value]);
            assert_eq!(among.invalid_values, [0, 2, 4], "{value}");
            assert_eq!(among.has_grown, value.contains("new"), "{value}");
            let taken = [1, 2, 3].map(|row| format!("{:?}", among.array.slice(row, 1)));
            let expected = [0, 1, 2].map(|row| format!("{:?}", alone.array.slice(row, 1)));
            assert_eq!(taken, expected, "{value}");
        }
    }
}
