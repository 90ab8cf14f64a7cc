//! Which objects of a source belong to a date and a collection.

use std::collections::BTreeMap;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::{CollectionName, ProcessingDate};
use crate::store::ObjectInfo;

/// Which of a day's files count, where there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The one with the greatest `{epoch_ms}`, else the last written.
    #[default]
    Newest,
    /// All of them, in the order of `{seq}`, then `{epoch_ms}`, then name.
    All,
}

/// A pattern that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyPatternError {
    /// A `{word}` that is none.
    #[error("the file pattern `{pattern}` has `{{{word}}}`; known are {{date}}, {{collection}}, {{epoch_ms}} and {{seq}}")]
    UnknownToken {
        /// As written.
        pattern: String,
        /// The word.
        word: String,
    },
    /// `{date}` is missing, so that all days would match.
    #[error("the file pattern `{pattern}` has no `{{date}}`, so that every day would read the same files")]
    NoDate {
        /// As written.
        pattern: String,
    },
    /// A brace without its other half, or a token twice.
    #[error("the file pattern `{pattern}` can't be read: {reason}")]
    Malformed {
        /// As written.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
}

/// An object that belongs to a date and a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceKey {
    /// The object.
    pub object: ObjectInfo,
    epoch_ms: Option<Digits>,
    seq: Option<Digits>,
}

/// A number of any length, in the order of numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Digits {
    length: usize,
    digits: String,
}

impl Digits {
    fn new(text: &str) -> Self {
        let digits = text.trim_start_matches('0').to_owned();
        Self { length: digits.len(), digits }
    }
}

/// One module's file pattern, for its collections.
#[derive(Debug)]
pub struct KeyPattern {
    /// By collection, those with longer names in files first: a key that fits two collections belongs to the longer name.
    collections: Vec<(CollectionName, Regex)>,
}

/// The keys of each date of each collection.
pub type DayKeys = BTreeMap<(CollectionName, ProcessingDate), Vec<SourceKey>>;

impl KeyPattern {
    /// Reads a pattern such as `{date}_{collection}_{epoch_ms}.csv` for these collections, each with its name in file names.
    pub fn new(pattern: &str, collections: &[(CollectionName, String)]) -> Result<Self, KeyPatternError> {
        let mut compiled = Vec::with_capacity(collections.len());
        for (collection, file_name) in collections {
            compiled.push((file_name.len(), collection.clone(), compile(pattern, file_name)?));
        }
        compiled.sort_by_key(|(length, ..)| std::cmp::Reverse(*length));
        Ok(Self { collections: compiled.into_iter().map(|(_, collection, regex)| (collection, regex)).collect() })
    }

    /// Sorts a store's objects by collection and date. Objects that are no source files are left out.
    pub fn assign(&self, objects: Vec<ObjectInfo>) -> DayKeys {
        let mut keys = DayKeys::new();
        for object in objects {
            let found = self.collections.iter().find_map(|(collection, regex)| {
                let captures = regex.captures(&object.key)?;
                let date: ProcessingDate = captures.name("date")?.as_str().parse().ok()?;
                let number = |name| captures.name(name).map(|digits| Digits::new(digits.as_str()));
                Some((collection, date, number("epoch_ms"), number("seq")))
            });
            if let Some((collection, date, epoch_ms, seq)) = found {
                keys.entry((collection.clone(), date)).or_default().push(SourceKey { object, epoch_ms, seq });
            }
        }
        keys
    }
}

impl Pick {
    /// The keys that count, in the order in which they are read.
    pub fn choose(self, mut keys: Vec<SourceKey>) -> Vec<SourceKey> {
        match self {
            Self::Newest => {
                let newest = keys.into_iter().max_by(|a, b| {
                    fn age(key: &SourceKey) -> impl Ord {
                        (&key.epoch_ms, &key.seq, key.object.modified)
                    }
                    age(a).cmp(&age(b)).then_with(|| a.object.key.cmp(&b.object.key))
                });
                newest.into_iter().collect()
            }
            Self::All => {
                keys.sort_by(|a, b| (&a.seq, &a.epoch_ms, &a.object.key).cmp(&(&b.seq, &b.epoch_ms, &b.object.key)));
                keys
            }
        }
    }
}

