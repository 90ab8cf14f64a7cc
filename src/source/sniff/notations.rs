//! Types of a column's values, and the notation in which they are read.

use crate::schema::fit::{DateFormats, Formats, NumberFormat, TimestampFormats};
use crate::schema::{ColumnType, TypeGuess};

/// Formats of days that are tried, beside ISO 8601. Each needs a day above twelve to tell it from the next.
const DATES: &[&str] = &["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y"];
/// Times of day that follow them.
const CLOCKS: &[&str] = &[" %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p"];

/// A column as its values show it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SniffedColumn {
    /// Name in the source.
    pub name: String,
    /// Type of the values; `None` if there are none.
    pub ty: Option<ColumnType>,
    /// Setting and value of the notation, such as `decimal` and `","`.
    pub notation: Vec<(&'static str, String)>,
    /// Doubts, each a sentence.
    pub doubts: Vec<String>,
}

/// Returns what the values of a column say.
pub(super) fn column(name: &str, values: &[&str]) -> SniffedColumn {
    let values: Vec<&str> = values.iter().copied().filter(|value| !value.trim().is_empty()).collect();
    let plain = guessed(&values, &Formats::default());
    let column = SniffedColumn { name: name.to_owned(), ..SniffedColumn::default() };
    let is_text = matches!(plain, Some(ColumnType::String));
    if !is_text {
        return SniffedColumn { ty: plain, ..column };
    }
    numbers(&column, &values).or_else(|| days(&column, &values)).unwrap_or(SniffedColumn { ty: plain, ..column })
}

fn guessed(values: &[&str], formats: &Formats) -> Option<ColumnType> {
    let mut guess = TypeGuess::fresh();
    for value in values {
        guess.see(value.as_bytes(), formats);
    }
    guess.result().cloned()
}

/// Returns a column of numbers in another notation than that of programs.
fn numbers(column: &SniffedColumn, values: &[&str]) -> Option<SniffedColumn> {
    let signs =
        [(Some(','), Some('.')), (Some(','), Some(' ')), (Some('.'), Some(',')), (Some('.'), Some('\'')), (Some(','), None)];
    let mut found: Vec<(ColumnType, NumberFormat)> = Vec::new();
    for (decimal, thousands) in signs {
        for currency in [false, true] {
            let numbers = NumberFormat { decimal, thousands, currency, accounting: currency, ..NumberFormat::default() };
            let ty = guessed(values, &Formats { numbers: numbers.clone(), ..Formats::default() });
            if let Some(ty @ (ColumnType::BigInt | ColumnType::Double)) = ty {
                found.push((ty, numbers));
                break;
            }
        }
    }
    let (ty, numbers) = found.first()?.clone();
    let mut notation = vec![("decimal", format!("\"{}\"", numbers.decimal.unwrap_or('.')))];
    notation.extend(numbers.thousands.map(|sign| ("thousands", format!("\"{sign}\""))));
    if numbers.currency {
        notation.push(("currency", "true".to_owned()));
    }
    let other = found.iter().skip(1).find(|(_, other)| other.decimal != numbers.decimal);
    let doubts = other.map(|_| {
        let example = values.first().copied().unwrap_or_default();
        format!("`{example}` may be a thousand or a fraction: does the source write `,` or `.` before fractions?")
    });
    Some(SniffedColumn { ty: Some(ty), notation, doubts: doubts.into_iter().collect(), ..column.clone() })
}

/// Returns a column of days or clock times in another format than ISO 8601.
fn days(column: &SniffedColumn, values: &[&str]) -> Option<SniffedColumn> {
    if values.is_empty() {
        return None;
    }
    let fits_dates = |format: &str| {
        DateFormats::new(&[format.to_owned()])
            .is_ok_and(|formats| values.iter().all(|value| formats.parse(value.trim().as_bytes()).is_some()))
    };
    let dates: Vec<String> = DATES.iter().map(|format| (*format).to_owned()).filter(|format| fits_dates(format)).collect();
    if let Some(first) = dates.first() {
        return Some(with_format(column, values, ColumnType::Date, "date_formats", first, dates.get(1)));
    }
    let fits_times = |format: &String| {
        let formats = TimestampFormats::new(std::slice::from_ref(format));
        formats.is_ok_and(|formats| values.iter().all(|value| formats.parse(value.trim().as_bytes()).is_some()))
    };
    let times = DATES.iter().flat_map(|date| CLOCKS.iter().map(move |clock| format!("{date}{clock}")));
    let times: Vec<String> = times.filter(fits_times).collect();
    let first = times.first()?;
    Some(with_format(column, values, ColumnType::Timestamp, "timestamp_formats", first, times.get(1)))
}

fn with_format(
    column: &SniffedColumn,
    values: &[&str],
    ty: ColumnType,
    setting: &'static str,
    format: &str,
    other: Option<&String>,
) -> SniffedColumn {
    let doubts = other.map(|other| {
        let example = values.first().copied().unwrap_or_default();
        format!("`{example}` fits `{format}` and `{other}`: which is it?")
    });
    SniffedColumn {
        ty: Some(ty),
        notation: vec![(setting, format!("[\"{format}\"]"))],
        doubts: doubts.into_iter().collect(),
        ..column.clone()
    }
}

/// Returns the share of columns of the records, without the first, that are more than text.
#[allow(clippy::cast_precision_loss)] // Columns are few.
pub(super) fn typed_share(records: &[Vec<String>]) -> f64 {
    let width = records.first().map_or(0, Vec::len);
    let is_typed = |place: &usize| {
        let values: Vec<&str> = records.iter().skip(1).take(50).map(|record| record[*place].as_str()).collect();
        !matches!(column("", &values).ty, None | Some(ColumnType::String))
    };
    if width == 0 { 0.0 } else { (0..width.min(100)).filter(is_typed).count() as f64 / width as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> (String, String, usize) {
        let found = column("c", values);
        let notation = found.notation.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join(", ");
        (found.ty.map_or_else(String::new, |ty| ty.to_string()), notation, found.doubts.len())
    }

    #[test]
    fn notations_are_found_where_the_plain_one_does_not_fit() {
        let expected = |ty: &str, notation: &str, doubts| (ty.to_owned(), notation.to_owned(), doubts);
        for (values, result) in [
            (&["1", "2"][..], expected("bigint", "", 0)),
            (&["1.5", ""], expected("double", "", 0)),
            (&["1.299,99", "5,00"], expected("double", "decimal: \",\", thousands: \".\"", 0)),
            (&["1,299.99", "5"], expected("double", "decimal: \".\", thousands: \",\"", 0)),
            (&["1.000", "2.500"], expected("bigint", "decimal: \",\", thousands: \".\"", 1)),
            (&["$1,299.99", "$5"], expected("double", "decimal: \".\", thousands: \",\", currency: true", 0)),
            (&["13.05.2024"], expected("date", "date_formats: [\"%d.%m.%Y\"]", 0)),
            (&["05/13/2024"], expected("date", "date_formats: [\"%m/%d/%Y\"]", 0)),
            (&["01/02/2024"], expected("date", "date_formats: [\"%d/%m/%Y\"]", 1)),
            (&["13.05.2024 10:30"], expected("timestamp", "timestamp_formats: [\"%d.%m.%Y %H:%M\"]", 0)),
            (&["Ann", "1"], expected("string", "", 0)),
            (&["", " "], expected("", "", 0)),
        ] {
            assert_eq!(of(values), result, "{values:?}");
        }
    }
}
