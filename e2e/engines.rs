//! What a Spark Connect server makes of a module's days, beside what adg makes of them.

use crate::script::script;

#[test]
fn every_engine_makes_the_same_table() {
    script("engines.py", &[]);
}

#[test]
fn a_cluster_reads_and_writes_buckets_itself() {
    script("engine_s3.py", &[]);
}

#[test]
fn a_cluster_that_may_not_read_the_source_is_given_copies() {
    script("engine_staging.py", &[]);
}

#[test]
fn a_cluster_that_is_gone_or_dies_or_is_interrupted_leaves_nothing() {
    script("engine_trouble.py", &[]);
}
