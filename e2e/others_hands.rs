//! What others do to the catalog behind adg's back, and what must not be lost by it.

use rusqlite::Connection;

use crate::workspace::{Ran, Workspace};

pub(crate) const FIRST: &str = "2024-05-01";
pub(crate) const SECOND: &str = "2024-05-02";

/// Two dates of `orders`, published.
pub(crate) fn published(module: &[(&str, &str)]) -> Workspace {
    let workspace = Workspace::with(module);
    for (date, id) in [(FIRST, 1), (SECOND, 2)] {
        workspace.source(date, "orders", format!("id,note,paid\n{id},a,true\n"));
    }
    orders(&workspace, &["--start-dt", FIRST, "--end-dt", SECOND]).expect(0);
    workspace
}

pub(crate) fn orders(workspace: &Workspace, more: &[&str]) -> Ran {
    workspace.run(&[&["--module", "shop", "--collection", "orders"], more].concat())
}

/// Does something to the metastore by hand.
pub(crate) fn by_hand(workspace: &Workspace, sql: &str) {
    Connection::open(workspace.path("warehouse/metastore.db")).unwrap().execute_batch(sql).unwrap();
}

pub(crate) const DROP: &str = "pragma foreign_keys=off; delete from partitions; delete from columns; delete from tables;";
const AT_ONCE: (&str, &str) = ("database: test", "database: test, sweep_after_hours: 0");
const CLEAN_UP: [&str; 4] = ["--clean-up-flg", "true", "--end-dt", SECOND];

pub(crate) fn remove_source(workspace: &Workspace, date: &str) {
    for file in crate::workspace::files(&workspace.path("source")) {
        if file.file_name().unwrap().to_string_lossy().starts_with(date) {
            std::fs::remove_file(file).unwrap();
        }
    }
}

#[test]
fn a_clean_up_after_a_table_was_dropped_keeps_what_the_source_can_not_rebuild() {
    for dropped in [DROP.to_owned(), format!("delete from partitions where value = '{FIRST}'")] {
        let workspace = published(&[AT_ONCE]);
        by_hand(&workspace, &dropped);
        remove_source(&workspace, FIRST);
        let plan = orders_plan(&workspace);
        assert!(plan.contains("loses dates that the source can't rebuild: 2024-05-01"), "{plan}");
        orders(&workspace, &CLEAN_UP).expect(11).says(FIRST);
        assert_eq!(workspace.parquet_files().len(), 2);
    }
}

fn orders_plan(workspace: &Workspace) -> String {
    workspace.run(&[&["plan", "--module", "shop", "--collection", "orders"], &CLEAN_UP[..]].concat()).expect(0).stdout
}

#[test]
fn a_forced_clean_up_keeps_forgotten_files_for_their_retention() {
    let workspace = published(&[]);
    by_hand(&workspace, DROP);
    remove_source(&workspace, FIRST);
    orders(&workspace, &[&CLEAN_UP[..], &["--force-clean-up"]].concat()).expect(0);
    // The lost date, the date that was built anew, and what that replaced.
    assert_eq!(workspace.parquet_files().len(), 3);
    assert_eq!(workspace.query("select id from orders"), r#"{"id":2}"#);
}

#[test]
fn a_rebuilt_date_keeps_its_forgotten_files_for_their_retention() {
    let workspace = published(&[]);
    by_hand(&workspace, DROP);
    orders(&workspace, &["--start-dt", FIRST, "--end-dt", FIRST]).expect(4).says(SECOND);
    assert_eq!(workspace.parquet_files().len(), 3);
}

#[test]
fn a_table_that_was_renamed_as_a_backup_keeps_its_files() {
    let workspace = published(&[AT_ONCE]);
    by_hand(&workspace, "update tables set name = 'orders_backup'");
    orders(&workspace, &["--start-dt", FIRST, "--end-dt", FIRST]).expect(4).says(SECOND);
    orders(&workspace, &CLEAN_UP).expect(0);
    assert_eq!(workspace.query("select count(*) as n from orders_backup"), r#"{"n":2}"#);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
}

/// Somebody keeps a day by a table in another folder that points at it.
#[test]
fn a_partition_of_any_table_keeps_what_was_replaced_until_it_is_dropped() {
    let workspace = published(&[AT_ONCE]);
    by_hand(
        &workspace,
        "insert into tables (database, name, location, partition_name, partition_type, parameters)
           select database, 'kept', 'file:///elsewhere', partition_name, partition_type, '{}' from tables where name = 'orders';
         insert into partitions select (select id from tables where name = 'kept'), 'a', location, '{}' from partitions
           where value = '2024-05-01';",
    );
    let replaced = |workspace: &Workspace| orders(workspace, &["--start-dt", FIRST, "--end-dt", FIRST]).expect(0);
    replaced(&workspace).says("files_kept");
    assert_eq!(workspace.parquet_files().len(), 3);
    by_hand(&workspace, "delete from partitions where value = 'a'");
    replaced(&workspace);
    assert_eq!(workspace.parquet_files().len(), 2);
}
