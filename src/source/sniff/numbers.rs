//! Numbers in another notation than that of programs.

use super::column::{SniffedColumn, guessed};
use crate::schema::ColumnType;
use crate::schema::fit::{Formats, NumberFormat, is_currency_code};

/// Decimal and thousands signs that are tried.
const SIGNS: &[(Option<char>, Option<char>)] = &[
    (Some(','), Some('.')),
    (Some(','), Some(' ')),
    (Some('.'), Some(',')),
    (Some('.'), Some('\'')),
    (Some(','), None),
    (Some('.'), None),
];

/// Returns a column of numbers in another notation than that of programs. `told`: the decimal sign, if other columns tell it.
pub(super) fn numbers(column: &SniffedColumn, values: &[&str], told: Option<char>) -> Option<SniffedColumn> {
    // Telephone numbers begin so.
    if values.iter().any(|value| value.trim().starts_with('+')) {
        return None;
    }
    // Without signs in the numbers, none is told.
    let has_signs = values.iter().any(|value| value.trim().contains(['.', ',', '\'', '\u{2019}', ' ', '\u{A0}', '\u{202F}']));
    let without: &[(Option<char>, Option<char>)] = &[(None, None)];
    let signs = if has_signs { [SIGNS, without].concat() } else { without.to_vec() };
    let mut found: Vec<(ColumnType, NumberFormat)> = Vec::new();
    for (decimal, thousands) in signs.into_iter().filter(|(decimal, _)| told.is_none() || *decimal == told) {
        for (currency, accounting) in [(false, false), (false, true), (true, false), (true, true)] {
            if currency && !has_one_currency(values) {
                continue;
            }
            let numbers = NumberFormat { decimal, thousands, currency, accounting, ..NumberFormat::default() };
            let ty = guessed(values, &Formats { numbers: numbers.clone(), ..Formats::default() });
            if let Some(ty @ (ColumnType::BigInt | ColumnType::Double)) = ty {
                found.push((ty, numbers));
                break;
            }
        }
    }
    let (ty, numbers) = found.first()?.clone();
    let is_other = |(_, other): &&(ColumnType, NumberFormat)| other.decimal.is_some() && other.decimal != numbers.decimal;
    if told.is_none() && found.iter().skip(1).any(|other| is_other(&other)) {
        let example = values.iter().find(|value| value.contains(['.', ','])).copied().unwrap_or_default();
        let doubt = format!(
            "`{example}` may be a thousand or a fraction, so that the column is text: set `decimal`, and `thousands`, \
             and make it `bigint` or `double`"
        );
        return Some(SniffedColumn { ty: Some(ColumnType::String), may_be_others: true, doubts: vec![doubt], ..column.clone() });
    }
    let sign = |sign: char| format!("\"{sign}\"");
    let mut notation: Vec<(&'static str, String)> = Vec::new();
    notation.extend(numbers.decimal.map(|decimal| ("decimal", sign(decimal))));
    notation.extend(numbers.thousands.map(|thousands| ("thousands", sign(thousands))));
    notation.extend(numbers.currency.then(|| ("currency", "true".to_owned())));
    notation.extend(numbers.accounting.then(|| ("accounting", "true".to_owned())));
    let example = values.first().copied().unwrap_or_default();
    let is_accounted = |value: &&&str| value.trim().starts_with('(') || value.trim().ends_with(['-', ')']);
    let negative = values.iter().find(is_accounted).filter(|_| numbers.accounting);
    let negative = negative.map(|value| format!("`{value}` is read as a negative number: is it one?"));
    let is_grouped = ty == ColumnType::BigInt && numbers.thousands == Some(' ');
    let grouped = is_grouped.then(|| format!("`{example}` is read as one number: is it no identifier?"));
    let doubts = negative.into_iter().chain(grouped).collect();
    Some(SniffedColumn { ty: Some(ty), notation, doubts, ..column.clone() })
}

/// Returns true if all values have one currency, or none: a number would not tell it from others.
fn has_one_currency(values: &[&str]) -> bool {
    let is_of_number = |c: char| c.is_ascii_digit() || c.is_whitespace() || ".,'\u{2019}()+-\u{2212}".contains(c);
    let currency = |value: &str| value.replace(is_of_number, "");
    let mut currencies: Vec<String> =
        values.iter().map(|value| currency(value)).filter(|currency| !currency.is_empty()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    let is_known = |word: &String| !word.contains(|c: char| c.is_ascii_alphabetic()) || is_currency_code(word);
    currencies.len() == 1 && currencies.iter().all(is_known)
}
