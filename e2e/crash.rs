//! Runs that are killed, and runs at the same time.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::workspace::{Workspace, files};

const ARGS: &[&str] = &["--module", "shop", "--start-dt", "2024-05-01", "--end-dt", "2024-05-03"];
const CONTENT: &str =
    "select date_uploaded, count(*) as n, sum(id) as s, count(note) as notes from orders group by date_uploaded order by 1";

fn filled() -> Workspace {
    let workspace = Workspace::new();
    for date in ["2024-05-01", "2024-05-02", "2024-05-03"] {
        let body: String = (0..20_000).map(|i| format!("{i},\"note, {i}\",true\n")).collect();
        workspace.source(date, "orders", format!("id,note,paid\n{body}"));
        workspace.source(date, "items", "id,price\n1,9.99\n");
    }
    workspace
}

/// Promises 1, 2 and 4: killed anywhere, the same command again gives the same table and leaves no stray file.
#[test]
fn kill_9_and_the_same_command_again_gives_the_same_table() {
    let undisturbed = filled();
    let started = Instant::now();
    undisturbed.run(ARGS).expect(0);
    let whole = started.elapsed();
    let (content, count) = (undisturbed.query(CONTENT), undisturbed.parquet_files().len());
    assert_eq!(count, 6);
    let mut killed = 0;
    for tenth in 1..=9 {
        let workspace = filled();
        let mut child = workspace.start(ARGS);
        thread::sleep(whole * tenth / 10);
        child.kill().unwrap();
        killed += u32::from(child.wait().unwrap().signal() == Some(9));
        // Half-done or not, what readers see is whole days.
        if !workspace.run(&["tables"]).expect(0).stdout.contains("test.orders") {
            continue;
        }
        for row in workspace.query("select date_uploaded, count(*) as n from orders group by date_uploaded").lines() {
            assert!(row.ends_with("\"n\":20000}"), "{row}");
        }
        workspace.run(ARGS).expect(0);
        assert_eq!(workspace.query(CONTENT), content, "killed at {tenth}/10");
        // Days that were published before the kill and again after it keep their first files for a retention; nothing else is
        // left.
        let published = workspace.parquet_files().iter().filter(|file| is_registered_or_in_retention(&workspace, file)).count();
        assert_eq!(published, workspace.parquet_files().len(), "killed at {tenth}/10");
        assert_eq!(files(&workspace.path("scratch")), Vec::<std::path::PathBuf>::new(), "killed at {tenth}/10");
    }
    assert!(killed >= 5, "only {killed} runs were still at work when they were killed");
}

/// Promise 2 where a scheduler ends a run: it cleans up after itself, and the next one needs to wait for nothing.
#[test]
fn a_run_that_is_told_to_stop_leaves_nothing_half_done_and_nobody_waiting() {
    let undisturbed = filled();
    let started = Instant::now();
    undisturbed.run(ARGS).expect(0);
    let whole = started.elapsed();
    let content = undisturbed.query(CONTENT);
    let mut stopped = 0;
    for (tenth, signal) in (1..=9).zip(["-TERM", "-INT"].into_iter().cycle()) {
        let workspace = filled();
        let mut child = workspace.start(ARGS);
        thread::sleep(whole * tenth / 10);
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let ended = child.wait().unwrap();
        // A signal that comes before the program listens ends it as ever.
        if ended.code() == Some(143) {
            stopped += 1;
            assert_eq!(files(&workspace.path("scratch")), Vec::<std::path::PathBuf>::new(), "told at {tenth}/10");
            let registered = |file: &std::path::PathBuf| is_registered_or_in_retention(&workspace, file);
            assert!(workspace.parquet_files().iter().all(registered), "told at {tenth}/10");
        }
        workspace.run(ARGS).expect(0);
        assert_eq!(workspace.query(CONTENT), content, "told at {tenth}/10");
    }
    assert!(stopped >= 3, "only {stopped} runs were told to stop while they were at work");
}

fn is_registered_or_in_retention(workspace: &Workspace, file: &std::path::Path) -> bool {
    let folder = file.parent().unwrap().display().to_string();
    let has = |database: &str, sql: &str| {
        let connection = rusqlite::Connection::open(workspace.path(database)).unwrap();
        connection.query_row(sql, [format!("%{folder}")], |row| row.get::<_, i64>(0)).unwrap() > 0
    };
    has("warehouse/metastore.db", "select count(*) from partitions where location like ?1")
        || has("warehouse/ledger.db", "select count(*) from superseded where location like ?1")
}

#[test]
fn of_two_runs_of_one_module_one_works_and_the_other_names_it() {
    let workspace = filled();
    let mut first = workspace.start(ARGS);
    let deadline = Instant::now() + Duration::from_secs(20);
    let held = loop {
        let second = workspace.run(ARGS);
        if second.code == 22 {
            break second;
        }
        assert!(Instant::now() < deadline, "no run was refused");
        if first.try_wait().unwrap().is_some() {
            first = workspace.start(ARGS);
        }
    };
    held.says("holds the lease of").says(&format!("process {}", first.id()));
    assert!(first.wait().unwrap().success());
    workspace.run(ARGS).expect(0);
}
