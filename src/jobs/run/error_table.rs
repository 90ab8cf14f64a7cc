//! The exit code and hint of every error, as version 0.1 gave them or better.

use std::io;

use bytesize::ByteSize;
use jiff::Timestamp;

use super::JobError;
use crate::aws::AwsError;
use crate::batch::BatchError;
use crate::catchup::{Holder, LedgerError, WindowError};
use crate::config::ConfigError;
use crate::database::DatabaseError;
use crate::identity::{Explain, RunId};
use crate::lake::LakeError;
use crate::metastore::{MetastoreError, TableName};
use crate::schema::{ColumnName, NameError, SchemaRefused};
use crate::secrets::SecretError;
use crate::source::{DocumentFlaw, KeyServiceError, SourceError};
use crate::sql::SqlError;
use crate::stop::Stopped;
use crate::store::StoreError;

const AGAIN: &str = "run the same command again; what is published is kept";
const SCRATCH: &str = "name a folder that can be written, on a disk with room, as the profile's `scratch` in adg.yaml";
const CORRUPT: &str = "run the adg that wrote it, restore it from a backup, or correct the profile in adg.yaml";
const LEASE_LOST: &str = "another run does the rest; look at its report, and run the date again if it did not";
const COMPARE: &str = "compare the file with `source.json` in the module file";
const SEND_AGAIN: &str = "ask the source to send the file again";

