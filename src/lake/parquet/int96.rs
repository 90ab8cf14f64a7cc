//! Instants as INT96 values with their levels, which arrow-rs does not write by itself.
//!
//! The levels are those of the Dremel encoding: every node of a table is optional except a map's key.

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, PrimitiveArray, cast::AsArray};
use parquet::data_type::{Int96, Int96Type};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedColumnWriter;

use crate::schema::ColumnType;

const JULIAN_DAY_OF_EPOCH: i64 = 2_440_588;
const MICROS_PER_DAY: i64 = 86_400_000_000;
const VALUES_AT_ONCE: usize = 1024;

/// The way from a column to one of its leaves of type timestamp.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(usize),
    Element,
    MapKey,
    MapValue,
}

/// One leaf's values of a row group, until it is written.
#[derive(Debug, Clone)]
pub(super) struct Int96Leaf {
    path: Vec<Step>,
    micros: Vec<i64>,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

/// Returns, for each leaf of a column in order, its INT96 values if it is a timestamp.
pub(super) fn leaves(ty: &ColumnType) -> Vec<Option<Int96Leaf>> {
    let mut found = Vec::new();
    walk(ty, &mut Vec::new(), &mut found);
    found
}

fn walk(ty: &ColumnType, path: &mut Vec<Step>, found: &mut Vec<Option<Int96Leaf>>) {
    let mut below = |step: Step, ty: &ColumnType, found: &mut Vec<_>| {
        path.push(step);
        walk(ty, path, found);
        path.pop();
    };
    match ty {
        ColumnType::Array(element) => below(Step::Element, element, found),
        ColumnType::Struct(fields) => fields.iter().enumerate().for_each(|(i, field)| below(Step::Field(i), &field.ty, found)),
        ColumnType::Map(key, value) => {
            below(Step::MapKey, key, found);
            below(Step::MapValue, value, found);
        }
        ColumnType::Timestamp => found.push(Some(Int96Leaf {
            path: path.clone(),
            micros: Vec::new(),
            definitions: Vec::new(),
            repetitions: Vec::new(),
        })),
        _ => found.push(None),
    }
}

impl Int96Leaf {
    /// Appends the leaf's values from a column's array.
    pub(super) fn take(&mut self, column: &ArrayRef) {
        if self.path.is_empty() {
            self.take_flat(column.as_primitive());
            return;
        }
        let path = std::mem::take(&mut self.path);
        for row in 0..column.len() {
            self.visit(column, row, &path, Levels::default(), true);
        }
        self.path = path;
    }

    fn take_flat(&mut self, array: &PrimitiveArray<TimestampMicrosecondType>) {
        match array.nulls() {
            None => {
                self.micros.extend_from_slice(array.values());
                self.definitions.resize(self.definitions.len() + array.len(), 1);
            }
            Some(nulls) => {
                self.micros.extend(nulls.valid_indices().map(|row| array.value(row)));
                self.definitions.extend(nulls.iter().map(i16::from));
            }
        }
    }

    fn push(&mut self, levels: Levels) {
        self.definitions.push(levels.definition);
        self.repetitions.push(levels.repetition);
    }

    fn visit(&mut self, array: &ArrayRef, at: usize, path: &[Step], levels: Levels, optional: bool) {
        if array.is_null(at) {
            return self.push(levels);
        }
        let levels = Levels { definition: levels.definition + i16::from(optional), ..levels };
        match path.split_first() {
            None => {
                self.push(levels);
                self.micros.push(array.as_primitive::<TimestampMicrosecondType>().value(at));
            }
            Some((Step::Field(i), rest)) => self.visit(array.as_struct().column(*i), at, rest, levels, true),
            Some((Step::Element, rest)) => {
                let list = array.as_list::<i64>();
                let offsets = list.value_offsets();
                #[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation)] // Offsets are valid indices.
                self.visit_items(list.values(), offsets[at] as usize..offsets[at + 1] as usize, rest, levels, true);
            }
            Some((step @ (Step::MapKey | Step::MapValue), rest)) => {
                let map = array.as_map();
                let offsets = map.value_offsets();
                let (items, optional) = if *step == Step::MapKey { (map.keys(), false) } else { (map.values(), true) };
                #[allow(clippy::cast_sign_loss)] // Offsets are valid indices.
                self.visit_items(items, offsets[at] as usize..offsets[at + 1] as usize, rest, levels, optional);
            }
        }
    }

