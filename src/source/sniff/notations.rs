//! Types of a column's values, and the notation in which they are read.

use super::column::{NULL_MARK, SniffedColumn, guessed};
use super::days::days;
use super::numbers::numbers;
use crate::schema::ColumnType;
use crate::schema::fit::Formats;

/// Returns what the values of columns say, each with its name. Where numbers of one may be others, those of other columns tell
/// the decimal sign.
pub(super) fn columns(columns: &[(&str, Vec<&str>)]) -> Vec<SniffedColumn> {
    let mut found: Vec<SniffedColumn> = columns.iter().map(|(name, values)| column(name, values)).collect();
    let mut told: Vec<char> = found.iter().filter_map(decimal_sign).collect();
    told.sort_unstable();
    told.dedup();
    let [sign] = told[..] else { return found };
    for (known, (_, values)) in found.iter_mut().zip(columns).filter(|(known, _)| known.may_be_others) {
        let plain = SniffedColumn { name: known.name.clone(), ..SniffedColumn::default() };
        if let Some(by_sign) = numbers(&plain, &with_values(values), Some(sign)) {
            *known = by_sign;
        }
    }
    found
}

/// Returns the decimal sign that a column tells.
fn decimal_sign(column: &SniffedColumn) -> Option<char> {
    let written = column.notation.iter().find(|(key, _)| *key == "decimal").and_then(|(_, sign)| sign.chars().nth(1));
    written.or_else(|| (column.ty == Some(ColumnType::Double) && column.notation.is_empty()).then_some('.'))
}

fn with_values<'v>(values: &[&'v str]) -> Vec<&'v str> {
    values.iter().copied().filter(|value| !value.trim().is_empty() && *value != NULL_MARK).collect()
}

/// Returns what the values of a column say. Empty ones and marks of null say nothing.
pub(super) fn column(name: &str, values: &[&str]) -> SniffedColumn {
    let values = with_values(values);
    let plain = guessed(&values, &Formats::default());
    let column = SniffedColumn { name: name.to_owned(), ..SniffedColumn::default() };
    let is_text = matches!(plain, Some(ColumnType::String));
    if !is_text {
        return SniffedColumn { ty: plain, ..column };
    }
    numbers(&column, &values, None).or_else(|| days(&column, &values)).unwrap_or(SniffedColumn { ty: plain, ..column })
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

    #[test]
    fn other_columns_tell_the_decimal_sign() {
        let of = |columns_: &[(&str, Vec<&str>)]| {
            let found = columns(columns_).into_iter();
            found.map(|column| (column.ty.unwrap().to_string(), column.notation.len(), column.doubts.len())).collect::<Vec<_>>()
        };
        let ambiguous = ("a", vec!["1.000", "12.500", "750"]);
        assert_eq!(of(&[ambiguous.clone(), ("b", vec!["1,50"])])[0], ("bigint".to_owned(), 2, 0));
        assert_eq!(of(&[ambiguous.clone(), ("b", vec!["48.1370"])])[0], ("double".to_owned(), 2, 0));
        let unclear = of(&[ambiguous, ("b", vec!["48.1370"]), ("c", vec!["1,50"])]);
        assert_eq!(unclear[0], ("string".to_owned(), 0, 1));
    }

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
            (&["1.000", "2.500"], expected("string", "", 1)),
            (&["1.000", "500"], expected("string", "", 1)),
            (&["1,000", "500"], expected("string", "", 1)),
            (&["52.520", "48.1370"], expected("double", "", 0)),
            (&["$1,299.99", "$5"], expected("double", "decimal: \".\", thousands: \",\", currency: true", 0)),
            (&["13.05.2024"], expected("date", "date_formats: [\"%d.%m.%Y\"]", 0)),
            (&["05/13/2024"], expected("date", "date_formats: [\"%m/%d/%Y\"]", 0)),
            (&["01/02/2024"], expected("date", "date_formats: [\"%d/%m/%Y\"]", 1)),
            (&["01-02-2024"], expected("date", "date_formats: [\"%d-%m-%Y\"]", 1)),
            (&["01-13-2024"], expected("date", "date_formats: [\"%m-%d-%Y\"]", 0)),
            (&["01-02-2024 10:30"], expected("timestamp", "timestamp_formats: [\"%d-%m-%Y %H:%M\"]", 1)),
            (&["13-01-2024 10:30:00.5"], expected("timestamp", "timestamp_formats: [\"%d-%m-%Y %H:%M:%S%.f\"]", 0)),
            (&["2024-05-01 10:30:00.123456789"], expected("timestamp", "nanoseconds: truncate", 1)),
            (&["2024-05-01T10:30:00.123456000Z"], expected("timestamp", "", 0)),
            (
                &["13.05.2024 10:30:00.123456789"],
                expected("timestamp", "timestamp_formats: [\"%d.%m.%Y %H:%M:%S%.f\"], nanoseconds: truncate", 1),
            ),
            (&["(3.00)", "5.00-"], expected("double", "decimal: \".\", thousands: \",\", accounting: true", 1)),
            (&["(3)", "5"], expected("bigint", "accounting: true", 1)),
            (&["(1.299,50)", "5,00-"], expected("double", "decimal: \",\", thousands: \".\", accounting: true", 1)),
            (&["($3.00)", "$5.00"], expected("double", "decimal: \".\", thousands: \",\", currency: true, accounting: true", 1)),
            (&["$5", "$7"], expected("bigint", "currency: true", 0)),
            (&["5 EUR", "7 USD"], expected("string", "", 0)),
            (&["SKU 100", "SKU 101"], expected("string", "", 0)),
            (&["1", r"\N"], expected("bigint", "", 0)),
            (&["13.05.2024 10:30"], expected("timestamp", "timestamp_formats: [\"%d.%m.%Y %H:%M\"]", 0)),
            (&["Ann", "1"], expected("string", "", 0)),
            (&["", " "], expected("", "", 0)),
        ] {
            assert_eq!(of(values), result, "{values:?}");
        }
    }
}
