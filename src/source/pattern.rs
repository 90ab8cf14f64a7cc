//! A module's file pattern, which maps keys of a store to source files of a date and a collection.

use regex::{Regex, RegexSet};

use crate::identity::{CollectionName, ProcessingDate};
use crate::store::{KeyScope, ObjectInfo};

use super::keys::Digits;
use super::{DayKeys, KeyPatternError, SourceKey};

/// One module's file pattern, for its collections.
#[derive(Debug)]
pub struct KeyPattern {
    /// Prefix of every key, before the first token or `*`.
    beginning: String,
    /// True if `{date}` follows the beginning, so that keys can be listed by date.
    has_date_first: bool,
    /// Maximum number of parts of a key. None: `**` matches any number.
    most_parts: Option<usize>,
    /// Collections with longer names in files first: a key that fits two collections belongs to the longer name.
    collections: Vec<CollectionPattern>,
    /// The same patterns as one set, if there are many: to build it costs more than to try a few.
    all: Option<RegexSet>,
}

/// Maximum number of patterns that are tried one after the other.
const FEW: usize = 8;

#[derive(Debug)]
struct CollectionPattern {
    collection: CollectionName,
    regex: Regex,
    parts: Parts,
}

impl KeyPattern {
    /// Reads a pattern such as `{date}_{collection}_{epoch_ms}.csv` for these collections, each with its name in file names.
    ///
    /// # Errors
    /// The pattern has an unknown token, no `{date}`, or can't be read.
    pub fn new(pattern: &str, collections: &[(CollectionName, String)]) -> Result<Self, KeyPatternError> {
        let mut collections: Vec<_> = collections.iter().collect();
        collections.sort_by_key(|(_, file_name)| std::cmp::Reverse(file_name.len()));
        let mut compiled = Vec::with_capacity(collections.len());
        for (collection, file_name) in collections {
            let (regex, parts) = (compile(pattern, file_name)?, Parts::new(pattern, file_name));
            compiled.push(CollectionPattern { collection: collection.clone(), regex, parts });
        }
        let all = (compiled.len() > FEW).then(|| RegexSet::new(compiled.iter().map(|one| one.regex.as_str()))).transpose();
        let all = all.map_err(|error| malformed(pattern, &format!("there are too many collections for it: {error}")))?;
        let (beginning, rest) = pattern.split_at(pattern.find(['{', '*']).unwrap_or(pattern.len()));
        Ok(Self {
            beginning: beginning.to_owned(),
            has_date_first: rest.starts_with("{date}"),
            most_parts: (!pattern.contains("**")).then(|| pattern.split('/').count()),
            collections: compiled,
            all,
        })
    }

    /// Returns the part of a store that holds the files of the dates from `first` to `last`; of all dates if `dates` is `None`.
    pub fn scope(&self, dates: Option<(ProcessingDate, ProcessingDate)>) -> KeyScope {
        let beginnings = match dates.filter(|_| self.has_date_first) {
            Some((first, last)) => {
                date_prefixes(first, last).into_iter().map(|date| format!("{}{date}", self.beginning)).collect()
            }
            None => vec![self.beginning.clone()],
        };
        KeyScope { beginnings, most_parts: self.most_parts }
    }

    /// Returns true if a key matches the pattern of some collection.
    pub fn matches(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Groups a store's objects by collection and date. Objects that are not source files are ignored.
    pub fn assign(&self, objects: Vec<ObjectInfo>) -> DayKeys {
        let mut keys = DayKeys::new();
        for object in objects {
            let Some((one, date)) = self.find(&object.key) else { continue };
            let captures = one.regex.captures(&object.key);
            let number = |name| captures.as_ref()?.name(name).map(|digits| Digits::new(digits.as_str()));
            let (epoch_ms, seq) = (number("epoch_ms"), number("seq"));
            keys.entry((one.collection.clone(), date)).or_default().push(SourceKey { object, epoch_ms, seq });
        }
        keys
    }

    fn find(&self, key: &str) -> Option<(&CollectionPattern, ProcessingDate)> {
        let fits = |one: &'_ CollectionPattern| -> Option<ProcessingDate> {
            let date = one.regex.captures(key)?.name("date")?.as_str().parse().ok()?;
            (!one.parts.hides(key)).then_some(date)
        };
        match &self.all {
            None => self.collections.iter().find_map(|one| Some((one, fits(one)?))),
            Some(all) => all.matches(key).into_iter().find_map(|i| {
                let one = &self.collections[i];
                Some((one, fits(one)?))
            }),
        }
    }
}

