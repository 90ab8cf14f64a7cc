//! Published tables as DuckDB, PyArrow, Polars, Spark's own reader and Hive's SerDe see them.

use std::path::Path;
use std::process::Command;

use crate::services::python;

fn script(name: &str, args: &[&Path]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/python").join(name);
    let mut command = Command::new(python());
    command.arg(script).args(args).env("ADG_BIN", env!("CARGO_BIN_EXE_adg")).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.output().unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

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