fn compile(pattern: &str, file_name: &str) -> Result<Regex, KeyPatternError> {
    let malformed = |reason: &str| KeyPatternError::Malformed { pattern: pattern.to_owned(), reason: reason.to_owned() };
    let mut regex = String::from("^");
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        match c {
            '{' => {
                let end = rest.find('}').ok_or_else(|| malformed("a `{` is not closed"))?;
                regex.push_str(&token(&rest[1..end], file_name, pattern)?);
                rest = &rest[end + 1..];
            }
            '}' => return Err(malformed("a `}` has no `{`")),
            '*' => {
                regex.push_str(".*");
                rest = &rest[1..];
            }
            _ => {
                regex.push_str(&regex::escape(&rest[..c.len_utf8()]));
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    regex.push('$');
    if !pattern.contains("{date}") {
        return Err(KeyPatternError::NoDate { pattern: pattern.to_owned() });
    }
    Regex::new(&regex).map_err(|_| malformed("a token stands twice"))
}

fn token(word: &str, file_name: &str, pattern: &str) -> Result<String, KeyPatternError> {
    match word {
        "date" => Ok("(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})".to_owned()),
        "collection" => Ok(regex::escape(file_name)),
        "epoch_ms" | "seq" => Ok(format!("(?<{word}>[0-9]+)")),
        _ => Err(KeyPatternError::UnknownToken { pattern: pattern.to_owned(), word: word.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str, names: &[&str]) -> KeyPattern {
        let collections: Vec<_> = names.iter().map(|name| (name.parse().unwrap(), (*name).to_owned())).collect();
        KeyPattern::new(text, &collections).unwrap()
    }

    fn objects(keys: &[&str]) -> Vec<ObjectInfo> {
        keys.iter()
            .map(|key| ObjectInfo { key: (*key).to_owned(), size: 1, etag: None, modified: jiff::Timestamp::UNIX_EPOCH })
            .collect()
    }

    fn found(keys: &DayKeys, collection: &str, date: &str, pick: Pick) -> Vec<String> {
        let key = (collection.parse().unwrap(), date.parse().unwrap());
        pick.choose(keys.get(&key).cloned().unwrap_or_default()).into_iter().map(|key| key.object.key).collect()
    }

    #[test]
    fn whole_names_match_and_nothing_else() {
        let pattern = pattern("{date}_{collection}_{epoch_ms}.csv", &["bids", "bid_employers"]);
        let keys = pattern.assign(objects(&[
            "2021-04-12_bids_1618200000000.csv",
            "2021-04-12_bids_1618200000000_delta_1.csv",
            "2021-04-12_bids_x_1618200000000.csv",
            "2021-04-12_bid_1618200000000.csv",
            "2021-04-12_bid_employers_1.csv",
            "x2021-04-12_bids_1.csv",
            "2021-04-12_bids_1.csv.gz",
            "2021-02-30_bids_1.csv",
            "old/2021-04-12_bids_1.csv",
        ]));
        assert_eq!(found(&keys, "bids", "2021-04-12", Pick::All), ["2021-04-12_bids_1618200000000.csv"]);
        assert_eq!(found(&keys, "bid_employers", "2021-04-12", Pick::All), ["2021-04-12_bid_employers_1.csv"]);
        assert_eq!(keys.len(), 2);
    }

    #[test]
    fn newest_is_by_number_and_all_is_in_sequence() {
        let full = pattern("{date}_{collection}_{epoch_ms}.csv", &["bids"]);
        let keys = full.assign(objects(&[
            "2021-04-12_bids_9.csv",
            "2021-04-12_bids_99999999999999999999999.csv",
            "2021-04-12_bids_0010.csv",
        ]));
        assert_eq!(found(&keys, "bids", "2021-04-12", Pick::Newest), ["2021-04-12_bids_99999999999999999999999.csv"]);
        let delta = pattern("{date}_{collection}_*_delta_{seq}.csv", &["bids"]);
        let keys = delta.assign(objects(&["2021-04-12_bids_1_delta_10.csv", "2021-04-12_bids_1_delta_9.csv"]));
        assert_eq!(
            found(&keys, "bids", "2021-04-12", Pick::All),
            ["2021-04-12_bids_1_delta_9.csv", "2021-04-12_bids_1_delta_10.csv"]
        );
    }

    #[test]
    fn a_key_that_fits_two_collections_belongs_to_the_longer_name() {
        let pattern = pattern("{date}_{collection}_*.csv", &["bid", "bid_employers"]);
        let keys = pattern.assign(objects(&["2021-04-12_bid_employers_1.csv", "2021-04-12_bid_1.csv"]));
        assert_eq!(found(&keys, "bid", "2021-04-12", Pick::All), ["2021-04-12_bid_1.csv"]);
        assert_eq!(found(&keys, "bid_employers", "2021-04-12", Pick::All), ["2021-04-12_bid_employers_1.csv"]);
    }

    #[test]
    fn patterns_that_make_no_sense_are_refused() {
        let refuse = |text| KeyPattern::new(text, &[("bids".parse().unwrap(), "bids".into())]).unwrap_err().to_string();
        assert!(refuse("{date}_{colection}.csv").contains("{colection}"));
        assert!(refuse("{collection}.csv").contains("no `{date}`"));
        assert!(refuse("{date}_{collection").contains("not closed"));
        assert!(refuse("{date}_{date}.csv").contains("twice"));
    }
}
