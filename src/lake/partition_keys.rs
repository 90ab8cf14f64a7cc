//! Partition columns of a module's tables, and the form in which they hold dates.

use jiff::civil::DateTime;
use jiff::fmt::strtime::{self, BrokenDownTime};

use crate::catchup::Slice;
use crate::identity::{ProcessingDate, SliceLength};
use crate::metastore::PartitionValue;
use crate::schema::{Column, ColumnName, ColumnType};

use super::RowDay;

/// The format of a date as ISO 8601 has it; a new column is a date.
const ISO: &str = "%Y-%m-%d";

/// Sign between the values of several columns where they are read together.
const BETWEEN: char = '|';

/// Slices whose parts differ in length, and can be taken for each other.
const SAMPLES: [&str; 4] = ["2024-12-31T23", "2001-02-03T04", "1999-11-01T00", "2010-10-10T10"];

/// Partition columns of a table, in order, each with the part of the date that it holds; none of a table that is one slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionKeys {
    keys: Vec<PartitionKey>,
    length: SliceLength,
    /// Column behind them, if the partitions are also by the days of rows.
    row_day: Option<RowDay>,
}

/// One partition column.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PartitionKey {
    name: ColumnName,
    /// In `strftime` notation.
    format: String,
}

impl PartitionKeys {
    /// Creates the columns of a table with slices of that length, each with its format in `strftime` notation.
    ///
    /// # Errors
    /// The formats together do not tell a slice, or tell more than it.
    pub fn new(keys: Vec<(ColumnName, String)>, length: SliceLength) -> Result<Self, String> {
        let keys = keys.into_iter().map(|(name, format)| PartitionKey { name, format });
        Self { keys: keys.collect(), length, row_day: None }.checked()
    }

    /// Creates those of a table whose rows are all of one slice, the whole: there is no column that tells it.
    pub fn whole() -> Self {
        Self { keys: Vec::new(), length: SliceLength::Day, row_day: None }
    }

    /// Returns true if no column tells a date.
    pub fn is_whole(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns the values of a slice: those of its partition, or those that all its partitions begin with; `None` if the table
    /// has no such slices.
    pub fn value_of(&self, slice: &Slice) -> Option<PartitionValue> {
        match slice {
            Slice::Date(date) if !self.is_whole() => Some(self.value(*date)),
            Slice::Whole if self.is_whole() => Some(PartitionValue::default()),
            _ => None,
        }
    }

    /// Returns the slice of a partition, or of the values of a slice; `None` if it is none.
    pub fn slice_of(&self, value: &PartitionValue) -> Option<Slice> {
        if self.is_whole() { Some(Slice::Whole) } else { self.date(value).map(Slice::Date) }
    }

    /// Adds a column with the day of each row: then a date has as many partitions as there are days in its rows.
    #[must_use]
    pub fn with_row_day(self, row_day: Option<RowDay>) -> Self {
        Self { row_day, ..self }
    }

    /// Returns the column with the day of each row, if there is one.
    pub fn row_day(&self) -> Option<&RowDay> {
        self.row_day.as_ref()
    }

    fn checked(self) -> Result<Self, String> {
        let what = match self.length {
            SliceLength::Day => "a day by year, month and day",
            SliceLength::Hour => "an hour by year, month, day and hour",
        };
        for sample in SAMPLES {
            let Ok(hour) = sample.parse::<ProcessingDate>() else { continue };
            let date = hour.first_slice(self.length);
            let formats = || self.keys.iter().map(|key| format!("`{}`", key.format)).collect::<Vec<_>>().join(", ");
            if self.date(&self.value(date)) != Some(date) {
                return Err(format!("{} does not tell {what}", formats()));
            }
            if self.length == SliceLength::Day && self.texts(hour.begin()) != self.texts(date.begin()) {
                return Err(format!("{} tells hours, and the module's slices are days (`source.slice`)", formats()));
            }
        }
        Ok(self)
    }

    /// Returns the length of the slices.
    pub fn length(&self) -> SliceLength {
        self.length
    }

    /// Returns the names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &ColumnName> + Clone {
        self.date_names().chain(self.row_day.as_ref().map(|row_day| &row_day.name))
    }

