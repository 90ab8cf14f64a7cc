//! Columns of arrays, structs and maps from fields that hold them as JSON.

use std::collections::HashMap;
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

use super::batch::RawBatch;
use super::columns::{Built, ValueRules, misfit};
use super::json::scan::{self, Kind, Value, skip_space};

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
    Struct { names: Vec<&'a ColumnName>, plans: Vec<Plan<'a>>, known: HashMap<Vec<u8>, Option<usize>> },
    Map(&'a ColumnType, Box<Plan<'a>>),
}

impl<'a> Plan<'a> {
    fn of(ty: &'a ColumnType) -> Self {
        match ty {
            ColumnType::Array(element) => Self::List(Box::new(Self::of(element))),
            ColumnType::Struct(fields) => Self::Struct {
                names: fields.iter().map(|field| &field.name).collect(),
                plans: fields.iter().map(|field| Self::of(&field.ty)).collect(),
                known: HashMap::new(),
            },
            ColumnType::Map(key, value) => Self::Map(key, Box::new(Self::of(value))),
            _ => Self::Plain(ty),
        }
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
            let may_be = rules.nested_in_text || !field.quoted;
            match whole(field.text, &mut plan, rules).filter(|_| may_be) {
                Some(cell) => cell,
                None => misfit(&mut misfits, row, field),
            }
        })
        .collect();
    let cells: Vec<Option<&Cell>> = cells.iter().map(Option::as_ref).collect();
    Ok(Built { array: array(ty, &cells)?, misfits })
}

/// A text that is one JSON value. The outer option is whether it fits, the inner one whether it is not null.
fn whole(text: &[u8], plan: &mut Plan<'_>, rules: &ValueRules) -> Option<Option<Cell>> {
    let start = skip_space(text, 0);
    let (value, end) = scan::value(text, start).ok()?;
    let is_all = skip_space(text, end) == text.len() && std::str::from_utf8(text).is_ok();
    is_all.then(|| parse(text, value, plan, rules))?
}

fn parse(text: &[u8], value: Value, plan: &mut Plan<'_>, rules: &ValueRules) -> Option<Option<Cell>> {
    let cell = match (plan, value.kind) {
        (_, Kind::Null) => return Some(None),
        (Plan::Plain(ty), Kind::Text { escaped }) => plain(scan::meaning(value.text(text), escaped).as_bytes(), ty, rules)?,
        // Numbers keep the digits that the source wrote; an array or object in a text is kept as its JSON.
        (Plan::Plain(ty), _) => plain(value.text(text), ty, rules)?,
        (Plan::List(plan), Kind::Array) => list(text, value, plan, rules)?,
        (Plan::Struct { names, plans, known }, Kind::Object) => structure(text, value, (names, plans, known), rules)?,
        (Plan::Map(key, plan), Kind::Object) => map(text, value, key, plan, rules)?,
        _ => return None,
    };
    Some(Some(cell))
}

fn list(text: &[u8], value: Value, plan: &mut Plan<'_>, rules: &ValueRules) -> Option<Cell> {
    let mut items = Some(Vec::new());
    scan::array(text, value.start, &mut |item| {
        let cell = items.as_ref().and_then(|_| parse(text, item, plan, rules));
        items = cell.and_then(|cell| {
            let mut items = items.take()?;
            items.push(cell);
            Some(items)
        });
    })
    .ok()?;
    Some(Cell::List(items?))
}

type StructPlan<'p, 'a> = (&'p [&'a ColumnName], &'p mut [Plan<'a>], &'p mut HashMap<Vec<u8>, Option<usize>>);

/// A member that the type does not have, or that stands twice, would be lost: then the value does not fit, unless new members are
/// to be ignored, or there is nothing in it.
fn structure(text: &[u8], value: Value, plan: StructPlan<'_, '_>, rules: &ValueRules) -> Option<Cell> {
    let (names, plans, known) = plan;
    let mut cells: Vec<Option<Option<Cell>>> = vec![None; plans.len()];
    let mut fits = true;
    scan::object(text, value.start, &mut |member| {
        if !fits {
            return;
        }
        let name = member.name.text(text);
        let place = match known.get(name) {
            Some(place) => *place,
            None => {
                let escaped = member.name.kind == Kind::Text { escaped: true };
                let place = rules.naming.field(&scan::meaning(name, escaped), names.iter().copied());
                known.insert(name.to_vec(), place);
                place
            }
        };
        fits = match place {
            Some(place) if cells[place].is_some() => false,
            Some(place) => {
                cells[place] = parse(text, member.value, &mut plans[place], rules);
                cells[place].is_some()
            }
            None => rules.ignore_new_members || is_nothing(text, member.value),
        };
    })
    .ok()?;
    fits.then(|| Cell::Struct(cells.into_iter().map(Option::flatten).collect()))
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
fn map(text: &[u8], value: Value, key: &ColumnType, plan: &mut Plan<'_>, rules: &ValueRules) -> Option<Cell> {
    let mut entries: Vec<(Cell, Option<Cell>)> = Vec::new();
    let mut fits = true;
    scan::object(text, value.start, &mut |member| {
        let escaped = member.name.kind == Kind::Text { escaped: true };
        let entry = fits
            .then(|| plain(scan::meaning(member.name.text(text), escaped).as_bytes(), key, rules))
            .flatten()
            .filter(|key| !entries.iter().any(|(known, _)| known == key))
            .and_then(|key| Some((key, parse(text, member.value, plan, rules)?)));
        fits = entry.is_some();
        entries.extend(entry);
    })
    .ok()?;
    fits.then_some(Cell::Map(entries))
}

fn plain(text: &[u8], ty: &ColumnType, rules: &ValueRules) -> Option<Cell> {
    fit::scalar(ty, text, &rules.formats).map(Cell::Plain)
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
        whole(json.as_bytes(), &mut Plan::of(&ty.parse().unwrap()), &ValueRules::default()).is_some()
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
