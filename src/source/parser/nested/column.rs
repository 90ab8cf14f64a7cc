//! Columns of arrays, structs and maps from fields that hold them as JSON.

use crate::batch::BatchError;
use crate::schema::Shape;

use super::super::batch::RawBatch;
use super::super::built::{Built, invalid_value};
use super::super::json::scan::{self, Flaw, Kind, Value, Walk, skip_space};
use super::super::json::see_shape;
use super::super::plan::ColumnPlan;
use super::super::rules::ValueRules;

use super::builder::{Builder, ListBuilder, MapBuilder, StructBuilder};

/// Builds a nested column straight from the text. A value fits only if all of it does; a struct's missing fields are null.
pub(in crate::source::parser) fn build(batch: &RawBatch, column: &ColumnPlan, rules: &ValueRules) -> Result<Built, BatchError> {
    let mut builder = Builder::of(&column.ty);
    let (mut invalid_values, mut seen) = (Vec::new(), Shape::default());
    for row in 0..batch.rows() {
        let field = batch.field(row, column.index);
        let fits = if rules.nulls.is_null(field) {
            false
        } else {
            let (start, length) = batch.place(row, column.index);
            let start = start as usize;
            // Nothing behind the field is read, but places are those of the batch.
            let text = batch.text.get(..start + length as usize).unwrap_or_default();
            let fits = whole(text, start, field.quoted, &mut builder, rules);
            if !fits {
                invalid_value::<()>(&mut invalid_values, row, field);
                if column.may_grow && !field.quoted {
                    see_shape(&mut seen, text, start);
                }
            }
            fits
        };
        if !fits {
            builder.truncate(row);
            builder.append_null();
        }
    }
    let has_grown = column.may_grow && seen.grown(&column.ty, rules.naming) != column.ty;
    Ok(Built { array: builder.finish(&batch.text)?, invalid_values, has_grown })
}

/// Returns true if the text from `start` to its end is one JSON value that fits the type. A value that does not fit may leave
/// leftovers in the builder.
fn whole(text: &[u8], start: usize, quoted: bool, builder: &mut Builder<'_>, rules: &ValueRules) -> bool {
    let at = skip_space(text, start);
    if rules.nested_in_text {
        let Ok((_, end)) = scan::value(text, at) else { return false };
        if skip_space(text, end) != text.len() || simdutf8::basic::from_utf8(text.get(start..).unwrap_or_default()).is_err() {
            return false;
        }
    } else if quoted {
        return false;
    }
    // What the JSON reader took has no flaw.
    parse(text, at, builder, rules).is_ok_and(|(fits, _)| fits)
}

/// True if the value fits the type, and the end of the value.
type Parsed = Result<(bool, usize), Flaw>;

/// Appends the value that begins at `at`.
fn parse(text: &[u8], at: usize, builder: &mut Builder<'_>, rules: &ValueRules) -> Parsed {
    match (builder, text.get(at)) {
        (Builder::List(list), Some(b'[')) => parse_list(text, at, list, rules),
        (Builder::Struct(members), Some(b'{')) => parse_struct(text, at, members, rules),
        (Builder::Map(map), Some(b'{')) => parse_map(text, at, map, rules),
        (builder, _) => {
            let (value, end) = scan::value(text, at)?;
            let fits = match (builder, value.kind) {
                (builder, Kind::Null) => {
                    builder.append_null();
                    true
                }
                // Numbers keep the digits that the source wrote; an array or object in a text is kept as its JSON.
                (Builder::Leaf(leaf), _) => leaf.append(text, value, &rules.formats),
                _ => false,
            };
            Ok((fits, end))
        }
    }
}

/// Returns the end of a value that is skipped.
fn skip(text: &[u8], at: usize) -> Result<usize, Flaw> {
    scan::value(text, at).map(|(_, end)| end)
}

