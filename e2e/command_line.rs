//! Flags, environment variables, exit codes and messages.

use crate::workspace::{Ran, Workspace};

const DAY: &str = "2024-05-01";

#[test]
fn the_replaced_steps_spellings_are_accepted() {
    let workspace = Workspace::new();
    workspace.day(DAY);
    let args =
        ["--module_name", "SHOP", "--start_dt", DAY, "--end_dt", DAY, "--clean_up_flg", "False", "--e2e_test_flg", "false"];
    workspace.run(&args).expect(0);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
}

#[test]
fn environment_variables_serve_and_a_flag_wins() {
    let workspace = Workspace::new();
    workspace.day(DAY);
    let run = |args: &[&str]| {
        let mut command = workspace.command(args);
        command.env("START_DT", DAY).env("END_DT", DAY).env("CLEAN_UP_FLG", "False").env("E2E_TEST_FLG", " ");
        crate::workspace::Ran::from(command.output().unwrap())
    };
    run(&["--module", "shop"]).expect(0);
    assert_eq!(workspace.report()["days"].as_array().unwrap().len(), 2);
    run(&["--module", "shop", "--start-dt", "2024-05-02"]).expect(2).says("2024-05-02 is after the end date 2024-05-01");
}

#[test]
fn mistakes_end_with_their_codes_and_say_what_to_type() {
    let workspace = Workspace::new();
    workspace.run(&["--modul", "shop"]).expect(2).says("--module");
    workspace.run(&[]).expect(2).says("--module");
    workspace.run(&["--module", ""]).expect(2).says("--module is blank");
    workspace.run(&["--module", "shop", "--start-dt", "01/05/2024"]).expect(2).says("YYYY-MM-DD");
    workspace.run(&["--module", "shop", "--clean-up-flg", "maybe"]).expect(2).says("neither `true` nor `false`");
    workspace.run(&["--module", "shop", "--collection", "order"]).expect(2).says("it has orders, items");
    workspace.run(&["history", "--module", "shop", "--collection", "order"]).expect(2).says("it has orders, items");
    workspace.run(&["undo", "--module", "shop", "--run", "latest"]).expect(2).says("not the id of a run");
    workspace.run(&["--module", "shap"]).expect(10).says("the built-in modules are");
    workspace.run(&["--module", "shop", "--config", "nowhere.yaml"]).expect(10).says("nowhere.yaml");
    workspace.run(&["--module", "shop", "--profile", "prod"]).expect(10).says("it has local, production");
    workspace.write("modules/shop.yaml", "version: 1\nmodule: shop\nsorce: {}\n");
    workspace.run(&["--module", "shop"]).expect(10).says("did you mean `source`?");
    workspace.run(&["--help"]).expect(0);
    workspace.run(&["--version"]).expect(0);
}

#[test]
fn settings_that_would_harm_are_refused_before_anything_is_read() {
    for (from, to, message) in [
        ("database: test", "database: test, location: \"data/\"", "would share a folder"),
        ("database: test", "database: test, location: \"\"", "target.location"),
        ("database: test", "database: test, location: \"../{collection}\"", "has the part `..`"),
        ("database: test", "database: test, location: \"{colection}\"", "has the part `{colection}`"),
        ("id: bigint, note", "\"Is Paid?\": boolean, note", "would be `is_paid` as a header"),
        ("id: bigint, note", "error_desc: string, note", "adg writes itself"),
        ("id: bigint, note", "date_uploaded: date, note", "adg writes itself"),
        ("id: bigint, note", "ID: int, id: int, note", "`id` stands twice"),
        ("items: {", "items: { file_name: orders,", "would read the same files"),
        ("database: test", "database: test, sweep_after_hours: 99999999", "sweep_after_hours"),
        ("{epoch_ms}.csv", "{epoch}.csv", "{epoch}"),
        ("{date}_{collection}_", "{date}_", "has no `{collection}`"),
        ("database: test", "database: test, partition_by: error_desc", "adg writes itself"),
        ("database: test", "database: test, partition_by: load date", "target.partition_by"),
        ("database: test", "database: test, location: \"_data/{collection}\"", "has the part `_data`"),
    ] {
        let workspace = Workspace::with(&[(from, to)]);
        workspace.day(DAY);
        workspace.shop(DAY, DAY).expect(10).says(message);
        assert!(workspace.parquet_files().is_empty());
    }
    let workspace = Workspace::new();
    workspace.run(&["--module", "shop", "--memory", "1MiB"]).expect(2).says("at least 128");
    workspace.run(&["--module", "shop", "--memory", "much"]).expect(2).says("512MiB");
}

