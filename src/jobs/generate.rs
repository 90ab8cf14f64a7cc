//! Test data: a module's files, made from its own columns.

use jiff::civil::{Date, time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use rand::distr::{Alphanumeric, SampleString};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Builder;

use crate::config::{ColumnTypeWord, Module};
use crate::identity::{CollectionName, ProcessingDate};
use crate::schema::{ColumnName, ColumnType, NamingRule};
use crate::store::Tags;

use super::{Environment, JobError};

/// The hour of its day at which a generated file says that it was made.
const MADE_AT_HOUR: i8 = 4;

/// A column beside those that the module declares.
#[derive(Debug, Clone)]
pub struct ExtraColumn {
    /// Of this collection.
    pub collection: CollectionName,
    /// Its name.
    pub name: ColumnName,
    /// Its type.
    pub word: ColumnTypeWord,
}

/// What to make.
#[derive(Debug, Clone)]
pub struct Generate {
    /// The module's name.
    pub module: String,
    /// The day.
    pub date: ProcessingDate,
    /// Rows in each file.
    pub rows: u64,
    /// The same seed gives the same files.
    pub seed: u64,
    /// The share of values that do not fit their column.
    pub bad_values: f64,
    /// Columns to add.
    pub add: Vec<ExtraColumn>,
    /// Columns to leave out: collection and name.
    pub drop: Vec<(CollectionName, ColumnName)>,
}

/// Writes one file for each collection into the module's source store, and gives their keys.
pub fn generate(environment: &Environment, request: &Generate) -> Result<Vec<String>, JobError> {
    if environment.config.profile.protected {
        return Err(JobError::Usage {
            message: format!("the profile `{}` is protected: no test data is written there", environment.config.profile_name),
            hint: Some("choose another profile".into()),
        });
    }
    let module = environment.module(&request.module)?;
    let store = environment.store(&module.source.store, true)?;
    let scratch = environment.scratch(&crate::identity::RunId::new(environment.clock.now()))?;
    let folder = scratch.folder("generated")?;
    let mut keys = Vec::new();
    for (collection, settings) in &module.collections {
        let columns = columns(&module, collection, request)?;
        let failed = |source| JobError::Output { what: format!("the file of `{collection}`"), source };
        let file = folder.file(collection.as_str()).map_err(failed)?;
        file.create().and_then(|target| write_file(target, &module, collection, &columns, request)).map_err(failed)?;
        let key = key(&module, settings.file_name.as_deref().unwrap_or(collection.as_str()), request.date);
        store.put_file(&file, &key, &Tags::new())?;
        keys.push(key);
    }
    Ok(keys)
}

type Columns = Vec<(String, ColumnTypeWord)>;

fn columns(module: &Module, collection: &CollectionName, request: &Generate) -> Result<Columns, JobError> {
    let declared = module.collections.get(collection).map(|settings| &settings.columns);
    let added = request.add.iter().filter(|extra| extra.collection == *collection);
    let columns: Columns = declared
        .into_iter()
        .flatten()
        .map(|(name, word)| (name.clone(), word.clone()))
        .filter(|(name, _)| !request.drop.iter().any(|(of, dropped)| of == collection && dropped.as_str() == name))
        .chain(added.map(|extra| (extra.name.to_string(), extra.word.clone())))
        .collect();
    if columns.is_empty() {
        let message = format!("the module `{}` declares no columns of `{collection}` to make data from", module.module);
        return Err(JobError::Usage {
            message,
            hint: Some("list them under `columns` in the module file, or give --add-column".into()),
        });
    }
    Ok(columns)
}

fn key(module: &Module, file_name: &str, date: ProcessingDate) -> String {
    let made = date.date().to_datetime(time(MADE_AT_HOUR, 0, 0, 0)).to_zoned(TimeZone::UTC);
    let epoch_ms = made.map_or(0, |made| made.timestamp().as_millisecond());
    let filled = module.source.files.replace("{date}", &date.to_string()).replace("{collection}", file_name);
    filled.replace("{epoch_ms}", &epoch_ms.to_string()).replace("{seq}", "1").replace('*', "x")
}

fn write_file(
    target: Box<dyn std::io::Write + Send>,
    module: &Module,
    collection: &CollectionName,
    columns: &Columns,
    request: &Generate,
) -> std::io::Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed(request, collection));
    let delimiter = module.source.csv.as_ref().and_then(|csv| u8::try_from(csv.delimiter).ok()).unwrap_or(b',');
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(target);
    writer.write_record(columns.iter().map(|(name, word)| header(module.column_names, name, word)))?;
    for row in 0..request.rows {
        let fields = columns.iter().map(|(_, word)| field(word, row, request, &mut rng));
        writer.write_record(fields.collect::<Vec<_>>())?;
    }
    writer.flush()
}

/// Files of one seed differ by collection and day.
fn seed(request: &Generate, collection: &CollectionName) -> u64 {
    let text = format!("{} {} {} {}", request.seed, request.module, collection, request.date);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A header as the source would write it: the naming rule turns it back into the column's name.
fn header(rule: NamingRule, name: &str, word: &ColumnTypeWord) -> String {
    let mut words = name.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    });
    match rule {
        NamingRule::Camel => words.next().unwrap_or_default().to_lowercase() + &words.collect::<String>(),
        NamingRule::Words => words.collect::<Vec<_>>().join(" ") + if word.ty == ColumnType::Boolean { "?" } else { "" },
    }
}

fn field(word: &ColumnTypeWord, row: u64, request: &Generate, rng: &mut ChaCha8Rng) -> String {
    let is_text = matches!(word.ty, ColumnType::String);
    if !is_text && rng.random_bool(request.bad_values.clamp(0.0, 1.0)) {
        return bad_value(rng);
    }
    if rng.random_bool(0.05) {
        return String::new();
    }
    if word.word.eq_ignore_ascii_case("uuid") {
        return Builder::from_random_bytes(rng.random()).into_uuid().to_string();
    }
    value(&word.ty, row, request.date.date(), rng)
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
            let fields: Vec<String> = fields.iter().map(|f| format!("\"{}\":{}", f.name, json(&f.ty, row, today, rng))).collect();
            format!("{{{}}}", fields.join(","))
        }
        ColumnType::Map(key, element) => {
            let entries: Vec<String> = (0..rng.random_range(0..3))
                .map(|_| format!("{}:{}", serde_json::Value::from(value(key, row, today, rng)), json(element, row, today, rng)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
    }
}

/// A value inside a nested one.
fn json(ty: &ColumnType, row: u64, today: Date, rng: &mut ChaCha8Rng) -> String {
    let text = value(ty, row, today, rng);
    if ty.is_nested() { text } else { serde_json::Value::from(text).to_string() }
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

/// Texts with what makes CSV hard: commas, quotes, line ends, other alphabets.
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
