//! Tests of the sources as text: a doc comment names its item or says what the item does, no line is over the width, a log event
//! has a name and a sentence, and a `mod.rs` has no logic.

use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// Openings of noun clauses. A reader who searches for the usual word does not find it behind them.
const REFUSED: [&str; 11] = ["What", "Who", "Whom", "Whose", "Which", "Why", "Where", "When", "How", "That", "Whether"];

fn files_with(extension: &str, folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_with(extension, &path, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    files_with("rs", folder, found);
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
    let is_raw = |line: &str| [" r\"", "(r\"", "r#\""].iter().any(|raw| line.contains(raw));
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    lines.filter(|(_, line)| line.chars().count() > WIDTH && !is_raw(line)).collect()
}

#[test]
fn wide_lines_are_found_by_their_characters() {
    let (wide, raw, umlauts) = (format!("{}r\"", "x".repeat(130)), format!("r#\"{}\"#", "x".repeat(131)), "ä".repeat(130));
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

/// Finds log events without a name or without a sentence.
#[derive(Default)]
struct Events {
    seen: usize,
    refused: Vec<String>,
}

impl<'ast> Visit<'ast> for Events {
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let path: Vec<_> = call.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let [room, level] = path.as_slice()
            && room == "tracing"
            && ["error", "warn", "info", "debug"].contains(&level.as_str())
        {
            self.seen += 1;
            let tokens: Vec<_> = call.tokens.clone().into_iter().map(|token| token.to_string()).collect();
            let has_name = tokens.windows(2).any(|pair| pair == ["event", "="]);
            let has_sentence = tokens.windows(2).any(|pair| pair[0] == "," && pair[1].starts_with('"'));
            if !has_name || !has_sentence {
                self.refused.push(call.tokens.to_string());
            }
        }
        visit::visit_macro(self, call);
    }
}

impl Events {
    fn of(text: &str) -> Self {
        let mut events = Self::default();
        events.visit_file(&syn::parse_file(text).unwrap());
        events
    }
}

#[test]
fn events_without_a_name_or_a_sentence_are_found() {
    let good = "tracing::info!(event = \"a\", rows, \"wrote rows\");";
    let bad = ["tracing::info!(event = \"a\", rows);", "tracing::info!(rows = 1, \"wrote rows\");"];
    assert_eq!(Events::of(&format!("fn f() {{ {good} {} }}", bad.concat())).refused.len(), 2);
}

#[test]
fn log_events_have_a_name_and_a_sentence() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let events: Vec<Events> = files.iter().map(|file| Events::of(&fs::read_to_string(file).unwrap())).collect();
    assert!(events.iter().map(|events| events.seen).sum::<usize>() > 40);
    assert_eq!(events.into_iter().flat_map(|events| events.refused).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn mod_files_declare_and_hand_on_only() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    files.retain(|file| file.ends_with("mod.rs") && !file.parent().is_some_and(|folder| folder.ends_with("conformance")));
    assert!(files.len() > 20, "{}", files.len());
    let has_logic = |file: &PathBuf| {
        let items = syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap().items;
        !items.iter().all(|item| matches!(item, syn::Item::Mod(_) | syn::Item::Use(_)))
    };
    assert_eq!(files.into_iter().filter(has_logic).collect::<Vec<_>>(), Vec::<PathBuf>::new());
}

/// proptest finds the seeds of failures by the path of the test's file, and says nothing where there are none.
#[test]
fn seeds_of_properties_lie_where_their_tests_do() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = Vec::new();
    files_with("txt", &root.join("proptest-regressions"), &mut seeds);
    assert!(!seeds.is_empty());
    for seed in seeds {
        let below = seed.strip_prefix(root.join("proptest-regressions")).unwrap();
        assert!(root.join("src").join(below).with_extension("rs").exists(), "{}", seed.display());
    }
}
