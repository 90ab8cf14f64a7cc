//! A table over days whose files change.

use crate::workspace::Workspace;

#[test]
fn columns_come_and_go_and_the_table_keeps_its_types() {
    let workspace = Workspace::new();
    workspace.source("2024-05-01", "orders", "Id,Note,Paid\n1,a,yes\n");
    workspace.source("2024-05-02", "orders", "New Date,Note,Paid,Id,Empty\n2024-01-31,b,maybe,2,\n,c,no,three,\n");
    workspace.source("2024-05-03", "orders", "id,new date\n4,31/01/2024\n");
    let args = ["--module", "shop", "--collection", "orders", "--start-dt", "2024-05-01", "--end-dt", "2024-05-03"];
    workspace.run(&args).expect(0).says("ALTER TABLE test.orders ADD COLUMNS (`new_date` date)");
    let rows = workspace.query("select * from orders order by note nulls last, id");
    let expected = [
        r#"{"id":1,"note":"a","paid":true,"error_desc":null,"new_date":null,"date_uploaded":"2024-05-01"}"#,
        r#"{"id":2,"note":"b","paid":null,"error_desc":["Type Conversion for column paid. The source value is: maybe"],"new_date":"2024-01-31","date_uploaded":"2024-05-02"}"#,
        r#"{"id":null,"note":"c","paid":false,"error_desc":["Type Conversion for column id. The source value is: three"],"new_date":null,"date_uploaded":"2024-05-02"}"#,
        r#"{"id":4,"note":null,"paid":null,"error_desc":["Type Conversion for column new_date. The source value is: 31/01/2024"],"new_date":null,"date_uploaded":"2024-05-03"}"#,
    ];
    assert_eq!(rows, expected.join("\n"));
    let report = workspace.report();
    assert_eq!(report["days"][1]["notes"], serde_json::json!(["new columns without any value, not added yet: empty"]));
    assert_eq!(report["days"][2]["notes"], serde_json::json!(["columns missing in the source, filled with null: note, paid"]));
}

#[test]
fn a_first_schema_can_be_inferred_over_the_whole_day() {
    let workspace = Workspace::with(&[("columns: { id: bigint, price: \"decimal(9,2)\" }", "")]);
    let body: String = (0..3000).map(|i| format!("{i},{i}.5,0{i},true,2024-01-01\n")).collect();
    workspace.source("2024-05-01", "items", format!("i,d,code,b,t\n{body}7,8,9,false,2024-01-01 10:00:00\n"));
    let args = ["--module", "shop", "--collection", "items", "--start-dt", "2024-05-01", "--end-dt", "2024-05-01"];
    workspace.run(&args).expect(0);
    let table = workspace.run(&["describe", "items"]).expect(0).stdout;
    for column in ["`i` bigint", "`d` double", "`code` string", "`b` boolean", "`t` timestamp", "`error_desc` array<string>"] {
        assert!(table.contains(column), "{column} is not in {table}");
    }
    assert_eq!(workspace.query("select count(*) as n, sum(i) as s from items"), r#"{"n":3001,"s":4498507}"#);
}

#[test]
fn policies_refuse_or_widen() {
    let day = |evolution: &str, text: &str| {
        let workspace = Workspace::with(&[
            ("target:", &format!("evolution: {{ {evolution} }}\ntarget:")),
            ("id: bigint, price", "id: int, price"),
        ]);
        workspace.source("2024-05-01", "items", "id,price\n1,1\n");
        workspace.source("2024-05-02", "items", text);
        let args = ["--module", "shop", "--collection", "items", "--start-dt", "2024-05-01", "--end-dt", "2024-05-02"];
        (workspace.run(&args), workspace)
    };
    let (ran, workspace) = day("new_column: fail", "id,price,x\n1,1,1\n");
    ran.expect(4).says("the source has columns that the table does not have: x");
    assert_eq!(workspace.query("select count(*) as n from items"), r#"{"n":1}"#);
    day("missing_column: fail", "id\n1\n").0.expect(4).says("the source lacks columns of the table: price");
    day("type_change: fail", "id,price\nx,1\n").0.expect(4).says("`id` int");
    let (ran, workspace) = day("type_change: widen", "id,price\n3000000000,1\n");
    ran.expect(0).says("CHANGE COLUMN `id` `id` bigint");
    assert_eq!(workspace.query("select sum(id) as s from items"), r#"{"s":3000000001}"#);
    let (ran, workspace) = day("new_column: ignore", "id,price,x\n1,1,1\n");
    ran.expect(0).says("new columns ignored: x");
    assert_eq!(workspace.query("select count(*) as n from items"), r#"{"n":2}"#);
}

#[test]
fn limits_stop_the_publish_before_anything_is_visible() {
    let workspace = Workspace::with(&[("error_rate: 1, quarantine_rate: 1", "error_rate: 0.4, quarantine_rate: 0.4")]);
    let args = ["--module", "shop", "--collection", "items", "--start-dt", "2024-05-01", "--end-dt", "2024-05-01"];
    workspace.source("2024-05-01", "items", "id,price\n1,x\n2,y\n3,1\n4,1\n");
    workspace.run(&args).expect(11).says("2 of 4 rows have invalid values").says("limits.error_rate");
    workspace.source("2024-05-01", "items", "id,price\n1\n2\n3,1\n4,1\n");
    workspace.run(&args).expect(11).says("are malformed").says("_quarantine");
    // One record that a stray quote made long counts with all the rows that it hides.
    workspace.source("2024-05-01", "items", "id,price\n1,\"x\n2,2\n3,3\n4,4\",y\n5,5\n");
    workspace.run(&args).expect(11).says("4 of 4 rows are malformed");
    assert!(workspace.parquet_files().is_empty());
    assert!(workspace.run(&["tables"]).expect(0).stdout.lines().count() <= 4);
    assert_eq!(workspace.quarantine().len(), 3);
}
