//! A workspace of version 0.1 goes on working: its config, ledger, metastore and tables.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use crate::workspace::{Workspace, files};

/// The folder in which version 0.1 worked; see `e2e/versions/0.1/README.md`.
const FORMER: &str = "/srv/adg";
const RERUN: &str = "01a2274b-fd48-708b-9486-9aa536981130";

/// A copy of the workspace, moved: what the databases say of its folder is replaced.
fn of_version_0_1() -> Workspace {
    let workspace = Workspace::empty();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/versions/0.1/workspace");
    for file in files(&from) {
        let below = file.strip_prefix(&from).unwrap().to_str().unwrap();
        workspace.write(below, fs::read(&file).unwrap());
    }
    let folder = workspace.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    let moved = |file: &str, columns: &[(&str, &str)]| {
        let database = Connection::open(workspace.path(file)).unwrap();
        for (table, column) in columns {
            let sql = format!("update {table} set {column} = replace({column}, '{FORMER}', '{folder}')");
            assert!(database.execute(&sql, []).unwrap() > 0, "{table}");
        }
    };
    moved("ledger.db", &[("attempts", "location"), ("superseded", "location")]);
    moved("metastore.db", &[("databases", "location"), ("tables", "location"), ("partitions", "location")]);
    workspace
}

/// The source's files have other times here than version 0.1 saw, so that it takes them for others.
fn run(workspace: &Workspace, args: &[&str]) -> crate::workspace::Ran {
    workspace.run(&[&["--module", "shop", "--end-dt", "2024-05-04"], args].concat())
}

#[test]
fn a_workspace_of_version_0_1_is_continued() {
    let workspace = of_version_0_1();
    let rows = || workspace.query("select count(*) as n, sum(price) as p from sales.orders");
    assert_eq!(rows(), r#"{"n":5,"p":28.99}"#);
    let before = workspace.run(&["history", "--module", "shop", "--start-dt", "2024-05-01", "--end-dt", "2024-05-04", "--json"]);
    assert!(before.expect(0).stdout.contains(RERUN.split('-').next().unwrap()));
    workspace.run(&["doctor", "--module", "shop"]).expect(0);
    run(&workspace, &[]).expect(13).says("has no file `2024-05-03_orders.csv`");
    workspace.write("landing/2024-05-03_orders.csv", "id,price,note\n6,7.00,late\n");
    run(&workspace, &[]).expect(0);
    assert_eq!(rows(), r#"{"n":6,"p":35.99}"#);
    workspace.run(&["tables"]).expect(0);
    // What version 0.1 replaced is kept for its retention from then on, which is over by now: nothing of it is undone.
    let undone = workspace.run(&["undo", "--module", "shop", "--run", RERUN]);
    assert!(matches!(undone.code, 0 | 4), "{}", undone.stderr);
    run(&workspace, &["--start-dt", "2024-05-01", "--clean-up-flg", "true"]).expect(0);
    assert_eq!(rows(), r#"{"n":6,"p":35.99}"#);
}

#[test]
fn a_ledger_of_a_newer_version_is_refused_with_what_to_do() {
    let workspace = of_version_0_1();
    Connection::open(workspace.path("ledger.db")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let ran = run(&workspace, &[]).expect(10);
    assert!(ran.stderr.contains("made by a newer adg") && ran.stderr.contains("run the adg that wrote it"), "{}", ran.stderr);
}

#[test]
fn a_database_that_is_broken_is_told_with_what_to_do() {
    for file in ["ledger.db", "metastore.db"] {
        let workspace = of_version_0_1();
        let whole = fs::read(workspace.path(file)).unwrap();
        for broken in [b"this is no database, whatever its name says".repeat(99), whole[..whole.len() / 3].to_vec()] {
            workspace.write(file, broken);
            let ran = run(&workspace, &[]).expect(10);
            assert!(ran.stderr.contains("restore it from a backup"), "{file}: {}", ran.stderr);
        }
    }
}
