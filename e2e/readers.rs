//! Published tables as DuckDB, PyArrow, Polars, Spark's own reader and Hive's SerDe see them.

use std::path::Path;

use crate::script::script;

#[test]
fn every_reader_sees_every_type_word_with_the_same_values() {
    script("readers.py", &[]);
}

#[test]
fn real_data_comes_out_as_duckdb_reads_it() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/real");
    if data.exists() {
        script("real_data.py", &[&data]);
    } else {
        println!("skipped: {} is not there", data.display());
    }
}
