//! What machines are told of runs.

use crate::script::script;

#[test]
fn lineage_traces_and_metrics_are_what_their_standards_say_and_break_nothing() {
    script("telemetry.py", &[]);
}
