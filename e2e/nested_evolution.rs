//! Whatever JSON comes, day after day: each value is in the table, or its text is in `error_desc`.

use std::fmt::Write as _;

use proptest::prelude::*;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use serde_json::Value;

use crate::workspace::Workspace;

const DAYS: u32 = 10;
const ROWS: usize = 8;

const MODULE: &str = "\
version: 1
module: any
source: { files: \"{date}_{collection}.json\", json: {} }
column_names: camel
limits: { error_rate: 1, quarantine_rate: 0 }
target: { database: test }
collections: { any: { columns: { id: bigint } } }
";

/// JSON as it is written, so that a number is its digits.
#[derive(Debug, Clone)]
enum Json {
    Null,
    /// A number or a boolean.
    Word(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    fn write(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Word(word) => word.clone(),
            Self::Text(text) => Value::from(text.as_str()).to_string(),
            Self::Array(items) => format!("[{}]", items.iter().map(Self::write).collect::<Vec<_>>().join(", ")),
            Self::Object(members) => {
                let members = members.iter().map(|(name, value)| format!("\"{name}\": {}", value.write()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
        }
    }

    /// Whether there is nothing in it that could have a type.
    fn is_nothing(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Array(items) => items.iter().all(Self::is_nothing),
            Self::Object(members) => members.iter().all(|(_, value)| value.is_nothing()),
            Self::Word(_) | Self::Text(_) => false,
        }
    }

    /// The document in a text: a nested column reads it.
    fn document(&self) -> Option<Self> {
        let Self::Text(text) = self else { return None };
        let one = Self::Word("1".to_owned());
        match text.as_str() {
            "null" => Some(Self::Null),
            "[1]" => Some(Self::Array(vec![one])),
            "{\"a\": 1}" => Some(Self::Object(vec![("a", one)])),
            _ => None,
        }
    }

    /// As `error_desc` tells it: a text without its quotes.
    fn told(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            other => other.write(),
        }
    }

    /// Whether what a table has at a path is this value, or null with its text in `error_desc`, each within it alone.
    fn is_kept(&self, path: &str, found: &Value, errors: &[String]) -> bool {
        let error = || format!("Type Conversion for column {path}. The source value is: {}", self.told());
        match (self, found) {
            (_, Value::Null) => self.document().as_ref().unwrap_or(self).is_nothing() || errors.contains(&error()),
            (Self::Text(text), Value::String(found)) => text == found,
            (_, Value::String(found)) => self.write() == *found,
            (Self::Word(word) | Self::Text(word), Value::Bool(found)) => {
                ["t", "true", "y", "yes", "1"].contains(&word.trim().to_lowercase().as_str()) == *found
            }
            (Self::Word(word) | Self::Text(word), Value::Number(found)) => is_number(word.trim(), &found.to_string()),
            (Self::Array(items), Value::Array(found)) => {
                let mut pairs = items.iter().zip(found).enumerate();
                items.len() == found.len()
                    && pairs.all(|(place, (item, found))| item.is_kept(&format!("{path}[{place}]"), found, errors))
            }
            (Self::Object(members), Value::Object(found)) => members.iter().all(|(name, value)| {
                let field = column(name);
                value.is_kept(&format!("{path}.{field}"), found.get(field).unwrap_or(&Value::Null), errors)
            }),
            _ => self.document().is_some_and(|document| document.is_kept(path, found, errors)),
        }
    }
}

/// Integers are the same digit for digit, or as a double the same integer; anything else is the nearest double.
fn is_number(written: &str, found: &str) -> bool {
    let double = || format!("{:.0}", found.parse::<f64>().unwrap_or(f64::NAN));
    match (written.parse::<i128>(), found.parse::<i128>()) {
        (Ok(written), Ok(found)) => written == found,
        (Ok(written), Err(_)) => double().parse() == Ok(written),
        _ => written.parse::<f64>().is_ok_and(|written| found.parse() == Ok(written)),
    }
}

/// Names of members, and of their columns and fields.
const NAMES: [(&str, &str); 6] =
    [("a", "a"), ("bC", "b_c"), ("higherDFA", "higher_dfa"), ("x y", "x_y"), ("Upper", "upper"), ("n1", "n1")];

fn column(name: &str) -> &'static str {
    NAMES.iter().find(|(member, _)| *member == name).map_or("id", |(_, column)| column)
}

/// Makes values: each place has a kind that it mostly keeps, and that sometimes changes for good from a day on.
struct World {
    rng: ChaCha8Rng,
    seed: u64,
    day: u32,
}

impl World {
    fn record(&mut self, id: usize) -> Json {
        let mut members = vec![("id", Json::Word(id.to_string()))];
        members.extend(self.members("", 0));
        Json::Object(members)
    }

    fn members(&mut self, place: &str, depth: usize) -> Vec<(&'static str, Json)> {
        let mut members = Vec::new();
        for (name, _) in NAMES {
            let below = format!("{place}/{name}");
            // A member comes on some day, and may go again.
            let first = self.mark(&below, 0) % u64::from(DAYS);
            if first <= u64::from(self.day) && self.rng.random_bool(0.6) {
                members.push((name, self.value(&below, depth)));
            }
        }
        members
    }

    /// A number that belongs to a place.
    fn mark(&self, place: &str, which: u64) -> u64 {
        let bytes = place.bytes().map(u64::from).chain([which, self.seed]);
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ byte).wrapping_mul(0x0100_0000_01b3)) >> 7
    }

    fn value(&mut self, place: &str, depth: usize) -> Json {
        let changes = self.mark(place, 1).is_multiple_of(3) && u64::from(self.day) >= self.mark(place, 2) % 12;
        let kind = if self.rng.random_bool(0.04) {
            self.rng.random_range(0..9)
        } else {
            self.mark(place, if changes { 3 } else { 4 }) % 9
        };
        let nested = if depth < 3 { kind } else { kind % 6 };
        match nested {
            0 => Json::Null,
            1 => Json::Word(self.rng.random_bool(0.5).to_string()),
            2 => Json::Word(self.rng.random_range(-1000..1000_i64).to_string()),
            3 => Json::Word(self.number()),
            4 | 5 => Json::Text(self.text()),
            6 => {
                let below = format!("{place}[]");
                let count = self.rng.random_range(0..4);
                Json::Array((0..count).map(|_| self.value(&below, depth + 1)).collect())
            }
            _ => Json::Object(self.members(place, depth + 1)),
        }
    }

    fn number(&mut self) -> String {
        let unusual =
            ["9223372036854775808", "123456789012345678.10", "1e400", "-0.5e-3", "1.0", "9007199254740993", "0", "-7e2"];
        if self.rng.random_bool(0.3) {
            (*unusual.choose(&mut self.rng).unwrap()).to_owned()
        } else {
            format!("{:.3}", self.rng.random_range(-1e6..1e6_f64))
        }
    }

    fn text(&mut self) -> String {
        let texts = ["plain", "é\"\\\n\u{1F980}", "7", "true", "[1]", "{\"a\": 1}", "2024-01-01", "null", " x "];
        format!("{}{}", texts.choose(&mut self.rng).unwrap(), if self.rng.random_bool(0.5) { "" } else { "!" })
    }
}

