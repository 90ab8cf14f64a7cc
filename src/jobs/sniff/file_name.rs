//! The pattern of a file's key: its date, the name of its collection, and what tells it from other files.

use std::ops::Range;

use jiff::civil::Date;

use crate::identity::{CollectionName, ProcessingDate};

use dates::{FoundDate, dates, short_date};
use folders::Replaced;
use words::{Word, ending, is_version, regions, uuids, words};

mod dates;
mod folders;
#[cfg(test)]
mod tests;
mod words;

/// A key as a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct NamePattern {
    /// Pattern for `source.files`.
    pub(super) pattern: String,
    /// Date in the key.
    pub(super) date: Option<ProcessingDate>,
    /// Name of the collection.
    pub(super) collection: Option<String>,
    /// Text for `{collection}`.
    pub(super) file_name: Option<String>,
    /// True if all files of a date are read.
    pub(super) picks_all: bool,
    /// Doubts.
    pub(super) doubts: Vec<NameDoubt>,
}

/// A doubt about a name, which other names may settle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NameDoubt {
    /// The doubt, a sentence.
    pub(super) text: String,
    /// Names that settle it.
    pub(super) settled_by: Settled,
}

/// Names that settle a doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// None.
    Never,
    /// Those of files of other dates that fit the pattern.
    ByOtherDates,
    /// Those of other dates, each of which has one file.
    BySingleFiles,
}

impl NamePattern {
    fn doubt(&mut self, settled_by: Settled, text: String) {
        if !self.doubts.iter().any(|known| known.text == text) {
            self.doubts.push(NameDoubt { text, settled_by });
        }
    }
}

/// Words that tell how a file came about, and not what its records are.
const GENERAL: &[&str] = &[
    "delivery",
    "firehose",
    "stream",
    "export",
    "extract",
    "report",
    "dump",
    "backup",
    "snapshot",
    "full",
    "delta",
    "incremental",
    "hourly",
    "daily",
    "weekly",
    "monthly",
    "prod",
    "production",
    "staging",
    "test",
    "salesforce",
    "file",
    "files",
    "records",
];
/// Signs of patterns, which a pattern can't have as text.
const SIGNS: [char; 3] = ['{', '}', '*'];

/// Returns the pattern of a key.
pub(super) fn pattern_of(key: &str) -> NamePattern {
    let mut found = NamePattern::default();
    let mut replaced = signs(key, &mut found);
    let uuids = uuids(key);
    replaced.extend(uuids.iter().map(|range| (range.clone(), "*".to_owned())));
    dated(key, &mut replaced, &mut found);
    let kept = [regions(key), replaced.iter().map(|(range, _)| range.clone()).collect()].concat();
    let counters = counted(key, &kept, &mut found);
    replaced.extend(counters);
    replaced.sort_by_key(|(range, _)| range.start);
    let counted = replaced.iter().map(|(range, _)| with_letters(key, range)).collect();
    let collection = collection(key, &[regions(key), counted].concat());
    if let Some(range) = collection {
        found.file_name = Some(key[range.clone()].to_owned());
        found.collection = collection_name(&key[range.clone()]);
        replaced.push((range, "{collection}".to_owned()));
    }
    picked(key, &mut found, &replaced, !uuids.is_empty());
    found.pattern = written(key, replaced);
    found
}

/// Replaces signs of patterns.
fn signs(key: &str, found: &mut NamePattern) -> Vec<Replaced> {
    let mut replaced: Vec<Replaced> = Vec::new();
    let mut at = 0;
    while let Some(start) = key[at..].find(SIGNS).map(|start| at + start) {
        let name_end = key[start..].find('/').map_or(key.len(), |length| start + length);
        let closing = key[start..name_end].find('}').filter(|_| key[start..].starts_with('{'));
        at = closing.map_or(start + 1, |length| start + length + 1);
        replaced.push((start..at, "*".to_owned()));
    }
    if let Some((range, _)) = replaced.first() {
        let text =
            format!("a pattern can't have `{}` as text: `*` stands for it, and matches other texts too", &key[range.clone()]);
        found.doubt(Settled::Never, text);
    }
    replaced
}

