//! Dates divided among processes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::workspace::{Workspace, files};

#[test]
fn eight_processes_on_one_ledger_do_each_date_once() {
    // A file has two of the table's many columns.
    let module = [
        ("orders: { columns: { id: bigint, note: string, paid: boolean } }", "orders: {}"),
        ("source: {", "source: { min_known: 0,"),
    ];
    let (workspace, alone) = (Workspace::with(&module), Workspace::with(&module));
    for (i, date) in dates().enumerate() {
        // Every other date has a column that no other has.
        let column = if i % 2 == 0 { format!("c{i}") } else { "note".to_owned() };
        for workspace in [&workspace, &alone] {
            workspace.source(&date, "orders", format!("Id,{column}\n{i},x{i}\n{i},\n"));
            workspace.source(&date, "items", format!("Id,Price\n{i},9.99\n"));
        }
    }
    alone.shop("2024-05-01", "2024-05-16").expect(0);
    let shards: Vec<_> = (1..=8)
        .map(|k| {
            let shard = format!("{k}/8");
            workspace
                .command(&["--module", "shop", "--start-dt", "2024-05-01", "--end-dt", "2024-05-16", "--shard", &shard])
                .stderr(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for shard in shards {
        let output = shard.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let mut seen = BTreeSet::new();
    for report in files(&workspace.path("reports")) {
        let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
        let days = report["days"].as_array().unwrap();
        assert_eq!(days.len(), 4, "two dates of two collections");
        for day in days {
            assert!(seen.insert((day["date"].to_string(), day["collection"].to_string())), "done twice: {day}");
        }
    }
    assert_eq!(seen.len(), 32);
    // The order of columns is that in which they came.
    let columns = (0..16).step_by(2).map(|i| format!("c{i}")).collect::<Vec<_>>().join(", ");
    let all = format!("select date_uploaded, id, note, {columns} from orders order by date_uploaded, id, note, {columns}");
    assert_eq!(workspace.query(&all), alone.query(&all));
    assert_eq!(workspace.query("select * from items order by id"), alone.query("select * from items order by id"));
    workspace.run(&["--module", "shop", "--end-dt", "2024-05-16"]).expect(0);
    assert_eq!(workspace.report()["days"], serde_json::json!([]));
}

#[test]
fn a_shard_does_its_dates_only_and_says_so_in_what_to_type_next() {
    let workspace = Workspace::with(&[("target:", "catchup: { start: 2024-05-01 }\ntarget:")]);
    for date in dates().skip(1) {
        workspace.day(&date);
    }
    let run = |args: &[&str]| workspace.run(&[&["--module", "shop", "--end-dt", "2024-05-16"], args].concat());
    // 2024-05-01 is the 19,844th day since 1970, and 19,844 is 0 modulo 4.
    run(&["--shard", "1/4"]).expect(4).says("adg --module shop --shard 1/4 --start-dt 2024-05-01 --end-dt 2024-05-01");
    assert_eq!(workspace.report()["days"].as_array().unwrap().len(), 8);
    let out = workspace.path("plan.json");
    workspace
        .run(&["plan", "--module", "shop", "--end-dt", "2024-05-16", "--shard", "2/4", "--out", out.to_str().unwrap()])
        .expect(0);
    workspace.run(&["--plan", out.to_str().unwrap()]).expect(0);
    let done = workspace.query("select distinct date_uploaded as d from orders order by d");
    assert_eq!(done.matches("2024").count(), 7, "{done}");
    run(&["--shard", "5/4"]).expect(2).says("`5/4` is no share of the dates");
    run(&["--shard", "1/4", "--clean-up-flg", "true"]).expect(2).says("the shard 1/4 can't clean up");
}

fn dates() -> impl Iterator<Item = String> {
    (1..=16).map(|day| format!("2024-05-{day:02}"))
}