fn date(day: u32) -> String {
    format!("2024-05-{:02}", day + 1)
}

/// What was put in, and what came out.
fn compare(days: &[Vec<Json>], rows: &str) -> Result<(), String> {
    let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let records: Vec<&Json> = days.iter().flatten().collect();
    if rows.len() != records.len() {
        return Err(format!("{} rows instead of {}", rows.len(), records.len()));
    }
    for (record, row) in records.into_iter().zip(&rows) {
        let Json::Object(members) = record else { continue };
        let errors: Vec<String> = Option::deserialize(&row["error_desc"]).unwrap().unwrap_or_default();
        for (name, value) in members {
            let column = column(name);
            if !value.is_kept(column, &row[column], &errors) {
                return Err(format!("{name}: {} became {}, with {errors:?}", value.write(), row[column]));
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn no_value_of_ten_days_is_lost(seed: u64) {
        let workspace = Workspace::with_module("any", MODULE);
        let mut days = Vec::new();
        for day in 0..DAYS {
            let mut world = World { rng: ChaCha8Rng::seed_from_u64(seed ^ u64::from(day)), seed, day };
            let records: Vec<Json> = (0..ROWS).map(|row| world.record(day as usize * ROWS + row)).collect();
            let mut text = String::new();
            for record in &records { writeln!(text, "{}", record.write()).unwrap(); }
            workspace.write(&format!("source/{}_any.json", date(day)), text);
            days.push(records);
        }
        workspace.run(&["--module", "any", "--start-dt", &date(0), "--end-dt", &date(DAYS - 1)]).expect(0);
        let rows = workspace.query("select * from any order by id");
        prop_assert_eq!(compare(&days, &rows), Ok(()));
    }
}
