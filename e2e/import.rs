//! Modules out of tables that are there.

use crate::workspace::Workspace;

/// Tables as another tool would have made them: nobody's.
fn disown(workspace: &Workspace) {
    let metastore = rusqlite::Connection::open(workspace.path("warehouse/metastore.db")).unwrap();
    let told = r#"update tables set parameters = json_remove(parameters, '$."adg.module"')"#;
    assert_eq!(metastore.execute(told, []).unwrap(), 2);
}

#[test]
fn a_module_that_was_imported_goes_on_with_its_tables() {
    let workspace = Workspace::new();
    workspace.day("2024-05-01");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    let args = ["import", "--from-table", "test.orders", "--from-table", "items", "--module", "store"];
    workspace.run(&args).expect(2).says("`test.orders` belongs to the module `shop`");
    disown(&workspace);
    let yaml = workspace.run(&args).expect(0).stdout;
    assert!(yaml.contains("start: \"2024-05-02\"") && yaml.contains("a guess: write how your source names its files"), "{yaml}");
    assert!(yaml.contains("location: data/{database}/{collection}/") && yaml.contains("price: decimal(9,2)"), "{yaml}");
    assert!(!yaml.contains("error_desc"), "{yaml}");
    let out = ["--files", "{date}_{collection}_{epoch_ms}.csv", "--out", "modules/store.yaml"];
    workspace.run(&[&args[..], &out].concat()).expect(0);
    workspace.run(&[&args[..], &out].concat()).expect(21).says("modules/store.yaml");
    std::fs::remove_file(workspace.path("modules/shop.yaml")).unwrap();
    workspace.day("2024-05-02");
    workspace.run(&["--module", "store", "--end-dt", "2024-05-02"]).expect(0);
    assert_eq!(workspace.query("select count(*) as n from orders"), r#"{"n":4}"#);
}

#[test]
fn what_can_not_be_one_module_is_refused() {
    let workspace = Workspace::new();
    workspace.day("2024-05-01");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    disown(&workspace);
    let import = |more: &[&str]| workspace.run(&[&["import", "--module", "store"], more].concat());
    import(&["--from-table", "test.nothing"]).expect(2).says("there is no table `test.nothing`");
    import(&["--from-table", "orders", "--store", "source"]).expect(2).says("outside the store").says("--store");
    import(&["--from-table", "orders", "--store", "elsewhere"]).expect(10).says("there is no store `elsewhere`");
    import(&[]).expect(2);
}
