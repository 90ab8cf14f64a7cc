//! Import of tables that another tool created, as a module file: what the metastore knows of them, and marked comments for what
//! it can't know.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;
use serde_saphyr::Commented;

use crate::config::PartitionBy;
use crate::identity::{ModuleName, ProcessingDate, SliceLength};
use crate::lake::{OWNER, PartitionKeys};
use crate::metastore::{Partition, Table, TableName};
use crate::schema::{Column, ROW_HASH_ID, TableSchema, system_columns};

use crate::jobs::run::{JobError, Services};
use crate::jobs::tables::named;

use spark_reader::{SparkReader, spark_reader};

mod spark_reader;

/// A request to import tables.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// Tables, `database.table` each; they become the collections of one module.
    pub tables: Vec<String>,
    /// Name of the new module.
    pub module: ModuleName,
    /// Store that holds the tables' files.
    pub store: String,
    /// Pattern of the source's file names, if known.
    pub files: Option<String>,
    /// Options of the Spark reader that read the files so far, as `name=value`; none if nothing is known of it.
    pub spark_options: Vec<String>,
}

/// A module file with its non-default values.
#[derive(Debug, Serialize)]
struct ModuleFile {
    version: u8,
    module: String,
    source: SourcePart,
    #[serde(skip_serializing_if = "Option::is_none")]
    row_hash: Option<Commented<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<IndexMap<&'static str, f64>>,
    catchup: CatchupPart,
    target: TargetPart,
    collections: IndexMap<String, CollectionPart>,
}

#[derive(Debug, Serialize)]
struct SourcePart {
    files: Commented<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slice: Option<SliceLength>,
    #[serde(skip_serializing_if = "Option::is_none")]
    csv: Option<Commented<IndexMap<&'static str, Value>>>,
}

#[derive(Debug, Serialize)]
struct CatchupPart {
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Commented<String>>,
    retention_days: Commented<u32>,
}

#[derive(Debug, Serialize)]
struct TargetPart {
    store: String,
    database: String,
    location: String,
    partition_by: PartitionBy,
}

#[derive(Debug, Serialize)]
struct CollectionPart {
    columns: IndexMap<String, String>,
}

/// Returns a module file for tables as they are.
///
/// # Errors
/// A table does not exist, or adg can't continue it; the tables differ in database, partition column or folder.
pub fn import(services: &Services, request: &ImportRequest) -> Result<String, JobError> {
    let tables = request.tables.iter().map(|name| imported(services, name)).collect::<Result<Vec<_>, _>>()?;
    let places = tables.iter().map(|table| place(services, request, table)).collect::<Result<Vec<_>, _>>()?;
    let (Some(first), Some(place)) = (tables.first(), places.first()) else {
        return Err(refused("no table is named", "give --from-table database.table"));
    };
    for (table, other) in tables.iter().zip(&places).skip(1) {
        must_be_alike(&first.name, &table.name, "their databases", first.name.database.as_str(), table.name.database.as_str())?;
        let (one, two) = (names(&first.partition_by), names(&table.partition_by));
        must_be_alike(&first.name, &table.name, "their partition columns", &one, &two)?;
        must_be_alike(&first.name, &table.name, "their folders", place, other)?;
    }
    let reader = reader(request)?;
    let (partition_by, keys) = partition_by(&first.partition_by, &services.metastore.partitions(&first.name)?);
    let length = keys.map(|keys| keys.length()).unwrap_or_default();
    let has_hash = tables.iter().any(|table| table.schema.columns().iter().any(|column| column.name.as_str() == ROW_HASH_ID));
    let file = ModuleFile {
        version: 1,
        module: request.module.to_string(),
        limits: reader.as_ref().and_then(|reader| Some(IndexMap::from([("quarantine_rate", reader.quarantine_rate?)]))),
        source: SourcePart {
            files: files(request, length),
            slice: (length != SliceLength::default()).then_some(length),
            csv: reader.map(|reader| Commented(reader.csv, reader.notes.join("; "))),
        },
        row_hash: has_hash
            .then(|| Commented("v1", "as Spark's sha2(concat_ws('||', …), 256); v2 is free of its collisions".into())),
        catchup: CatchupPart {
            start: start(services, &tables)?,
            retention_days: Commented(7, "for how many days the source keeps its files".into()),
        },
        target: TargetPart {
            store: request.store.clone(),
            database: first.name.database.to_string(),
            location: place.clone(),
            partition_by,
        },
        collections: tables.iter().map(|table| (table.name.table.to_string(), collection(&table.schema))).collect(),
    };
    serde_saphyr::to_string(&file).map_err(|error| JobError::Bug(error.to_string()))
}

fn imported(services: &Services, name: &str) -> Result<Table, JobError> {
    let metastore = &*services.metastore;
    let table = named(metastore, name)?;
    if table.partition_by.is_empty() {
        let hint = "a module adds a partition for each date: give it a table of its own";
        return Err(refused(&format!("{} has no partition columns", table.name), hint));
    }
    match table.parameters.get(OWNER) {
        Some(module) => Err(refused(&format!("`{name}` belongs to the module `{module}`"), "a table belongs to one module")),
        None => Ok(table),
    }
}

