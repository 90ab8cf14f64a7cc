//! What became of a module's dates, as a page.

use crate::workspace::Workspace;

#[test]
fn a_page_of_nothing_and_of_several_modules() {
    let workspace = Workspace::new();
    let page = workspace.run(&["report", "--module", "shop", "--module", "vacancy"]).expect(0).stdout;
    assert!(page.starts_with("<!doctype html>") && page.matches("No date counts yet").count() == 2, "{page}");
    workspace.run(&["report", "--module", "nowhere"]).expect(10);
    workspace.run(&["report"]).expect(2);
}

/// Dates of years are too many for a page: it tells months, with the same sums.
#[test]
fn a_page_of_a_long_time_tells_months() {
    let workspace = Workspace::new();
    for date in ["2024-01-31", "2024-02-01", "2024-02-29"] {
        workspace.day(date);
    }
    workspace.source("2024-02-15", "orders", "");
    workspace.shop("2024-01-31", "2024-02-01").expect(0);
    workspace.shop("2024-02-15", "2024-02-15").expect(13);
    workspace.shop("2024-02-29", "2024-02-29").expect(0);
    let page = |start: &str| {
        workspace.run(&["report", "--module", "shop", "--start-dt", start, "--end-dt", "2024-03-01"]).expect(0).stdout
    };
    let months = page("2023-01-01");
    assert!(months.contains("data-mark=\"2024-01 orders done\""), "{months}");
    assert!(months.contains("title=\"2024-02 orders: 2 done, 1 failed, 26 missing: 4 rows\""), "{months}");
    assert!(!months.contains("data-mark=\"2024-02-01"), "{months}");
    let tile = |page: &str, what: &str| {
        let end = page.find(what).unwrap_or_else(|| panic!("{what}: {page}"));
        page[..end].rsplit("<b>").next().unwrap().to_owned()
    };
    let days = page("2024-01-01");
    for what in ["not done", "done</li>", "last complete date", "rows, ", "invalid values", "quarantined records"] {
        assert_eq!(tile(&months, what), tile(&days, what), "{what}");
    }
}
