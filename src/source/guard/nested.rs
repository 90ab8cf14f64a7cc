//! Columns of arrays, structs and maps from fields that hold them as JSON.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{ArrayRef, BooleanArray, LargeListArray, PrimitiveArray, StringViewArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::Field as ArrowField;

use crate::frame::FrameError;
use crate::schema::fit::{self, Scalar};
use crate::schema::{ColumnName, ColumnType, StructField};

use super::batch::{Field, RawBatch};
use super::columns::{Built, ValueRules, misfit};
use super::json::Names;
use super::json::scan::{self, Flaw, Kind, Value, skip_space};

/// A value that fits its type.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Plain(Scalar),
    List(Vec<Option<Cell>>),
    /// In the order of the type's fields.
    Struct(Vec<Option<Cell>>),
    Map(Vec<(Cell, Option<Cell>)>),
}

/// A type, with what its members are called in the records that were read so far.
enum Plan<'a> {
    Plain(&'a ColumnType),
    List(Box<Plan<'a>>),
    Struct(StructPlan<'a>),
    Map(&'a ColumnType, Box<Plan<'a>>),
}

struct StructPlan<'a> {
    fields: Vec<&'a ColumnName>,
    plans: Vec<Plan<'a>>,
    names: Names,
    /// Which field each of the names is.
    places: Vec<Option<usize>>,
}

impl<'a> Plan<'a> {
    fn of(ty: &'a ColumnType) -> Self {
        match ty {
            ColumnType::Array(element) => Self::List(Box::new(Self::of(element))),
            ColumnType::Struct(fields) => Self::Struct(StructPlan {
                fields: fields.iter().map(|field| &field.name).collect(),
                plans: fields.iter().map(|field| Self::of(&field.ty)).collect(),
                names: Names::default(),
                places: Vec::new(),
            }),
            ColumnType::Map(key, value) => Self::Map(key, Box::new(Self::of(value))),
            _ => Self::Plain(ty),
        }
    }
}

impl StructPlan<'_> {
    /// Which field a member is; objects are much alike, so that it likely is the one that the `nth` member was before.
    fn place(&mut self, text: &[u8], name: Value, nth: usize, rules: &ValueRules) -> Option<usize> {
        if let Some(known) = self.names.find(text, name, nth) {
            return self.places[known];
        }
        let place = rules.naming.field(self.names.add(text, name), self.fields.iter().copied());
        self.places.push(place);
        place
    }
}

/// Builds a nested column. A value fits only if all of it does; a struct's missing fields are null.
pub(super) fn build(batch: &RawBatch, column: usize, ty: &ColumnType, rules: &ValueRules) -> Result<Built, FrameError> {
    let mut misfits = Vec::new();
    let mut plan = Plan::of(ty);
    let cells: Vec<Option<Cell>> = (0..batch.rows())
        .map(|row| {
            let field = batch.field(row, column);
            if rules.nulls.is_null(field) {
                return None;
            }
            match whole(field, &mut plan, rules) {
                Some(cell) => cell,
                None => misfit(&mut misfits, row, field),
            }
        })
        .collect();
    let cells: Vec<Option<&Cell>> = cells.iter().map(Option::as_ref).collect();
    Ok(Built { array: array(ty, &cells)?, misfits })
}

/// Whether a value fits, and whether it is not null.
type Fitted = Option<Option<Cell>>;

/// A field that is one JSON value.
fn whole(field: Field<'_>, plan: &mut Plan<'_>, rules: &ValueRules) -> Fitted {
    let text = field.text;
    let start = skip_space(text, 0);
    if rules.nested_in_text {
        let (_, end) = scan::value(text, start).ok()?;
        let is_all = skip_space(text, end) == text.len() && simdutf8::basic::from_utf8(text).is_ok();
        is_all.then_some(())?;
    } else if field.quoted {
        return None;
    }
    // What the JSON reader took has no flaw.
    parse(text, start, plan, rules).ok()?.0
}

/// The value that begins at `at`, and where it ends, whether it fits or not.
fn parse(text: &[u8], at: usize, plan: &mut Plan<'_>, rules: &ValueRules) -> Result<(Fitted, usize), Flaw> {
    match (plan, text.get(at)) {
        (Plan::List(plan), Some(b'[')) => list(text, at, plan, rules),
        (Plan::Struct(plan), Some(b'{')) => structure(text, at, plan, rules),
        (Plan::Map(key, plan), Some(b'{')) => map(text, at, key, plan, rules),
        (plan, _) => {
            let (value, end) = scan::value(text, at)?;
            let fitted = match (plan, value.kind) {
                (_, Kind::Null) => Some(None),
                (Plan::Plain(ty), Kind::Text { escaped: true }) => {
                    plain(scan::meaning(value.text(text), true).as_bytes(), ty, rules)
                }
                // Numbers keep the digits that the source wrote; an array or object in a text is kept as its JSON.
                (Plan::Plain(ty), _) => plain(value.text(text), ty, rules),
                _ => None,
            };
            Ok((fitted, end))
        }
    }
}

