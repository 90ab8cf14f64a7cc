//! JSON files are read once where their beginnings tell what they have. What comes late is there all the same.

use std::fmt::Write as _;

use crate::workspace::Workspace;

/// More bytes of records than the beginning of a file that is looked at.
const ROWS: usize = 12_000;
const DATES: &[&str] = &["--start-dt", "2024-05-01", "--end-dt", "2024-05-01"];

const MODULE: &str = "\
version: 1
module: many
source: { files: \"{date}_{collection}.json\", json: JSON }
column_names: camel
limits: { error_rate: 1, quarantine_rate: 0 }
evolution: { new_column: NEW }
target: { database: test, location: \"data/{database}/{pii}/{collection}/\" }
collections: { many: { columns: { id: bigint, person: \"struct<a:int>\", list: \"array<struct<a:int>>\", pad: string } } }
";

fn many(json: &str, new: &str, file: &str) -> Workspace {
    let workspace = Workspace::with_module("many", &MODULE.replace("JSON", json).replace("NEW", new));
    workspace.write("source/2024-05-01_many.json", file);
    workspace
}

fn records(mut rows: Vec<String>, late: &str, is_first: bool) -> Vec<String> {
    rows.insert(if is_first { 0 } else { rows.len() }, late.to_owned());
    rows
}

fn usual() -> Vec<String> {
    let pad = "x".repeat(60);
    (0..ROWS).map(|id| format!("{{\"id\":{id},\"person\":{{\"a\":1}},\"list\":[{{\"a\":{id}}}],\"pad\":\"{pad}\"}}")).collect()
}

fn lines(rows: &[String]) -> String {
    rows.iter().fold(String::new(), |mut text, row| {
        let _ = writeln!(text, "{row}");
        text
    })
}

/// Its columns, by name, and the record that came late.
fn table(workspace: &Workspace) -> (Vec<String>, String) {
    let described = workspace.run(&["describe", "test.many"]).expect(0).stdout;
    let mut columns: Vec<String> = described.lines().filter(|line| line.starts_with("  `")).map(str::to_owned).collect();
    assert!(columns.len() >= 5, "{described}");
    columns.sort();
    let row = workspace.query("select person, list, error_desc from many where id = 1000000");
    (columns, row)
}

#[test]
fn what_comes_late_is_there_as_if_it_had_come_first() {
    for late in [
        r#"{"id":1000000,"new":5}"#,
        r#"{"id":1000000,"person":{"a":1,"b":"x"}}"#,
        r#"{"id":1000000,"list":[{"a":1},{"c":{"d":2}}]}"#,
        r#"{"id":1000000,"list":[{"a":1,"c":2},7]}"#,
        r#"{"id":1000000,"person":7,"list":[{"a":"no"}]}"#,
    ] {
        let [first, last] = [true, false].map(|is_first| {
            let workspace = many("{}", "add", &lines(&records(usual(), late, is_first)));
            workspace.run(&[&["--module", "many"], DATES].concat()).expect(0);
            assert_eq!(workspace.query("select count(*) as n from many"), format!("{{\"n\":{}}}", ROWS + 1), "{late}");
            assert_eq!(workspace.parquet_files().len(), 1, "{late}");
            table(&workspace)
        });
        assert_eq!(first, last, "{late}");
    }
}

#[test]
fn what_comes_late_is_refused_or_told_by_the_modules_policy() {
    let file = lines(&records(usual(), r#"{"id":1000000,"person":{"b":2}}"#, false));
    let workspace = many("{}", "fail", &file);
    workspace.run(&[&["--module", "many"], DATES].concat()).expect(12).says("person.b");
    assert_eq!(workspace.parquet_files().len(), 0, "nothing is left of what was written");
    let workspace = many("{}", "ignore", &file);
    workspace.run(&[&["--module", "many"], DATES].concat()).expect(0);
    assert!(workspace.report()["days"][0]["notes"].to_string().contains("person.b"));
}

#[test]
fn a_list_of_fields_behind_the_records_says_where_they_go() {
    let fields = r#""fields":[{"fieldName":"pad","pii":true}]"#;
    let file = format!("{{\"data\":[{}],{fields}}}", usual().join(","));
    let json = "{ records: data, fields: fields }";
    let workspace = many(json, "add", &file);
    workspace.run(&[&["--module", "many"], DATES].concat()).expect(0);
    assert!(workspace.parquet_files().iter().all(|file| file.display().to_string().contains("/pii/")));
    let twice = file.replace("{\"data\"", &format!("{{{},\"data\"", fields.replace("true", "false")));
    let workspace = many(json, "add", &twice);
    workspace.run(&[&["--module", "many"], DATES].concat()).expect(13).says("has its list of fields twice");
    assert_eq!(workspace.parquet_files().len(), 0, "nothing is left of what was written");
}
