//! Random values of any type.

use jiff::civil::{Date, time};
use jiff::{Span, ToSpan};
use rand::RngExt;
use rand::distr::{Alphanumeric, SampleString};
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use uuid::Builder;

use crate::config::ColumnTypeWord;
use crate::schema::{ColumnType, NamingRule};

use super::Generate;
use super::columns::header;

/// A random value.
pub(super) struct Field {
    /// Text of the value in CSV.
    pub(super) text: String,
    /// True if the text is JSON too.
    is_json: bool,
}

impl Field {
    /// Returns the value as JSON.
    pub(super) fn json(&self) -> String {
        if self.is_json { self.text.clone() } else { quoted(&self.text) }
    }
}

/// Returns a text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns a random value; none if it is null.
pub(super) fn field(word: &ColumnTypeWord, row: u64, request: &Generate, rng: &mut ChaCha8Rng) -> Option<Field> {
    let is_text = matches!(word.ty, ColumnType::String);
    if !is_text && rng.random_bool(request.bad_values.clamp(0.0, 1.0)) {
        return Some(Field { text: bad_value(rng), is_json: false });
    }
    if rng.random_bool(0.05) {
        return None;
    }
    if word.word.eq_ignore_ascii_case("uuid") {
        return Some(Field { text: Builder::from_random_bytes(rng.random()).into_uuid().to_string(), is_json: false });
    }
    Some(Field { text: value(&word.ty, row, request.date.date(), rng), is_json: is_json(&word.ty) })
}

/// Returns true if the text of a value of that type is JSON as it is; else it becomes a JSON string.
fn is_json(ty: &ColumnType) -> bool {
    use ColumnType::{BigInt, Boolean, Decimal, Double, Float, Int, SmallInt, TinyInt};
    ty.is_nested() || matches!(ty, Boolean | TinyInt | SmallInt | Int | BigInt | Float | Double | Decimal { .. })
}

fn bad_value(rng: &mut ChaCha8Rng) -> String {
    let long = "not a value of this type, and too long for a short text";
    (*["N/A", "1,5", "31/02/2020", "unknown", long].choose(rng).unwrap_or(&long)).to_owned()
}

fn value(ty: &ColumnType, row: u64, today: Date, rng: &mut ChaCha8Rng) -> String {
    match ty {
        ColumnType::String => text(row, rng),
        ColumnType::Varchar(n) | ColumnType::Char(n) => {
            let longest = usize::try_from(*n).unwrap_or(1).clamp(1, 12);
            let length = rng.random_range(1..=longest);
            Alphanumeric.sample_string(rng, length)
        }
        ColumnType::Boolean => rng.random_bool(0.5).to_string(),
        ColumnType::TinyInt => rng.random::<i8>().to_string(),
        ColumnType::SmallInt => rng.random::<i16>().to_string(),
        ColumnType::Int => rng.random::<i32>().to_string(),
        ColumnType::BigInt => rng.random_range(0..10_i64.pow(12)).to_string(),
        ColumnType::Float => format!("{:.2}", rng.random_range(-1000.0..1000.0_f32)),
        ColumnType::Double => format!("{:.6}", rng.random_range(-1e6..1e6_f64)),
        ColumnType::Decimal { precision, scale } => decimal(*precision, *scale, rng),
        ColumnType::Date => day(today, rng).to_string(),
        ColumnType::Timestamp => {
            let at = time(rng.random_range(0..24), rng.random_range(0..60), rng.random_range(0..60), 0);
            day(today, rng).to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
        ColumnType::Array(element) => {
            let items: Vec<String> = (0..rng.random_range(0..4)).map(|_| json(element, row, today, rng)).collect();
            format!("[{}]", items.join(","))
        }
        ColumnType::Struct(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|f| format!("{}:{}", quoted(&header(NamingRule::Camel, f.name.as_str())), json(&f.ty, row, today, rng)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        ColumnType::Map(key, element) => {
            let entries: Vec<String> = (0..rng.random_range(0..3))
                .map(|_| format!("{}:{}", quoted(&value(key, row, today, rng)), json(element, row, today, rng)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
    }
}

/// Returns a random value as JSON, for use inside a nested one.
fn json(ty: &ColumnType, row: u64, today: Date, rng: &mut ChaCha8Rng) -> String {
    Field { text: value(ty, row, today, rng), is_json: is_json(ty) }.json()
}

fn day(today: Date, rng: &mut ChaCha8Rng) -> Date {
    let back: Span = rng.random_range(0..3650_i32).days();
    today.saturating_sub(back)
}

fn decimal(precision: u8, scale: u8, rng: &mut ChaCha8Rng) -> String {
    let digits = u32::from(precision.min(17));
    let unscaled = rng.random_range(0..10_i64.pow(digits));
    let padded = format!("{unscaled:0width$}", width = usize::from(scale) + 1);
    let (whole, fraction) = padded.split_at(padded.len() - usize::from(scale));
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// Returns a text with what makes CSV hard: commas, quotes, line ends, other alphabets.
fn text(row: u64, rng: &mut ChaCha8Rng) -> String {
    let samples = [
        "plain words",
        "one, two, three",
        "she said \"now\"",
        "first line\nsecond line",
        "Grüße, 世界 🦀",
        "O'Brien",
        "tab\there",
    ];
    format!("{} {row}", samples.choose(rng).unwrap_or(&"text"))
}