    /// Returns the names of the columns that tell the date.
    pub fn date_names(&self) -> impl Iterator<Item = &ColumnName> + Clone {
        self.keys.iter().map(|key| &key.name)
    }

    /// Returns the values of a date: those of its partition, or those that all its partitions begin with.
    pub fn value(&self, date: ProcessingDate) -> PartitionValue {
        PartitionValue::new(self.texts(date.begin()))
    }

    fn texts(&self, begin: DateTime) -> Vec<String> {
        // The formats were checked when they were given.
        self.keys.iter().map(|key| strtime::format(&key.format, begin).unwrap_or_default()).collect()
    }

    /// Returns the values of the date of a partition.
    pub fn date_value(&self, partition: &PartitionValue) -> PartitionValue {
        PartitionValue::new(partition.texts().iter().take(self.keys.len()).cloned().collect())
    }

    /// Returns the date of a partition, or of the values of a date; `None` if it is none.
    pub fn date(&self, value: &PartitionValue) -> Option<ProcessingDate> {
        let value = self.date_value(value);
        let formats: Vec<&str> = self.keys.iter().map(|key| key.format.as_str()).collect();
        let between = BETWEEN.to_string();
        let broken = strtime::parse(formats.join(&between), value.texts().join(&between)).ok()?;
        let date = self.slice(&broken)?;
        (self.value(date) == value).then_some(date)
    }

    fn slice(&self, broken: &BrokenDownTime) -> Option<ProcessingDate> {
        let day: ProcessingDate = broken.to_date().ok()?.to_string().parse().ok()?;
        match self.length {
            SliceLength::Day => Some(day),
            SliceLength::Hour => day.at_hour(broken.hour()?),
        }
    }

    /// Returns the columns of a new table.
    pub fn columns(&self) -> Vec<Column> {
        let ty = |key: &PartitionKey| if key.format == ISO { ColumnType::Date } else { ColumnType::String };
        let dates = self.keys.iter().map(|key| Column::new(key.name.clone(), ty(key)));
        dates.chain(self.row_day.as_ref().map(RowDay::column)).collect()
    }

    /// Returns the values of rows of that same day.
    fn all_texts(&self, date: ProcessingDate) -> Vec<String> {
        let mut texts = self.texts(date.begin());
        texts.extend(self.row_day.as_ref().map(|_| date.begin().date().to_string()));
        texts
    }

    /// Returns the columns with example values, for messages: `year 2024, month 05`.
    pub fn example(&self) -> String {
        let texts = SAMPLES[1].parse().map(|date: ProcessingDate| self.all_texts(date)).unwrap_or_default();
        self.names().zip(texts).map(|(name, text)| format!("{name} {text}")).collect::<Vec<_>>().join(", ")
    }

    /// Returns the first of these columns that can't hold its part of a date.
    pub fn misfit<'c>(&self, columns: &'c [Column]) -> Option<&'c Column> {
        let samples = || SAMPLES.iter().filter_map(|sample| sample.parse::<ProcessingDate>().ok());
        let fits = |place: usize, column: &Column| {
            samples().all(|date| self.all_texts(date).get(place).is_some_and(|text| holds(&column.ty, text)))
        };
        columns.iter().enumerate().find(|(place, column)| !fits(*place, column)).map(|(_, column)| column)
    }
}

