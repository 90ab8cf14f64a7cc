//! What others changed is noticed by runs, plans and doctor, and mended or accepted.

use serde_json::Value;

use crate::others_hands::{DROP, FIRST, SECOND, by_hand, orders, published, remove_source};
use crate::workspace::{Ran, Workspace};

const ROWS: &str = "select id from orders order by id";
const BOTH: &str = "{\"id\":1}\n{\"id\":2}";

fn told(workspace: &Workspace, what: &str) {
    orders(workspace, &["--end-dt", SECOND]).expect(4).says(what).says("repair --module shop");
    let report = workspace.report();
    assert_eq!(report["days"], serde_json::json!([]), "{report}");
    assert_eq!(report["differences"][0]["collection"], "orders", "{report}");
    let plan = workspace.run(&["plan", "--module", "shop", "--collection", "orders", "--end-dt", SECOND]).expect(4);
    assert!(plan.stdout.contains(what), "{}", plan.stdout);
    let doctor = workspace.run(&["doctor", "--module", "shop"]).expect(4);
    assert!(doctor.stdout.contains(what) && doctor.stdout.contains("repair --module shop"), "{}", doctor.stdout);
}

fn repair(workspace: &Workspace, more: &[&str]) -> Ran {
    workspace.run(&[&["repair", "--module", "shop"], more].concat())
}

fn is_well(workspace: &Workspace) {
    orders(workspace, &["--end-dt", SECOND]).expect(0);
    assert!(repair(workspace, &[]).expect(0).stdout.contains("nothing to repair"));
    workspace.run(&["doctor", "--module", "shop"]).expect(0);
}

#[test]
fn dropped_tables_and_partitions_are_registered_again() {
    for dropped in [DROP.to_owned(), format!("delete from partitions where value = '{FIRST}'")] {
        let workspace = published(&[("note: string", "note: varchar(9)")]);
        let described = workspace.run(&["describe", "test.orders"]).expect(0).stdout;
        by_hand(&workspace, &dropped);
        // The source keeps no file for ever.
        remove_source(&workspace, FIRST);
        told(&workspace, FIRST);
        repair(&workspace, &[]).expect(0);
        assert_eq!(workspace.query(ROWS), BOTH);
        assert_eq!(workspace.run(&["describe", "test.orders"]).expect(0).stdout, described);
        workspace.run(&["verify", "--module", "shop", "--collection", "orders"]).expect(0);
        is_well(&workspace);
    }
}

#[test]
fn files_that_are_gone_are_said_and_done_anew_from_the_source() {
    let workspace = published(&[]);
    by_hand(&workspace, DROP);
    let files = workspace.parquet_files();
    std::fs::remove_file(files.iter().find(|file| file.to_string_lossy().contains(SECOND)).unwrap()).unwrap();
    let left = repair(&workspace, &[]).expect(4).stdout;
    assert!(left.contains("are no longer all at"), "{left}");
    assert!(left.contains(&format!("--start-dt {SECOND} --end-dt {SECOND} --collection orders")), "{left}");
    orders(&workspace, &["--start-dt", SECOND, "--end-dt", SECOND]).expect(0);
    assert_eq!(workspace.query(ROWS), BOTH);
    is_well(&workspace);
}

#[test]
fn columns_dropped_renamed_and_retyped_come_back() {
    for (sql, what) in [
        ("delete from columns where name = 'note'", "`note` is string in the files, and the table has no such column"),
        ("update columns set name = 'remark' where name = 'note'", "`note` is string in the files, and the table has no such"),
        ("update columns set type = 'string' where name = 'id'", "`id` is bigint in the files and string in the table"),
    ] {
        let workspace = published(&[]);
        by_hand(&workspace, sql);
        told(&workspace, what);
        repair(&workspace, &[]).expect(0);
        assert_eq!(
            workspace.query("select id, note from orders order by id"),
            "{\"id\":1,\"note\":\"a\"}\n{\"id\":2,\"note\":\"a\"}"
        );
        is_well(&workspace);
        let again = if sql.contains("name = 'remark'") { "delete from columns where name = 'note'" } else { sql };
        by_hand(&workspace, again);
        repair(&workspace, &["--accept"]).expect(0);
        is_well(&workspace);
    }
}