#[test]
fn a_table_does_not_move() {
    let workspace = Workspace::new();
    workspace.day(DAY);
    workspace.shop(DAY, DAY).expect(0);
    let module = std::fs::read_to_string(workspace.path("modules/shop.yaml")).unwrap();
    workspace.write("modules/shop.yaml", module.replace("database: test", "database: test, location: \"new/{collection}\""));
    workspace.shop(DAY, DAY).expect(10).says("in the metastore, but");
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
}

#[test]
fn a_table_belongs_to_one_module() {
    let workspace = Workspace::new();
    workspace.day(DAY);
    workspace.shop(DAY, DAY).expect(0);
    let module = std::fs::read_to_string(workspace.path("modules/shop.yaml")).unwrap();
    workspace.write("modules/other.yaml", module.replace("module: shop", "module: other"));
    let args = ["--module", "other", "--start-dt", DAY, "--end-dt", DAY];
    workspace.run(&args).expect(10).says("the module of test.orders is `shop` in the metastore");
    workspace.run(&[&args[..], &["--clean-up-flg", "true", "--force-clean-up"]].concat()).expect(10);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":2}"#);
}

#[test]
fn the_rerun_command_says_what_the_environment_said() {
    let workspace = Workspace::new();
    let mut command = workspace.command(&["--module", "shop", "--start-dt", DAY, "--end-dt", DAY, "--memory", "256MiB"]);
    command.env("ADG_PROFILE", "local").env("CLEAN_UP_FLG", "true").env("E2E_TEST_FLG", "false");
    let expected =
        "adg --module shop --profile local --e2e-test-flg false --clean-up-flg false --memory 256MiB --start-dt 2024-05-01";
    crate::workspace::Ran::from(command.output().unwrap()).expect(13).says(expected);
}

#[test]
fn a_missing_source_folder_is_a_config_error() {
    let workspace = Workspace::new();
    std::fs::remove_dir(workspace.path("source")).unwrap();
    workspace.shop(DAY, DAY).expect(10).says("source");
}

#[test]
fn the_test_flag_reads_the_test_folder_and_is_refused_where_protected() {
    let workspace = Workspace::new();
    workspace.write(&format!("warehouse/kickstart-e2e-tests/{DAY}_orders_1.csv"), "id,note\n7,\n");
    let args = ["--module", "shop", "--start-dt", DAY, "--end-dt", DAY, "--collection", "orders", "--e2e-test-flg", "true"];
    workspace.run(&args).expect(0);
    assert_eq!(workspace.query("select id from orders"), r#"{"id":7}"#);
    // Before anything is read: not even the missing source folder is noticed.
    std::fs::remove_dir(workspace.path("source")).unwrap();
    workspace.run(&[&args[..], &["--profile", "production"]].concat()).expect(2).says("the profile `production` is protected");
}

#[test]
fn a_machine_gets_json_lines_and_nothing_on_standard_output() {
    let workspace = Workspace::new();
    workspace.day(DAY);
    let ran = workspace.shop(DAY, DAY).expect(0);
    assert_eq!(ran.stdout, "");
    let events: Vec<serde_json::Value> = ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.iter().filter(|event| event["event"] == "date_done").count(), 2);
    assert_eq!(events.last().unwrap()["event"], "run_done");
}