/// Returns true if a partition column of that type has that text as the value of one partition alone: `05` is none of an integer.
fn holds(ty: &ColumnType, text: &str) -> bool {
    match ty {
        ColumnType::Date => text.parse::<ProcessingDate>().is_ok_and(|date| date.hour().is_none()),
        ColumnType::TinyInt => text.parse::<i8>().is_ok_and(|number| number.to_string() == text),
        ColumnType::SmallInt => text.parse::<i16>().is_ok_and(|number| number.to_string() == text),
        ColumnType::Int => text.parse::<i32>().is_ok_and(|number| number.to_string() == text),
        ColumnType::BigInt => text.parse::<i64>().is_ok_and(|number| number.to_string() == text),
        ColumnType::String => true,
        ColumnType::Varchar(most) => text.len() <= *most as usize,
        ColumnType::Char(length) => text.len() == *length as usize,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(formats: &[&str], length: SliceLength) -> Result<PartitionKeys, String> {
        let name = |i: usize| ColumnName::new(&format!("k{i}")).unwrap();
        let keys = formats.iter().enumerate().map(|(i, format)| (name(i), (*format).to_owned()));
        PartitionKeys::new(keys.collect(), length)
    }

    fn column(ty: ColumnType) -> Column {
        Column::new(ColumnName::new("k0").unwrap(), ty)
    }

    #[test]
    fn dates_are_written_and_read_in_the_tables_form() {
        for (formats, length, date, values) in [
            (&["%Y-%m-%d"][..], SliceLength::Day, "2024-05-01", &["2024-05-01"][..]),
            (&["%Y%m%d"], SliceLength::Day, "2024-05-01", &["20240501"]),
            (&["%Y/%m/%d"], SliceLength::Day, "2024-05-01", &["2024/05/01"]),
            (&["%Y", "%m", "%d"], SliceLength::Day, "2024-05-01", &["2024", "05", "01"]),
            (&["%Y", "%-m", "%-d"], SliceLength::Day, "2024-05-01", &["2024", "5", "1"]),
            (&["%Y-%m-%d", "%H"], SliceLength::Hour, "2024-05-01T09", &["2024-05-01", "09"]),
            (&["%Y%m%d%H"], SliceLength::Hour, "2024-05-01T09", &["2024050109"]),
        ] {
            let (keys, date) = (keys(formats, length).unwrap(), date.parse().unwrap());
            let value = PartitionValue::new(values.iter().map(|text| (*text).to_owned()).collect());
            assert_eq!((keys.value(date), keys.date(&value)), (value, Some(date)), "{formats:?}");
            assert_eq!(keys.date(&PartitionValue::from("x")), None);
            assert_eq!(keys.misfit(&keys.columns()), None);
        }
        let spaced = keys(&["%Y", "%m", "%d"], SliceLength::Day).unwrap();
        assert_eq!(spaced.date(&PartitionValue::new(vec!["2024".into(), "5".into(), "1".into()])), None, "another form");
    }

    #[test]
    fn a_table_has_slices_of_one_kind() {
        let (dates, whole) = (keys(&["%Y-%m-%d"], SliceLength::Day).unwrap(), PartitionKeys::whole());
        let date = Slice::Date("2024-05-01".parse().unwrap());
        assert_eq!(dates.value_of(&date), Some(PartitionValue::from("2024-05-01")));
        assert_eq!(dates.slice_of(&PartitionValue::from("2024-05-01")), Some(date.clone()));
        assert_eq!((dates.value_of(&Slice::Whole), dates.slice_of(&PartitionValue::default())), (None, None));
        assert_eq!((whole.value_of(&Slice::Whole), whole.value_of(&date)), (Some(PartitionValue::default()), None));
        assert_eq!(whole.slice_of(&PartitionValue::from("2024-05-01")), Some(Slice::Whole));
    }

    #[test]
    fn formats_tell_a_slice_and_no_more() {
        for wrong in [&[""][..], &["%Y-%m"], &["%y%m%d%"], &["day"], &["%Q"], &["%Y", "%d"]] {
            assert!(keys(wrong, SliceLength::Day).is_err(), "{wrong:?}");
        }
        assert!(keys(&["%Y-%m-%d"], SliceLength::Hour).unwrap_err().contains("an hour"));
        assert!(keys(&["%Y-%m-%d", "%H"], SliceLength::Day).unwrap_err().contains("tells hours"));
    }

    #[test]
    fn types_hold_values_of_one_form() {
        for (format, ty, fits) in [
            ("%Y%m%d", ColumnType::Int, true),
            ("%Y%m%d", ColumnType::SmallInt, false),
            ("%Y%m%d", ColumnType::Varchar(8), true),
            ("%Y-%m-%d", ColumnType::Varchar(8), false),
            ("%Y-%m-%d", ColumnType::Int, false),
            ("%Y-%m-%d", ColumnType::Date, true),
            ("%d.%m.%Y", ColumnType::Date, false),
            ("%d.%m.%Y", ColumnType::Char(10), true),
            ("%d%m%Y", ColumnType::Int, false),
        ] {
            let columns = [column(ty)];
            assert_eq!(keys(&[format], SliceLength::Day).unwrap().misfit(&columns).is_none(), fits, "{format} {columns:?}");
        }
    }
}
