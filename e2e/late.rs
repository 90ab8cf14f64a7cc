//! Files that come when their date is done, and dates that are not complete yet.

use crate::workspace::{Ran, Workspace};

const DATE: &str = "2024-05-01";
const ALL: (&str, &str) = ("epoch_ms}.csv\"", "epoch_ms}.csv\", pick: all");
const ROWS: &str = "select id from orders order by id";

fn orders(workspace: &Workspace, more: &[&str]) -> Ran {
    workspace.run(&[&["--module", "shop", "--collection", "orders", "--end-dt", DATE], more].concat())
}

fn file(workspace: &Workspace, number: u32, id: u32) {
    workspace.write(&format!("source/{DATE}_orders_{number}.csv"), format!("id,note,paid\n{id},a,true\n"));
}

/// A date that is done with one file.
fn done(module: &[(&str, &str)]) -> Workspace {
    let workspace = Workspace::with(&[&[ALL], module].concat());
    file(&workspace, 1, 1);
    orders(&workspace, &["--start-dt", DATE]).expect(0);
    workspace
}

#[test]
fn another_a_newer_and_a_rewritten_file_are_told_with_the_command() {
    for (pick, number, rows) in
        [("pick: all", 2, "{\"id\":1}\n{\"id\":7}"), ("pick: newest", 2, "{\"id\":7}"), ("pick: all", 1, "{\"id\":7}")]
    {
        let workspace = done(&[("pick: all", pick)]);
        file(&workspace, number, 7);
        let what = format!("{DATE} orders: file `{DATE}_orders_{number}.csv` arrived after the date was done");
        let ran = orders(&workspace, &["--log-format", "human"]).expect(0).says(&what);
        let command = ran.stderr.lines().find_map(|line| line.strip_prefix("reload dates with late files: ")).unwrap();
        let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
        let report = workspace.report();
        assert_eq!((&report["late"][0]["date"], &report["rerun_late"][0]), (&DATE.into(), &command.into()), "{report}");
        for told in [["plan", "--module", "shop", "--end-dt", DATE], ["history", "--module", "shop", "--end-dt", DATE]] {
            let told = workspace.run(&told).expect(0).stdout;
            assert!(told.contains(&what) && told.contains("reload dates with late files: "), "{told}");
        }
        workspace.run(&arguments).expect(0);
        assert_eq!(workspace.query(ROWS), rows);
        assert!(!orders(&workspace, &["--log-format", "human"]).expect(0).stderr.contains("after the date was done"));
    }
}

#[test]
fn a_module_may_have_them_done_again_or_ignored() {
    let workspace = done(&[("limits:", "catchup: { late: rerun }\nlimits:")]);
    file(&workspace, 2, 7);
    let plan = workspace.run(&["plan", "--module", "shop", "--collection", "orders", "--end-dt", DATE]).expect(0).stdout;
    assert!(plan.contains("late files"), "{plan}");
    orders(&workspace, &[]).expect(0);
    assert_eq!(workspace.query(ROWS), "{\"id\":1}\n{\"id\":7}");
    orders(&workspace, &["--log-format", "human"]).expect(0).says("nothing to do");
    let workspace = done(&[("limits:", "catchup: { late: ignore }\nlimits:")]);
    file(&workspace, 2, 7);
    let ran = orders(&workspace, &["--log-format", "human"]).expect(0);
    assert!(!ran.stderr.contains("after the date was done"), "{}", ran.stderr);
}

/// Whoever undid a file does not want it read again.
#[test]
fn a_file_that_was_undone_and_one_that_went_are_not_late() {
    let workspace = done(&[("limits:", "catchup: { late: rerun }\nlimits:")]);
    file(&workspace, 2, 7);
    orders(&workspace, &[]).expect(0);
    let run = workspace.report()["run_id"].as_str().unwrap().to_owned();
    workspace.run(&["undo", "--module", "shop", "--run", &run]).expect(0);
    orders(&workspace, &["--log-format", "human"]).expect(0).says("nothing to do");
    std::fs::remove_file(workspace.path(&format!("source/{DATE}_orders_1.csv"))).unwrap();
    orders(&workspace, &["--log-format", "human"]).expect(0).says("nothing to do");
    assert_eq!(workspace.query(ROWS), "{\"id\":1}");
}

#[test]
fn a_date_is_not_done_before_its_files_are_all_there() {
    for (setting, reason) in [
        ("min_files: 2", "it has 1 of the 2 files"),
        ("marker: \"{date}/{collection}/_SUCCESS\"", "there is no marker `2024-05-01/orders/_SUCCESS`"),
        ("min_age_minutes: 60", "less than `min_age_minutes` ago"),
    ] {
        let complete = format!("pick: all, complete: {{ {setting} }}");
        let start = ("limits:", "catchup: { start: 2024-05-01 }\nlimits:");
        let workspace = Workspace::with(&[ALL, ("pick: all", complete.as_str()), start]);
        file(&workspace, 1, 1);
        let plan = workspace.run(&["plan", "--module", "shop", "--collection", "orders", "--end-dt", DATE]).expect(0).stdout;
        assert!(plan.contains(reason), "{plan}");
        orders(&workspace, &[]).expect(13).says(reason);
        match setting {
            "min_files: 2" => file(&workspace, 2, 7),
            "min_age_minutes: 60" => {
                let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
                let path = workspace.path(&format!("source/{DATE}_orders_1.csv"));
                std::fs::File::options().append(true).open(path).unwrap().set_modified(old).unwrap();
            }
            _ => workspace.write("source/2024-05-01/orders/_SUCCESS", ""),
        }
        orders(&workspace, &[]).expect(0);
        assert_eq!(workspace.report()["days"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_date_that_is_not_complete_is_skipped_where_missing_files_are_and_done_with_a_flag() {
    let complete = "pick: all, missing: skip, complete: { min_files: 2 }";
    let start = ("limits:", "catchup: { start: 2024-05-01 }\nlimits:");
    let workspace = Workspace::with(&[ALL, ("pick: all", complete), start]);
    file(&workspace, 1, 1);
    for _ in 0..2 {
        orders(&workspace, &[]).expect(0);
        let report = workspace.report();
        let day = &report["days"][0];
        assert_eq!((&day["outcome"], &day["sources"]), (&"skipped".into(), &serde_json::json!([])), "{report}");
        assert!(day["notes"][0].as_str().unwrap().starts_with("not complete yet: it has 1 of the 2"), "{report}");
    }
    // Also by name: that is what a report says to type.
    orders(&workspace, &["--start-dt", DATE]).expect(0);
    assert_eq!(workspace.report()["days"][0]["outcome"], "skipped");
    orders(&workspace, &["--start-dt", DATE, "--incomplete"]).expect(0);
    assert_eq!(workspace.query(ROWS), "{\"id\":1}");
    // More files than were waited for are told as others are.
    file(&workspace, 2, 7);
    orders(&workspace, &["--log-format", "human"]).expect(0).says("arrived after the date was done");
}

/// What one load did, the other need not.
#[test]
fn loads_that_share_a_record_are_not_late_for_each_other() {
    let loads = ("limits:", "load_types: { delta: { pick: all } }\nlimits:");
    let workspace = Workspace::with(&[loads]);
    for number in 1..=2 {
        file(&workspace, number, number);
    }
    orders(&workspace, &["--start-dt", DATE]).expect(0);
    let ran = orders(&workspace, &["--load-type", "delta", "--log-format", "human"]).expect(0);
    assert!(!ran.stderr.contains("after the date was done"), "{}", ran.stderr);
}
