//! Fuzz targets: no input may cause a panic or break an assertion. A test replays the inputs that fuzzers have found.

#![allow(clippy::missing_panics_doc, reason = "a panic is what the fuzzer looks for")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::sync::Arc;

use crate::aws::AwsSettings;
use crate::config::{self, ConfigError, ReferenceResolver};
use crate::identity::{Causes, CollectionName, LoadType};
use crate::jobs::format;
use crate::schema::{ColumnName, ColumnType, DuplicateNames, Naming, NamingRule, TableSchema, TypeGuess};
use crate::secrets::{SecretError, SecretPlace};
use crate::source::{
    ColumnPlan, CsvFormat, Dialect, DialectName, Encoding, Format, Header, HeaderRule, Items, JsonFormat, KeyPattern, Layout,
    LongRecords, Nulls, Part, PathStep, Question, ReadSizes, Reading, Reshape, Sample, Slicing, SourceError, Survey, Unwrap,
    ValueRules, Widths, typed_batch,
};
use crate::store::ObjectInfo;

/// A fuzz target: a function of the input's bytes.
pub type Target = fn(&[u8]);

/// All fuzz targets, by name.
pub const TARGETS: [(&str, Target); 7] = [
    ("csv", csv),
    ("dialects", dialects),
    ("json", json),
    ("environments", environments),
    ("module", module),
    ("keys", keys),
    ("types", types),
];

/// Types that are assigned to columns in turn.
const TYPES: [&str; 9] = [
    "string",
    "bigint",
    "decimal(18,4)",
    "timestamp",
    "date",
    "boolean",
    "double",
    "array<struct<a:int,b:string>>",
    "map<string,int>",
];

fn values(byte: u8) -> ValueRules {
    let nulls = Nulls::new(&[String::new(), "NULL".to_owned()], byte & 1 == 1);
    let naming = if byte & 2 == 2 { NamingRule::Camel } else { NamingRule::Words };
    ValueRules { nulls, naming, nested_in_text: byte & 4 == 4, ignore_new_members: byte & 8 == 8, ..ValueRules::default() }
}

fn encoding(byte: u8) -> Encoding {
    Encoding::named(["utf-8", "shift_jis", "utf-16", "windows-1252"][usize::from(byte >> 6)]).unwrap_or_default()
}

/// Reads a CSV file. The first byte of the input selects its format.
pub fn csv(data: &[u8]) {
    let Some((&how, text)) = data.split_first() else { return };
    let values = values(how);
    let delimiter = if how & 16 == 16 { b';' } else { b',' };
    let dialect = Dialect { delimiter: vec![delimiter], ..Dialect::default() };
    read_csv(dialect, HeaderRule::Names, values, how, text);
}

/// Reads a CSV file of any dialect. The first two bytes of the input select its format.
pub fn dialects(data: &[u8]) {
    let [how, which, text @ ..] = data else { return };
    let names = [
        DialectName::Spark,
        DialectName::Excel,
        DialectName::Mysql,
        DialectName::Postgres,
        DialectName::Hive,
        DialectName::Unquoted,
        DialectName::Rfc4180,
    ];
    let name = names[usize::from(which & 7) % names.len()];
    let dialect = name.dialect();
    let long = [LongRecords::SetAside, LongRecords::DropExtra, LongRecords::KeepExtra, LongRecords::SetAside];
    let is = |bit: u8| which & bit == bit;
    let dialect = Dialect {
        delimiter: if is(8) { b"||".to_vec() } else { dialect.delimiter.clone() },
        trim: is(16),
        comment: is(32).then(|| b"#".to_vec()),
        skip_lines: u64::from(is(32)),
        widths: Widths { fill_short: is(64), long: long[usize::from(which >> 6)], trailing_delimiter: is(128) },
        ..dialect
    };
    read_csv(dialect, name.header(), values(*how), *how, text);
}

fn read_csv(dialect: Dialect, header: HeaderRule, values: ValueRules, how: u8, text: &[u8]) {
    let format = CsvFormat { dialect, header, names: Vec::new(), encoding: encoding(how), values };
    read(&Format::Csv(format), how, text);
}

