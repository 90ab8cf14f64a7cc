//! JSON sources as other readers see them, and the hashes of their rows as Spark computes them.

use std::path::Path;

use crate::script::script;

#[test]
fn real_json_is_as_duckdb_reads_it() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/real");
    if data.exists() {
        script("real_json.py", &[&data]);
    } else {
        println!("skipped: {} is not there", data.display());
    }
}

#[test]
fn spark_computes_the_same_row_hash() {
    script("row_hash_spark.py", &[]);
}
