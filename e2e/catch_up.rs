//! Which dates are done, and what is told of those that are not.

use crate::workspace::Workspace;

const FROM_FIRST: (&str, &str) = ("target:", "catchup: { start: 2024-05-01 }\ntarget:");

#[test]
fn a_missing_file_fails_its_own_date_and_the_rerun_is_printed() {
    let workspace = Workspace::with(&[FROM_FIRST]);
    workspace.day("2024-05-01");
    workspace.day("2024-05-03");
    workspace.source("2024-05-02", "items", "id,price\n1,1\n");
    let rerun = "adg --module shop --start-dt 2024-05-02 --end-dt 2024-05-02 --collection orders";
    workspace
        .run(&["--module", "shop", "--end-dt", "2024-05-03"])
        .expect(4)
        .says("has no file `2024-05-02_orders_{epoch_ms}.csv` for 2024-05-02")
        .says(rerun);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":4}"#);
    // Nothing but the gap is tried again, and nothing else failed.
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-03"]).expect(13);
    assert_eq!(workspace.report()["days"].as_array().unwrap().len(), 1);
    workspace.day("2024-05-02");
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-03"]).expect(0);
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-03"]).expect(0);
    assert_eq!(workspace.report()["days"], serde_json::json!([]));
    assert_eq!(workspace.query("select count(distinct date_uploaded) as n from orders"), r#"{"n":3}"#);
}

#[test]
fn a_date_without_files_keeps_no_other_from_being_tried_where_the_metastore_is_down() {
    let workspace = Workspace::new();
    workspace.write(
        "adg.yaml",
        "version: 1\nprofile: local\nprofiles:\n  local:\n    stores: { source: { url: source }, published: { url: warehouse } \
         }\n    metastore: { hive: { uris: [\"thrift://127.0.0.1:9\"] } }\n    ledger: { sqlite: { path: ledger.db } }\n",
    );
    workspace.source("2024-05-02", "items", "id,price\n1,1\n");
    let ran = workspace.shop("2024-05-01", "2024-05-02").expect(21);
    assert!(!ran.stderr.contains("[VOLO]"), "{}", ran.stderr);
    let report = workspace.report();
    let failures: Vec<_> = report["days"].as_array().unwrap().iter().map(|day| day["failure"]["exit_code"].clone()).collect();
    assert_eq!(failures, [21; 4]);
}

#[test]
fn a_date_asked_for_is_done_again_and_replaces_its_partition() {
    let workspace = Workspace::new();
    workspace.day("2024-05-01");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    workspace.source("2024-05-01", "orders", "id,note,paid\n9,changed,true\n");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    assert_eq!(workspace.query("select id, note from orders"), r#"{"id":9,"note":"changed"}"#);
}

#[test]
fn files_that_were_replaced_keep_their_retention_and_then_go() {
    let kept = Workspace::new();
    let swept = Workspace::with(&[("database: test", "database: test, sweep_after_hours: 0")]);
    for (workspace, files) in [(kept, 4), (swept, 2)] {
        workspace.day("2024-05-01");
        workspace.shop("2024-05-01", "2024-05-01").expect(0);
        workspace.shop("2024-05-01", "2024-05-01").expect(0);
        assert_eq!(workspace.parquet_files().len(), files);
        assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
    }
}

#[test]
fn what_the_source_has_deleted_is_lost_once() {
    let workspace = Workspace::with(&[("target:", "catchup: { start: 2024-05-01, retention_days: 1 }\ntarget:")]);
    workspace.day("2024-05-02");
    workspace
        .run(&["--module", "shop", "--end-dt", "2024-05-02"])
        .expect(4)
        .says("for 2024-05-01 is lost: the source keeps its files for 1 days");
    assert_eq!(workspace.report()["rerun"], serde_json::json!([]));
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-02"]).expect(0);
    assert_eq!(workspace.report()["days"], serde_json::json!([]));
}

#[test]
fn a_file_that_came_late_is_read_though_its_date_was_skipped_or_lost() {
    let workspace = Workspace::with(&[("source: {", "source: { missing: skip,"), FROM_FIRST]);
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-01"]).expect(0);
    workspace.day("2024-05-01");
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-01"]).expect(0);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
}

#[test]
fn a_rerun_without_a_file_fails_but_the_date_stays_done() {
    let workspace = Workspace::with(&[FROM_FIRST]);
    workspace.day("2024-05-01");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    std::fs::remove_file(workspace.path("source/2024-05-01_orders_1.csv")).unwrap();
    workspace.shop("2024-05-01", "2024-05-01").expect(4);
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-01"]).expect(0);
    assert_eq!(workspace.report()["days"], serde_json::json!([]));
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
}

#[test]
fn a_failed_rerun_whose_file_then_goes_is_told_once() {
    let workspace = Workspace::with(&[FROM_FIRST]);
    workspace.day("2024-05-01");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    workspace.source("2024-05-01", "orders", "");
    workspace.shop("2024-05-01", "2024-05-01").expect(4);
    std::fs::remove_file(workspace.path("source/2024-05-01_orders_1.csv")).unwrap();
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-01"]).expect(13);
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-01"]).expect(0);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
}

#[test]
fn a_skipped_date_counts_as_done() {
    let workspace = Workspace::with(&[("source: {", "source: { missing: skip,"), FROM_FIRST]);
    workspace.day("2024-05-02");
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-02"]).expect(0);
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-02"]).expect(0);
    assert_eq!(workspace.report()["days"], serde_json::json!([]));
}

#[test]
fn newest_or_all_files_of_a_day() {
    for (pick, ids) in [("newest", "{\"id\":10}"), ("all", "{\"id\":9}\n{\"id\":10}")] {
        let workspace = Workspace::with(&[("source: {", &format!("source: {{ pick: {pick},"))]);
        workspace.write("source/2024-05-01_items_9.csv", "id\n9\n");
        workspace.write("source/2024-05-01_items_10.csv", "ID\n10\n");
        workspace.write("source/2024-05-01_items_x_11.csv", "id\n11\n");
        workspace.write("source/2024-05-01_items_11.csv.tmp", "id\n11\n");
        let args = ["--module", "shop", "--start-dt", "2024-05-01", "--end-dt", "2024-05-01", "--collection", "items"];
        workspace.run(&args).expect(0);
        assert_eq!(workspace.query("select id from items order by id"), ids);
    }
}

#[test]
fn a_collection_added_later_catches_up_beside_the_others() {
    let workspace = Workspace::with(&[FROM_FIRST]);
    for date in ["2024-05-01", "2024-05-02"] {
        workspace.day(date);
    }
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-02", "--collection", "orders"]).expect(0);
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-02"]).expect(0);
    let days = workspace.report()["days"].clone();
    assert!(days.as_array().unwrap().iter().all(|day| day["collection"] == "items"));
    assert_eq!(days.as_array().unwrap().len(), 2);
}

#[test]
fn the_history_is_a_calendar_with_what_to_type_next() {
    let workspace = Workspace::new();
    for date in ["2024-05-01", "2024-05-03"] {
        workspace.day(date);
    }
    workspace.source("2024-05-02", "orders", "id,note\n1,\n");
    workspace.shop("2024-05-01", "2024-05-03").expect(4);
    let args = ["history", "--module", "shop", "--start-dt", "2024-04-30", "--end-dt", "2024-05-04"];
    let told = workspace.run(&[&args[..], &["--json"]].concat()).expect(0).stdout;
    let history: serde_json::Value = serde_json::from_str(&told).unwrap();
    let expected = serde_json::json!({
        "2024-05-01": { "orders": "done", "items": "done" },
        "2024-05-02": { "orders": "done", "items": "failed" },
        "2024-05-03": { "orders": "done", "items": "done" },
        "2024-05-04": { "orders": "missing", "items": "missing" },
    });
    assert_eq!(history["days"], expected);
    let attempts = history["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1);
    assert!(attempts[0]["error"].as_str().unwrap().contains("2024-05-02_items"), "{attempts:?}");
    let told = workspace.run(&args).expect(0).stdout;
    for text in ["orders", "missing", "has no file", "--start-dt 2024-05-02 --end-dt 2024-05-02 --collection items"] {
        assert!(told.contains(text), "`{text}` is not in:\n{told}");
    }
    // Of one date all attempts are told.
    workspace.day("2024-05-02");
    workspace.shop("2024-05-02", "2024-05-02").expect(0);
    let args = ["history", "--module", "shop", "--start-dt", "2024-05-02", "--end-dt", "2024-05-02", "--json"];
    let history: serde_json::Value = serde_json::from_str(&workspace.run(&args).expect(0).stdout).unwrap();
    let statuses = |collection: &str| {
        let attempts = history["attempts"].as_array().unwrap().iter().filter(|attempt| attempt["collection"] == collection);
        attempts.map(|attempt| attempt["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (statuses("orders"), statuses("items")),
        (vec!["Completed".to_owned(); 2], vec!["Failed".into(), "Completed".into()])
    );
    assert_eq!(history["rerun"], serde_json::json!([]));
    assert_eq!(workspace.run(&["history", "--module", "nothing"]).code, 10);
}

/// What one row of the ledger has is no reason to leave out other dates and collections.
#[test]
fn what_the_ledger_has_of_one_date_and_can_not_be_read_fails_that_date_alone() {
    let workspace = Workspace::new();
    for date in ["2024-05-01", "2024-05-02"] {
        workspace.day(date);
    }
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    let ledger = rusqlite::Connection::open(workspace.path("warehouse/ledger.db")).unwrap();
    ledger.execute("update attempts set sources = 'torn' where collection = 'orders'", []).unwrap();
    drop(ledger);
    workspace.shop("2024-05-01", "2024-05-02").expect(4).says("holds the source list `torn`");
    assert_eq!(workspace.query("select count(*) as n from orders where date_uploaded = '2024-05-02'"), r#"{"n":2}"#);
    let failed = workspace.report()["days"].as_array().unwrap().iter().filter(|day| day["outcome"] == "failed").count();
    assert_eq!(failed, 1);
}