    fn visit_items(&mut self, items: &ArrayRef, range: std::ops::Range<usize>, path: &[Step], levels: Levels, optional: bool) {
        if range.is_empty() {
            return self.push(levels);
        }
        let depth = levels.depth + 1;
        for (i, at) in range.enumerate() {
            let repetition = if i == 0 { levels.repetition } else { depth };
            self.visit(items, at, path, Levels { definition: levels.definition + 1, repetition, depth }, optional);
        }
    }

    /// Returns the approximate size of the values in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.micros.len() * 12
    }

    /// Writes the collected values as the next column of a row group.
    pub(super) fn write(self, mut column: SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let writer = column.typed::<Int96Type>();
        let mut values = Vec::with_capacity(VALUES_AT_ONCE);
        let nested = !self.repetitions.is_empty();
        let full = full_definition(&self.path);
        let (mut micros, mut start) = (self.micros.iter(), 0);
        while start < self.definitions.len() {
            let end = self.batch_end(start, nested);
            let definitions = &self.definitions[start..end];
            let count = definitions.iter().filter(|level| **level == full).count();
            values.clear();
            values.extend(micros.by_ref().take(count).map(|&value| int96(value)));
            writer.write_batch(&values, Some(definitions), nested.then(|| &self.repetitions[start..end]))?;
            start = end;
        }
        column.close()
    }

    /// Returns the end of a batch; for nested values, a batch ends before the start of a row.
    fn batch_end(&self, start: usize, nested: bool) -> usize {
        let mut end = (start + VALUES_AT_ONCE).min(self.definitions.len());
        while nested && end < self.repetitions.len() && self.repetitions[end] != 0 {
            end += 1;
        }
        end
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Levels {
    definition: i16,
    repetition: i16,
    /// Number of lists and maps above this node.
    depth: i16,
}

/// Returns the definition level of a value that is not null.
fn full_definition(path: &[Step]) -> i16 {
    let steps = path.iter().map(|step| match step {
        Step::Field(_) | Step::MapKey => 1,
        Step::Element | Step::MapValue => 2,
    });
    1 + steps.sum::<i16>()
}

fn int96(micros: i64) -> Int96 {
    let day = JULIAN_DAY_OF_EPOCH + micros.div_euclid(MICROS_PER_DAY);
    let nanos = micros.rem_euclid(MICROS_PER_DAY).cast_unsigned() * 1_000;
    #[allow(clippy::cast_possible_truncation)] // The two halves of a 64-bit number.
    let (low, high) = (nanos as u32, (nanos >> 32) as u32);
    let mut value = Int96::new();
    value.set_data(low, high, u32::try_from(day).unwrap_or_default());
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_julian_days_and_nanoseconds() {
        assert_eq!(int96(0), Int96::from(vec![0, 0, 2_440_588]));
        assert_eq!(int96(-1), Int96::from(vec![0x914E_FC18_u32, 0x4E94, 2_440_587]));
    }

    #[test]
    fn every_timestamp_leaf_is_found() {
        let ty: ColumnType = "struct<a:int,b:array<timestamp>,c:map<timestamp,struct<d:timestamp>>>".parse().unwrap();
        let found = leaves(&ty);
        assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, true, true]);
        let levels: Vec<i16> = found.iter().flatten().map(|leaf| full_definition(&leaf.path)).collect();
        assert_eq!(levels, [4, 3, 5]);
    }
}