fn parse_list(text: &[u8], at: usize, list: &mut ListBuilder<'_>, rules: &ValueRules) -> Parsed {
    let mut fits = true;
    let end = scan::items(text, at, &mut |at| {
        if !fits {
            return skip(text, at);
        }
        let (item_fits, end) = parse(text, at, &mut list.items, rules)?;
        fits = item_fits;
        Ok(end)
    })?;
    list.end(fits);
    Ok((fits, end))
}

/// Appends a struct. A member that the type does not have, or that occurs twice, would be lost: then the value does not fit,
/// unless new members are to be ignored, or there is nothing in it.
fn parse_struct(text: &[u8], at: usize, members: &mut StructBuilder<'_>, rules: &ValueRules) -> Parsed {
    let (mut fits, mut nth) = (true, 0);
    let mut walk = Walk::begin(text, at)?;
    while let Some((name, at)) = walk.next(members.likely(nth))? {
        let place = if fits { members.place(text, name, nth, rules.naming) } else { None };
        nth += 1;
        let end = match place {
            _ if !fits => skip(text, at)?,
            Some(place) if members.has(place) => {
                fits = false;
                skip(text, at)?
            }
            Some(place) => {
                let (member_fits, end) = parse(text, at, &mut members.fields[place], rules)?;
                fits = member_fits;
                end
            }
            None => {
                let (value, end) = scan::value(text, at)?;
                fits = rules.ignore_new_members || is_nothing(text, value);
                end
            }
        };
        walk.pass(end)?;
    }
    members.end(fits);
    Ok((fits, walk.end()))
}

/// Returns true for null, and for arrays and objects without any value in them: they have no type, so they get no column.
fn is_nothing(text: &[u8], value: Value) -> bool {
    let mut nothing = true;
    match value.kind {
        Kind::Null => true,
        Kind::Array => scan::array(text, value.start, &mut |item| nothing &= is_nothing(text, item)).is_ok() && nothing,
        Kind::Object => {
            scan::object(text, value.start, &mut |member| nothing &= is_nothing(text, member.value)).is_ok() && nothing
        }
        _ => false,
    }
}

/// Appends a map. Readers differ in which of two equal keys they keep: then the value does not fit. `1` and `01` are one key of
/// integers.
fn parse_map(text: &[u8], at: usize, map: &mut MapBuilder<'_>, rules: &ValueRules) -> Parsed {
    let mut fits = true;
    let end = scan::members(text, at, &mut |name, at| {
        if !fits {
            return skip(text, at);
        }
        fits = map.keys.append(text, name, &rules.formats) && !map.repeats_a_key(text);
        let (value_fits, end) = parse(text, at, &mut map.values, rules)?;
        fits &= value_fits;
        Ok(end)
    })?;
    map.end(fits);
    Ok((fits, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ColumnName;
    use crate::source::parser::Span;
    use arrow_array::Array;
    use arrow_buffer::Buffer;

    fn built(ty: &str, values: &[&str]) -> Built {
        let (mut text, mut spans) = (Vec::new(), Vec::new());
        for value in values {
            spans.push(Span::plain(text.len(), text.len() + value.len()));
            text.extend_from_slice(value.as_bytes());
        }
        let batch = RawBatch { text: Buffer::from_vec(text), spans, width: 1, rows: values.len(), bad: Vec::new() };
        let name = ColumnName::new("c").unwrap();
        let column = ColumnPlan { index: 0, name, ty: ty.parse().unwrap(), may_grow: true };
        build(&batch, &column, &ValueRules { nested_in_text: true, ..ValueRules::default() }).unwrap()
    }

    fn fits(ty: &str, json: &str) -> bool {
        built(ty, &[json]).invalid_values.is_empty()
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
            ("array<int>", "[1,1.5]"),
            ("array<int>", "1"),
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
            r#"{"a":[{"b":2,"c":{"k":["x"],"l":[{}]}},{"b":"no"}],"d":"y"}"#,
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