/// The parts of a pattern between slashes. Hadoop, Spark and Hive take a file or folder whose name begins with `_` or `.` for no
/// data: attempts of writers that were killed, `_SUCCESS`, checksums. So a part may begin so only where the pattern spells it.
#[derive(Debug)]
struct Parts {
    /// For each part, true if the pattern spells it with such a beginning.
    hidden: Vec<bool>,
    /// The first and the last part with `**`.
    deep: Option<(usize, usize)>,
}

impl Parts {
    fn new(pattern: &str, file_name: &str) -> Self {
        let spelled = pattern.replace("{collection}", file_name);
        let parts: Vec<&str> = spelled.split('/').collect();
        let is_deep = |part: &&str| part.contains("**");
        let deep = parts.iter().position(is_deep).zip(parts.iter().rposition(is_deep));
        Self { hidden: parts.into_iter().map(is_hidden).collect(), deep }
    }

    /// Returns true if a part of a matching key is hidden although the pattern does not spell it so.
    fn hides(&self, key: &str) -> bool {
        let count = key.split('/').count();
        key.split('/').enumerate().any(|(i, part)| is_hidden(part) && !self.spells(i, count))
    }

    /// Returns true if part `i` of a key of `count` parts is spelled as hidden; parts matched by `**` are never spelled.
    fn spells(&self, i: usize, count: usize) -> bool {
        let from_the_end = (self.hidden.len() + i).checked_sub(count);
        let place = match self.deep {
            Some((first, _)) if i < first => Some(i),
            Some((_, last)) => from_the_end.filter(|place| *place > last),
            None => Some(i),
        };
        place.and_then(|place| self.hidden.get(place)).is_some_and(|is_spelled| *is_spelled)
    }
}

fn is_hidden(part: &str) -> bool {
    part.starts_with(['_', '.'])
}

/// Beginnings of the texts of all dates from `first` to `last`, of few others, and few: days, months or years.
fn date_prefixes(first: ProcessingDate, last: ProcessingDate) -> Vec<String> {
    /// Each beginning costs a request, and a request lists a thousand keys.
    const MOST: usize = 40;
    let cut = |length: usize| {
        let mut texts: Vec<String> = first.to(last).map(|date| date.to_string()[..length].to_owned()).collect();
        texts.dedup();
        texts
    };
    let lengths = ["2024-05-01", "2024-05-", "2024-"].map(str::len);
    lengths.into_iter().map(cut).find(|texts| texts.len() <= MOST).unwrap_or_else(|| vec![String::new()])
}

fn malformed(pattern: &str, reason: &str) -> KeyPatternError {
    KeyPatternError::Malformed { pattern: pattern.to_owned(), reason: reason.to_owned() }
}

