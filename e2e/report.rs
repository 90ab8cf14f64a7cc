//! What became of a module's dates, as a page.

use crate::script::script;
use crate::workspace::Workspace;

#[test]
fn the_page_says_what_the_ledger_says_and_can_be_read_by_day_and_night_at_a_desk_and_on_a_phone() {
    let workspace = Workspace::with(&[("target:", "catchup: { start: 2024-04-20 }\ntarget:")]);
    for day in 20..=30 {
        workspace.day(&format!("2024-04-{day}"));
    }
    workspace.source("2024-04-27", "items", "id,price\n1,cheap\n2,3.50\n\"3,4\n");
    workspace.source("2024-04-28", "items", "id,price,late\n1,1.25,2024-01-01\n");
    std::fs::remove_file(workspace.path("source/2024-04-29_items_1.csv")).unwrap();
    workspace.run(&["--module", "shop", "--end-dt", "2024-04-30"]).expect(4);
    // A name that is no harmless text, and a date that failed once and is done since.
    workspace.source("2024-05-01", "orders", "");
    workspace.source("2024-05-01", "items", "<script>alert(1)</script>,<SCRIPT>alert(1)</script>\n1,2\n");
    workspace.shop("2024-05-01", "2024-05-01").expect(13);
    workspace.day("2024-05-01");
    workspace.shop("2024-05-01", "2024-05-01").expect(0);
    workspace.write("reports/shop-018f0000-0000-7000-8000-000000000000.json", "no report");
    workspace.run(&["report", "--module", "shop", "--end-dt", "2024-05-02", "--out", "report.html"]).expect(0);
    let page = std::fs::read_to_string(workspace.path("report.html")).unwrap();
    assert!(page.contains("adg --module shop --start-dt 2024-04-29 --end-dt 2024-04-29 --collection items"), "what to type");
    assert!(page.contains("where 1 more can't be read"), "a report that is none");
    assert!(page.contains("ADD COLUMNS"), "a column that came");
    assert!(page.contains("script&#62;") && !page.contains("<script>"), "names are text");
    script("report_page.py", &[&workspace.path("")]);
    if let Some(kept) = std::env::var_os("ADG_KEEP_PAGES") {
        for picture in ["desk-light.png", "desk-dark.png", "phone-light.png", "phone-dark.png", "report.html"] {
            std::fs::copy(workspace.path(picture), std::path::Path::new(&kept).join(picture)).unwrap();
        }
    }
}

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
    for what in ["not done", "done</li>", "last complete date", "rows, ", "values that did not fit", "records set aside"] {
        assert_eq!(tile(&months, what), tile(&days, what), "{what}");
    }
}
