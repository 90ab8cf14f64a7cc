//! Wiping and building anew.

use crate::workspace::Workspace;

#[test]
fn clean_up_rebuilds_the_modules_own_tables_and_touches_nothing_else() {
    let workspace = Workspace::new();
    for date in ["2024-05-01", "2024-05-02"] {
        workspace.day(date);
    }
    workspace.shop("2024-05-01", "2024-05-02").expect(0);
    workspace.write("warehouse/data/test/orders_of_others/part.parquet", "not ours");
    workspace.write("warehouse/data/test/orders/by_spark.parquet", "not ours");
    workspace.source("2024-05-01", "orders", "id,other\n5,x\n");
    let args = ["--module", "shop", "--clean-up-flg", "True", "--end-dt", "2024-05-02"];
    workspace.run(&args).expect(0).says("cleaned_up");
    assert_eq!(workspace.query("select id, other from orders where date_uploaded = '2024-05-01'"), r#"{"id":5,"other":"x"}"#);
    assert_eq!(workspace.query("select count(*) as n from items"), r#"{"n":2}"#);
    // The four new partitions, and the files of others.
    assert_eq!(workspace.parquet_files().len(), 6);
}

#[test]
fn what_the_source_can_not_rebuild_is_kept_unless_forced() {
    let workspace = Workspace::new();
    workspace.day("2024-05-01");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    std::fs::remove_file(workspace.path("source/2024-05-01_orders_1.csv")).unwrap();
    let args = ["--module", "shop", "--clean-up-flg", "true", "--start-dt", "2024-05-01", "--end-dt", "2024-05-01"];
    workspace.run(&args).expect(11).says("would lose dates of test.orders").says("2024-05-01").says("--force-clean-up");
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
    workspace.run(&[&args[..], &["--force-clean-up"]].concat()).expect(4);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":0}"#);
    assert_eq!(workspace.query("select count(*) as n from items"), r#"{"n":1}"#);
}

#[test]
fn a_clean_up_that_was_killed_is_completed_by_the_next_run() {
    let workspace = Workspace::new();
    let dates: Vec<String> = (1..=9).map(|day| format!("2024-05-0{day}")).collect();
    for date in &dates {
        workspace.day(date);
    }
    workspace.shop("2024-05-01", "2024-05-09").expect(0);
    let content = "select date_uploaded, count(*) as n from orders group by date_uploaded order by 1";
    let whole = workspace.query(content);
    for pause in [5, 20, 40, 60, 90, 120] {
        let mut child = workspace.start(&["--module", "shop", "--clean-up-flg", "true", "--end-dt", "2024-05-09"]);
        std::thread::sleep(std::time::Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        workspace.run(&["--module", "shop", "--end-dt", "2024-05-09"]).expect(0);
        assert_eq!(workspace.query(content), whole, "killed after {pause} ms");
    }
}
