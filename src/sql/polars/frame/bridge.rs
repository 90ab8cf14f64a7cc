//! The one unsafe file: arrays cross between two implementations of Arrow by its C data interface.
//!
//! Audit: each function exports with one library and imports with the other at once, so that what is imported was made by a
//! correct exporter of the same specification, and is owned by exactly one side. The `transmute`s are between the two
//! libraries' `repr(C)` definitions of the same structs of that specification; their sizes are checked at compile time.

#![allow(unsafe_code)]

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use arrow_array::{Array, ArrayRef, make_array};
use polars_arrow::array::Array as PolarsArray;
use polars_arrow::datatypes::Field;
use polars_arrow::ffi;

use super::FrameError;

const _: () = assert!(size_of::<FFI_ArrowArray>() == size_of::<ffi::ArrowArray>());
const _: () = assert!(size_of::<FFI_ArrowSchema>() == size_of::<ffi::ArrowSchema>());

pub(super) fn array_to_polars(array: &ArrayRef) -> Result<Box<dyn PolarsArray>, FrameError> {
    let (array, schema) = to_ffi(&array.to_data())?;
    // SAFETY: same `repr(C)` struct of the specification; ownership moves with the value.
    let array: ffi::ArrowArray = unsafe { std::mem::transmute(array) };
    // SAFETY: as above.
    let schema: ffi::ArrowSchema = unsafe { std::mem::transmute(schema) };
    // SAFETY: the schema was exported by arrow-rs a moment ago.
    let field = unsafe { ffi::import_field_from_c(&schema) }?;
    // SAFETY: the array was exported together with that schema.
    Ok(unsafe { ffi::import_array_from_c(array, field.dtype) }?)
}

pub(super) fn array_to_arrow(array: Box<dyn PolarsArray>) -> Result<ArrayRef, FrameError> {
    let field = Field::new("".into(), array.dtype().clone(), true);
    let schema = ffi::export_field_to_c(&field);
    let array = ffi::export_array_to_c(array);
    // SAFETY: same `repr(C)` struct of the specification; ownership moves with the value.
    let schema: FFI_ArrowSchema = unsafe { std::mem::transmute(schema) };
    // SAFETY: as above.
    let array: FFI_ArrowArray = unsafe { std::mem::transmute(array) };
    // SAFETY: the array was exported together with that schema a moment ago.
    let data = unsafe { from_ffi(array, &schema) }?;
    Ok(make_array(data))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{LargeListBuilder, StringViewBuilder};
    use arrow_array::{Date32Array, Decimal128Array, Float64Array, Int8Array, StringViewArray, TimestampMicrosecondArray};

    use super::*;

    #[test]
    fn arrays_cross_both_ways_unchanged() {
        let mut lists = LargeListBuilder::new(StringViewBuilder::new());
        lists.append_value([Some("a value longer than twelve bytes"), None]);
        lists.append_null();
        lists.append_value([Some("short")]);
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(Int8Array::from(vec![Some(-1), None, Some(3)])),
            Arc::new(Float64Array::from(vec![Some(0.5), None, Some(f64::INFINITY)])),
            Arc::new(Decimal128Array::from(vec![Some(10_i128.pow(37)), None, Some(-5)]).with_precision_and_scale(38, 2).unwrap()),
            Arc::new(Date32Array::from(vec![Some(-719_162), None, Some(2_932_896)])),
            Arc::new(TimestampMicrosecondArray::from(vec![Some(i64::MIN + 1), None, Some(0)])),
            Arc::new(StringViewArray::from(vec![Some("a value longer than twelve bytes"), None, Some("")])),
            Arc::new(lists.finish()),
        ];
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let frame = super::super::from_arrow(3, names.into_iter().zip(arrays.iter().cloned()).collect()).unwrap();
        let back = super::super::to_arrow(&frame).unwrap();
        for (array, back) in arrays.iter().zip(&back) {
            assert_eq!(array.len(), back.len());
            assert_eq!(format!("{array:?}").replace("\"item\"", ""), format!("{back:?}").replace("\"item\"", ""));
        }
    }
}