fn compile(pattern: &str, file_name: &str) -> Result<Regex, KeyPatternError> {
    let mut regex = String::from("^");
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let Some(deep) = rest.strip_prefix("**") {
            let after = deep.trim_start_matches('*');
            // `a/**/b` matches `a/b` too, as in other globs.
            let (token, after) = after.strip_prefix('/').map_or((".*", after), |after| ("(?:.*/)?", after));
            regex.push_str(token);
            rest = after;
            continue;
        }
        match c {
            '{' => {
                let end = rest.find('}').ok_or_else(|| malformed(pattern, "a `{` is not closed"))?;
                regex.push_str(&token(&rest[1..end], file_name, pattern)?);
                rest = &rest[end + 1..];
            }
            '}' => return Err(malformed(pattern, "a `}` has no `{`")),
            '*' => {
                regex.push_str("[^/]*");
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
    Regex::new(&regex).map_err(|_| malformed(pattern, "a token stands twice"))
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
    use crate::source::Pick;

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

    /// Many patterns are tried at once.
    #[test]
    fn many_collections_are_told_apart_as_few_are() {
        let names: Vec<String> = (0..2 * FEW).map(|i| format!("c{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).chain(["c1_x"]).collect();
        let keys = pattern("{date}_{collection}*.csv", &names).assign(objects(&["2024-05-01_c1_x.csv", "2024-05-01_c15.csv"]));
        let found: Vec<&str> = keys.keys().map(|(name, _)| name.as_str()).collect();
        assert_eq!(found, ["c15", "c1_x"]);
    }

    #[test]
    fn patterns_that_make_no_sense_are_refused() {
        let refuse = |text| KeyPattern::new(text, &[("bids".parse().unwrap(), "bids".into())]).unwrap_err().to_string();
        assert!(refuse("{date}_{colection}.csv").contains("{colection}"));
        assert!(refuse("{collection}.csv").contains("no `{date}`"));
        assert!(refuse("{date}_{collection").contains("not closed"));
        assert!(refuse("{date}_{date}.csv").contains("twice"));
    }

    #[test]
    fn a_star_stops_at_a_slash_and_two_do_not() {
        let one = pattern("{date}/{collection}/*.csv", &["orders"]);
        let deep = pattern("{date}/{collection}/**/part-*.csv", &["orders"]);
        let keys = ["2024-05-01/orders/part-0.csv", "2024-05-01/orders/a/b/part-1.csv", "2024-05-01/orders/a/xpart-1.csv"];
        assert_eq!(found(&one.assign(objects(&keys)), "orders", "2024-05-01", Pick::All), keys[..1]);
        assert_eq!(found(&deep.assign(objects(&keys)), "orders", "2024-05-01", Pick::All), [keys[1], keys[0]]);
    }

    #[test]
    fn hidden_parts_are_no_files_unless_the_pattern_spells_them() {
        let names = [("orders", "orders"), ("log", "_log")].map(|(name, file)| (name.parse().unwrap(), file.to_owned()));
        let deep = KeyPattern::new("{date}/{collection}/**", &names).unwrap();
        let keys = [
            "2024-05-01/orders/_temporary/0/part-0.csv",
            "2024-05-01/orders/.part-0.csv.crc",
            "2024-05-01/orders/_SUCCESS",
            "2024-05-01/orders/x/_started_1",
            "2024-05-01/orders/x/part-0.csv",
            "2024-05-01/_log/part-0.csv",
        ];
        let assigned = deep.assign(objects(&keys));
        assert_eq!(found(&assigned, "orders", "2024-05-01", Pick::All), [keys[4]]);
        assert_eq!(assigned.len(), 2);
        let spelled = pattern("_in/**/.{date}_{collection}.csv", &["orders"]);
        let keys = ["_in/a/.2024-05-01_orders.csv", "_in/_a/.2024-05-01_orders.csv", "_in/.2024-05-01_orders.csv"];
        assert_eq!(found(&spelled.assign(objects(&keys)), "orders", "2024-05-01", Pick::All), [keys[2], keys[0]]);
    }

    #[test]
    fn a_listing_is_bounded_by_dates_where_they_come_first() {
        let dates = |first: &str, last: &str| Some((first.parse().unwrap(), last.parse().unwrap()));
        let scope = |text, dates| pattern(text, &["orders"]).scope(dates);
        let two = scope("in/{date}/{collection}/*.csv", dates("2024-04-30", "2024-05-01"));
        assert_eq!(two, KeyScope { beginnings: vec!["in/2024-04-30".into(), "in/2024-05-01".into()], most_parts: Some(4) });
        assert_eq!(
            scope("{date}_{collection}**", dates("2023-12-01", "2024-02-01")).beginnings,
            ["2023-12-", "2024-01-", "2024-02-"]
        );
        assert_eq!(scope("{date}_{collection}", dates("2014-12-01", "2024-02-01")).beginnings.len(), 11);
        let named = scope("in/{collection}/{date}.csv", dates("2024-04-30", "2024-05-01"));
        assert_eq!((named.beginnings, named.most_parts), (vec!["in/".to_owned()], Some(3)));
        assert_eq!(scope("{date}_{collection}**", None), KeyScope { beginnings: vec![String::new()], most_parts: None });
    }
}
