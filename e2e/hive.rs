//! Tables in the real Hive Metastore, as Spark sees them.

use crate::script::script;

#[test]
fn spark_reads_what_is_published_and_while_it_is() {
    script("hive_readers.py", &[]);
}

#[test]
fn a_table_that_spark_made_is_adopted() {
    script("adopt_spark_table.py", &[]);
}

#[test]
fn a_step_of_sparks_is_replaced_as_the_guide_says() {
    script("migration.py", &[]);
}

#[test]
fn spark_reads_structs_that_grew() {
    script("nested_growth.py", &[]);
}
