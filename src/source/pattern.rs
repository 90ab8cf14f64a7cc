//! A module's file pattern, which maps keys of a store to source files of a date and a collection.

use regex::{Regex, RegexSet};

use crate::identity::{CollectionName, ProcessingDate};
use crate::store::{KeyScope, ObjectInfo};

use super::keys::Digits;
use super::{DayKeys, KeyPatternError, SourceKey, name_date};

use parts::Parts;
use pieces::{Piece, Token, compile, malformed, must_give_slices, pieces};

mod parts;
mod pieces;
mod slicing;

pub use pieces::{must_be_of_keys, with_date};
pub use slicing::Slicing;

/// One module's file pattern, for its collections.
#[derive(Debug)]
pub struct KeyPattern {
    /// Prefix of every key, before the first token or `*`.
    beginning: String,
    /// The beginning of the pattern, up to the first token that is not of a date, or `*`.
    dated: Vec<Piece>,
    /// Maximum number of parts of a key. None: `**` matches any number.
    most_parts: Option<usize>,
    /// Collections with longer names in files first: a key that fits two collections belongs to the longer name.
    collections: Vec<CollectionPattern>,
    /// The same patterns as one set, if there are many: to build it costs more than to try a few.
    all: Option<RegexSet>,
    slicing: Slicing,
}

/// Maximum number of spellings of a date with which keys are listed: each costs a request.
const SPELLINGS: usize = 8;

/// Maximum number of patterns that are tried one after the other.
const FEW: usize = 8;

#[derive(Debug)]
struct CollectionPattern {
    collection: CollectionName,
    regex: Regex,
    /// Tokens of the regular expression's groups, in order.
    tokens: Vec<Token>,
    parts: Parts,
}

impl KeyPattern {
    /// Reads a pattern such as `{date}_{collection}_{epoch_ms}.csv` for these collections, each with its name in file names.
    ///
    /// # Errors
    /// The pattern has an unknown token, gives no date, or no hour, or can't be read.
    pub fn new(pattern: &str, collections: &[(CollectionName, String)], slicing: Slicing) -> Result<Self, KeyPatternError> {
        must_be_of_keys(pattern)?;
        let pieces = pieces(pattern)?;
        must_give_slices(&pieces, pattern, &slicing)?;
        let mut collections: Vec<_> = collections.iter().collect();
        collections.sort_by_key(|(_, file_name)| std::cmp::Reverse(file_name.len()));
        let mut compiled = Vec::with_capacity(collections.len());
        for (collection, file_name) in collections {
            let ((regex, tokens), parts) = (compile(&pieces, file_name, pattern)?, Parts::new(pattern, file_name));
            compiled.push(CollectionPattern { collection: collection.clone(), regex, tokens, parts });
        }
        let all = (compiled.len() > FEW).then(|| RegexSet::new(compiled.iter().map(|one| one.regex.as_str()))).transpose();
        let all = all.map_err(|error| malformed(pattern, &format!("there are too many collections for it: {error}")))?;
        let beginning = &pattern[..pattern.find(['{', '*']).unwrap_or(pattern.len())];
        let is_dated = |piece: &&Piece| matches!(piece, Piece::Text(_) | Piece::Token(Token::Date(_)));
        Ok(Self {
            beginning: beginning.to_owned(),
            dated: pieces.iter().take_while(is_dated).cloned().collect(),
            most_parts: (!pattern.contains("**")).then(|| pattern.split('/').count()),
            collections: compiled,
            all,
            slicing,
        })
    }

    /// Returns the part of a store that holds the files of the dates from `first` to `last`; of all dates if `dates` is `None`.
    pub fn scope(&self, dates: Option<(ProcessingDate, ProcessingDate)>) -> KeyScope {
        let beginnings = match dates.filter(|_| self.dated.len() > 1 || matches!(self.dated.first(), Some(Piece::Token(_)))) {
            Some((first, last)) => few(first.to(last).flat_map(|date| self.beginnings_of(date)).collect(), self.beginning.len()),
            None => vec![self.beginning.clone()],
        };
        KeyScope { beginnings, most_parts: self.most_parts }
    }

