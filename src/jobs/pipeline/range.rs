//! The range of a cursor's values that a run reads. Both bounds are fixed before anything is read.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, Date32Array, Decimal128Array, TimestampMicrosecondArray};
use arrow_cast::cast;
use arrow_cast::display::array_value_to_string;
use arrow_schema::DataType;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::config::NullCursors;
use crate::database::postgres::{Bound, ReadColumn};
use crate::schema::ColumnType;

use super::cursor::{Cursor, CursorFrom, Overlap};

/// Overlap of timestamps where none is set: transactions that commit later than others are rarely longer.
const MINUTES: i64 = 10;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// A range of a cursor's values.
#[derive(Debug, Clone)]
pub(super) struct Range {
    /// First value that is read; none if all are.
    pub(super) first: Option<First>,
    /// Condition of the rows, in the SQL of the database; none if all are read.
    pub(super) condition: Option<String>,
    /// Condition of rows without a value, in the SQL of the database.
    pub(super) is_null: String,
    /// Condition of rows that are left to later runs, if there can be any.
    pub(super) waits: Option<String>,
    /// The range for people.
    pub(super) told: String,
}

/// First value that is read.
#[derive(Debug, Clone)]
pub(super) struct First {
    text: String,
    /// The value as an array of one, where it comes from a table.
    pub(super) value: Option<ArrayRef>,
}

impl Cursor {
    /// Returns the first value to read. `watermark` is the largest one that the tables have.
    ///
    /// # Errors
    /// The reason for which there is none.
    pub(super) fn first(&self, ty: &ColumnType, watermark: Option<ArrayRef>, now: Timestamp) -> Result<Option<First>, String> {
        let at = match (&self.from, ty) {
            (CursorFrom::Value(text), _) => return Ok(Some(First { text: text.clone(), value: None })),
            (CursorFrom::Destination, _) => watermark,
            (CursorFrom::Ago(ago), ColumnType::Timestamp | ColumnType::Date) => {
                let begin = now.checked_sub(*ago).map_err(|error| error.to_string())?;
                Some(match ty {
                    ColumnType::Date => Arc::new(Date32Array::from(vec![i32::try_from(begin.as_second().div_euclid(DAY)).ok()])),
                    _ => Arc::new(TimestampMicrosecondArray::from(vec![begin.as_microsecond()])) as ArrayRef,
                })
            }
            (CursorFrom::Ago(_), ty) => return Err(format!("`from` is a duration, and the cursor is a {ty}")),
        };
        let Some(at) = at else { return Ok(None) };
        let behind = match (&self.from, self.overlap) {
            (CursorFrom::Ago(_), None) => at,
            (_, overlap) => behind(&at, overlap)?,
        };
        Ok(Some(First { text: text_of(&behind)?, value: Some(behind) }))
    }

    /// Returns the range of a run.
    ///
    /// # Errors
    /// The column can't be a cursor.
    pub(super) fn range(&self, read: &ReadColumn, first: Option<First>, bound: &Bound) -> Result<Range, String> {
        use ColumnType as Ty;
        let (column, literal) = (quoted(&read.name, '"'), |text: &str| quoted(text, '\''));
        let zone = literal(self.time_zone.as_deref().unwrap_or(&bound.time_zone));
        let at = format!("timestamptz {}", literal(&bound.at));
        let end = match (&read.ty, read.has_zone) {
            _ if !read.keeps_order() => {
                return Err(format!("`{}` sorts otherwise in a table: cast it in the `query` of the source", self.column));
            }
            (Ty::Timestamp, true) => Some(format!("{column} < {at}")),
            (Ty::Timestamp, false) => Some(format!("{column} < ({at} at time zone {zone})")),
            (Ty::Date, _) => Some(format!("{column} <= ({at} at time zone {zone})::date")),
            (Ty::TinyInt | Ty::SmallInt | Ty::Int | Ty::BigInt | Ty::Decimal { .. } | Ty::String | Ty::Varchar(_), _) => None,
            (ty, _) => return Err(format!("`{}` is a {ty}, and a cursor is a date, a time, a number or a text", self.column)),
        };
        let is_text = matches!(read.ty, Ty::String | Ty::Varchar(_));
        // The order of bytes is the one that the largest value of a table was found by.
        let compared = if is_text { format!("{column} collate \"C\"") } else { column.clone() };
        let begin = first.as_ref().map(|first| format!("{compared} >= {}", literal(&first.text)));
        let waits = end.as_ref().map(|end| format!("not ({end})"));
        let both = begin.into_iter().chain(end).collect::<Vec<_>>().join(" and ");
        let condition = match (self.nulls, both.is_empty()) {
            (NullCursors::Read, false) => Some(format!("({both} or {column} is null)")),
            (NullCursors::Skip, true) => Some(format!("{column} is not null")),
            (_, true) => None,
            (_, false) => Some(both),
        };
        let begin = match &first {
            None => "the first",
            // It may be confidential.
            Some(_) if is_text => "the largest of the tables",
            Some(first) => &first.text,
        };
        let end = if waits.is_some() { format!("{} UTC", bound.at.trim_end_matches("+00")) } else { "the last".to_owned() };
        let told = format!("{} from {begin} to {end}", self.column);
        Ok(Range { first, condition, is_null: format!("{column} is null"), waits, told })
    }
}