#[test]
fn a_person_gets_a_closing_table() {
    let workspace = Workspace::new();
    workspace.day(DAY);
    let args = ["--module", "shop", "--start-dt", DAY, "--end-dt", DAY, "--log-format", "human"];
    workspace.run(&args).expect(0).says("│ 2024-05-01 ┆ orders").says("CREATE EXTERNAL TABLE test.orders");
}

#[test]
fn subcommands_show_what_is_published() {
    let workspace = Workspace::new();
    workspace.day(DAY);
    workspace.shop(DAY, DAY).expect(0);
    assert!(workspace.run(&["tables"]).expect(0).stdout.contains("test.orders"));
    assert!(workspace.run(&["describe", "orders"]).expect(0).stdout.contains("`note` string"));
    workspace.run(&["describe", "nothing"]).expect(2).says("adg tables");
    let csv = workspace.run(&["query", "select * from test.orders order by id", "--format", "csv"]).expect(0).stdout;
    assert_eq!(csv, "id,note,paid,error_desc,date_uploaded\n1,\"two\nlines\",true,,2024-05-01\n2,,false,,2024-05-01\n");
    workspace.run(&["query", "select 1 as x", "--format", "parquet", "-o", "out.parquet"]).expect(0);
    assert_eq!(&std::fs::read(workspace.path("out.parquet")).unwrap()[..4], b"PAR1");
    let mut without_duckdb = workspace.command(&["query", "select max(id) + 1 from orders"]);
    Ran::from(without_duckdb.env("PATH", "/nowhere").output().unwrap()).expect(2).says("pip install duckdb-cli");
    let sum = workspace.run(&["query", "select max(id) + 1, count(*) from orders", "--format", "csv"]).expect(0).stdout;
    assert_eq!(sum, "column_1,count\n3,2\n");
    workspace.run(&["query", "select * from nowhere"]).expect(2).says("nowhere").says("adg tables");
    workspace.run(&["query", "select * from test.nowhere"]).expect(2).says("test.nowhere");
    assert!(workspace.run(&["completions", "bash"]).expect(0).stdout.contains("_adg"));
    let schema: serde_json::Value = serde_json::from_str(&workspace.run(&["schema", "module"]).expect(0).stdout).unwrap();
    assert_eq!(schema["title"], "Module");
}

#[test]
fn generated_data_is_the_same_for_the_same_seed_and_fits() {
    let workspace = Workspace::new();
    let args = ["generate-test-data", "--module", "vacancy", "--date", DAY, "--rows", "50"];
    let keys = workspace.run(&args).expect(0).stdout;
    let files: Vec<_> = keys.lines().map(|key| workspace.path("source").join(key)).collect();
    assert_eq!(files.len(), 4);
    let first: Vec<_> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    workspace.run(&args).expect(0);
    let second: Vec<_> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert_eq!(first, second);
    workspace.run(&["--module", "vacancy", "--start-dt", DAY, "--end-dt", DAY]).expect(0);
    for day in workspace.report()["days"].as_array().unwrap() {
        assert_eq!((&day["rows_written"], &day["rows_quarantined"], &day["value_errors"]), (&50.into(), &0.into(), &0.into()));
        assert_eq!(day["notes"], serde_json::json!([]), "every declared column is in the file");
    }
    workspace.run(&[&args[..], &["--profile", "production"]].concat()).expect(2).says("protected");
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let workspace = Workspace::new();
    workspace.run(&["man", "manual"]).expect(0);
    let help = workspace.run(&["--help"]).expect(0).stdout;
    let commands =
        help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1).take_while(|line| !line.trim().is_empty());
    let names: Vec<&str> = commands
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() >= 10, "{help}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let page = std::fs::read_to_string(workspace.path(&format!("manual/adg-{name}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS") && page.contains(name), "{name}");
    }
    let page = std::fs::read_to_string(workspace.path("manual/adg.1")).unwrap();
    assert!(page.contains("start\\-dt") && page.contains("START_DT"), "{page}");
}
