//! Files that are something else than records in a format that adg reads: recognised by what they begin with. Pure.

/// Number of first bytes that tell all of them.
pub(super) const FIRST: u64 = 512;
/// Place of the mark of a tar archive.
const TAR: std::ops::Range<usize> = 257..262;
/// Beginning of files of older Office programs.
const OLE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Names of files by their first bytes. Those that texts may begin with too have a byte that no text has.
const MARKS: &[(&[u8], &str)] = &[
    (b"PAR1", PARQUET),
    (b"Obj\x01", AVRO),
    (b"ORC", ORC),
    (b"ARROW1\0\0", "an Arrow or Feather file"),
    (b"SEQ\x06", "a sequence file of Hadoop"),
    (b"%PDF-", "a PDF document"),
    (&OLE, OLD_WORKBOOK),
    (b"7z\xBC\xAF", "a 7z archive"),
    (b"Rar!\x1A", "a rar archive"),
    (b"SQLite format 3", SQLITE),
    (b"SQLite for", SQLITE),
    (b"PGDMP", "a dump of PostgreSQL"),
    (b"\x5D\0\0", LZMA),
    (b"LZIP\x01", "an lzip archive"),
    (b"\x1F\x9D", "an archive of compress"),
    (b"\x89LZO\0\r\n\x1A\n", "an lzop archive"),
    (b"\x89HDF\r\n\x1A\n", "an HDF5 file"),
    (b"\x89PNG\r\n\x1A\n", "a picture"),
    (b"\xFF\xD8\xFF", "a picture"),
    (b"Salted__", "a file that OpenSSL encrypted"),
    (b"age-encryption.org/", "a file that age encrypted"),
];

const PARQUET: &str = "a Parquet file";
const AVRO: &str = "an Avro file";
const ORC: &str = "an ORC file";
const OLD_WORKBOOK: &str = "an old Excel file";
const SQLITE: &str = "a SQLite database";
const LZMA: &str = "an lzma archive";
const TAR_ARCHIVE: &str = "a tar archive";
const HTML: &str = "an HTML page";
const XML: &str = "an XML document";
const SQL: &str = "a dump of SQL statements";
const PGP: &str = "a message that PGP encrypted";
const LOCKED: &str = "a workbook with a password";
/// Archive in an archive.
pub(super) const PACKED_TWICE: &str = "an archive in an archive";
/// Bytes without a meaning.
pub(super) const NULS: &str = "a file of NUL bytes";

/// Returns the name of a file that is no text, by its first bytes: at least ten, if it has them.
pub(super) fn of_bytes(first: &[u8]) -> Option<&'static str> {
    let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n') || *byte == 0x7F;
    let has_control = || first.iter().take(16).any(is_control);
    let is_told = |mark: &[u8]| !mark.iter().all(u8::is_ascii_uppercase) && mark != b"PAR1" || has_control();
    let is_tar = || first.get(TAR) == Some(b"ustar") && first[..TAR.start].contains(&0);
    let mut marks = MARKS.iter();
    let by_mark = marks.find(|(mark, _)| first.starts_with(mark) && is_told(mark)).map(|(_, name)| *name);
    by_mark.or_else(|| is_tar().then_some(TAR_ARCHIVE))
}

/// Returns the name of a text that has no records, by its beginning.
pub(super) fn of_text(text: &str) -> Option<&'static str> {
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    let begins = |beginning: &&str| text.get(..beginning.len()).is_some_and(|first| first.eq_ignore_ascii_case(beginning));
    let statements = [
        "-- MySQL dump",
        "-- MariaDB dump",
        "/*M!",
        "-- phpMyAdmin SQL Dump",
        "--\n-- PostgreSQL database",
        "--\r\n-- PostgreSQL database",
        "-- PostgreSQL database",
        "PRAGMA foreign_keys",
        "BEGIN TRANSACTION;",
        "CREATE TABLE ",
        "INSERT INTO ",
        "DROP TABLE ",
    ];
    match () {
        () if ["<!doctype html", "<html"].iter().any(begins) => Some(HTML),
        () if begins(&"<?xml") => Some(XML),
        () if begins(&"-----BEGIN PGP MESSAGE-----") => Some(PGP),
        () if statements.iter().any(begins) => Some(SQL),
        () => None,
    }
}

/// Returns the name of a file of older Office programs that is no workbook by itself. `file`: all of it.
pub(super) fn of_old_workbook(file: &[u8]) -> Option<&'static str> {
    // Excel encrypts a workbook as a whole, and stores it under this name.
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    (file.starts_with(&OLE) && file.windows(name.len()).any(|window| window == name)).then_some(LOCKED)
}