/// Returns the value that lies so far behind another.
fn behind(at: &ArrayRef, overlap: Option<Overlap>) -> Result<ArrayRef, String> {
    let number = match overlap {
        Some(Overlap::Number(number)) => Some(number),
        Some(Overlap::Time(_)) => None,
        None => Some(0),
    };
    let time = |default: SignedDuration| match overlap {
        None => Some(default),
        Some(Overlap::Time(time)) => Some(time),
        Some(Overlap::Number(_)) => None,
    };
    let wrong = || "`overlap` of dates and times is a duration, such as `10min`, and of others a number".to_owned();
    if let Some(at) = at.as_primitive_opt::<TimestampMicrosecondType>() {
        let micros =
            i64::try_from(time(SignedDuration::from_mins(MINUTES)).ok_or_else(wrong)?.as_micros()).map_err(|_| wrong())?;
        return Ok(Arc::new(TimestampMicrosecondArray::from(vec![at.value(0).saturating_sub(micros)])));
    }
    if let Some(at) = at.as_primitive_opt::<Date32Type>() {
        let seconds = time(SignedDuration::from_secs(DAY)).ok_or_else(wrong)?.as_secs();
        let days = i32::try_from(seconds.div_euclid(DAY) + i64::from(seconds % DAY > 0)).map_err(|_| wrong())?;
        return Ok(Arc::new(Date32Array::from(vec![at.value(0).saturating_sub(days)])));
    }
    let number = number.ok_or_else(wrong)?;
    if number == 0 {
        return Ok(Arc::clone(at));
    }
    if matches!(at.data_type(), DataType::Utf8View) {
        return Err("texts have no `overlap`".to_owned());
    }
    let scale = if let DataType::Decimal128(_, scale) = at.data_type() { *scale } else { 0 };
    let number = i128::from(number) * 10_i128.pow(scale.unsigned_abs().into());
    let wide = cast(at, &DataType::Decimal128(38, scale)).map_err(|error| error.to_string())?;
    let value = wide.as_primitive::<Decimal128Type>().value(0).saturating_sub(number);
    let behind = Decimal128Array::from(vec![value]).with_precision_and_scale(38, scale).map_err(|error| error.to_string())?;
    cast(&behind, at.data_type()).map_err(|error| error.to_string())
}

/// Returns a value as the database reads it.
fn text_of(at: &ArrayRef) -> Result<String, String> {
    if let Some(at) = at.as_primitive_opt::<TimestampMicrosecondType>() {
        let at = Timestamp::from_microsecond(at.value(0)).map_err(|error| error.to_string())?;
        return Ok(at.strftime("%Y-%m-%d %H:%M:%S%.6f+00").to_string());
    }
    if let Some(at) = at.as_primitive_opt::<Date32Type>() {
        let day = Date::constant(1970, 1, 1).checked_add(SignedDuration::from_hours(24 * i64::from(at.value(0))));
        return Ok(day.map_err(|error| error.to_string())?.to_string());
    }
    array_value_to_string(at, 0).map_err(|error| error.to_string())
}

fn quoted(text: &str, quote: char) -> String {
    format!("{quote}{}{quote}", text.replace(quote, &format!("{quote}{quote}")))
}

#[cfg(test)]
mod tests {
    use arrow_array::{Int32Array, StringViewArray};
    use tokio_postgres::types::Type;

    use super::*;