/// Reads a JSON file. The first byte of the input selects its format.
pub fn json(data: &[u8]) {
    let Some((&how, text)) = data.split_first() else { return };
    let way = |name: &str| Some(vec![name.to_owned()]);
    let may_lack_records = how & 8 == 8;
    let layout = match how & 0x30 {
        0 => Layout { records: way("data"), kept: way("fields"), may_lack_records },
        0x10 => Layout { records: Some(vec!["a".to_owned(), "b".to_owned()]), kept: None, may_lack_records },
        _ => Layout::default(),
    };
    let path = if how & 0x40 == 0 { Vec::new() } else { vec![PathStep::Member("r".to_owned())] };
    let unwrap = match how & 0xC0 {
        0x80 => Some(Unwrap::MongoExtended),
        0xC0 => Some(Unwrap::Dynamodb),
        _ => None,
    };
    let envelope = if how & 0xC0 == 0x40 { vec![("e".to_owned(), vec!["e".to_owned()])] } else { Vec::new() };
    let part = match how & 0x38 {
        0x30 => Part::Without(vec![vec![PathStep::Member("items".to_owned())]]),
        0x38 => Part::Items(Box::new(items())),
        _ => Part::Whole,
    };
    let documents = match how & 0xC4 {
        0x44 => vec![["o", "d"].map(|name| PathStep::Member(name.to_owned())).to_vec()],
        _ => Vec::new(),
    };
    let reshape = Reshape { path, envelope, unwrap, may_lack_records, documents, nulls: Nulls::default(), part };
    read(&Format::Json(JsonFormat { layout, reshape, encoding: encoding(how), values: values(how) }), how, text);
}

/// Items of an array with a key and their position.
fn items() -> Items {
    let path = vec![PathStep::Member("items".to_owned())];
    let envelope = vec![("id".to_owned(), vec!["id".to_owned()])];
    let reshape = Reshape { path, envelope, may_lack_records: true, ..Reshape::default() };
    Items { reshape, position: Some("n".to_owned()) }
}

/// Reads a file as a run reads a day: its header, then its records, then their values.
fn read(format: &Format, how: u8, text: &[u8]) {
    let renames = BTreeMap::new();
    let sizes = ReadSizes { block_bytes: 64, record_bytes: 4096 };
    let naming = Naming { rule: format.values().naming, renames: &renames, duplicates: DuplicateNames::Refuse };
    let reading = Reading { format, sizes, naming, reserved: &[], declared: &[], from_file: &[] };
    let table = TableSchema::default();
    let ask = |_: &ColumnName| Some(Question::Text(TypeGuess::fresh()));
    let mut survey = Survey::new(&ask);
    let sample = if how & 32 == 32 { Sample::Head } else { Sample::Full };
    let open = || Box::new(Cursor::new(text.to_vec()));
    let header = match reading.header("file", open(), &table, None, (sample, &mut survey)) {
        Ok(header) => header,
        Err(error) => return is_told_well(&Causes(&error).to_string()),
    };
    let columns = match records(&reading, &header, open()) {
        Ok(columns) => columns,
        Err(error) => return is_told_well(&Causes(&error).to_string()),
    };
    assert_eq!(columns, header.columns.len());
}

fn records(reading: &Reading<'_>, header: &Header, bytes: Box<Cursor<Vec<u8>>>) -> Result<usize, SourceError> {
    let plan: Vec<ColumnPlan> = header
        .columns
        .iter()
        .enumerate()
        .map(|(index, name)| ColumnPlan {
            index,
            name: name.clone(),
            ty: one_of_types(index),
            may_grow: index % 2 == 0,
            keeps_digits: index % 3 == 0,
            source_names: Arc::default(),
        })
        .collect();
    let mut records = reading.records(header, bytes)?;
    while let Some(batch) = records.next_batch()? {
        let frame = typed_batch(&batch, &plan, reading.format.values(), None);
        if let Ok(frame) = frame {
            assert_eq!(frame.invalid_values.len(), plan.len());
            assert!(frame.rows_with_errors <= batch.rows() as u64);
        }
        batch.bad.iter().for_each(|record| assert!(record.stands_for > 0, "{record:?}"));
    }
    Ok(plan.len())
}

fn one_of_types(index: usize) -> ColumnType {
    TYPES[index % TYPES.len()].parse().unwrap_or(ColumnType::String)
}

