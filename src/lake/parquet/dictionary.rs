//! Choice of the columns that get a dictionary.
//!
//! The Parquet writer begins a dictionary for every column, and gives it up once it is too large. For a column whose values are
//! nearly all different, it has then looked up each value for nothing, or has written all values and their indices as well.

use std::hash::{DefaultHasher, Hasher};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

/// Number of values to sample.
const SAMPLE: usize = 2048;

/// Returns the leaves of a column, in the order of the file.
pub(super) fn leaves(array: &ArrayRef) -> Vec<ArrayRef> {
    let mut found = Vec::new();
    walk(array, &mut found);
    found
}

fn walk(array: &ArrayRef, found: &mut Vec<ArrayRef>) {
    match array.data_type() {
        DataType::LargeList(_) => walk(array.as_list::<i64>().values(), found),
        DataType::Struct(_) => array.as_struct().columns().iter().for_each(|member| walk(member, found)),
        DataType::Map(..) => array.as_map().entries().columns().iter().for_each(|side| walk(side, found)),
        _ => found.push(array.clone()),
    }
}

/// Returns true if a dictionary of the leaf's values is likely to stay within `limit` bytes, judged by its first values.
///
/// Of `n` values drawn from `d` distinct ones, about n²/2d are repeats. So d is about n²/2r, where r is the number of repeats.
pub(super) fn is_worth(leaf: &ArrayRef, limit: usize) -> bool {
    let Some(Sample { mut hashes, bytes }) = sample(leaf) else { return true };
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    let again = count - hashes.len();
    // Halves count too, so that a sample without any repetition says something by its size.
    #[allow(clippy::cast_precision_loss)] // An estimate.
    let dictionary = bytes as f64 * count as f64 / (2.0 * again as f64 + 1.0);
    #[allow(clippy::cast_precision_loss)] // An estimate.
    let limit = limit as f64;
    dictionary <= limit
}

/// The first values that are not null.
#[derive(Default)]
struct Sample {
    hashes: Vec<u64>,
    bytes: usize,
}

impl Sample {
    fn add(&mut self, value: &[u8]) {
        let mut hasher = DefaultHasher::new();
        hasher.write(value);
        self.hashes.push(hasher.finish());
        self.bytes += value.len();
    }
}

/// Returns a sample of the leaf; none for a type without dictionaries.
fn sample(leaf: &ArrayRef) -> Option<Sample> {
    let (mut sample, there) = (Sample::default(), (0..leaf.len()).filter(|row| leaf.is_valid(*row)).take(SAMPLE));
    if let Some(texts) = leaf.as_string_view_opt() {
        there.for_each(|row| sample.add(texts.value(row).as_bytes()));
        return Some(sample);
    }
    let width = leaf.data_type().primitive_width()?;
    let data = leaf.to_data();
    let bytes = data.buffers().first()?.as_slice();
    for row in there {
        let start = (data.offset() + row) * width;
        sample.add(bytes.get(start..start + width)?);
    }
    Some(sample)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{BooleanArray, Int64Array, StringViewArray};

    use super::*;

    const LIMIT: usize = 1 << 20;

    fn numbers(rows: i64, different: i64) -> ArrayRef {
        // Steps of a large prime number visit all of them before they come again.
        Arc::new((0..rows).map(|row| (row % 7 != 3).then_some(row * 1_000_003 % different)).collect::<Int64Array>())
    }

    #[test]
    fn what_hardly_ever_comes_again_gets_none() {
        assert!(!is_worth(&numbers(10_000, i64::MAX), LIMIT));
        assert!(!is_worth(&numbers(1_000, i64::MAX), LIMIT));
        let texts: StringViewArray = (0..1_000).map(|row| Some(format!("{row:040}"))).collect();
        assert!(!is_worth(&(Arc::new(texts) as ArrayRef), LIMIT));
    }

    #[test]
    fn what_comes_again_gets_one_and_so_does_what_is_small() {
        for different in [1, 10, 1_000] {
            assert!(is_worth(&numbers(10_000, different), LIMIT), "{different}");
        }
        assert!(is_worth(&numbers(100, i64::MAX), LIMIT));
        assert!(is_worth(&numbers(0, 1), LIMIT));
        assert!(is_worth(&(Arc::new(BooleanArray::from(vec![true; 10_000])) as ArrayRef), LIMIT));
    }

    #[test]
    fn a_slice_is_looked_at_where_it_is() {
        let array = Int64Array::from_iter_values((0..4_000).map(|row| if row < 2_000 { 0 } else { row * 1_000_003 }));
        assert!(is_worth(&(Arc::new(array.slice(0, 2_000)) as ArrayRef), LIMIT));
        assert!(!is_worth(&(Arc::new(array.slice(2_000, 2_000)) as ArrayRef), LIMIT));
    }
}