/// Where a value ends of which nothing else is to be known.
fn skip(text: &[u8], at: usize) -> Result<usize, Flaw> {
    scan::value(text, at).map(|(_, end)| end)
}

fn list(text: &[u8], at: usize, plan: &mut Plan<'_>, rules: &ValueRules) -> Result<(Fitted, usize), Flaw> {
    let mut items = Some(Vec::new());
    let end = scan::items(text, at, &mut |at| {
        let Some(list) = &mut items else { return skip(text, at) };
        let (fitted, end) = parse(text, at, plan, rules)?;
        match fitted {
            Some(cell) => list.push(cell),
            None => items = None,
        }
        Ok(end)
    })?;
    Ok((items.map(|items| Some(Cell::List(items))), end))
}

/// A member that the type does not have, or that stands twice, would be lost: then the value does not fit, unless new members are
/// to be ignored, or there is nothing in it.
fn structure(text: &[u8], at: usize, plan: &mut StructPlan<'_>, rules: &ValueRules) -> Result<(Fitted, usize), Flaw> {
    let mut cells: Vec<Fitted> = vec![None; plan.plans.len()];
    let (mut fits, mut nth) = (true, 0);
    let end = scan::members(text, at, &mut |name, at| {
        if !fits {
            return skip(text, at);
        }
        let place = plan.place(text, name, nth, rules);
        nth += 1;
        match place {
            Some(place) => {
                let (fitted, end) = parse(text, at, &mut plan.plans[place], rules)?;
                fits = fitted.is_some() && cells[place].is_none();
                cells[place] = fitted;
                Ok(end)
            }
            None => {
                let (value, end) = scan::value(text, at)?;
                fits = rules.ignore_new_members || is_nothing(text, value);
                Ok(end)
            }
        }
    })?;
    Ok((fits.then(|| Some(Cell::Struct(cells.into_iter().map(Option::flatten).collect()))), end))
}

/// Null, and arrays and objects without anything in them, have no type, so that no column is made of them.
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

/// Readers keep one of two equal keys, each another: then the value does not fit. `1` and `01` are one key of integers.
fn map(text: &[u8], at: usize, key: &ColumnType, plan: &mut Plan<'_>, rules: &ValueRules) -> Result<(Fitted, usize), Flaw> {
    let mut entries: Option<Vec<(Cell, Option<Cell>)>> = Some(Vec::new());
    let end = scan::members(text, at, &mut |name, at| {
        let Some(known) = &mut entries else { return skip(text, at) };
        let escaped = name.kind == Kind::Text { escaped: true };
        let key = plain(scan::meaning(name.text(text), escaped).as_bytes(), key, rules).flatten();
        let key = key.filter(|key| !known.iter().any(|(known, _)| known == key));
        let (fitted, end) = parse(text, at, plan, rules)?;
        match key.zip(fitted) {
            Some(entry) => known.push(entry),
            None => entries = None,
        }
        Ok(end)
    })?;
    Ok((entries.map(|entries| Some(Cell::Map(entries))), end))
}

fn plain(text: &[u8], ty: &ColumnType, rules: &ValueRules) -> Fitted {
    fit::scalar(ty, text, &rules.formats).map(|scalar| Some(Cell::Plain(scalar)))
}

fn array(ty: &ColumnType, cells: &[Option<&Cell>]) -> Result<ArrayRef, FrameError> {
    Ok(match ty {
        ColumnType::String | ColumnType::Varchar(_) | ColumnType::Char(_) => {
            let texts = cells.iter().map(|cell| match cell {
                Some(Cell::Plain(Scalar::Text(text))) => Some(text.as_str()),
                _ => None,
            });
            Arc::new(texts.collect::<StringViewArray>())
        }
        ColumnType::Boolean => {
            let booleans = cells.iter().map(|cell| match cell {
                Some(Cell::Plain(Scalar::Boolean(value))) => Some(*value),
                _ => None,
            });
            Arc::new(booleans.collect::<BooleanArray>())
        }
        ColumnType::TinyInt => integers::<Int8Type>(cells),
        ColumnType::SmallInt => integers::<Int16Type>(cells),
        ColumnType::Int => integers::<Int32Type>(cells),
        ColumnType::BigInt => integers::<Int64Type>(cells),
        ColumnType::Date => integers::<Date32Type>(cells),
        ColumnType::Timestamp => integers::<TimestampMicrosecondType>(cells),
        #[allow(clippy::cast_possible_truncation)] // Was a float before it became a cell.
        ColumnType::Float => Arc::new(reals(cells).map(|value| value.map(|v| v as f32)).collect::<PrimitiveArray<Float32Type>>()),
        ColumnType::Double => Arc::new(reals(cells).collect::<PrimitiveArray<Float64Type>>()),
        ColumnType::Decimal { precision, scale } => {
            let unscaled = cells.iter().map(|cell| match cell {
                Some(Cell::Plain(Scalar::Decimal(value))) => Some(*value),
                _ => None,
            });
            let array = unscaled.collect::<PrimitiveArray<Decimal128Type>>();
            Arc::new(array.with_precision_and_scale(*precision, scale.cast_signed())?)
        }
        ColumnType::Array(element) => lists(element, cells)?,
        ColumnType::Struct(fields) => structs(fields, cells)?,
        ColumnType::Map(key, value) => maps(key, value, cells)?,
    })
}

