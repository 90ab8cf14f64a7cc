//! What other readers of CSV lose silently or die of: each a file, and what must become of it.

use std::io::Write;

use crate::workspace::{Ran, Workspace};

const DAY: &str = "2024-05-01";

fn run(workspace: &Workspace) -> Ran {
    workspace.run(&["--module", "shop", "--collection", "orders", "--start-dt", DAY, "--end-dt", DAY])
}

/// The rows that a file becomes, and the reasons for what was set aside.
fn rows(module: &[(&str, &str)], file: impl AsRef<[u8]>) -> (String, Vec<String>) {
    let workspace = Workspace::with(module);
    workspace.source(DAY, "orders", file);
    run(&workspace).expect(0);
    let reasons =
        workspace.quarantine().iter().map(|line| format!("{}: {}", line["line"], line["reason"].as_str().unwrap())).collect();
    (workspace.query("select id, note from orders order by id"), reasons)
}

fn refused(module: &[(&str, &str)], file: impl AsRef<[u8]>, code: i32, message: &str) {
    let workspace = Workspace::with(module);
    workspace.source(DAY, "orders", file);
    run(&workspace).expect(code).says(message);
    assert!(workspace.parquet_files().is_empty());
}

fn csv_setting(setting: &str) -> String {
    format!("source: {{ csv: {{ {setting} }},")
}

const TWO: &str = "{\"id\":1,\"note\":\"a\"}\n{\"id\":2,\"note\":\"b\"}";

#[test]
fn columns_are_found_by_header_not_by_place() {
    assert_eq!(rows(&[], "note,paid,id\na,true,1\nb,false,2\n").0, TWO);
}

#[test]
fn rows_of_the_wrong_width_are_set_aside_never_shifted() {
    let (found, bad) = rows(&[], "id,note,paid\n1,a,true\n9\n9,x,true,more\n\n2,b,no\n");
    assert_eq!(found, TWO);
    assert_eq!(bad, ["3: 1 field, where the header has 3", "4: 4 fields, where the header has 3"]);
}

#[test]
fn bad_quoting_costs_its_own_line_only() {
    let (found, bad) = rows(&[], "id,note\n1,a\n9,\"x\"y\n9,\"back\\\"slash\"\n2,b\n9,\"never closed\n");
    assert_eq!(found, TWO);
    assert_eq!(bad, ["3: text follows a closing quote", "4: text follows a closing quote", "6: a quote is not closed"]);
    // The next quote may be far away: what lies between is not lost with the line.
    let (found, bad) = rows(&[], "id,note\n9,\"oops\n1,a\n2,\"b\"\n");
    assert_eq!((found.as_str(), bad), (TWO, vec!["2: a quote is not closed".to_owned()]));
}

#[test]
fn line_ends_of_every_kind() {
    for text in ["id,note\r\n1,a\r\n2,b\r\n", "id,note\r1,a\r2,b\r", "id,note\n1,a\n2,b", "\n\nid,note\n\n1,a\n\n\n2,b\n\n"] {
        assert_eq!(rows(&[], text), (TWO.to_owned(), vec![]), "{text:?}");
    }
}

#[test]
fn encodings_by_setting_and_garbage_by_none() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let text = "\u{FEFF}id,note\n1,é€🦀\n";
    let expected = "{\"id\":1,\"note\":\"é€🦀\"}";
    assert_eq!(rows(&[], text).0, expected);
    assert_eq!(rows(&[("source: {", &csv_setting("encoding: utf-16"))], utf16(text)).0, expected);
    assert_eq!(
        rows(&[("source: {", &csv_setting("encoding: windows-1252"))], b"id,note\n1,\xE9\x80\n").0,
        "{\"id\":1,\"note\":\"é€\"}"
    );
    refused(&[], utf16(text), 13, "begins with the mark of utf-16");
    refused(&[], utf16(&text[3..]), 12, "as UTF-16 read as UTF-8 has");
    let (found, bad) = rows(&[], b"id,note\n1,a\n9,\xE9t\xE9\n2,b\n");
    assert_eq!((found.as_str(), bad), (TWO, vec!["3: bytes that are not text in the source's encoding".to_owned()]));
}

