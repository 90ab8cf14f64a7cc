//! Tests of the sources as text: a doc comment names its item or says what the item does, and no line is over the width.

use std::fs;
use std::path::{Path, PathBuf};

/// Openings of noun clauses. A reader who searches for the usual word does not find it behind them.
const REFUSED: [&str; 11] = ["What", "Who", "Whom", "Whose", "Which", "Why", "Where", "When", "How", "That", "Whether"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The text of a line that is a doc comment.
fn doc(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).map(str::trim)
}

/// Doc comments of a file that begin with a refused word, with the numbers of their lines.
fn refused(text: &str) -> Vec<(usize, &str)> {
    let lines: Vec<_> = text.lines().collect();
    let begins = |at: usize| at.checked_sub(1).and_then(|before| doc(lines[before])).is_none_or(str::is_empty);
    let first = |(at, line)| doc(line).filter(|_| begins(at)).map(|text| (at + 1, text));
    let is_refused = |(_, text): &(usize, &str)| REFUSED.contains(&text.split([' ', ',', '.']).next().unwrap_or_default());
    lines.iter().copied().enumerate().filter_map(first).filter(is_refused).collect()
}

#[test]
fn noun_clauses_are_found_at_the_beginning_of_comments_only() {
    let text = "//! Where it is.\n\n/// A table,\n/// Which is here.\n///\n/// When so.\nlet x = 1; // What\n/// Whole.\n";
    assert_eq!(refused(text), [(1, "Where it is."), (6, "When so.")]);
}

/// `max_width` in `rustfmt.toml`, in characters.
const WIDTH: usize = 130;

/// Lines over the width, with their numbers. rustfmt leaves a whole statement as it is, and says nothing, if a string in it is
/// too long. Raw strings can't be broken.
fn too_wide(text: &str) -> Vec<(usize, &str)> {
    let is_raw = |line: &str| line.contains("r\"") || line.contains("r#\"");
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    lines.filter(|(_, line)| line.chars().count() > WIDTH && !is_raw(line)).collect()
}

#[test]
fn wide_lines_are_found_by_their_characters() {
    let (wide, raw, umlauts) = ("x".repeat(131), format!("r#\"{}\"#", "x".repeat(131)), "ä".repeat(130));
    assert_eq!(too_wide(&[raw.as_str(), &wide, &umlauts].join("\n")), [(2, wide.as_str())]);
}

/// Checks the files in these folders, and gives what `find` finds.
fn found(folders: &[&str], find: impl Fn(&str) -> Vec<(usize, &str)>) -> Vec<String> {
    let mut files = Vec::new();
    for folder in folders {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    assert!(files.len() > 200, "{}", files.len());
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        found.extend(find(&text).into_iter().map(|(line, text)| format!("{}:{line}: {text}", file.display())));
    }
    found
}

#[test]
fn doc_comments_begin_with_a_noun_or_a_verb() {
    assert_eq!(found(&["src"], refused), Vec::<String>::new());
}

#[test]
fn no_line_is_over_the_width() {
    assert_eq!(found(&["src", "e2e", "fuzz/fuzz_targets"], too_wide), Vec::<String>::new());
}