/// Replaces dates, times of day, and the parts of a date in folders.
fn dated(key: &str, replaced: &mut Vec<Replaced>, found: &mut NamePattern) {
    let taken = |replaced: &[Replaced]| replaced.iter().map(|(range, _)| range.clone()).collect::<Vec<_>>();
    let of_folders = folders::date(key);
    if let Some((_, parts)) = &of_folders {
        replaced.extend(parts.iter().cloned());
    }
    let mut others = dates(key, &taken(replaced));
    if others.is_empty() && of_folders.is_none() {
        others.extend(short_date(key, &taken(replaced)));
        if let Some(short) = others.first() {
            let text = format!("`{}` in the name is taken for the day {}: is it one?", &key[short.range.clone()], short.date);
            found.doubt(Settled::ByOtherDates, text);
        }
    }
    // Of several dates, that of the folders, or the latest: a period is sent after its end.
    let date = of_folders.as_ref().map(|(date, _)| *date).or_else(|| others.iter().map(|other| other.date).max());
    let Some(date) = date else { return };
    tell_other_dates(key, date, &others, found);
    let mut is_dated = of_folders.is_some();
    for other in &others {
        let is_it = other.date == date && !(is_dated && other.time.is_some());
        is_dated |= is_it;
        if is_it {
            replaced.push((other.range.clone(), other.token()));
            replaced.extend(other.time.iter().map(|time| (time.clone(), "*".to_owned())));
        } else {
            let end = other.time.as_ref().map_or(other.range.end, |time| time.end);
            replaced.push((other.range.start..end, "*".to_owned()));
        }
    }
    replaced.extend(folders::parts_of(key, date, &taken(replaced)));
    found.date = date.to_string().parse().ok();
}

fn tell_other_dates(key: &str, date: Date, others: &[FoundDate], found: &mut NamePattern) {
    let mut different: Vec<String> =
        others.iter().map(|other| other.date).filter(|other| *other != date).map(|other| other.to_string()).collect();
    different.dedup();
    if !different.is_empty() {
        let text = format!("the name has several dates: {date} is taken for that of the file, and not {}", different.join(", "));
        found.doubt(Settled::Never, text);
    }
    let ambiguous = others.iter().filter(|other| other.date == date).find_map(|other| Some((other, other.other(key)?)));
    if let Some((other, (second, format))) = ambiguous {
        let text = format!(
            "`{}` in the name is read as {date} (`{}`), and may be {second} (`{format}`)",
            &key[other.range.clone()],
            other.format
        );
        found.doubt(Settled::Never, text);
    }
}

/// Replaces identifiers and numbers that tell files apart. `kept`: places that have none.
fn counted(key: &str, kept: &[Range<usize>], found: &mut NamePattern) -> Vec<Replaced> {
    let name = key.rfind('/').map_or(0, |at| at + 1);
    let end = name + ending(&key[name..]);
    let is_kept = |word: &Range<usize>| kept.iter().any(|kept| kept.start < word.end && word.start < kept.end);
    let (mut replaced, mut numbers, mut has_epoch) = (Vec::new(), Vec::new(), false);
    for word in words(&key[..end]).into_iter().filter(|word| !is_kept(word)) {
        let text = &key[word.clone()];
        match Word::of(text) {
            _ if is_account(key, &word) => {
                let text = format!("`{text}` in the name is taken for an account, the same in every file: is it?");
                found.doubt(Settled::ByOtherDates, text);
            }
            Word::Fixed if is_half_of_day(&key[..word.start], text) => replaced.push((word, "*".to_owned())),
            Word::Fixed => {}
            Word::LikelyFixed => {
                found.doubt(Settled::ByOtherDates, format!("`{text}` in the name is taken for the same in every file: is it?"));
            }
            Word::Number { letters } if word.start >= name => numbers.push(word.start + letters..word.end),
            Word::Epoch if word.start >= name && !has_epoch => {
                has_epoch = true;
                replaced.push((word, "{epoch_ms}".to_owned()));
            }
            Word::Random | Word::Epoch => replaced.push((word, "*".to_owned())),
            Word::Number { letters } => {
                let text = format!("`{text}` in the name of a folder is taken for a number that differs between files");
                found.doubt(Settled::ByOtherDates, text);
                replaced.push((word.start + letters..word.end, "*".to_owned()));
            }
        }
    }
    // The longest one counts.
    let seq = numbers.iter().max_by_key(|number| (number.len(), number.start)).cloned();
    let numbers = numbers.into_iter().map(|number| {
        let token = if Some(&number) == seq.as_ref() { "{seq}" } else { "*" };
        (number, token.to_owned())
    });
    replaced.extend(numbers);
    replaced
}