/// Returns the folder of a table in the store, with the placeholders that a module file uses.
fn place(services: &Services, request: &ImportRequest, table: &Table) -> Result<String, JobError> {
    let store = services.environment.store(&request.store, false)?;
    let folder = store.key_at(&table.location).ok_or_else(|| {
        let message = format!("`{}` lies at {}, outside the store {}", table.name, table.location, store.describe());
        refused(&message, "name the store that it lies in with --store, or add one to adg.yaml")
    })?;
    let last = folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    let words = folder.split('/').filter(|word| !word.is_empty()).map(|word| match word {
        "pii" | "non-pii" => "{pii}",
        word if word == table.name.database.as_str() => "{database}",
        word if word == last && word == table.name.table.as_str() => "{collection}",
        word => word,
    });
    Ok(words.fold(String::new(), |path, word| path + word + "/"))
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name.to_string()).collect::<Vec<_>>().join(", ")
}

/// Forms in which one partition column is likely to hold dates.
const FORMS: [&str; 4] = ["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d-%m-%Y"];

/// Returns the setting of a table's partition columns, and what reads its dates: by the names of the columns, or by the values of
/// its partitions. If no form fits, the columns are named as they are, for a person to write the form.
fn partition_by(columns: &[Column], partitions: &[Partition]) -> (PartitionBy, Option<PartitionKeys>) {
    let keys_of = |formats: &[&str]| {
        let named = || columns.iter().zip(formats).map(|(column, format)| (column.name.clone(), (*format).to_owned()));
        let keys = |length| PartitionKeys::new(named().collect(), length).ok();
        let keys = keys(SliceLength::Day).or_else(|| keys(SliceLength::Hour))?;
        let reads = |partition: &Partition| keys.date(&partition.value).is_some();
        partitions.iter().all(reads).then_some(keys)
    };
    let named: Vec<&str> = columns.iter().map(by_name).collect();
    let found = match columns {
        [_] => FORMS.iter().find_map(|form| Some((vec![*form], keys_of(&[*form])?))),
        _ => keys_of(&named).map(|keys| (named.clone(), keys)),
    };
    let (formats, keys) = match found {
        Some((formats, keys)) => (formats, Some(keys)),
        None => (named, None),
    };
    let setting = match (columns, formats.as_slice()) {
        ([column], ["%Y-%m-%d"]) => PartitionBy::Name(column.name.to_string()),
        _ => {
            let formats = columns.iter().zip(&formats).map(|(column, format)| (column.name.to_string(), (*format).to_owned()));
            PartitionBy::Formats(formats.collect())
        }
    };
    (setting, keys)
}

/// Returns the part of a date that a partition column is likely to hold, by its name.
fn by_name(column: &Column) -> &'static str {
    let is_number = column.ty.is_integer();
    match column.name.as_str() {
        "year" | "yyyy" => "%Y",
        "month" | "mm" if is_number => "%-m",
        "month" | "mm" => "%m",
        "day" | "dd" if is_number => "%-d",
        "day" | "dd" => "%d",
        "hour" | "hh" if is_number => "%-H",
        "hour" | "hh" => "%H",
        _ => "%Y-%m-%d",
    }
}

fn must_be_alike(first: &TableName, other: &TableName, what: &str, one: &str, two: &str) -> Result<(), JobError> {
    if one == two {
        return Ok(());
    }
    let message = format!("`{first}` and `{other}` can't be one module: {what} are `{one}` and `{two}`");
    Err(refused(&message, "import each of them as a module of its own"))
}

/// Returns what the options of a Spark reader mean, if any are given.
fn reader(request: &ImportRequest) -> Result<Option<SparkReader>, JobError> {
    if request.spark_options.is_empty() {
        return Ok(None);
    }
    let reader = spark_reader(&request.spark_options);
    reader.map(Some).map_err(|message| refused(&message, "write --spark-option header=true, once for each option"))
}

fn files(request: &ImportRequest, length: SliceLength) -> Commented<String> {
    let guess = || match length {
        SliceLength::Day => "{date}_{collection}_{epoch_ms}.csv".to_owned(),
        SliceLength::Hour => "{date}/{hour}/{collection}_{epoch_ms}.csv".to_owned(),
    };
    match &request.files {
        Some(files) => {
            Commented(files.clone(), "{collection} is the table's name; `file_name` of a collection says another".into())
        }
        None => Commented(guess(), "a guess: write how your source names its files".into()),
    }
}

/// Returns the first date that adg does, if there are dates: earlier dates are the other tool's, and stay as they are.
fn start(services: &Services, tables: &[Table]) -> Result<Option<Commented<String>>, JobError> {
    let mut newest: Option<ProcessingDate> = None;
    for table in tables {
        let partitions = services.metastore.partitions(&table.name)?;
        let (_, keys) = partition_by(&table.partition_by, &partitions);
        newest = newest.max(keys.and_then(|keys| partitions.iter().filter_map(|partition| keys.date(&partition.value)).max()));
    }
    let comment = "the first date that adg does: the one after the newest that is there".to_owned();
    Ok(newest.map(|newest| Commented(newest.next().to_string(), comment)))
}

/// Returns the columns that come from the source.
fn collection(schema: &TableSchema) -> CollectionPart {
    let system = system_columns(true);
    let is_system = |name: &str| system.iter().any(|column| column.name.as_str() == name);
    let columns = schema.columns().iter().filter(|column| !is_system(column.name.as_str()));
    CollectionPart { columns: columns.map(|column| (column.name.to_string(), column.ty.to_string())).collect() }
}

fn refused(message: &str, hint: &str) -> JobError {
    JobError::Usage { message: message.to_owned(), hint: Some(hint.to_owned()) }
}