    /// Returns the beginnings of the keys of a date, as far as they are few texts: `2024/05/` and `2024/5/`.
    fn beginnings_of(&self, date: ProcessingDate) -> Vec<String> {
        let mut beginnings = vec![String::new()];
        for piece in &self.dated {
            let texts = match piece {
                Piece::Text(text) => vec![text.clone()],
                Piece::Token(Token::Date(token)) => token.texts(date),
                _ => Vec::new(),
            };
            if texts.is_empty() || beginnings.len() * texts.len() > SPELLINGS {
                break;
            }
            let longer = |beginning: &String| texts.iter().map(|text| beginning.clone() + text).collect::<Vec<_>>();
            beginnings = beginnings.iter().flat_map(longer).collect();
        }
        beginnings
    }

    /// Returns true if a key matches the pattern of some collection.
    pub fn matches(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Returns true if a key has the form of the pattern and yet no date: its tokens contradict each other, as those of
    /// `2024-05-01/x_20240502` for `{date}/x_{date:%Y%m%d}` do, or no calendar has its day.
    pub fn is_undated(&self, key: &str) -> bool {
        !self.matches(key) && self.collections.iter().any(|one| one.regex.is_match(key) && !one.parts.hides(key))
    }

    /// Groups a store's objects by collection and date. Objects that are not source files are ignored.
    pub fn assign(&self, objects: Vec<ObjectInfo>) -> DayKeys {
        let mut keys = DayKeys::new();
        for object in objects {
            let Some((one, named)) = self.find(&object.key) else { continue };
            let length = self.slicing.length;
            let date = match (&self.slicing.by_time_in, named) {
                (Some(zone), _) => ProcessingDate::of(object.modified, zone, length),
                (None, Some(date)) => date.first_slice(length),
                (None, None) => continue,
            };
            let captures = one.regex.captures(&object.key);
            let number = |token: Token| {
                let group = one.tokens.iter().position(|other| *other == token)?;
                captures.as_ref()?.get(group + 1).map(|digits| Digits::new(digits.as_str()))
            };
            let (epoch_ms, seq) = (number(Token::EpochMs), number(Token::Seq));
            keys.entry((one.collection.clone(), date)).or_default().push(SourceKey { object, epoch_ms, seq });
        }
        keys
    }

    /// Returns the collection of a key, and the date that its name has.
    fn find(&self, key: &str) -> Option<(&CollectionPattern, Option<ProcessingDate>)> {
        let needs_date = self.slicing.by_time_in.is_none();
        match &self.all {
            None => self.collections.iter().find_map(|one| one.fits(key, needs_date)),
            Some(all) => all.matches(key).into_iter().find_map(|i| self.collections[i].fits(key, needs_date)),
        }
    }
}

impl CollectionPattern {
    /// Returns this pattern and the date of a key that matches. The same token has the same text wherever it stands.
    fn fits(&self, key: &str, needs_date: bool) -> Option<(&Self, Option<ProcessingDate>)> {
        let captures = self.regex.captures(key)?;
        let texts = || self.tokens.iter().enumerate().filter_map(|(i, token)| Some((token, captures.get(i + 1)?.as_str())));
        let agrees = |token: &Token, text: &str| texts().all(|(other, theirs)| token != other || text == theirs);
        if !texts().all(|(token, text)| agrees(token, text)) {
            return None;
        }
        let date = name_date::date(texts().filter_map(|(token, text)| match token {
            Token::Date(token) => Some((token, text)),
            Token::EpochMs | Token::Seq => None,
        }));
        ((date.is_some() || !needs_date) && !self.parts.hides(key)).then_some((self, date))
    }
}

/// Cuts the beginnings of the keys of all dates to few, since each costs a request, and a request lists a thousand keys.
/// `least`: the length of the part that all have.
fn few(mut beginnings: Vec<String>, least: usize) -> Vec<String> {
    const MOST: usize = 40;
    beginnings.sort_unstable();
    // What begins with another one is listed with it.
    beginnings.dedup_by(|longer, shorter| longer.starts_with(shorter.as_str()));
    while beginnings.len() > MOST {
        // One part of a date less: `2024-05-01`, `2024-05-`, `2024-`.
        for beginning in &mut beginnings {
            let digits = beginning.trim_end_matches(|c: char| !c.is_ascii_digit());
            let shorter = digits.trim_end_matches(|c: char| c.is_ascii_digit());
            let cut = if digits.len() - shorter.len() > 2 { digits.len() - 2 } else { shorter.len() };
            beginning.truncate(cut.max(least));
        }
        beginnings.dedup_by(|longer, shorter| longer.starts_with(shorter.as_str()));
    }
    beginnings
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::identity::SliceLength;
    use crate::source::Pick;

    fn pattern(text: &str, names: &[&str]) -> KeyPattern {
        let collections: Vec<_> = names.iter().map(|name| (name.parse().unwrap(), (*name).to_owned())).collect();
        KeyPattern::new(text, &collections, Slicing::default()).unwrap()
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
        let undated = |key: &&str| pattern.is_undated(key);
        let names = ["2021-02-30_bids_1.csv", "2021-02-28_bids_1.csv", "2021-02-30_bid_1.csv", "2021-02-30_bids.csv"];
        assert_eq!(names.iter().copied().filter(undated).collect::<Vec<_>>(), names[..1]);
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
        let refuse = |text| {
            let collections = [("bids".parse().unwrap(), "bids".into())];
            KeyPattern::new(text, &collections, Slicing::default()).unwrap_err().to_string()
        };
        assert!(refuse("{date}_{colection}.csv").contains("{colection}"));
        assert!(refuse("{collection}.csv").contains("no `{date}`"));
        assert!(refuse("{date}_{collection").contains("not closed"));
        for of_no_key in ["/{date}/{collection}", "../{date}", "a/./{date}", "s3://in/{date}", "{date}/"] {
            assert!(refuse(of_no_key).contains("below the root of the store"), "{of_no_key}");
        }
        assert!(refuse("{year}/{month}/{collection}.csv").contains("no `{date}`"));
        assert!(refuse("{date:%Y%m%d%S}.csv").contains("%S"));
        assert!(refuse("{date:yyyyMMdd}.csv").contains("as in `{date:%Y%m%d}`"));
    }

    #[test]
    fn hours_are_slices_where_the_module_says_so() {
        let keys = ["2024/05/01/09/orders-1.json", "2024/05/01/10/orders-2.json"];
        let text = "{year}/{month}/{day}/{hour}/{collection}-*.json";
        let days = pattern(text, &["orders"]).assign(objects(&keys));
        assert_eq!(found(&days, "orders", "2024-05-01", Pick::All), keys);
        let collections = [("orders".parse().unwrap(), "orders".to_owned())];
        let of_hours = Slicing { length: SliceLength::Hour, by_time_in: None };
        let by_hour = KeyPattern::new(text, &collections, of_hours.clone()).unwrap();
        assert_eq!(found(&by_hour.assign(objects(&keys)), "orders", "2024-05-01T10", Pick::All), keys[1..]);
        let hour = "2024-05-01T10".parse().unwrap();
        let spellings = ["2024/05/01/10/", "2024/05/1/10/", "2024/5/01/10/", "2024/5/1/10/"];
        assert_eq!(by_hour.scope(Some((hour, hour))).beginnings, spellings);
        let no_hour = KeyPattern::new("{date}_{collection}.json", &collections, of_hours).unwrap_err().to_string();
        assert!(no_hour.contains("no `{hour}`"), "{no_hour}");
    }

    #[test]
    fn the_time_of_an_object_may_be_its_date() {
        let collections = [("orders".parse().unwrap(), "orders".to_owned())];
        let slicing = Slicing { length: SliceLength::Day, by_time_in: Some(TimeZone::UTC) };
        let by_time = KeyPattern::new("{collection}/*.csv", &collections, slicing.clone()).unwrap();
        let keys = by_time.assign(objects(&["orders/a.csv", "orders/b.csv", "orders/_c.csv"]));
        assert_eq!(found(&keys, "orders", "1970-01-01", Pick::All), ["orders/a.csv", "orders/b.csv"]);
        let dated = KeyPattern::new("{date}_{collection}.csv", &collections, slicing).unwrap_err().to_string();
        assert!(dated.contains("has no meaning"), "{dated}");
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
    fn dates_stand_in_names_in_many_ways() {
        for (text, key, date) in [
            ("{collection}_{date:%Y%m%d}.csv", "orders_20240501.csv", "2024-05-01"),
            (
                "{collection}/year={year}/month={month}/day={day}/part-{seq}.csv",
                "orders/year=2024/month=5/day=01/part-7.csv",
                "2024-05-01",
            ),
            ("{year}/{month}/{day}/{collection}_{date}.csv", "2024/05/01/orders_2024-05-01.csv", "2024-05-01"),
            ("{date}/{collection}/{date}_{seq}_{seq}.csv", "2024-05-01/orders/2024-05-01_3_3.csv", "2024-05-01"),
            ("{date:%d.%m.%Y} {collection}.csv", "01.05.2024 orders.csv", "2024-05-01"),
            ("{date:%Y/%m}/{collection}-{day}.csv", "2024/05/orders-1.csv", "2024-05-01"),
        ] {
            let keys = pattern(text, &["orders"]).assign(objects(&[key]));
            assert_eq!(found(&keys, "orders", date, Pick::All), [key], "{text}");
        }
        let twice = pattern("{date}/{collection}_{date:%Y%m%d}_{seq}_{seq}.csv", &["orders"]);
        let other = ["2024-05-01/orders_20240502_1_1.csv", "2024-05-01/orders_20240501_1_2.csv"];
        assert!(twice.assign(objects(&other)).is_empty(), "tokens contradict each other");
        assert!(other.iter().all(|key| twice.is_undated(key)));
        assert!(
            !["2024-05-01/orders_20240501_1_1.csv", "2024-05-01/bids_20240502_1_1.csv"].iter().any(|key| twice.is_undated(key))
        );
        assert_eq!(
            with_date("in/{year}/{date:%Y%m%d}_{collection}.csv", "2024-05-01".parse().unwrap()),
            "in/2024/20240501_{collection}.csv"
        );
    }

    #[test]
    fn hidden_parts_are_no_files_unless_the_pattern_spells_them() {
        let names = [("orders", "orders"), ("log", "_log")].map(|(name, file)| (name.parse().unwrap(), file.to_owned()));
        let deep = KeyPattern::new("{date}/{collection}/**", &names, Slicing::default()).unwrap();
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
        assert_eq!(two, KeyScope { beginnings: vec!["in/2024-04-30/".into(), "in/2024-05-01/".into()], most_parts: Some(4) });
        assert_eq!(
            scope("{date}_{collection}**", dates("2023-12-01", "2024-02-01")).beginnings,
            ["2023-12-", "2024-01-", "2024-02-"]
        );
        assert_eq!(scope("{date}_{collection}", dates("2014-12-01", "2024-02-01")).beginnings.len(), 11);
        let named = scope("in/{collection}/{date}.csv", dates("2024-04-30", "2024-05-01"));
        assert_eq!((named.beginnings, named.most_parts), (vec!["in/".to_owned()], Some(3)));
        let hive = scope("in/year={year}/month={month}/{collection}-{day}.csv", dates("2024-09-30", "2024-10-01"));
        assert_eq!(hive.beginnings, ["in/year=2024/month=09/", "in/year=2024/month=10/", "in/year=2024/month=9/"]);
        let compact = scope("{date:%Y%m%d}_{collection}", dates("2023-12-01", "2024-02-01"));
        assert_eq!(compact.beginnings, ["202312", "202401", "202402"]);
        assert_eq!(scope("{date}_{collection}**", None), KeyScope { beginnings: vec![String::new()], most_parts: None });
    }
}
