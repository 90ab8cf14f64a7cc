//! The job as its users run it in AWS, against moto with IAM enforcement on.

use crate::script::script;

#[test]
fn each_hop_of_a_role_chain_and_each_right_is_missed_by_its_name() {
    script("role_chain.py", &[]);
}

#[test]
fn the_replaced_jobs_secret_ledger_and_test_flag_go_on_working() {
    script("kickstart_scenario.py", &[]);
}

#[test]
fn the_replaced_jobs_three_modules() {
    script("kickstart_modules.py", &[]);
}

#[test]
fn people_are_told_once_by_each_channel_that_wants_to_know() {
    script("people.py", &[]);
}

#[test]
fn operators_plan_look_back_verify_undo_and_clean_up() {
    script("operators.py", &[]);
}
