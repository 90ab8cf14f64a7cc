//! The partition column that holds the day of each row.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, TimestampMicrosecondType};
use arrow_array::{RecordBatch, UInt32Array};
use arrow_schema::ArrowError;
use arrow_select::take::take_record_batch;
use jiff::Span;
use jiff::civil::Date;

use crate::batch::BatchError;
use crate::metastore::{HIVE_DEFAULT, PartitionValue};
use crate::schema::{Column, ColumnName, ColumnType, TableSchema};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// A partition column that holds the day of each row, by a date or timestamp among its columns; the days of timestamps are those
/// of UTC, as `to_date` gives them in a session of UTC. Rows without one are in Hive's partition for null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDay {
    /// Name of the partition column.
    pub name: ColumnName,
    /// Column that has the dates.
    pub of: ColumnName,
}

impl RowDay {
    /// Returns the partition column of a new table.
    pub(super) fn column(&self) -> Column {
        Column::new(self.name.clone(), ColumnType::Date)
    }

    /// Returns the name of the folder of a partition's files in that of the run.
    pub(super) fn folder(&self, value: &str) -> String {
        PartitionValue::from(value).name([&self.name])
    }

    /// Returns the value of the partition whose files lie in a folder of that name.
    pub(super) fn value_in(&self, folder: &str) -> Option<String> {
        PartitionValue::of_name(folder, [&self.name])?.texts().first().cloned()
    }

    /// Checks that rows have a column from which days can be taken.
    ///
    /// # Errors
    /// The reason if not.
    pub fn must_be_in(&self, schema: &TableSchema) -> Result<(), String> {
        match schema.type_of(&self.of) {
            Some(ColumnType::Date | ColumnType::Timestamp) => Ok(()),
            Some(ty) => Err(format!("its column `{}` is {ty}, and partitions are made of a date or timestamp", self.of)),
            None => Err(format!("it has no column `{}`, of which partitions are to be made", self.of)),
        }
    }

    /// Splits the rows by day. Returns the rows of each partition value, in their order.
    pub(super) fn split(&self, batch: &RecordBatch) -> Result<BTreeMap<String, RecordBatch>, BatchError> {
        let mut rows: BTreeMap<Option<i64>, Vec<u32>> = BTreeMap::new();
        for (row, day) in (0_u32..).zip(self.days(batch)?) {
            rows.entry(day).or_default().push(row);
        }
        let is_one = rows.len() == 1;
        let part = |(day, rows): (Option<i64>, Vec<u32>)| {
            let part = if is_one { batch.clone() } else { take_record_batch(batch, &UInt32Array::from(rows))? };
            Ok((value(day), part))
        };
        rows.into_iter().map(part).collect()
    }

    /// Returns the day of each row, counted from 1970-01-01.
    fn days(&self, batch: &RecordBatch) -> Result<Vec<Option<i64>>, ArrowError> {
        let none = || ArrowError::SchemaError(format!("no dates in the column {}", self.of));
        let Some(array) = batch.column_by_name(self.of.as_str()) else { return Ok(vec![None; batch.num_rows()]) };
        if let Some(dates) = array.as_primitive_opt::<Date32Type>() {
            return Ok(dates.iter().map(|day| day.map(i64::from)).collect());
        }
        let instants = array.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(none)?;
        Ok(instants.iter().map(|instant| instant.map(|micros| micros.div_euclid(DAY))).collect())
    }
}

/// Returns the value of the partition of a day.
fn value(day: Option<i64>) -> String {
    let date = |day: i64| Date::constant(1970, 1, 1).checked_add(Span::new().try_days(day).ok()?).ok();
    day.and_then(date).map_or_else(|| HIVE_DEFAULT.to_owned(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    use arrow_array::{Array, ArrayRef, Date32Array, Int64Array, TimestampMicrosecondArray};

    fn split(dates: ArrayRef) -> Vec<(String, Vec<i64>)> {
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values((0..).take(dates.len())));
        let batch = RecordBatch::try_from_iter([("id", ids), ("at", dates)]).unwrap();
        let day = RowDay { name: ColumnName::new("day").unwrap(), of: ColumnName::new("at").unwrap() };
        let ids = |batch: &RecordBatch| batch.column(0).as_primitive::<arrow_array::types::Int64Type>().values().to_vec();
        day.split(&batch).unwrap().iter().map(|(value, rows)| (value.clone(), ids(rows))).collect()
    }

    #[test]
    fn rows_are_split_by_their_day() {
        let dates = Date32Array::from(vec![Some(0), Some(19_844), None, Some(0), Some(-1)]);
        let expected = [("1969-12-31", vec![4]), ("1970-01-01", vec![0, 3]), ("2024-05-01", vec![1]), (HIVE_DEFAULT, vec![2])];
        assert_eq!(split(Arc::new(dates)), expected.map(|(day, ids)| (day.to_owned(), ids)));
        // Before 1970, and the last moment of a day.
        let instants = TimestampMicrosecondArray::from(vec![-1, 0, DAY - 1, DAY]);
        let expected = [("1969-12-31", vec![0]), ("1970-01-01", vec![1, 2]), ("1970-01-02", vec![3])];
        assert_eq!(split(Arc::new(instants)), expected.map(|(day, ids)| (day.to_owned(), ids)));
    }

    #[test]
    fn days_that_no_reader_can_write_are_as_null() {
        let far = TimestampMicrosecondArray::from(vec![i64::MAX]);
        assert_eq!(split(Arc::new(far)), [(HIVE_DEFAULT.to_owned(), vec![0])]);
    }
}
