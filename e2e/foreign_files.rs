//! Files that are none of the table: nothing of them is published, and the message says what they most likely are.

use crate::workspace::Workspace;

const DAY: &str = "2024-05-01";

/// What a run of `orders` does with a file, where `module` differs from the usual one.
fn refused(module: &[(&str, &str)], file: &str, cause: &str) {
    let workspace = Workspace::with(module);
    workspace.source(DAY, "orders", file);
    let args = ["--module", "shop", "--collection", "orders", "--start-dt", DAY, "--end-dt", DAY];
    workspace.run(&args).expect(12).says(cause);
    assert!(workspace.parquet_files().is_empty());
    let plan = workspace.run(&[&["plan"], &args[..]].concat()).expect(0);
    assert!(plan.stdout.contains("fails: "), "{}", plan.stdout);
}

const UNDECLARED: (&str, &str) = ("{ columns: { id: bigint, note: string, paid: boolean } }", "{}");

#[test]
fn a_page_another_table_and_data_without_a_header_are_refused() {
    for (file, cause) in [
        ("<!DOCTYPE html>\n<html><body>Service unavailable</body></html>\n", "an HTML page"),
        ("<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>\n", "XML"),
        ("{\"id\":1,\"note\":\"a\",\"paid\":true}\n", "JSON"),
        ("invoice,total\n77,5\n", "0 of the 3 columns"),
        ("1,a,true\n2,b,false\n", "one without a header"),
        ("id;note;paid\n1;a;true\n", "separated by ';'"),
        ("id|note|paid\n1|a|true\n", "separated by '|'"),
    ] {
        refused(&[], file, cause);
    }
}

#[test]
fn a_new_table_takes_no_values_and_no_markup_for_its_columns() {
    for (file, cause) in [
        ("1001,Ann,10.50\n1002,Bob,20.00\n", "looks like values: 1001, 10.50"),
        ("2024-05-01,x\n", "looks like values"),
        ("<html><body>x</body></html>\n", "an HTML page"),
    ] {
        refused(&[UNDECLARED], file, cause);
    }
}

#[test]
fn files_of_other_formats_are_named() {
    let formats: [(&[u8], &str); 4] = [
        (b"Obj\x01\x04\x16avro.codec", "an Avro file"),
        (b"ORC\x11\x00", "an ORC file"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Excel file"),
    ];
    for (file, format) in formats {
        let workspace = Workspace::with(&[UNDECLARED]);
        workspace.source(DAY, "orders", file);
        workspace
            .run(&["--module", "shop", "--collection", "orders", "--start-dt", DAY, "--end-dt", DAY])
            .expect(13)
            .says(format);
    }
}

#[test]
fn a_registered_table_refuses_another_tables_file_and_keeps_its_rows() {
    let workspace = Workspace::with(&[UNDECLARED]);
    workspace.source(DAY, "orders", "id,note,paid\n1,a,true\n");
    let args = ["--module", "shop", "--collection", "orders", "--start-dt", DAY, "--end-dt", DAY];
    workspace.run(&args).expect(0);
    workspace.source(DAY, "orders", "invoice,total\n77,5\n");
    workspace.run(&args).expect(12).says("0 of the 3 columns");
    assert_eq!(workspace.query("select id, note from orders"), r#"{"id":1,"note":"a"}"#);
    let columns = workspace.run(&["describe", "orders"]).expect(0).stdout;
    assert!(!columns.contains("invoice"), "{columns}");
}

#[test]
fn the_second_file_of_a_date_has_the_first_ones_columns() {
    let all = ("source: {", "source: { pick: all,");
    let workspace = Workspace::with(&[UNDECLARED, all]);
    workspace.write(&format!("source/{DAY}_orders_1.csv"), "id,note\n1,a\n");
    workspace.write(&format!("source/{DAY}_orders_2.csv"), "id;note\n2;b\n");
    let args = ["--module", "shop", "--collection", "orders", "--start-dt", DAY, "--end-dt", DAY];
    workspace.run(&args).expect(12).says("each of its lines is one field").says("separated by ';'");
    workspace.write(&format!("source/{DAY}_orders_2.csv"), "invoice,total\n77,5\n");
    workspace.run(&args).expect(12).says("0 of the 2 columns of");
    workspace.write(&format!("source/{DAY}_orders_2.csv"), "id,more\n2,b\n");
    workspace.run(&args).expect(0);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
}

/// A source that is what it is can be read all the same.
#[test]
fn a_lower_share_lets_any_header_in() {
    let workspace = Workspace::with(&[("source: {", "source: { min_known: 0,")]);
    workspace.source(DAY, "orders", "2023,2024\n1,2\n");
    workspace.run(&["--module", "shop", "--collection", "orders", "--start-dt", DAY, "--end-dt", DAY]).expect(0);
}

#[test]
fn json_of_another_table_is_refused_and_an_empty_day_is_not() {
    let json = ("source: {", "source: { json: {},");
    refused(&[json], "{\"error\":\"AccessDenied\",\"status\":403}\n", "an error document");
    let workspace = Workspace::with(&[json]);
    workspace.source(DAY, "orders", "[]");
    workspace.run(&["--module", "shop", "--collection", "orders", "--start-dt", DAY, "--end-dt", DAY]).expect(0);
}

/// Spark's committer leaves such files where a job is killed.
#[test]
fn attempts_of_other_writers_and_hidden_files_are_no_files() {
    let workspace = Workspace::with(&[("\"{date}_{collection}_{epoch_ms}.csv\"", "\"{date}/{collection}/**\", pick: all")]);
    for name in
        ["part-0.csv", "_temporary/0/task_1/part-0.csv", ".part-0.csv.crc", "_SUCCESS", ".hidden/part-1.csv", "a/part-1.csv"]
    {
        // Equal files would count once.
        let file = format!("id,note,paid\n{},a,true\n", name.len());
        workspace.write(&format!("source/{DAY}/orders/{name}"), &file);
    }
    workspace.run(&["--module", "shop", "--collection", "orders", "--start-dt", DAY, "--end-dt", DAY]).expect(0);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
}
