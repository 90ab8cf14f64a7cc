//! A folder with its own source, warehouse and config, and the binary run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::python::python;

/// One environment under two names, of which the second is protected.
fn environments() -> String {
    let settings = "    stores:
      source: { url: source }
      published: { url: warehouse }
    metastore: { sqlite: { path: warehouse/metastore.db } }
    ledger: { sqlite: { path: warehouse/ledger.db } }
    scratch: scratch
    reports: reports
";
    format!("version: 1\nprofile: local\nprofiles:\n  local:\n{settings}  production:\n    protected: true\n{settings}")
}

/// A module `shop` of two collections.
const MODULE: &str = "\
version: 1
module: shop
source: { files: \"{date}_{collection}_{epoch_ms}.csv\" }
limits: { error_rate: 1, quarantine_rate: 1 }
target: { database: test }
collections:
  orders: { columns: { id: bigint, note: string, paid: boolean } }
  items: { columns: { id: bigint, price: \"decimal(9,2)\" } }
";

pub(crate) struct Workspace {
    folder: TempDir,
}

/// How a command ended.
pub(crate) struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Fails unless the command ended with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails unless standard error has this text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "`{text}` is not in:\n{}", self.stderr);
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Workspace {
    /// With nothing in it.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With the module `shop`.
    pub(crate) fn new() -> Self {
        Self::with_module("shop", MODULE)
    }

    /// With the module `shop`, some of its text replaced.
    pub(crate) fn with(replaced: &[(&str, &str)]) -> Self {
        let mut module = MODULE.to_owned();
        for (from, to) in replaced {
            assert!(module.contains(from), "{from}");
            module = module.replace(from, to);
        }
        Self::with_module("shop", &module)
    }

    pub(crate) fn with_module(name: &str, yaml: &str) -> Self {
        let workspace = Self { folder: tempfile::tempdir().unwrap() };
        workspace.write("adg.yaml", environments());
        fs::create_dir(workspace.path("source")).unwrap();
        workspace.write(&format!("modules/{name}.yaml"), yaml);
        workspace
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub(crate) fn write(&self, below: &str, content: impl AsRef<[u8]>) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A source file of `shop`.
    pub(crate) fn source(&self, date: &str, collection: &str, content: impl AsRef<[u8]>) {
        self.write(&format!("source/{date}_{collection}_1.csv"), content);
    }

    /// A good file of each collection of `shop`.
    pub(crate) fn day(&self, date: &str) {
        self.source(date, "orders", "Id,Note,Paid\n1,\"two\nlines\",true\n2,,no\n");
        self.source(date, "items", "Id,Price\n1,9.99\n");
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_adg"));
        command.current_dir(self.folder.path()).args(args).stdin(Stdio::null());
        for variable in ["START_DT", "END_DT", "CLEAN_UP_FLG", "E2E_TEST_FLG", "ADG_PROFILE", "ADG_CONFIG", "ADG_LOG_LEVEL"] {
            command.env_remove(variable);
        }
        // DuckDB lies beside Python.
        let path = format!("{}:{}", python().parent().unwrap().display(), std::env::var("PATH").unwrap());
        command.env("PATH", path);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.command(args).output().unwrap().into()
    }

    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs `shop` over these dates.
    pub(crate) fn shop(&self, start: &str, end: &str) -> Ran {
        self.run(&["--module", "shop", "--start-dt", start, "--end-dt", end])
    }

    /// The rows of a query, as JSON lines.
    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> String {
        self.run(&["query", sql, "--format", "json"]).expect(0).stdout.trim().to_owned()
    }

    /// The newest report.
    pub(crate) fn report(&self) -> Value {
        let newest = files(&self.path("reports")).into_iter().max().unwrap();
        serde_json::from_slice(&fs::read(newest).unwrap()).unwrap()
    }

    /// The Parquet files below a table's folder that a reader of paths would see.
    pub(crate) fn parquet_files(&self) -> Vec<PathBuf> {
        let mut found = files(&self.path("warehouse/data"));
        found.retain(|path| path.extension().is_some_and(|extension| extension == "parquet"));
        found
    }

    /// The lines of all quarantine files.
    pub(crate) fn quarantine(&self) -> Vec<Value> {
        let mut lines = Vec::new();
        for path in files(&self.path("warehouse/data")) {
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                lines.extend(fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()));
            }
        }
        lines
    }
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
