//! Columns of arrays, structs and maps from fields that hold them as JSON.

use std::fmt;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{ArrayRef, BooleanArray, LargeListArray, PrimitiveArray, StringViewArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::Field as ArrowField;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::frame::FrameError;
use crate::schema::fit::{self, Scalar};
use crate::schema::{ColumnType, StructField};

use super::batch::RawBatch;
use super::columns::{Built, ValueRules, misfit};

/// A value that fits its type.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Plain(Scalar),
    List(Vec<Option<Cell>>),
    /// In the order of the type's fields.
    Struct(Vec<Option<Cell>>),
    Map(Vec<(Cell, Option<Cell>)>),
}

/// A JSON object as it is written: in order, with names that stand twice.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Builds a nested column. A value fits only if all of it does; a struct's missing fields are null.
pub(super) fn build(batch: &RawBatch, column: usize, ty: &ColumnType, rules: &ValueRules) -> Result<Built, FrameError> {
    let mut misfits = Vec::new();
    let cells: Vec<Option<Cell>> = (0..batch.rows())
        .map(|row| {
            let field = batch.field(row, column);
            if rules.nulls.is_null(field) {
                return None;
            }
            let json: Option<&RawValue> = serde_json::from_slice(field.text).ok();
            match json.and_then(|json| parse(json, ty, rules)) {
                Some(cell) => cell,
                None => misfit(&mut misfits, row, field),
            }
        })
        .collect();
    let cells: Vec<Option<&Cell>> = cells.iter().map(Option::as_ref).collect();
    Ok(Built { array: array(ty, &cells)?, misfits })
}

/// The outer option is whether the value fits, the inner one whether it is not null.
fn parse(json: &RawValue, ty: &ColumnType, rules: &ValueRules) -> Option<Option<Cell>> {
    let text = json.get();
    if text == "null" {
        return Some(None);
    }
    let cell = match ty {
        ColumnType::Array(element) => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            Cell::List(items.into_iter().map(|item| parse(item, element, rules)).collect::<Option<_>>()?)
        }
        ColumnType::Struct(fields) => structure(serde_json::from_str(text).ok()?, fields, rules)?,
        ColumnType::Map(key, value) => map(serde_json::from_str(text).ok()?, key, value, rules)?,
        _ if text.starts_with('"') => plain(&serde_json::from_str::<String>(text).ok()?, ty, rules)?,
        // Numbers keep the digits that the source wrote; an array or object in a text is kept as its JSON.
        _ => plain(text, ty, rules)?,
    };
    Some(Some(cell))
}

/// A name that the type does not have, or that stands twice, would be lost: then the value does not fit.
fn structure(mut found: Entries<'_>, fields: &[StructField], rules: &ValueRules) -> Option<Cell> {
    let cells = fields.iter().map(|field| {
        let place = found.0.iter().position(|(name, _)| name.to_lowercase() == field.name.as_str());
        match place.map(|place| found.0.swap_remove(place)) {
            Some((_, json)) => parse(json, &field.ty, rules),
            None => Some(None),
        }
    });
    let cells = cells.collect::<Option<_>>()?;
    found.0.is_empty().then_some(Cell::Struct(cells))
}

/// Readers keep one of two equal keys, each another: then the value does not fit. `1` and `01` are one key of integers.
fn map(found: Entries<'_>, key: &ColumnType, value: &ColumnType, rules: &ValueRules) -> Option<Cell> {
    let mut entries: Vec<(Cell, Option<Cell>)> = Vec::with_capacity(found.0.len());
    for (name, json) in found.0 {
        let key = plain(&name, key, rules)?;
        if entries.iter().any(|(known, _)| *known == key) {
            return None;
        }
        entries.push((key, parse(json, value, rules)?));
    }
    Some(Cell::Map(entries))
}

fn plain(text: &str, ty: &ColumnType, rules: &ValueRules) -> Option<Cell> {
    fit::scalar(ty, text.as_bytes(), &rules.formats).map(Cell::Plain)
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
    use crate::source::guard::Nulls;

    fn fits(ty: &str, json: &str) -> bool {
        let rules = ValueRules { nulls: Nulls::new(&[], false), formats: Default::default() };
        serde_json::from_str::<&RawValue>(json).is_ok_and(|json| parse(json, &ty.parse().unwrap(), &rules).is_some())
    }

    #[test]
    fn nothing_of_a_nested_value_is_lost() {
        for (ty, json) in [
            ("struct<a:int>", "{}"),
            ("struct<a:int>", r#"{"A":"7.0"}"#),
            ("map<int,int>", r#"{"1":1,"2":null}"#),
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
