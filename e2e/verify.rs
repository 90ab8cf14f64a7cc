//! Whether what was published still is what was said of it.

use serde_json::Value;

use crate::workspace::Workspace;

const DATES: [&str; 4] = ["--start-dt", "2024-05-01", "--end-dt", "2024-05-02"];

fn verify(workspace: &Workspace, code: i32) -> Vec<(String, Value, Value, Value)> {
    let told = workspace.run(&[&["verify", "--module", "shop", "--json"], &DATES[..]].concat()).expect(code).stdout;
    let found: Value = serde_json::from_str(&told).unwrap();
    let place = |one: &Value| format!("{} {}", one["date"].as_str().unwrap(), one["collection"].as_str().unwrap());
    let of = |one: &Value| (place(one), one["metastore"].clone(), one["files"].clone(), one["source"].clone());
    found.as_array().unwrap().iter().map(of).collect()
}

#[test]
fn what_was_published_is_compared_with_metastore_files_and_source() {
    let workspace = Workspace::new();
    for date in ["2024-05-01", "2024-05-02"] {
        workspace.day(date);
    }
    workspace.source("2024-05-01", "orders", "id,note,paid\n1,x,true\nno row\n2,,no\n");
    workspace.shop("2024-05-01", "2024-05-02").expect(0);
    let same = verify(&workspace, 0);
    assert_eq!(same.len(), 4);
    assert!(
        same.iter().all(|(_, metastore, files, source)| [metastore, files, source].iter().all(|one| **one == "same")),
        "{same:?}"
    );

    std::fs::remove_file(workspace.path("source/2024-05-01_items_1.csv")).unwrap();
    workspace.source("2024-05-02", "items", "id,price\n1,9.99\n2,5\n");
    let orders =
        workspace.parquet_files().into_iter().find(|file| file.to_str().unwrap().contains("orders/date_uploaded=2024-05-02"));
    std::fs::remove_file(orders.unwrap()).unwrap();
    let metastore = rusqlite::Connection::open(workspace.path("warehouse/metastore.db")).unwrap();
    let told = "update partitions set parameters = replace(parameters, '\"numRows\":\"2\"', '\"numRows\":\"7\"') where location \
        like '%orders/date_uploaded=2024-05-01%'";
    assert_eq!(metastore.execute(told, []).unwrap(), 1);
    drop(metastore);
    let found = verify(&workspace, 4);
    let differs = |value: &Value| value["differs"].as_str().unwrap_or_default().to_owned();
    let (place, metastore, files, source) = &found[0];
    assert_eq!(
        (place.as_str(), files, source),
        ("2024-05-01 items", &"same".into(), &serde_json::json!({"unknown": "it no longer has the files"}))
    );
    assert_eq!(metastore, "same");
    assert_eq!((found[1].0.as_str(), differs(&found[1].1).as_str()), ("2024-05-01 orders", "7 rows, not 2"));
    assert_eq!(differs(&found[2].3), "it has other files than those that were read");
    assert!(differs(&found[3].2).starts_with("0 files, not 1, 0 bytes, not "), "{found:?}");
    let told = workspace.run(&[&["verify", "--module", "shop"], &DATES[..]].concat()).expect(4).stdout;
    assert!(told.contains("2024-05-01 orders: metastore: 7 rows, not 2"), "{told}");
}

#[test]
fn a_damaged_file_differs_and_keeps_nothing_else_from_being_looked_at() {
    let workspace = Workspace::new();
    workspace.day("2024-05-01");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    let files = workspace.parquet_files();
    std::fs::write(&files[0], "PAR1 and nothing that is Parquet").unwrap();
    let found = verify(&workspace, 4);
    let damaged: Vec<&str> = found.iter().filter_map(|(_, _, files, _)| files["differs"].as_str()).collect();
    assert_eq!((found.len(), damaged.len()), (2, 1), "{found:?}");
    assert!(damaged[0].contains("can't be read"), "{damaged:?}");
}

/// Promise 12 holds for whatever takes a run's arguments.
#[test]
fn the_test_flag_is_refused_where_protected() {
    let workspace = Workspace::new();
    for command in ["plan", "verify"] {
        let args = [command, "--module", "shop", "--e2e-test-flg", "true", "--profile", "production"];
        workspace.run(&args).expect(2).says("the test flag is refused");
    }
}

#[test]
fn a_date_whose_rerun_found_no_file_is_what_the_attempt_wrote_that_found_one() {
    let workspace = Workspace::new();
    workspace.day("2024-05-01");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    std::fs::remove_file(workspace.path("source/2024-05-01_orders_1.csv")).unwrap();
    workspace.shop("2024-05-01", "2024-05-01").expect(4);
    let found = verify(&workspace, 0);
    assert!(found.iter().all(|(_, metastore, files, _)| metastore == "same" && files == "same"), "{found:?}");
}
