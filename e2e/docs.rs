//! The book: every page is in it, and what pages refer to is there. `make book` builds it.

use std::path::{Path, PathBuf};

use crate::workspace::files;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Where a page's links go, those into the web left out.
fn links(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let targets = targets.filter(|target| !target.contains("://") && !target.contains(['`', ' ', '\n']));
    targets.map(|target| target.split('#').next().unwrap_or_default().to_owned()).filter(|target| !target.is_empty()).collect()
}

#[test]
fn every_page_is_in_the_book_and_every_link_leads_somewhere() {
    let summary = docs().join("SUMMARY.md");
    let listed: Vec<PathBuf> = links(&summary).into_iter().map(|page| docs().join(page)).collect();
    let pages: Vec<PathBuf> = files(&docs()).into_iter().filter(|path| path.extension().is_some_and(|ty| ty == "md")).collect();
    let missing: Vec<_> = pages.iter().filter(|page| **page != summary && !listed.contains(page)).collect();
    assert_eq!(missing, Vec::<&PathBuf>::new(), "pages that SUMMARY.md does not list");
    let readme = docs().join("../README.md");
    let dead: Vec<_> = pages
        .iter()
        .chain([&readme])
        .flat_map(|page| links(page).into_iter().map(move |link| (page.clone(), link)))
        .filter(|(page, link)| !page.parent().unwrap().join(link).exists())
        .collect();
    assert_eq!(dead, Vec::<(PathBuf, String)>::new(), "links that lead nowhere");
    // The book has no page but its own.
    let outside = pages.iter().flat_map(|page| links(page).into_iter().map(move |link| page.parent().unwrap().join(link)));
    let outside: Vec<_> = outside.map(|path| path.canonicalize().unwrap()).filter(|path| !path.starts_with(docs())).collect();
    assert_eq!(outside, Vec::<PathBuf>::new(), "links out of the book");
}
