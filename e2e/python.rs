//! The Python that `make test` set up, with pinned readers and services.

use std::path::{Path, PathBuf};

/// Its interpreter.
pub(crate) fn python() -> PathBuf {
    let default = || Path::new(&std::env::var("HOME").unwrap()).join(".cache/adg/venv/bin/python");
    let python = std::env::var_os("ADG_TEST_PYTHON").map_or_else(default, PathBuf::from);
    assert!(python.exists(), "{} does not exist: run the tests by `make test`, which installs it", python.display());
    python
}