/// Returns true for the AM or PM of a time of day, before which `before` stands.
fn is_half_of_day(before: &str, word: &str) -> bool {
    let is_half = word.eq_ignore_ascii_case("am") || word.eq_ignore_ascii_case("pm");
    is_half && before.trim_end_matches([' ', '_', '-', '.']).ends_with(|c: char| c.is_ascii_digit())
}

/// Returns true for digits that may be a time of day, such as `0930`.
fn may_be_a_time(digits: &str) -> bool {
    let number = |at: usize| digits.get(at..at + 2).and_then(|digits| digits.parse::<u8>().ok());
    let fits = |at: usize, most: u8| number(at).is_some_and(|number| number <= most);
    digits.len() == 4 && !digits.starts_with("00") && fits(0, 23) && fits(2, 59)
}

/// Returns the place of a number with the letters before it that belong to it, as those of `part003` do.
fn with_letters(key: &str, number: &Range<usize>) -> Range<usize> {
    const LETTERS: &[&str] = &["part", "file", "chunk", "batch", "page", "seq"];
    let before = &key[..number.start];
    let letters = &before[before.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len()..];
    let is_number = key[number.clone()].bytes().all(|byte| byte.is_ascii_digit());
    let is_of_number = letters.len() <= 2 || LETTERS.contains(&letters.to_ascii_lowercase().as_str());
    number.start - if is_number && is_of_number { letters.len() } else { 0 }..number.end
}

/// Returns true if a number is that of an account of AWS: it begins the name of a log, or stands in a folder too.
fn is_account(key: &str, word: &Range<usize>) -> bool {
    let text = &key[word.clone()];
    let begins = word.start == 0 || key[..word.start].ends_with('/');
    let is_number = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number && (begins && key[word.end..].starts_with(['_', '/']) || key.matches(text).count() > 1)
}

/// Returns the place of the collection's name: the longest word of the file's name, else of its folders.
fn collection(key: &str, kept: &[Range<usize>]) -> Option<Range<usize>> {
    let name = key.rfind('/').map_or(0, |at| at + 1);
    let end = name + ending(&key[name..]);
    let is_kept = |range: &Range<usize>| kept.iter().any(|kept| kept.start < range.end && range.start < kept.end);
    let is_part = |word: &str| word.starts_with("part") || word.starts_with("data");
    let in_name = runs(key, name..end, kept).into_iter().filter(|range| collection_name(&key[range.clone()]).is_some());
    let is_general = |range: &Range<usize>| GENERAL.contains(&key[range.clone()].to_lowercase().as_str());
    let in_name = in_name
        .max_by_key(|range| (!is_general(range), range.len()))
        .filter(|range| !is_part(&key[range.clone()].to_lowercase()));
    in_name.or_else(|| {
        let mut folders = folders::names(&key[..name]);
        folders.reverse();
        folders.into_iter().find(|range| !is_kept(range) && collection_name(&key[range.clone()]).is_some())
    })
}