/// Returns the setting under which a kind of file is read, if it is.
pub(super) fn setting(found: &str) -> Option<&'static str> {
    let is = |name: &str| found.contains(name);
    match () {
        () if found == LOCKED => None,
        () if is("Parquet") => Some("parquet"),
        () if is("Avro") => Some("avro"),
        () if is("ORC") => Some("orc"),
        () if is("Excel") || is("OpenDocument") => Some("excel"),
        () => None,
    }
}

/// Returns what to do with a kind of file that adg does not read.
pub(super) fn hint(found: &str) -> &'static str {
    match found {
        TAR_ARCHIVE => "unpack it, and give adg its files: `tar -xf FILE`; or have the source send a zip archive",
        LZMA => "`xz --format=lzma -dc FILE | gzip > FILE.gz` packs it as gzip; or have the source do so",
        PACKED_TWICE => "unpack it once (`gzip -dc FILE`), and have the source pack its files once",
        NULS => "the file was never written; ask the source to send it again",
        SQLITE => "`sqlite3 -header -csv FILE 'select * from TABLE'` writes a table as CSV",
        SQL | "a dump of PostgreSQL" => {
            "load it into a database, and write its tables as CSV: `\\copy TABLE to 'TABLE.csv' csv header`, or `mysql --batch`"
        }
        LOCKED => "have the source send it without a password; `msoffcrypto-tool -p PASSWORD FILE OUT` removes it",
        PGP => "decrypt it before adg reads it: `gpg --decrypt FILE`",
        HTML | XML => "look at the file: it may be an error page; else ask the source for CSV, JSON, Parquet or a workbook",
        "a file that OpenSSL encrypted" | "a file that age encrypted" => {
            "decrypt it before adg reads it, or have the source send it plain"
        }
        _ if found.contains("archive") => {
            "adg reads plain, gzip, zstd, bzip2, xz, lz4, snappy and zip files; have the source pack them so"
        }
        _ => "ask the source for CSV, JSON, Parquet, Avro, ORC or a workbook",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_text_have_names() {
        let mut tar = b"orders.csv".to_vec();
        tar.resize(TAR.start, 0);
        tar.extend(b"ustar\x0000");
        for (bytes, name) in [
            (tar.as_slice(), Some(TAR_ARCHIVE)),
            (b"PAR1\x15\x04\x15\x10\x15\x14", Some(PARQUET)),
            (b"ORC\x0A\x08\0\0\0\0\0", Some(ORC)),
            (b"\x5D\0\0\x80\0\xFF\xFF\xFF\xFF\xFF", Some(LZMA)),
            (b"SQLite format 3\0", Some(SQLITE)),
            (b"%PDF-1.7\n%", Some("a PDF document")),
            (b"PGDMP\x01\x0E\0\x04\x08", Some("a dump of PostgreSQL")),
            (b"ORCHARD,id", None),
            (b"ORC,PAR1\n1", None),
            (b"PAR1,PAR2\n", None),
            (b"SEQ,name\n1", None),
            (b"id,name\n1,", None),
        ] {
            assert_eq!(of_bytes(bytes), name, "{bytes:?}");
        }
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(of_old_workbook(&[&OLE[..], &[0; 100], &name].concat()), Some(LOCKED));
        assert_eq!(of_old_workbook(&OLE), None);
    }

    #[test]
    fn texts_without_records_have_names() {
        for (text, name) in [
            ("<!DOCTYPE html><html>", Some(HTML)),
            ("\u{FEFF}<?xml version=\"1.0\"?><a/>", Some(XML)),
            ("-- MySQL dump 10.13  Distrib 8.0\n", Some(SQL)),
            ("--\n-- PostgreSQL database dump\n--\n", Some(SQL)),
            ("\n-----BEGIN PGP MESSAGE-----\n", Some(PGP)),
            ("<id>,name", None),
            ("insert,into\n", None),
            ("", None),
        ] {
            assert_eq!(of_text(text), name, "{text}");
        }
    }

    #[test]
    fn each_kind_has_a_hint() {
        let names = MARKS.iter().map(|(_, name)| *name).chain([TAR_ARCHIVE, HTML, XML, SQL, PGP, LOCKED, PACKED_TWICE, NULS]);
        for name in names {
            assert!(!hint(name).is_empty(), "{name}");
        }
        assert_eq!((setting(OLD_WORKBOOK), setting(LOCKED), setting(ORC)), (Some("excel"), None, Some("orc")));
    }
}
