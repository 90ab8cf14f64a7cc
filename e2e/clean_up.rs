//! Building anew, losing, and sending readers back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::workspace::{Ran, Workspace};

const ORDERS: &str = "select date_uploaded, count(*) as n from orders group by date_uploaded order by 1";

/// A module whose table of people lies elsewhere than its table without personal data.
const PEOPLE: &str = "\
version: 1
module: shop
source: { files: \"{date}_{collection}_{epoch_ms}.csv\" }
limits: { error_rate: 1, quarantine_rate: 1 }
target: { database: test, location: \"data/{database}/{pii}/{collection}/\", sweep_after_hours: 0 }
collections:
  orders: { columns: { id: bigint, note: string }, pii: [note] }
  items: { columns: { id: bigint, price: \"decimal(9,2)\" } }
";

/// Sends readers back to what they saw before a run.
fn undo(workspace: &Workspace, run: &str, more: &[&str]) -> Ran {
    workspace.run(&[&["undo", "--module", "shop", "--run", run], more].concat())
}

fn last_run(workspace: &Workspace) -> String {
    workspace.report()["run_id"].as_str().unwrap().to_owned()
}

#[test]
fn clean_up_rebuilds_the_modules_own_tables_and_touches_nothing_else() {
    let kept = Workspace::new();
    let swept = Workspace::with(&[("database: test", "database: test, sweep_after_hours: 0")]);
    // The four new partitions and the two files of others; the four old ones, for as long as their retention.
    for (workspace, files) in [(kept, 10), (swept, 6)] {
        for date in ["2024-05-01", "2024-05-02"] {
            workspace.day(date);
        }
        workspace.shop("2024-05-01", "2024-05-02").expect(0);
        workspace.write("warehouse/data/test/orders_of_others/part.parquet", "not ours");
        workspace.write("warehouse/data/test/orders/by_spark.parquet", "not ours");
        workspace.source("2024-05-01", "orders", "id,note,other\n5,,x\n");
        let args = ["--module", "shop", "--clean-up-flg", "True", "--end-dt", "2024-05-02"];
        workspace.run(&args).expect(0).says("cleaned_up");
        let rebuilt = workspace.query("select id, other from orders where date_uploaded = '2024-05-01'");
        assert_eq!(rebuilt, r#"{"id":5,"other":"x"}"#);
        assert_eq!(workspace.query("select count(*) as n from items"), r#"{"n":2}"#);
        assert_eq!(workspace.parquet_files().len(), files);
    }
}

/// The replaced job looked for a module's files where no table with or without personal data has any: they outlived their table.
#[test]
fn clean_up_finds_the_files_of_tables_with_and_without_personal_data() {
    let workspace = Workspace::with_module("shop", PEOPLE);
    for date in ["2024-05-01", "2024-05-02"] {
        workspace.source(date, "orders", "id,note\n1,Ann\n");
        workspace.source(date, "items", "id,price\n1,9.99\n2,not a price\n");
    }
    workspace.shop("2024-05-01", "2024-05-02").expect(0);
    let published = || workspace.parquet_files();
    let folder = |path: &PathBuf| path.strip_prefix(workspace.path("warehouse/data/test")).unwrap().to_str().unwrap().to_owned();
    let before = published();
    assert_eq!(before.iter().filter(|path| folder(path).starts_with("pii/orders/")).count(), 2);
    assert_eq!(before.iter().filter(|path| folder(path).starts_with("non-pii/items/")).count(), 2);
    // What a run left in the folder of people before the table turned out to have none, where no rerun would look.
    let dead = "warehouse/data/test/pii/items/date_uploaded=2024-05-01/018f0000-0000-7000-8000-000000000000/part.parquet";
    workspace.write(dead, "of a dead run");
    let args = ["--module", "shop", "--clean-up-flg", "true", "--start-dt", "2024-05-02", "--end-dt", "2024-05-02"];
    workspace.run(&[&args[..], &["--force-clean-up"]].concat()).expect(0);
    let after = published();
    assert_eq!(after.len(), 2, "{after:?}");
    assert!(after.iter().all(|path| !before.contains(path)), "{after:?}");
    assert_eq!(workspace.query("select count(*) as n from items"), r#"{"n":2}"#);
}

#[test]
fn what_the_source_can_not_rebuild_is_kept_unless_forced_and_can_be_had_back() {
    let workspace = Workspace::new();
    workspace.day("2024-05-01");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    std::fs::remove_file(workspace.path("source/2024-05-01_orders_1.csv")).unwrap();
    let args = ["--module", "shop", "--clean-up-flg", "true", "--start-dt", "2024-05-01", "--end-dt", "2024-05-01"];
    workspace.run(&args).expect(11).says("cannot rebuild dates of test.orders").says("2024-05-01").says("--force-clean-up");
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
    let forced = workspace.run(&[&args[..], &["--force-clean-up"]].concat()).expect(4);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":0}"#);
    assert_eq!(workspace.query("select count(*) as n from items"), r#"{"n":1}"#);
    // What it says is what is to be typed.
    let run = last_run(&workspace);
    let forced = forced.says(&format!("undo --module shop --run {run}"));
    assert!(forced.stderr.contains("clean_up_loses"), "{}", forced.stderr);
    for _ in ["first", "again"] {
        let told = undo(&workspace, &run, &[]).expect(0).stdout;
        assert!(told.contains("/test/orders/date_uploaded=2024-05-01/"), "{told}");
        assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
        assert_eq!(workspace.query("select count(*) as n from items"), r#"{"n":1}"#);
    }
    workspace.run(&["verify", "--module", "shop", "--start-dt", "2024-05-01", "--end-dt", "2024-05-01"]).expect(0);
    // It is done: no nightly run takes it for a gap.
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-01"]).expect(0);
    assert_eq!(workspace.report()["days"], serde_json::json!([]));
}

#[test]
fn a_rerun_of_a_wrong_file_is_undone() {
    let workspace = Workspace::new();
    workspace.day("2024-05-01");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    let first = last_run(&workspace);
    workspace.source("2024-05-01", "orders", "id,note\n7,\n");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    let second = last_run(&workspace);
    let ids = || workspace.query("select id from orders order by id");
    assert_eq!(ids(), r#"{"id":7}"#);
    let told = undo(&workspace, &first, &[]).expect(4).stdout;
    assert!(told.contains(&format!("the run {second} published it later")), "{told}");
    undo(&workspace, &second, &["--collection", "orders"]).expect(0);
    assert_eq!(ids(), "{\"id\":1}\n{\"id\":2}");
    let unknown = "018f0000-0000-7000-8000-000000000000";
    undo(&workspace, unknown, &[]).expect(2).says("did nothing to any of these dates").says("adg history --module shop");
    undo(&workspace, &second, &["--start-dt", "2024-05-02"]).expect(2);
    workspace.source("2024-05-01", "orders", "id,note\n8,\n");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    let third = last_run(&workspace);
    let told = undo(&workspace, &second, &["--collection", "orders"]).expect(4).stdout;
    assert!(told.contains(&format!("the run {third} published it later")), "{told}");
    assert_eq!(ids(), r#"{"id":8}"#);
}

#[test]
fn a_wrong_file_of_last_night_is_taken_from_readers_and_done_anew() {
    let workspace = Workspace::with(&[("target:", "catchup: { start: 2024-05-01 }\ntarget:")]);
    workspace.day("2024-05-01");
    let told = workspace.run(&["--module", "shop", "--end-dt", "2024-05-01", "--log-format", "human"]).expect(0);
    let run = last_run(&workspace);
    // The closing table says what to type.
    let told = told.says(&format!("undo --module shop --run {run}"));
    assert!(!told.stderr.contains("date_done"), "{}", told.stderr);
    for _ in ["first", "again"] {
        let told = undo(&workspace, &run, &["--collection", "orders"]).expect(0).stdout;
        assert!(told.contains("unpublished; the next run loads it"), "{told}");
        assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":0}"#);
    }
    assert_eq!(workspace.query("select count(*) as n from items"), r#"{"n":1}"#);
    workspace.source("2024-05-01", "orders", "id,note\n5,\n");
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-01"]).expect(0);
    assert_eq!(workspace.query("select id from orders"), r#"{"id":5}"#);
    let told = undo(&workspace, &run, &["--collection", "orders"]).expect(4).stdout;
    assert!(told.contains("published it later"), "{told}");
    // Before the second run readers saw nothing, not the wrong file.
    undo(&workspace, &last_run(&workspace), &["--collection", "orders"]).expect(0);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":0}"#);
    let page = workspace.run(&["report", "--module", "shop", "--end-dt", "2024-05-01"]).expect(0).stdout;
    assert!(page.contains(r#"<tr data-day="2024-05-01 orders"><td>2024-05-01</td><td>cleaned up</td><td></td>"#), "{page}");
}

#[test]
fn what_was_replaced_can_not_be_had_back_when_its_retention_is_over() {
    let workspace = Workspace::with(&[("database: test", "database: test, sweep_after_hours: 0")]);
    workspace.day("2024-05-01");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    let told = undo(&workspace, &last_run(&workspace), &[]).expect(4).stdout;
    assert!(told.contains("they were deleted after their retention"), "{told}");
    assert_eq!(workspace.query(ORDERS), r#"{"date_uploaded":"2024-05-01","n":2}"#);
}

#[test]
fn a_clean_up_that_was_killed_has_lost_nothing_and_is_completed_by_the_next_run() {
    let workspace = Workspace::new();
    let dates: Vec<String> = (1..=9).map(|day| format!("2024-05-0{day}")).collect();
    for date in &dates {
        workspace.day(date);
    }
    workspace.shop("2024-05-01", "2024-05-09").expect(0);
    let whole = workspace.query(ORDERS);
    let read = |path: PathBuf| (std::fs::read(&path).unwrap(), path);
    let published: BTreeMap<_, _> = workspace.parquet_files().into_iter().map(read).map(|(bytes, path)| (path, bytes)).collect();
    for pause in [5, 20, 40, 60, 90, 120] {
        let mut child = workspace.start(&["--module", "shop", "--clean-up-flg", "true", "--end-dt", "2024-05-09"]);
        std::thread::sleep(std::time::Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(workspace.query(ORDERS), whole, "killed after {pause} ms");
        workspace.run(&["--module", "shop", "--end-dt", "2024-05-09"]).expect(0);
        assert_eq!(workspace.query(ORDERS), whole, "completed, killed after {pause} ms");
    }
    for (path, bytes) in published {
        assert!(std::fs::read(&path).is_ok_and(|now| now == bytes), "{} is within its retention", path.display());
    }
}
