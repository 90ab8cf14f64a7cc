//! Builders of arrays, structs and maps. [`Builder::truncate`] removes a value that turns out to be invalid.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, LargeListArray, MapArray, StructArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{Field as ArrowField, FieldRef};

use crate::batch::{BatchError, element_field, entries_field, entry_fields};
use crate::schema::{ColumnName, ColumnType, NamingRule, SourceNames};
use crate::source::parser::json::Names;
use crate::source::parser::json::scan::Value;

use super::leaf::{Leaf, nulls};

/// A column of any type.
pub(super) enum Builder<'a> {
    Leaf(Leaf<'a>),
    List(Box<ListBuilder<'a>>),
    Struct(StructBuilder<'a>),
    Map(Box<MapBuilder<'a>>),
}

impl<'a> Builder<'a> {
    /// Creates the builder of a type. `path` is that of the values in the table, and `names` tells which members its fields have.
    pub(super) fn of(ty: &'a ColumnType, names: (&'a SourceNames, NamingRule), path: &str) -> Self {
        match ty {
            ColumnType::Array(items) => {
                Self::List(Box::new(ListBuilder { ends: Ends::default(), items: Self::of(items, names, path) }))
            }
            ColumnType::Struct(fields) => Self::Struct(StructBuilder {
                names: fields.iter().map(|field| &field.name).collect(),
                fields: fields.iter().map(|field| Self::of(&field.ty, names, &format!("{path}.{}", field.name))).collect(),
                source: names,
                path: path.to_owned(),
                members: Names::default(),
                places: Vec::new(),
                valid: Vec::new(),
            }),
            ColumnType::Map(keys, values) => Self::Map(Box::new(MapBuilder {
                ends: Ends::default(),
                keys: Leaf::of(keys),
                values: Self::of(values, names, path),
            })),
            plain => Self::Leaf(Leaf::of(plain)),
        }
    }

    /// Refuses numbers of which a float or double would not give all digits back.
    pub(super) fn keep_digits(&mut self) {
        match self {
            Self::Leaf(leaf) => leaf.keep_digits(),
            Self::List(list) => list.items.keep_digits(),
            Self::Struct(members) => members.fields.iter_mut().for_each(Self::keep_digits),
            Self::Map(map) => {
                map.keys.keep_digits();
                map.values.keep_digits();
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.len(),
            Self::List(list) => list.ends.valid.len(),
            Self::Struct(members) => members.valid.len(),
            Self::Map(map) => map.ends.valid.len(),
        }
    }

    pub(super) fn append_null(&mut self) {
        match self {
            Self::Leaf(leaf) => leaf.append_null(),
            Self::List(list) => list.end(false),
            Self::Struct(members) => members.end(false),
            Self::Map(map) => map.end(false),
        }
    }

    /// Removes the values after the first `length`, and any unfinished value.
    pub(super) fn truncate(&mut self, length: usize) {
        match self {
            Self::Leaf(leaf) => leaf.truncate(length),
            Self::List(list) => {
                let items = list.ends.truncate(length);
                list.items.truncate(items);
            }
            Self::Struct(members) => {
                members.valid.truncate(length);
                members.fields.iter_mut().for_each(|field| field.truncate(length));
            }
            Self::Map(map) => {
                let entries = map.ends.truncate(length);
                map.keys.truncate(entries);
                map.values.truncate(entries);
            }
        }
    }

    /// Builds the array. `text` is the batch's text.
    pub(super) fn finish(self, text: &Buffer) -> Result<ArrayRef, BatchError> {
        match self {
            Self::Leaf(leaf) => leaf.finish(text),
            Self::List(list) => list.ends.finish(list.items.finish(text)?),
            Self::Struct(members) => members.finish(text),
            Self::Map(map) => map.finish(text),
        }
    }
}

/// End of each list among the items, and validity of each list.
#[derive(Default)]
struct Ends {
    ends: Vec<i64>,
    valid: Vec<bool>,
}

impl Ends {
    /// Returns the start of the next list.
    fn last(&self) -> usize {
        self.ends.last().and_then(|end| usize::try_from(*end).ok()).unwrap_or_default()
    }

    fn push(&mut self, end: usize, valid: bool) {
        self.ends.push(i64::try_from(end).unwrap_or(i64::MAX));
        self.valid.push(valid);
    }

    /// Removes the lists after the first `length`; returns the number of items that remain.
    fn truncate(&mut self, length: usize) -> usize {
        self.ends.truncate(length);
        self.valid.truncate(length);
        self.last()
    }

    fn finish(self, items: ArrayRef) -> Result<ArrayRef, BatchError> {
        let offsets: Vec<i64> = std::iter::once(0).chain(self.ends).collect();
        let field = element_field(items.data_type().clone());
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        Ok(Arc::new(LargeListArray::try_new(field, offsets, items, nulls(self.valid))?))
    }

    fn finish_map(self, field: FieldRef, entries: StructArray) -> Result<ArrayRef, BatchError> {
        // A batch has less than 1 GiB of text, so that its entries can be counted by 32 bits.
        let ends = self.ends.iter().map(|end| i32::try_from(*end).unwrap_or(i32::MAX));
        let offsets: Vec<i32> = std::iter::once(0).chain(ends).collect();
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        Ok(Arc::new(MapArray::try_new(field, offsets, entries, nulls(self.valid), false)?))
    }
}

pub(super) struct ListBuilder<'a> {
    ends: Ends,
    pub(super) items: Builder<'a>,
}

impl ListBuilder<'_> {
    /// Ends a list of the items appended since the last.
    pub(super) fn end(&mut self, valid: bool) {
        self.ends.push(self.items.len(), valid);
    }
}

pub(super) struct StructBuilder<'a> {
    names: Vec<&'a ColumnName>,
    source: (&'a SourceNames, NamingRule),
    path: String,
    pub(super) fields: Vec<Builder<'a>>,
    /// Member names in the records read so far.
    members: Names,
    /// Field of each member name; `None` if the struct does not have it.
    places: Vec<Option<usize>>,
    valid: Vec<bool>,
}

impl<'a> StructBuilder<'a> {
    /// Returns the field of a member; objects are similar, so it is likely the field of the `nth` member before.
    pub(super) fn place(&mut self, text: &[u8], name: Value, nth: usize) -> Option<usize> {
        if let Some(known) = self.members.find(text, name, nth) {
            return self.places[known];
        }
        let (source, naming) = self.source;
        let member = self.members.add(text, name);
        let place = naming.field(member, self.names.iter().copied()).filter(|place| {
            let field = self.names[*place];
            source.may_fill(naming, &format!("{}.{field}", self.path), field, member)
        });
        self.places.push(place);
        place
    }

    /// Returns the field of the likely name of the `nth` member.
    #[inline]
    pub(super) fn likely_place(&self, nth: usize) -> Option<usize> {
        self.places[nth]
    }

    /// Returns the name of a field.
    pub(super) fn name(&self, field: usize) -> &'a str {
        self.names[field].as_str()
    }

    /// Returns the likely name of the `nth` member.
    pub(super) fn likely(&self, nth: usize) -> &[u8] {
        self.members.likely(nth)
    }

    /// Returns true if the unfinished struct has that field already.
    pub(super) fn has(&self, field: usize) -> bool {
        self.fields[field].len() > self.valid.len()
    }

    /// Ends a struct; the fields that it lacks are null.
    pub(super) fn end(&mut self, valid: bool) {
        self.valid.push(valid);
        for field in &mut self.fields {
            if field.len() < self.valid.len() {
                field.append_null();
            }
        }
    }

    fn finish(self, text: &Buffer) -> Result<ArrayRef, BatchError> {
        let arrays = self.fields.into_iter().map(|field| field.finish(text)).collect::<Result<Vec<_>, _>>()?;
        let fields = self.names.iter().zip(&arrays).map(|(name, array)| optional(name.as_str(), array));
        Ok(Arc::new(StructArray::try_new(fields.collect(), arrays, nulls(self.valid))?))
    }
}

/// A column of maps.
pub(super) struct MapBuilder<'a> {
    ends: Ends,
    pub(super) keys: Leaf<'a>,
    pub(super) values: Builder<'a>,
}

impl MapBuilder<'_> {
    /// Ends a map of the entries appended since the last.
    pub(super) fn end(&mut self, valid: bool) {
        self.ends.push(self.keys.len(), valid);
    }

    /// Returns true if the last key of the unfinished map repeats an earlier one.
    pub(super) fn repeats_a_key(&self, text: &[u8]) -> bool {
        self.keys.repeats_last(text, self.ends.last())
    }

    fn finish(self, text: &Buffer) -> Result<ArrayRef, BatchError> {
        let (keys, values) = (self.keys.finish(text)?, self.values.finish(text)?);
        let fields = entry_fields(keys.data_type().clone(), values.data_type().clone());
        let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
        self.ends.finish_map(entries_field(fields), entries)
    }
}

fn optional(name: &str, array: &ArrayRef) -> ArrowField {
    ArrowField::new(name, array.data_type().clone(), true)
}