type Row = (JobError, u8, &'static str);

fn text() -> String {
    "x".to_owned()
}

fn table() -> TableName {
    "db.t".parse().unwrap()
}

fn broken() -> io::Error {
    io::Error::other("broken")
}

fn own() -> Vec<Row> {
    let date = "2024-05-01".parse().unwrap();
    let hint = || Some("try this".to_owned());
    vec![
        (JobError::Usage { message: text(), hint: hint() }, 2, "try this"),
        (JobError::Query { source: SqlError::Refused { reason: text(), hint: text() } }, 2, "x"),
        (JobError::ChangedByOthers { what: text(), repair: hint() }, 4, "try this"),
        (
            JobError::Setting { what: text(), place: text(), reason: text() },
            10,
            "docs/config.md and `adg schema` say what may stand there",
        ),
        (JobError::Limit { count: 1, rows: 2, what: "x", rate: 0.5, limit: 0.1, hint: text() }, 11, "x"),
        (
            JobError::CleanUp { table: text(), dates: text() },
            11,
            "narrow the dates with --start-dt and --end-dt, restore the source files, or accept the loss with --force-clean-up",
        ),
        (
            JobError::Planned { differences: text() },
            11,
            "create a new plan with `adg plan --out FILE` and the same arguments, and review it",
        ),
        (
            JobError::Personal { table: text(), columns: text() },
            12,
            "where the mark is right, drop the table and run its dates again, and a new one lies among those with personal data; \
             where it is wrong, have the source correct its list of fields",
        ),
        (
            JobError::Refused { table: text(), source: SchemaRefused::NewColumns(Vec::new()) },
            12,
            "correct the source, or change `evolution` of the table",
        ),
        (
            JobError::Missing { store: text(), pattern: text(), date },
            13,
            "the next run retries; if no file is expected, set `missing: skip` in the module",
        ),
        (
            JobError::Incomplete { date, reason: text() },
            13,
            "the next run retries; --incomplete loads the date with the files that it has",
        ),
        (
            JobError::Lost { store: text(), pattern: text(), date, days: 7 },
            13,
            "ask the owner of the source for the file, then rerun the date with --start-dt and --end-dt",
        ),
        (JobError::Machine { message: text(), hint: text() }, 21, "x"),
        (JobError::Output { what: text(), source: broken() }, 21, AGAIN),
        (JobError::from(Stopped), 143, AGAIN),
        (JobError::Bug(text()), 70, ""),
        (
            JobError::Window(WindowError::LeavesGap { start: date, end: date, oldest: date }),
            2,
            "write `catchup: { start: 2024-05-01 }` into the module file, and run again",
        ),
        (JobError::Window(WindowError::StartAfterEnd { start: date, end: date }), 2, ""),
    ]
}

fn config() -> Vec<Row> {
    let unreadable = |kind| ConfigError::Unreadable { file: text(), source: io::Error::from(kind) };
    let secret = |source| ConfigError::Secret { file: text(), path: text(), name: text(), source };
    let rows: Vec<(ConfigError, u8, &str)> = vec![
        (unreadable(io::ErrorKind::NotFound), 10, "name the file with `--config`, or run adg in the folder of `adg.yaml`"),
        (unreadable(io::ErrorKind::InvalidData), 10, ""),
        (
            ConfigError::Syntax { file: text(), reason: text() },
            10,
            "write texts with `{`, `[`, `#`, `*`, `%` or `: ` in quotes, indent by spaces, and keys of one map alike",
        ),
        (
            ConfigError::Invalid { file: text(), path: text(), reason: text() },
            10,
            "`adg schema` prints all keys; docs/config.md explains them",
        ),
        (
            ConfigError::NoProfile { file: text(), profile: text(), known: text() },
            10,
            "choose one with `--profile` or ADG_PROFILE",
        ),
        (
            ConfigError::NoModule { module: text(), file: text(), known: text() },
            10,
            "check the name, or create `x`; `adg import` writes one from a table",
        ),
        (secret(SecretError::NotFound), 10, "correct the profile's `secrets`, its region or its account"),
        (secret(SecretError::Binary), 10, ""),
        (secret(SecretError::Denied { reason: text(), hint: text() }), 20, "x"),
        (secret(SecretError::Unavailable { reason: text() }), 21, AGAIN),
    ];
    rows.into_iter().map(|(error, code, hint)| (error.into(), code, hint)).collect()
}

fn store() -> Vec<(StoreError, u8, &'static str)> {
    let (key, store) = (text, text);
    vec![
        (
            StoreError::NoFolder { store: store(), folder: text() },
            10,
            "create the folder, or correct the store's `url` in adg.yaml",
        ),
        (StoreError::NotFound { action: "read", store: store(), key: key() }, 13, ""),
        (StoreError::NoBucket { store: store() }, 10, "correct the store's `url` or `region` in adg.yaml, or make the bucket"),
        (
            StoreError::WrongRegion { store: store(), region: "eu-west-2".into() },
            10,
            "write `region: eu-west-2` for the store in adg.yaml",
        ),
        (StoreError::Setting { store: store(), reason: text() }, 10, ""),
        (
            StoreError::Archived { store: store(), key: key() },
            13,
            "restore it first (`aws s3api restore-object`), then run the date again; a lifecycle rule of the bucket moves such \
             files",
        ),
        (StoreError::Changed { store: store(), key: key() }, 13, "run again once the source has finished writing"),
        (
            StoreError::OddKey { store: store(), reason: text() },
            13,
            "rename or delete that object, or begin the store's `url` in a folder beside it",
        ),
        (StoreError::AccessDenied { action: "read", store: store(), key: key(), reason: text(), hint: Some(text()) }, 20, "x"),
        (
            StoreError::Credentials { store: store(), source: AwsError::NoCredentials { reason: text() } },
            20,
            "run `aws sts get-caller-identity` here; set AWS_PROFILE or AWS_ACCESS_KEY_ID, or give the machine, task or pod a \
             role",
        ),
        (StoreError::Credentials { store: store(), source: AwsError::Runtime { reason: text() } }, 21, AGAIN),
        (StoreError::Unavailable { action: "read", store: store(), key: key(), reason: text() }, 21, AGAIN),
        (StoreError::Damaged { store: store(), key: key(), what: text() }, 21, AGAIN),
        (StoreError::Scratch { action: "make", folder: text(), source: broken() }, 21, SCRATCH),
    ]
}

fn ledger() -> Vec<(LedgerError, u8, &'static str)> {
    let name = || "shop".parse().unwrap();
    let holder = Box::new(Holder { run_id: RunId::new(Timestamp::UNIX_EPOCH), host: text(), process: 1 });
    let held = LedgerError::Held { scope: name(), holder, until: Timestamp::UNIX_EPOCH };
    vec![
        (held, 22, "wait for that run to end; if it is dead, its lease ends by itself"),
        (LedgerError::LeaseLost { scope: name() }, 22, LEASE_LOST),
        (LedgerError::Denied { action: "open", ledger: text(), reason: text(), hint: text() }, 20, "x"),
        (
            LedgerError::Shared { module: "shop".parse().unwrap(), other: text(), line: text() },
            10,
            "give each module a correlation_id of its own",
        ),
        (LedgerError::Missing { ledger: text(), hint: text() }, 10, "x"),
        (LedgerError::Unavailable { action: "open", ledger: text(), reason: text() }, 21, AGAIN),
        (LedgerError::Corrupt { ledger: text(), what: text() }, 10, CORRUPT),
        (LedgerError::Setting { ledger: text(), reason: text() }, 10, "correct the profile's `ledger` in adg.yaml"),
    ]
}

fn database() -> Vec<(DatabaseError, u8, &'static str)> {
    vec![
        (DatabaseError::Unavailable { action: "sign in", server: text(), reason: text() }, 21, AGAIN),
        (
            DatabaseError::Tls { server: text(), reason: text() },
            20,
            "name the file of its authority as `ca` of the connection, and its host as the certificate does; for a server \
             without TLS, `tls: disable` sends everything in the clear",
        ),
        (
            DatabaseError::Denied { action: "sign in", server: text(), reason: text() },
            20,
            "correct the user and password of the connection, or grant it what is missing",
        ),
        (DatabaseError::Statement { server: text(), reason: text(), hint: text() }, 10, "x"),
        (DatabaseError::Row { server: text(), row: 1, reason: text() }, 21, AGAIN),
    ]
}

fn metastore() -> Vec<(MetastoreError, u8, &'static str)> {
    vec![
        (MetastoreError::NoSuchTable { table: table(), metastore: text() }, 2, ""),
        (MetastoreError::TableExists { table: table(), metastore: text() }, 21, AGAIN),
        (MetastoreError::Changed { table: table() }, 21, AGAIN),
        (
            MetastoreError::TypeRefused { table: table(), metastore: text(), reason: text() },
            12,
            "set hive.metastore.disallow.incompatible.col.type.changes=false at the metastore, or leave new members of objects \
             out with `evolution.new_column: ignore`",
        ),
        (
            MetastoreError::TypeTooLong {
                table: table(),
                column: ColumnName::new("x").unwrap(),
                metastore: text(),
                length: 9,
                most: 8,
            },
            12,
            "declare `x` as map<string,string> or string in the module's `columns`, or leave new members out with \
             `evolution.new_column: ignore`",
        ),
        (
            MetastoreError::Foreign { table: table(), metastore: text(), what: text() },
            10,
            "give the module a table of its own (`target.database`, or another name of the collection), or change the table with \
             the tool that made it",
        ),
        (MetastoreError::Fenced { table: table(), found: 2, ours: 1 }, 22, LEASE_LOST),
        (MetastoreError::Denied { action: "open", metastore: text(), reason: text(), hint: text() }, 20, "x"),
        (MetastoreError::Unavailable { action: "open", metastore: text(), reason: text() }, 21, AGAIN),
        (MetastoreError::Corrupt { metastore: text(), what: text() }, 10, CORRUPT),
    ]
}

fn lake() -> Vec<(LakeError, u8, &'static str)> {
    vec![
        (
            LakeError::Moved { table: text(), what: "location", registered: text(), configured: text() },
            10,
            "a table stays where it is: set that back, or give the table another name",
        ),
        (LakeError::Unsupported { table: text(), reason: text(), hint: text() }, 10, "x"),
        (LakeError::Cut { key: text(), found: 1, written: 2 }, 21, AGAIN),
        (LakeError::Parquet { file: text(), reason: text() }, 21, AGAIN),
        (LakeError::ForeignFile { key: text(), reason: text() }, 21, AGAIN),
        (
            LakeError::QuarantineFull { limit: ByteSize(1) },
            11,
            "look at those that the report's quarantine has; or raise `limits.quarantine_mib` in the module file",
        ),
        (LakeError::Scratch { file: text(), source: broken() }, 21, SCRATCH),
        (LakeError::Batch(BatchError::from(arrow_schema::ArrowError::DivideByZero)), 70, ""),
    ]
}

fn key_service() -> Vec<(KeyServiceError, u8, &'static str)> {
    let refused = |status| KeyServiceError::Refused { url: text(), id: text(), status, said: String::new() };
    vec![
        (
            KeyServiceError::Setting { what: "key", path: text(), reason: text() },
            10,
            "correct `key_service` of the profile in adg.yaml; the files are PEM",
        ),
        (
            KeyServiceError::Trust { url: text(), reason: text() },
            20,
            "look at `certificate`, `key` and `ca` of the profile's `key_service`: are they of the right environment, and not \
             expired?",
        ),
        (refused(403), 20, "have the key service's owner allow adg's certificate"),
        (refused(400), 13, "compare the object's metadata with what its source wrote; ask the source to send the file again"),
        (KeyServiceError::Unavailable { url: text(), reason: text() }, 21, AGAIN),
    ]
}

fn header() -> Vec<(SourceError, u8, &'static str)> {
    let header = |source| SourceError::Header { key: text(), source };
    vec![
        (header(NameError::Unusable { name: text() }), 12, "rename the header at the source"),
        (
            header(NameError::Empty { position: 2, header: String::new() }),
            12,
            "give it a name in the module file: `renames: { \"\": NAME }`, or set `csv: { trailing_delimiter: true }` if \
             lines end with a delimiter; of all formats but JSON, `duplicate_names: rename` \
             calls it `column_2`",
        ),
        (
            header(NameError::Twice { header: text(), first: 1, second: 2 }),
            12,
            "set `duplicate_names: rename` beside the format in the module file, or `csv: { header: by_position }` with \
             `names`",
        ),
        (
            header(NameError::Reserved {
                header: "Error Desc".into(),
                column: crate::schema::ColumnName::new("error_desc").unwrap(),
                setting: None,
            }),
            12,
            "give it another name in the module file: `renames: { \"Error Desc\": source_error_desc }`",
        ),
        (
            header(NameError::Reserved {
                header: "path".into(),
                column: crate::schema::ColumnName::new("path").unwrap(),
                setting: Some("source.columns_from_file".into()),
            }),
            12,
            "give it another name in the module file: `renames: { \"path\": source_path }`; or change \
             `source.columns_from_file` there",
        ),
        (
            header(NameError::Reserved {
                header: "extra_fields".into(),
                column: crate::schema::ColumnName::new("extra_fields").unwrap(),
                setting: Some("source.csv.long_rows: keep_extra".into()),
            }),
            12,
            "give it another name in the module file: `renames: { \"extra_fields\": source_extra_fields }`; or change \
             `source.csv.long_rows: keep_extra` there",
        ),
        (
            header(NameError::OtherSource {
                column: crate::schema::ColumnName::new("id").unwrap(),
                known: "id".into(),
                found: "_id".into(),
            }),
            12,
            "list it under `renames` in the module file: `\"_id\": id` if it is the same field, else with another column",
        ),
    ]
}

fn source() -> Vec<(SourceError, u8, &'static str)> {
    let key = text;
    let document = |flaw| SourceError::Document { key: key(), flaw, offset: 1 };
    let mut rows = header();
    rows.extend([
        (
            SourceError::Empty { key: key() },
            13,
            "a day without rows is a header or `[]` only; ask the source to send the file again",
        ),
        (
            SourceError::NotReadable { key: key(), format: "Parquet", reason: text() },
            13,
            "compare the file with `source` in the module file; if it is damaged, ask the source to send it again",
        ),
        (SourceError::NotBuilt { key: key(), format: "ORC" }, 10, "use the released binary, or build with `--all-features`"),
        (
            SourceError::UnknownPacking { key: key(), found: "a Parquet file" },
            13,
            "set `source.parquet: {}` in the module file, if all of its files are so",
        ),
        (
            SourceError::ForeignHeader { key: key(), reason: text(), cause: text() },
            12,
            "ask the source for the right file, or correct `source` or `renames` in the module file; if the file is right, \
             lower `source.min_known`",
        ),
        (
            SourceError::UnreadableHeader { key: key(), reason: text() },
            12,
            "look at the file's first line; `source.csv` in the module file says how it is read",
        ),
        (
            SourceError::UnknownPacking { key: key(), found: "a rar archive" },
            13,
            "adg reads plain, gzip, zstd, bzip2, xz, lz4, snappy and zip files; have the source pack them so",
        ),
        (
            SourceError::WrongEncoding { key: key(), found: "utf-16", expected: "utf-8".into() },
            13,
            "set `encoding: utf-16` beside the format in the module file",
        ),
        (
            SourceError::Read { key: key(), bytes: 1, source: broken() },
            13,
            "if the file is damaged, ask the source to send it again; else run again",
        ),
        (
            document(DocumentFlaw::NoRecords),
            13,
            "compare the file with `source.json.records` in the module file; if a document may have none, set \
             `without_record: skip` there",
        ),
        (
            document(DocumentFlaw::OtherRecords),
            13,
            "compare the file with `source.json.records` in the module file: an array, an object or null stands there",
        ),
        (document(DocumentFlaw::Truncated), 13, SEND_AGAIN),
        (SourceError::NoFields { key: key(), path: text() }, 13, COMPARE),
        (
            SourceError::ItemTooLong { key: key(), offset: 1, limit: 2 },
            13,
            "a quote or bracket is missing there; ask the source to send the file again",
        ),
        (SourceError::Changed { key: key() }, 13, "run again"),
        (SourceError::SchemaDrift { key: key() }, 13, ""),
        (
            SourceError::Metadata { key: key(), name: "x", what: "x" },
            13,
            "ask the source to send the file again; where its files come plain, set `source.encryption: none` in the module file",
        ),
        (
            SourceError::WrongKey { key: key() },
            13,
            "its metadata belongs to another file, or it is not encrypted; ask the source to send it again",
        ),
        (
            SourceError::RecordTooLong { key: key(), line: 1, limit: 2 },
            13,
            "look for the line's end: is this a text file with that delimiter?",
        ),
    ]);
    rows
}

fn must_be<E: Into<JobError>>(rows: Vec<(E, u8, &'static str)>) {
    for (error, code, hint) in rows {
        let error = error.into();
        assert_eq!((error.kind().number(), error.hint().unwrap_or_default().as_str()), (code, hint), "{error:?}");
        assert_eq!(error.is_retryable(), code == 21, "{error:?}");
    }
}

#[test]
fn errors_have_the_exit_codes_and_hints_of_version_0_1() {
    must_be(own());
    must_be(config());
    must_be(store());
    must_be(database());
    must_be(ledger());
    must_be(metastore());
    must_be(lake());
    must_be(key_service());
    must_be(source());
}

#[test]
fn an_error_passed_on_keeps_its_exit_code_and_hint() {
    let lake = |rows: Vec<(LakeError, u8, &'static str)>| must_be(rows);
    lake(store().into_iter().map(|(error, code, hint)| (error.into(), code, hint)).collect());
    lake(ledger().into_iter().map(|(error, code, hint)| (error.into(), code, hint)).collect());
    lake(metastore().into_iter().map(|(error, code, hint)| (error.into(), code, hint)).collect());
    let source = |rows: Vec<(SourceError, u8, &'static str)>| must_be(rows);
    source(store().into_iter().map(|(error, code, hint)| (error.into(), code, hint)).collect());
    let of_key = |error| SourceError::Key { key: text(), source: Box::new(error) };
    source(key_service().into_iter().map(|(error, code, hint)| (of_key(error), code, hint)).collect());
    let read = |error: StoreError| SourceError::Read { key: text(), bytes: 1, source: io::Error::other(error) };
    source(store().into_iter().map(|(error, code, hint)| (read(error), code, hint)).collect());
}

#[test]
fn an_error_prints_each_of_its_causes_once() {
    let aws = || AwsError::NoCredentials { reason: "the chain is empty".into() };
    let error = JobError::from(LakeError::from(StoreError::Credentials { store: "`source`".into(), source: aws() }));
    assert_eq!(error.failure().message, "failed to reach the store `source`: no AWS credentials were found: the chain is empty");
    let error = JobError::Output { what: "the plan `p.json`".into(), source: io::Error::other("no space") };
    assert_eq!(error.failure().message, "failed to write the plan `p.json`: no space");
    let secret = ConfigError::Secret { file: "adg.yaml".into(), path: "a".into(), name: "s".into(), source: aws().into() };
    let secret = JobError::from(secret).failure().message;
    assert!(secret.ends_with("failed to read the secret `s`: no AWS credentials were found: the chain is empty"), "{secret}");
}
