//! Form of dates as values of a partition column.

use jiff::civil::Date;
use jiff::fmt::strtime;

use crate::identity::ProcessingDate;
use crate::metastore::PartitionValue;
use crate::schema::ColumnType;

/// Form in which a table's partition column holds dates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartitionFormat {
    /// In `strftime` notation; `None` for ISO 8601.
    format: Option<String>,
}

impl PartitionFormat {
    /// Creates the form of a format in `strftime` notation, such as `%Y%m%d`.
    ///
    /// # Errors
    /// It does not tell a whole day, and nothing else.
    pub fn new(format: &str) -> Result<Self, String> {
        let form = Self { format: Some(format.to_owned()).filter(|format| format != "%Y-%m-%d") };
        // Days whose parts differ in length, and can be taken for each other.
        let days = ["2024-12-31", "2001-02-03", "1999-11-01"].iter().filter_map(|day| day.parse::<ProcessingDate>().ok());
        let survives = |date: ProcessingDate| form.date(&form.value(date)) == Some(date);
        let is_whole = days.clone().count() == 3 && days.clone().all(survives);
        if is_whole { Ok(form) } else { Err(format!("`{format}` does not tell a day by year, month and day")) }
    }

    /// Returns the value of a date.
    pub fn value(&self, date: ProcessingDate) -> PartitionValue {
        let text = date.to_string();
        let formatted = self.format.as_ref().and_then(|format| strtime::format(format, text.parse::<Date>().ok()?).ok());
        PartitionValue(formatted.unwrap_or(text))
    }

    /// Returns the date of a value; `None` if it is none.
    pub fn date(&self, value: &PartitionValue) -> Option<ProcessingDate> {
        let Some(format) = &self.format else { return value.0.parse().ok() };
        let date = strtime::parse(format, &value.0).and_then(|parsed| parsed.to_date()).ok()?;
        date.to_string().parse().ok()
    }

    /// Returns the type of the partition column of a new table.
    pub fn column_type(&self) -> ColumnType {
        if self.format.is_none() { ColumnType::Date } else { ColumnType::String }
    }

    /// Returns true if a partition column of this type can hold the dates.
    pub fn fits(&self, ty: &ColumnType) -> bool {
        let Some(sample) = "2024-12-31".parse().ok().map(|date| self.value(date)) else { return false };
        match ty {
            ColumnType::Date => self.format.is_none(),
            ColumnType::Int | ColumnType::BigInt => {
                sample.0.bytes().all(|byte| byte.is_ascii_digit()) && !sample.0.starts_with('0')
            }
            ColumnType::String => true,
            ColumnType::Varchar(most) => sample.0.len() <= *most as usize,
            ColumnType::Char(length) => sample.0.len() == *length as usize,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_and_read_in_the_tables_form() {
        let date: ProcessingDate = "2024-05-01".parse().unwrap();
        for (format, value, int, varchar8) in [
            ("%Y-%m-%d", "2024-05-01", false, false),
            ("%Y%m%d", "20240501", true, true),
            ("%Y/%m/%d", "2024/05/01", false, false),
            ("%d.%m.%Y", "01.05.2024", false, false),
        ] {
            let form = PartitionFormat::new(format).unwrap();
            assert_eq!(form.value(date).0, value);
            assert_eq!((form.date(&PartitionValue(value.into())), form.date(&PartitionValue("x".into()))), (Some(date), None));
            assert_eq!((form.fits(&ColumnType::Int), form.fits(&ColumnType::Varchar(8))), (int, varchar8), "{format}");
            assert!(form.fits(&ColumnType::String) && form.fits(&form.column_type()));
        }
        for wrong in ["", "%Y-%m", "%y%m%d%", "day", "%Q"] {
            assert!(PartitionFormat::new(wrong).is_err(), "{wrong}");
        }
    }
}
