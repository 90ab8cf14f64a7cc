//! Columns of fields of which some have a type of their own, as cells of workbooks do.

use crate::batch::BatchError;
use crate::schema::fit::{self, Formats};

use super::batch::RawBatch;
use super::built::{Built, invalid_value};
use super::nested::Leaf;
use super::plan::ColumnPlan;
use super::rules::ValueRules;

/// Builds a column of a plain type other than text. Texts are read in the notation of the source, and values with a type of
/// their own by `own`.
pub(super) fn build(batch: &RawBatch, column: &ColumnPlan, rules: &ValueRules, own: &Formats) -> Result<Built, BatchError> {
    let (mut leaf, mut invalid_values) = (Leaf::of(&column.ty), Vec::new());
    for row in 0..batch.rows() {
        let field = batch.field(row, column.index);
        let scalar = if rules.nulls.is_null(field) {
            None
        } else if batch.is_typed(row, column.index) {
            fit::typed_scalar(&column.ty, field.text, &rules.formats, own)
                .or_else(|| invalid_value(&mut invalid_values, row, field))
        } else {
            fit::scalar(&column.ty, field.text, &rules.formats).or_else(|| invalid_value(&mut invalid_values, row, field))
        };
        if !leaf.append_scalar(scalar) {
            leaf.append_null();
        }
    }
    Ok(Built { invalid_values, ..Built::of(leaf.finish(&batch.text)?) })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Date32Type, Float64Type, Int64Type};

    use super::super::batch::Span;
    use super::*;
    use crate::schema::fit::{DateFormats, NumberFormat};
    use crate::schema::{ColumnName, ColumnType};
    use crate::source::typed_batch;

    /// Builds a column of cells; those in quotes are texts.
    fn built(ty: &str, cells: &[&str]) -> (Arc<dyn Array>, u64, Option<ColumnType>) {
        let (mut text, mut spans) = (Vec::new(), Vec::new());
        for cell in cells {
            let start = text.len();
            text.extend_from_slice(cell.trim_matches('"').as_bytes());
            spans.push(match *cell {
                "" => Span::plain(start, start),
                _ if cell.starts_with('"') => Span::quoted(start, text.len(), false),
                _ => Span::typed(start, text.len()),
            });
        }
        let batch = RawBatch { text: text.into(), rows: spans.len(), spans, width: 1, bad: Vec::new() };
        let formats = Formats {
            dates: DateFormats::new(&["%Y-%d-%m".to_owned()]).unwrap(),
            numbers: NumberFormat { decimal: Some(','), thousands: Some('.'), ..NumberFormat::default() },
            ..Formats::default()
        };
        let of_typed = Some(Box::new(formats.of_programs()));
        let rules = ValueRules { formats, of_typed, ..ValueRules::default() };
        let name = ColumnName::new("c").unwrap();
        let plan = ColumnPlan {
            index: 0,
            name,
            ty: ty.parse().unwrap(),
            may_grow: false,
            keeps_digits: false,
            source_names: Arc::default(),
        };
        let typed = typed_batch(&batch, &[plan], &rules, None).unwrap();
        (Arc::clone(typed.batch.column(0)), typed.invalid_values[0], typed.wider[0].clone())
    }

    #[test]
    fn texts_alone_have_the_notation_of_the_source() {
        let (array, invalid, _) = built("double", &["1.234", "\"1.234\"", "\"1,5\"", "", "1e20"]);
        let found: Vec<Option<f64>> = array.as_primitive::<Float64Type>().iter().collect();
        assert_eq!((found, invalid), (vec![Some(1.234), Some(1234.0), Some(1.5), None, Some(1e20)], 0));
        let (array, invalid, _) = built("date", &["1970-02-01", "\"1970-02-01\"", "\"1970-01-31\""]);
        let found: Vec<Option<i32>> = array.as_primitive::<Date32Type>().iter().collect();
        assert_eq!((found, invalid), (vec![Some(31), Some(1), None], 1));
        let (array, ..) = built("string", &["1.234", "\"1.234\""]);
        assert_eq!((array.as_string_view().value(0), array.as_string_view().value(1)), ("1.234", "1.234"));
    }

    #[test]
    fn digits_that_a_double_does_not_have_are_no_integer() {
        let (array, invalid, wider) =
            built("bigint", &["9007199254740991", "9007199254740992.0", "\"9007199254740993\"", "1.234"]);
        let found: Vec<Option<i64>> = array.as_primitive::<Int64Type>().iter().collect();
        let expected = vec![Some(9_007_199_254_740_991), None, Some(9_007_199_254_740_993), None];
        assert_eq!((found, invalid, wider), (expected, 2, Some(ColumnType::Double)));
    }
}
