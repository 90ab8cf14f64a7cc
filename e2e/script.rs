//! The scripts of `e2e/python`, which check what only other tools can say.

use std::path::Path;
use std::process::Command;

use crate::python::python;

/// Runs a script with this build of adg; fails where it does.
pub fn script(name: &str, args: &[&Path]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/python").join(name);
    let mut command = Command::new(python());
    command.arg(script).args(args).env("ADG_BIN", env!("CARGO_BIN_EXE_adg")).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.output().unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_scripts_find_equal_is_equal_in_whatever_order_sets_were_filled() {
    script("checks.py", &[]);
}
