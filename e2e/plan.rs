//! What a run would do, found out without doing it; and doing just that.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::workspace::{Workspace, files};

const DATES: [&str; 4] = ["--start-dt", "2024-05-01", "--end-dt", "2024-05-02"];

fn plan(workspace: &Workspace, args: &[&str]) -> (String, Value) {
    let out = workspace.path("plan.json");
    let args = [&["plan", "--module", "shop", "--out", out.to_str().unwrap()], args].concat();
    let told = workspace.run(&args).expect(0).stdout;
    (told, serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap())
}

/// All files but the embedded databases, which are made where they are missing.
fn tree(workspace: &Workspace) -> BTreeMap<PathBuf, Vec<u8>> {
    let is_told = |path: &PathBuf| !path.to_str().unwrap().contains(".db") && !path.ends_with("plan.json");
    files(&workspace.path("")).into_iter().filter(is_told).map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

fn days(plan: &Value) -> Vec<(String, String, String)> {
    let text =
        |value: &Value| value.as_str().map_or_else(|| value.as_object().unwrap().keys().next().unwrap().clone(), str::to_owned);
    let days = plan["days"].as_array().unwrap().iter();
    days.map(|day| (format!("{} {}", text(&day["date"]), text(&day["collection"])), text(&day["why"]), text(&day["effect"])))
        .collect()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_plan_tells_what_the_run_then_does_and_writes_nothing() {
    let workspace = Workspace::new();
    workspace.day("2024-05-01");
    workspace.source("2024-05-02", "orders", "id,note,paid,extra\n3,x,yes,2024-01-01\n");
    let before = tree(&workspace);
    let (told, planned) = plan(&workspace, &DATES);
    assert_eq!(tree(&workspace), before);
    assert!(workspace.run(&["tables"]).expect(0).stdout.lines().all(|line| !line.contains("orders")));
    let day = |place: &str, effect: &str| (place.to_owned(), "asked_for".to_owned(), effect.to_owned());
    let expected = [
        day("2024-05-01 orders", "added"),
        day("2024-05-01 items", "added"),
        day("2024-05-02 orders", "added"),
        day("2024-05-02 items", "fails"),
    ];
    assert_eq!(days(&planned), expected);
    assert!(told.contains("has no file `2024-05-02_items_{epoch_ms}.csv`"), "{told}");
    assert!(told.contains("ADD COLUMNS") && told.contains("`extra` date"), "{told}");
    workspace.run(&["--plan", "plan.json"]).expect(4);
    let report = workspace.report();
    let done: Vec<_> = report["days"].as_array().unwrap().iter().collect();
    assert_eq!(done.len(), 4);
    for (planned, done) in planned["days"].as_array().unwrap().iter().zip(done) {
        assert_eq!((&planned["date"], &planned["collection"]), (&done["date"], &done["collection"]));
        assert_eq!(planned["schema_changes"], done["schema_changes"]);
        let keys: Vec<_> = planned["files"].as_array().unwrap().iter().map(|file| file["key"].clone()).collect();
        assert_eq!(json!(keys), done["sources"]);
    }
}

#[test]
fn a_plan_says_why_and_what_is_replaced() {
    let workspace = Workspace::new();
    workspace.day("2024-05-01");
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-02", "--start-dt", "2024-05-01"]).expect(4);
    let catching_up = plan(&workspace, &["--end-dt", "2024-05-03"]).1;
    let day = |place: &str, why: &str, effect: &str| (place.to_owned(), why.to_owned(), effect.to_owned());
    let expected = [
        day("2024-05-02 orders", "failed_before", "fails"),
        day("2024-05-02 items", "failed_before", "fails"),
        day("2024-05-03 orders", "never_tried", "fails"),
        day("2024-05-03 items", "never_tried", "fails"),
    ];
    assert_eq!(days(&catching_up), expected);
    workspace.source("2024-05-01", "orders", "id,note\n1,\n");
    let (told, again) = plan(&workspace, &["--start-dt", "2024-05-01", "--end-dt", "2024-05-01", "--collection", "orders"]);
    assert_eq!(days(&again), [day("2024-05-01 orders", "asked_for", "replaced")]);
    let location = again["days"][0]["effect"]["replaced"].as_str().unwrap();
    assert!(location.contains("/test/orders/date_uploaded=2024-05-01/"), "{location}");
    assert!(told.contains("risk: its files have 11 bytes, the published ones had"), "{told}");
}

#[test]
fn a_plan_is_not_done_once_the_world_has_changed() {
    let workspace = Workspace::new();
    workspace.day("2024-05-01");
    let args = ["--start-dt", "2024-05-01", "--end-dt", "2024-05-01"];
    plan(&workspace, &args);
    workspace.source("2024-05-01", "items", "id,price\n1,9.99\n2,1\n");
    let refused = workspace.run(&["--plan", "plan.json"]).expect(11);
    refused.says("2024-05-01 items has other files").says("create a new plan");
    assert_eq!(workspace.parquet_files(), Vec::<PathBuf>::new());
    plan(&workspace, &args);
    workspace.run(&["--plan", "plan.json"]).expect(0);
    // What it says was to be added is there now.
    workspace.run(&["--plan", "plan.json"]).expect(11).says("2024-05-01 orders has another partition now");
    let (_, mut older) = plan(&workspace, &args);
    older["version"] = json!(2);
    workspace.write("plan.json", older.to_string());
    workspace.run(&["--plan", "plan.json"]).expect(2).says("its version is 2");
    workspace.run(&["--plan", "nowhere.json"]).expect(2).says("nowhere.json");
    workspace.run(&["--plan", "plan.json", "--module", "shop"]).expect(2);
}

#[test]
fn a_plan_of_a_clean_up_tells_what_goes_and_what_is_lost() {
    let workspace = Workspace::new();
    for date in ["2024-05-01", "2024-05-02"] {
        workspace.day(date);
    }
    workspace.shop("2024-05-01", "2024-05-02").expect(0);
    std::fs::remove_file(workspace.path("source/2024-05-01_orders_1.csv")).unwrap();
    let args = ["--clean-up-flg", "true", "--end-dt", "2024-05-02"];
    let before = tree(&workspace);
    let (told, planned) = plan(&workspace, &args);
    assert_eq!(tree(&workspace), before);
    let wipe = &planned["clean_up"][0];
    assert_eq!((wipe["table"].as_str(), wipe["rows"].as_u64()), (Some("test.orders"), Some(4)));
    assert_eq!(
        (strings(&wipe["partitions"]), strings(&wipe["lost"])),
        (vec!["2024-05-01".to_owned(), "2024-05-02".to_owned()], vec!["2024-05-01".to_owned()])
    );
    assert!(told.contains("risk: test.orders loses dates that the source can't rebuild: 2024-05-01"), "{told}");
    assert!(told.contains("refused without --force-clean-up"), "{told}");
    let day = |place: &str| (place.to_owned(), "cleaned_up".to_owned(), "replaced".to_owned());
    assert_eq!(days(&planned), [day("2024-05-01 items"), day("2024-05-02 orders"), day("2024-05-02 items")]);
    workspace.run(&["--plan", "plan.json"]).expect(11).says("cannot rebuild dates of test.orders");
    plan(&workspace, &[&args[..], &["--force-clean-up"]].concat());
    workspace.run(&["--plan", "plan.json"]).expect(0);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
}