#[test]
fn a_date_that_is_published_meanwhile_does_not_hide_a_column_that_was_retyped() {
    let workspace = published(&[]);
    by_hand(&workspace, "update columns set type = 'string' where name = 'id'");
    let again = || orders(&workspace, &["--start-dt", FIRST, "--end-dt", FIRST]).expect(4).says("`id` is bigint in the files");
    again();
    again();
}

#[test]
fn columns_that_others_add_are_well() {
    let workspace = published(&[]);
    by_hand(&workspace, "insert into columns select table_id, 99, 'theirs', 'int' from columns where name = 'id'");
    is_well(&workspace);
}

#[test]
fn readers_that_others_sent_elsewhere_are_told_and_sent_back_or_left_there() {
    for accept in [false, true] {
        let workspace = published(&[]);
        by_hand(
            &workspace,
            &format!(
                "update partitions set location = (select location from partitions where value = '{SECOND}') where value = \
                 '{FIRST}'"
            ),
        );
        told(&workspace, &format!("differ from the published ones: {FIRST}"));
        repair(&workspace, if accept { &["--accept"] } else { &[] }).expect(0);
        if !accept {
            assert_eq!(workspace.query(ROWS), BOTH);
        }
        is_well(&workspace);
    }
}

#[test]
fn what_was_dropped_on_purpose_is_accepted() {
    let workspace = published(&[]);
    by_hand(&workspace, &format!("delete from partitions where value = '{FIRST}'"));
    remove_source(&workspace, FIRST);
    let json = repair(&workspace, &["--accept", "--json"]).expect(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["date"], FIRST, "{json}");
    assert_eq!(workspace.query(ROWS), r#"{"id":2}"#);
    assert_eq!(workspace.parquet_files().len(), 2);
    is_well(&workspace);
}

#[test]
fn a_table_moved_by_hand_is_told() {
    let workspace = published(&[]);
    by_hand(&workspace, "update tables set location = location || '_old'");
    orders(&workspace, &["--end-dt", SECOND]).expect(4).says("in the metastore, but");
    assert!(repair(&workspace, &[]).expect(4).stdout.contains("left: the location of test.orders is"));
}

/// Columns that others add, and in another order, are adg's own with its next file.
#[test]
fn a_column_that_adg_widens_later_is_no_change_by_others() {
    let workspace =
        published(&[("note: string", "note: string, count: int"), ("limits:", "evolution: { type_change: widen }\nlimits:")]);
    by_hand(&workspace, "insert into columns select table_id, 99, 'theirs', 'int' from columns where name = 'id'");
    workspace.source(FIRST, "orders", "id,note,paid,count\n1,a,true,9999999999\n");
    orders(&workspace, &["--start-dt", FIRST, "--end-dt", FIRST]).expect(0);
    is_well(&workspace);
    // From now on it is noticed again what others do.
    by_hand(&workspace, "update columns set type = 'string' where name = 'count'");
    told(&workspace, "`count` is bigint in the files and string in the table");
}

/// The files of the copy's time have their retention, so that readers see old rows and nothing else says so.
#[test]
fn a_metastore_restored_from_an_older_copy_is_told() {
    let workspace = published(&[]);
    let (metastore, copy) = (workspace.path("warehouse/metastore.db"), workspace.path("copy.db"));
    std::fs::copy(&metastore, &copy).unwrap();
    workspace.source(FIRST, "orders", "id,note,paid\n7,a,true\n");
    orders(&workspace, &["--start-dt", FIRST, "--end-dt", FIRST]).expect(0);
    for journal in ["warehouse/metastore.db-wal", "warehouse/metastore.db-shm"] {
        let _ = std::fs::remove_file(workspace.path(journal));
    }
    std::fs::copy(&copy, &metastore).unwrap();
    told(&workspace, &format!("differ from the published ones: {FIRST}"));
    repair(&workspace, &[]).expect(0);
    assert_eq!(workspace.query(ROWS), "{\"id\":2}\n{\"id\":7}");
    is_well(&workspace);
}