#[test]
fn packed_files_are_read_or_refused_by_name() {
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    assert_eq!(rows(&[], [gzip("id,note\n1,a\n2"), gzip(",b\n")].concat()).0, TWO);
    assert_eq!(rows(&[], zstd::encode_all(&b"id,note\n1,a\n2,b\n"[..], 1).unwrap()).0, TWO);
    let mut cut = gzip(&"id,note\n1,a\n".repeat(50));
    cut.truncate(cut.len() - 10);
    refused(&[], cut, 13, "failed to read");
    refused(&[], b"BZh91AY&SY...", 13, "failed to read");
    refused(&[], b"\xFD7zXZ\0...", 13, "failed to read");
}

#[test]
fn headers_that_make_no_table_are_refused() {
    refused(&[], "id,note,id\n1,a,2\n", 12, "the header `id` stands twice");
    refused(&[], "id,Is Paid,is_paid?\n1,a,2\n", 12, "both become the column `is_paid`");
    refused(&[], "id,,note\n1,a,2\n", 12, "header 2 is ``");
    refused(&[], "id,Error Desc\n1,a\n", 12, "a column that adg writes itself");
    refused(&[], "", 13, "is empty");
    refused(&[], "\n\n", 13, "is empty");
}

#[test]
fn a_header_alone_is_an_empty_partition_with_a_note() {
    let workspace = Workspace::new();
    workspace.source(DAY, "orders", "id,note,paid\n");
    run(&workspace).expect(0).says("the files have headers but no rows");
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":0}"#);
    assert!(workspace.run(&["describe", "orders"]).expect(0).stdout.contains(DAY));
}

#[test]
fn empty_is_null_quoted_or_not_unless_set_otherwise() {
    let file = "id,note\n1,\n2,\"\"\n3,NULL\n";
    let nulls = "{\"id\":1,\"note\":null}\n{\"id\":2,\"note\":null}\n{\"id\":3,\"note\":\"NULL\"}";
    assert_eq!(rows(&[], file).0, nulls);
    let kept = "{\"id\":1,\"note\":null}\n{\"id\":2,\"note\":\"\"}\n{\"id\":3,\"note\":null}";
    let setting = csv_setting("keep_quoted_empty: true, null_values: [\"\", \"NULL\"]");
    assert_eq!(rows(&[("source: {", &setting)], file).0, kept);
}

#[test]
fn files_of_one_day_with_different_headers_are_joined_by_name() {
    let workspace = Workspace::with(&[("source: {", "source: { pick: all,")]);
    workspace.write("source/2024-05-01_orders_1.csv", "id,note\n1,a\n");
    workspace.write("source/2024-05-01_orders_2.csv", "extra,note,id\n5,b,2\n");
    run(&workspace).expect(0);
    let rows = workspace.query("select id, note, extra from orders order by id");
    assert_eq!(rows, "{\"id\":1,\"note\":\"a\",\"extra\":null}\n{\"id\":2,\"note\":\"b\",\"extra\":5}");
}

#[test]
fn rows_larger_than_a_batch_and_many_batches_are_all_there() {
    let workspace = Workspace::new();
    let long = "x".repeat(300_000);
    let body: String = (0..20_000).map(|i| format!("{i},note {i},true\n")).collect();
    workspace.source(DAY, "orders", format!("id,note,paid\n{body}20000,\"{long}\n{long}\",no\n{body}"));
    let args = ["--module", "shop", "--collection", "orders", "--start-dt", DAY, "--end-dt", DAY, "--memory", "128MiB"];
    workspace.run(&args).expect(0);
    let found = workspace.query("select count(*) as n, sum(id) as s, max(length(note)) as l from orders");
    assert_eq!(found, r#"{"n":40001,"s":400000000,"l":600001}"#);
}