fn integers<T: ArrowPrimitiveType>(cells: &[Option<&Cell>]) -> ArrayRef
where
    T::Native: TryFrom<i64>,
    PrimitiveArray<T>: FromIterator<Option<T::Native>>,
{
    let values = cells.iter().map(|cell| match cell {
        Some(Cell::Plain(Scalar::Integer(value))) => T::Native::try_from(*value).ok(),
        _ => None,
    });
    Arc::new(values.collect::<PrimitiveArray<T>>())
}

fn reals<'a>(cells: &'a [Option<&Cell>]) -> impl Iterator<Item = Option<f64>> + 'a {
    cells.iter().map(|cell| match cell {
        Some(Cell::Plain(Scalar::Real(value))) => Some(*value),
        _ => None,
    })
}

fn validity(cells: &[Option<&Cell>]) -> Option<NullBuffer> {
    Some(NullBuffer::from_iter(cells.iter().map(Option::is_some)))
}

fn lists(element: &ColumnType, cells: &[Option<&Cell>]) -> Result<ArrayRef, FrameError> {
    let mut lengths = Vec::with_capacity(cells.len());
    let mut items: Vec<Option<&Cell>> = Vec::new();
    for cell in cells {
        let before = items.len();
        if let Some(Cell::List(list)) = cell {
            items.extend(list.iter().map(Option::as_ref));
        }
        lengths.push(items.len() - before);
    }
    let values = array(element, &items)?;
    let field = Arc::new(ArrowField::new("item", values.data_type().clone(), true));
    Ok(Arc::new(LargeListArray::try_new(field, OffsetBuffer::from_lengths(lengths), values, validity(cells))?))
}

fn structs(fields: &[StructField], cells: &[Option<&Cell>]) -> Result<ArrayRef, FrameError> {
    let mut arrow_fields = Vec::with_capacity(fields.len());
    let mut arrays = Vec::with_capacity(fields.len());
    for (i, field) in fields.iter().enumerate() {
        let inner: Vec<Option<&Cell>> = cells
            .iter()
            .map(|cell| match cell {
                Some(Cell::Struct(inner)) => inner.get(i).and_then(Option::as_ref),
                _ => None,
            })
            .collect();
        let values = array(&field.ty, &inner)?;
        arrow_fields.push(ArrowField::new(field.name.as_str(), values.data_type().clone(), true));
        arrays.push(values);
    }
    Ok(Arc::new(StructArray::try_new(arrow_fields.into(), arrays, validity(cells))?))
}

/// Polars has no maps: they travel as lists of `key` and `value`, and become maps again when written.
fn maps(key: &ColumnType, value: &ColumnType, cells: &[Option<&Cell>]) -> Result<ArrayRef, FrameError> {
    let mut lengths = Vec::with_capacity(cells.len());
    let (mut keys, mut values): (Vec<Option<&Cell>>, Vec<Option<&Cell>>) = (Vec::new(), Vec::new());
    for cell in cells {
        let before = keys.len();
        if let Some(Cell::Map(entries)) = cell {
            keys.extend(entries.iter().map(|(key, _)| Some(key)));
            values.extend(entries.iter().map(|(_, value)| value.as_ref()));
        }
        lengths.push(keys.len() - before);
    }
    let (keys, values) = (array(key, &keys)?, array(value, &values)?);
    let fields =
        vec![ArrowField::new("key", keys.data_type().clone(), true), ArrowField::new("value", values.data_type().clone(), true)];
    let entries = StructArray::try_new(fields.into(), vec![keys, values], None)?;
    let field = Arc::new(ArrowField::new("item", arrow_array::Array::data_type(&entries).clone(), true));
    Ok(Arc::new(LargeListArray::try_new(field, OffsetBuffer::from_lengths(lengths), Arc::new(entries), validity(cells))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(ty: &str, json: &str) -> bool {
        let field = Field { text: json.as_bytes(), quoted: true };
        let rules = ValueRules { nested_in_text: true, ..ValueRules::default() };
        whole(field, &mut Plan::of(&ty.parse().unwrap()), &rules).is_some()
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
            ("map<int,int>", r#"{"1":1,"01":2}"#),
            ("map<timestamp,int>", r#"{"2024-01-01":1,"2024-01-01 00:00:00":2}"#),
            ("array<int>", "[1,1.5]"),
            ("array<int>", "1"),
            ("array<int>", "[1"),
        ] {
            assert!(!fits(ty, json), "{ty} {json}");
        }
    }
}