/// Returns the runs of letters, digits and underscores of a part of the key.
fn runs(key: &str, part: Range<usize>, kept: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, c) in key[part.clone()].char_indices().map(|(at, c)| (part.start + at, c)) {
        if !(c.is_alphanumeric() || c == '_') || kept.iter().any(|kept| kept.contains(&at)) {
            continue;
        }
        match found.last_mut().filter(|last| last.end == at) {
            Some(last) => last.end = at + c.len_utf8(),
            None => found.push(at..at + c.len_utf8()),
        }
    }
    found.into_iter().map(|range| trimmed(key, range)).collect()
}

/// Returns a run without numbers, versions and underscores at its ends.
fn trimmed(key: &str, mut run: Range<usize>) -> Range<usize> {
    let is_edge = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit()) || is_version(&word.to_lowercase());
    while let Some((_, rest)) = key[run.clone()].split_once('_').filter(|(word, _)| is_edge(word)) {
        run.start = run.end - rest.len();
    }
    while let Some((rest, _)) = key[run.clone()].rsplit_once('_').filter(|(_, word)| is_edge(word)) {
        run.end = run.start + rest.len();
    }
    run
}

/// Returns the name of a collection whose files have a text in their names; `None` if it leaves none.
fn collection_name(text: &str) -> Option<String> {
    let name: String = text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let has_letters = text.chars().filter(char::is_ascii_alphabetic).count() > 1;
    (has_letters && name.parse::<CollectionName>().is_ok()).then_some(name)
}

/// Decides how many of a date's files are read.
fn picked(key: &str, found: &mut NamePattern, replaced: &[Replaced], has_uuid: bool) {
    let text = |token: &str| replaced.iter().find(|(_, with)| with == token).map(|(range, _)| &key[range.clone()]);
    let name = key.rsplit('/').next().unwrap_or(key).to_lowercase();
    found.picks_all = text("{seq}").or(text("*")).or(text("{hour}")).is_some() || has_uuid;
    let is_sequence = text("{seq}").is_some_and(|digits| digits.len() <= 5 && !may_be_a_time(digits));
    if found.picks_all {
        // Parts of one set of rows, and files of hours, are all read.
        let is_timed = words(key).iter().any(|word| is_half_of_day(&key[..word.start], &key[word.clone()]));
        let is_of_parts = is_sequence && !is_timed || text("*").is_none() && text("{seq}").is_none() || name.starts_with("part");
        if !is_of_parts || text("{epoch_ms}").is_some() {
            let doubt = "all files of a date are read (`pick: all`): if a later one replaces those before it, `pick: newest` \
                         reads it alone";
            found.doubt(Settled::BySingleFiles, doubt.to_owned());
        }
    } else if let Some(digits) = text("{epoch_ms}") {
        let text = format!(
            "of several files of a date only the newest is read, that with the greatest number in place of `{digits}`: if they \
             are parts, `pick: all` reads all"
        );
        found.doubt(Settled::BySingleFiles, text);
    }
}

/// Returns the key with its parts replaced.
fn written(key: &str, mut replaced: Vec<Replaced>) -> String {
    replaced.sort_by_key(|(range, _)| (range.start, range.end));
    let (mut pattern, mut at) = (String::new(), 0);
    for (range, text) in replaced {
        // Parts of what was replaced before.
        if range.start < at {
            continue;
        }
        let between = &key[at..range.start];
        // Of stars with a sign and a letter between them, such as `-c`, one is enough; two side by side would match slashes.
        let letters = between.chars().filter(|c| c.is_alphanumeric()).count();
        let is_sign = !between.contains('/') && letters <= 1 && between.len() <= letters + 1;
        if !(text == "*" && pattern.ends_with('*') && is_sign) {
            pattern.push_str(between);
            pattern.push_str(&text);
        }
        at = range.end;
    }
    pattern.push_str(&key[at..]);
    pattern
}