    fn cursor(from: &str, overlap: Option<&str>) -> Cursor {
        let text = format!(
            "connection: x, cursor: c, from: '{from}'{}",
            overlap.map(|text| format!(", overlap: '{text}'")).unwrap_or_default()
        );
        Cursor::of(&serde_saphyr::from_str(&format!("{{ {text} }}")).unwrap()).unwrap().unwrap()
    }

    fn first(cursor: &Cursor, ty: &str, watermark: ArrayRef) -> Result<String, String> {
        let now = "2024-05-10T12:00:00Z".parse().unwrap();
        Ok(cursor.first(&ty.parse().unwrap(), Some(watermark), now)?.unwrap().text)
    }

    #[test]
    fn the_first_value_lies_behind_the_watermark() {
        let at: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_714_564_800_000_001]));
        let day: ArrayRef = Arc::new(Date32Array::from(vec![19_844]));
        let number: ArrayRef = Arc::new(Int32Array::from(vec![7]));
        let price = Decimal128Array::from(vec![250]).with_precision_and_scale(9, 2).unwrap();
        let price: ArrayRef = Arc::new(price);
        let name: ArrayRef = Arc::new(StringViewArray::from(vec!["b"]));
        for (from, overlap, ty, watermark, text) in [
            ("destination", None, "timestamp", &at, "2024-05-01 11:50:00.000001+00"),
            ("destination", Some("1day"), "timestamp", &at, "2024-04-30 12:00:00.000001+00"),
            ("3day", None, "timestamp", &at, "2024-05-07 12:00:00.000000+00"),
            ("2024-01-01", None, "timestamp", &at, "2024-01-01"),
            ("destination", None, "date", &day, "2024-04-30"),
            ("destination", Some("1hour"), "date", &day, "2024-04-30"),
            ("3day", None, "date", &day, "2024-05-07"),
            ("destination", None, "int", &number, "7"),
            ("destination", Some("10"), "int", &number, "-3"),
            ("destination", Some("2"), "decimal(9,2)", &price, "0.50"),
            ("destination", None, "string", &name, "b"),
        ] {
            assert_eq!(first(&cursor(from, overlap), ty, Arc::clone(watermark)).unwrap(), text, "{from} {overlap:?} {ty}");
        }
        for (from, overlap, ty, watermark) in [
            ("destination", Some("10"), "timestamp", &at),
            ("destination", Some("10min"), "int", &number),
            ("destination", Some("10"), "string", &name),
            ("3day", None, "int", &number),
        ] {
            assert!(first(&cursor(from, overlap), ty, Arc::clone(watermark)).is_err(), "{from} {overlap:?} {ty}");
        }
    }

    #[test]
    fn conditions_have_both_bounds_and_say_what_nulls_are() {
        let bound = Bound { at: "2024-05-10 12:00:00+00".to_owned(), time_zone: "Europe/London".to_owned(), has_hidden: false };
        let read = |ty: &Type| ReadColumn::of("At", ty, -1);
        let mut one = cursor("2024-01-01", None);
        let now = Timestamp::UNIX_EPOCH;
        let condition = |one: &Cursor, ty| {
            let read = read(ty);
            let first = one.first(&read.ty, None, now).unwrap();
            one.range(&read, first, &bound).unwrap().condition.unwrap_or_default()
        };
        let at = "timestamptz '2024-05-10 12:00:00+00'";
        assert_eq!(condition(&one, &Type::TIMESTAMPTZ), format!("\"At\" >= '2024-01-01' and \"At\" < {at}"));
        assert_eq!(
            condition(&one, &Type::TIMESTAMP),
            format!("\"At\" >= '2024-01-01' and \"At\" < ({at} at time zone 'Europe/London')")
        );
        assert_eq!(condition(&one, &Type::INT4), "\"At\" >= '2024-01-01'");
        assert_eq!(condition(&one, &Type::TEXT), "\"At\" collate \"C\" >= '2024-01-01'");
        one.nulls = NullCursors::Read;
        assert_eq!(condition(&one, &Type::INT4), "(\"At\" >= '2024-01-01' or \"At\" is null)");
        let mut all = cursor("destination", None);
        assert_eq!(condition(&all, &Type::INT4), "");
        all.nulls = NullCursors::Skip;
        assert_eq!(condition(&all, &Type::INT4), "\"At\" is not null");
        assert!(all.range(&read(&Type::BOOL), None, &bound).is_err());
    }
}