/// Loads the input as `adg.yaml`.
pub fn environments(data: &[u8]) {
    in_a_folder(|folder| {
        fs::write(folder.join("adg.yaml"), data)?;
        if let Err(error) = config::load(&folder.join("adg.yaml"), None, &Nobody) {
            is_refused_well(&error);
        }
        Ok(())
    });
}

/// Loads the input as a module file, for each load type.
pub fn module(data: &[u8]) {
    const ENVIRONMENTS: &str = "version: 1\nprofile: local\nprofiles: { local: { stores: { source: { url: s }, published: { url: \
        p } }, metastore: { sqlite: { path: m } }, ledger: { sqlite: { path: l } } } }\n";
    in_a_folder(|folder| {
        fs::create_dir(folder.join("modules"))?;
        fs::write(folder.join("adg.yaml"), ENVIRONMENTS)?;
        fs::write(folder.join("modules/shop.yaml"), data)?;
        let Ok(config) = config::load(&folder.join("adg.yaml"), None, &Nobody) else { return Ok(()) };
        for load in [LoadType::Full, LoadType::Delta, LoadType::Incremental] {
            match config.module("shop", load, &Nobody) {
                Err(error) => is_refused_well(&error),
                Ok(module) => drop(format(&module).map_err(|error| is_told_well(&Causes(&error).to_string()))),
            }
        }
        Ok(())
    });
}

fn in_a_folder(work: impl FnOnce(&std::path::Path) -> std::io::Result<()>) {
    if let Ok(folder) = tempfile::tempdir() {
        drop(work(folder.path()));
    }
}

/// Assigns keys to dates. The first line is the pattern of keys, each further line a key.
pub fn keys(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let pattern = lines.next().unwrap_or_default();
    let collections: Vec<(CollectionName, String)> = ["bids", "bids_x", "a.b"]
        .into_iter()
        .filter_map(|name| Some((name.replace('.', "_").parse().ok()?, name.to_owned())))
        .collect();
    let pattern = match KeyPattern::new(pattern, &collections, Slicing::default()) {
        Ok(pattern) => pattern,
        Err(error) => return is_told_well(&Causes(&error).to_string()),
    };
    let object = |key: &str| ObjectInfo { key: key.to_owned(), size: 0, etag: None, modified: jiff::Timestamp::UNIX_EPOCH };
    let objects: Vec<ObjectInfo> = lines.map(object).collect();
    let count = objects.len();
    let assigned = pattern.assign(objects);
    // Each key is of one date of one collection.
    assert!(assigned.values().map(Vec::len).sum::<usize>() <= count);
    for ((_, date), keys) in assigned {
        let scope = pattern.scope(Some((date, date)));
        let is_listed = |key: &str| scope.beginnings.iter().any(|beginning| key.starts_with(beginning));
        assert!(keys.iter().all(|key| is_listed(&key.object.key)), "{keys:?} of {date} in {scope:?}");
    }
}

/// Parses a type in Hive's notation, and checks that its text is parsed to the same type.
pub fn types(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<ColumnType>() {
        Ok(ty) => assert_eq!(ty.to_string().parse::<ColumnType>().as_ref(), Ok(&ty), "{text}"),
        Err(error) => is_told_well(&Causes(&error).to_string()),
    }
}

fn is_refused_well(error: &ConfigError) {
    is_told_well(&Causes(&error).to_string());
}

/// Checks that a message is not blank, and does not quote all of an invalid input: it is shorter than 64 KiB.
fn is_told_well(message: &str) {
    assert!(!message.trim().is_empty());
    assert!(message.len() < 64 << 10, "a message of {} bytes", message.len());
}

/// An environment without variables and secrets.
struct Nobody;

impl ReferenceResolver for Nobody {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn secret(&self, _: &SecretPlace, _: &str, _: &AwsSettings) -> Result<String, SecretError> {
        Err(SecretError::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replays `fuzz/corpus/NAME` for each target: inputs that a fuzzer kept, and inputs that once broke something.
    #[test]
    fn what_was_found_is_gone_through_again() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        for (name, target) in TARGETS {
            let mut count = 0;
            for file in fs::read_dir(corpus.join(name)).unwrap() {
                target(&fs::read(file.unwrap().path()).unwrap());
                count += 1;
            }
            assert!(count > 0, "nothing was found by {name}");
        }
    }
}
