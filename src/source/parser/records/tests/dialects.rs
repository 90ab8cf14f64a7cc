//! Dialects other than RFC 4180, read in blocks of every size.

use proptest::prelude::*;

use super::{Rows, line_of, rows, sizes};
use crate::source::parser::header_line::UNCLOSED;
use crate::source::parser::records::RecordReader;
use crate::source::parser::split::AFTER_QUOTE;
use crate::source::{Dialect, DialectName, Escape, LineEnds, LongRecords, Sequences, Widths};

const MISSING: &str = "(missing)";

/// Reads records of `width` fields, without a header. A field that its record does not have is `MISSING`.
fn read_in_blocks(text: &[u8], dialect: &Dialect, width: usize, block: usize) -> (Rows, Vec<(u64, String)>) {
    let mut reader = RecordReader::new(text, dialect.clone(), sizes(block, 1 << 16));
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    if reader.width().unwrap().is_none() {
        return (rows, bad);
    }
    while let Some(batch) = reader.next_batch(width).unwrap() {
        for row in 0..batch.rows() {
            let field = |i: usize| match batch.field(row, i) {
                field if field.missing => MISSING.to_owned(),
                field => String::from_utf8(field.text.to_vec()).unwrap(),
            };
            rows.push((0..width).map(field).collect());
        }
        bad.extend(batch.bad.iter().map(|record| (line_of(record), record.reason.clone())));
    }
    (rows, bad)
}

fn read(text: &str, dialect: &Dialect, width: usize) -> (Rows, Vec<(u64, String)>) {
    let whole = read_in_blocks(text.as_bytes(), dialect, width, 1 << 12);
    for block in [1, 2, 3, 5, 7] {
        assert_eq!(read_in_blocks(text.as_bytes(), dialect, width, block), whole, "{text:?} in blocks of {block}");
    }
    whole
}

fn good(text: &str, dialect: &Dialect, expected: &[&[&str]]) {
    let (found, bad) = read(text, dialect, expected[0].len());
    assert_eq!((found, bad), (rows(expected), vec![]), "{text:?}");
}

fn backslash(outside_quotes: bool) -> Dialect {
    let escape = Escape { byte: b'\\', outside_quotes, sequences: Sequences::Literal, quote: None, nulls: Vec::new() };
    Dialect { escape: Some(escape), ..Dialect::default() }
}

fn filled() -> Widths {
    Widths { fill_short: true, ..Widths::default() }
}

#[test]
fn an_escaped_quote_closes_nothing() {
    let dialect = backslash(false);
    good("\"24\\\" wide\",x\n", &dialect, &[&["24\" wide", "x"]]);
    good(
        "\"ends with \\\"\",\"C:\\\\dir\\\\\"\n\"a, \\\"b\\\"\nc\",y",
        &dialect,
        &[&["ends with \"", "C:\\dir\\"], &["a, \"b\"\nc", "y"]],
    );
    good("\"both \"\" and \\\"\",plain \\ text\n", &dialect, &[&["both \" and \"", "plain \\ text"]]);
    let (found, bad) = read("\"a\\\",b\n\"c\",d\n", &dialect, 2);
    assert_eq!((found, bad), (rows(&[&["c", "d"]]), vec![(1, UNCLOSED.to_owned())]));
}

#[test]
fn escapes_may_have_a_meaning_outside_quotes() {
    good("a\\,b,c\\\\\nd\\\ne,f\n", &backslash(true), &[&["a,b", "c\\"], &["d\ne", "f"]]);
    good("a\\,b\n", &backslash(false), &[&["a\\", "b"]]);
    let other = Dialect { delimiter: b"|".to_vec(), quote: None, ..backslash(true) };
    good("\"a\\|b|\"\"\n", &other, &[&["\"a|b", "\"\""]]);
}

#[test]
fn delimiters_may_be_long_and_quotes_any_character() {
    let dialect = Dialect { delimiter: b"||".to_vec(), quote: Some(b'\''), widths: filled(), ..Dialect::default() };
    good(
        "1||A|B||'x||''y'''\r\n|\r\n||\"||'z'\n",
        &dialect,
        &[&["1", "A|B", "x||'y'"], &["|", MISSING, MISSING], &["", "\"", "z"]],
    );
    let section = Dialect { delimiter: "§".as_bytes().to_vec(), ..Dialect::default() };
    good("a§\"b§c\"§ñ\n", &section, &[&["a", "b§c", "ñ"]]);
    good("\"x\"§1\n", &section, &[&["x", "1"]]);
}

#[test]
fn white_space_around_fields_is_no_part_of_them() {
    let dialect = Dialect { trim: true, ..Dialect::default() };
    good("1, \"Bob, B.\" , \tBasel \n   \n2 ,\"  kept  \",\n", &dialect, &[&["1", "Bob, B.", "Basel"], &["2", "  kept  ", ""]]);
    let tabs = Dialect { trim: true, delimiter: b"\t".to_vec(), ..Dialect::default() };
    good(" a \t\t \"b\" \n", &tabs, &[&["a", "", "b"]]);
    let (_, bad) = read("\"a\" b,c\n", &dialect, 2);
    assert_eq!(bad, [(1, AFTER_QUOTE.to_owned())]);
}

#[test]
fn comments_and_titles_are_no_records() {
    let dialect = Dialect { comment: Some(b"//".to_vec()), skip_lines: 2, ..Dialect::default() };
    good("A \"title\nof two lines\n//c,d\na,b\n/,x\n// the \"end", &dialect, &[&["a", "b"], &["/", "x"]]);
    let title = Dialect { skip_lines: 3, ..Dialect::default() };
    assert_eq!(read("only\ntwo lines", &title, 1), (vec![], vec![]));
}

#[test]
fn excel_says_its_delimiter_in_the_first_line() {
    let dialect = DialectName::Excel.dialect();
    good("sep=;\r\na;b\r\n", &dialect, &[&["a", "b"]]);
    good("a,b\r\n", &dialect, &[&["a", "b"]]);
    good("sep=\t\na\t\"b\tc\"\n", &dialect, &[&["a", "b\tc"]]);
    good("\"SEP=;\"\r\na;b\r\n", &dialect, &[&["a", "b"]]);
}

#[test]
fn records_of_other_widths_are_filled_and_cut_as_the_module_says() {
    let of = |fill_short, long, trailing_delimiter| Dialect {
        widths: Widths { fill_short, long, trailing_delimiter },
        ..Dialect::default()
    };
    let text = "1,2\n3\n4,5,6,\"7\"\n8,9,\n";
    let (found, bad) = read(text, &of(false, LongRecords::SetAside, false), 2);
    assert_eq!((found, bad.len()), (rows(&[&["1", "2"]]), 3));
    let (found, bad) = read(text, &of(true, LongRecords::DropExtra, false), 2);
    assert_eq!((found, bad), (rows(&[&["1", "2"], &["3", MISSING], &["4", "5"], &["8", "9"]]), vec![]));
    let (found, bad) = read(text, &of(true, LongRecords::KeepExtra, true), 3);
    let expected = rows(&[&["1", "2", MISSING], &["3", MISSING, MISSING], &["4", "5", "6,\"7\""], &["8", "9", MISSING]]);
    assert_eq!((found, bad), (expected, vec![]));
    let (found, bad) = read("1,2,\n3,4\n5,,\n,,\n6,7,8\n", &of(false, LongRecords::SetAside, true), 2);
    assert_eq!(found, rows(&[&["1", "2"], &["3", "4"], &["5", ""], &["", ""]]));
    assert_eq!(bad, [(5, "3 fields, where the header has 2".to_owned())]);
}

#[test]
fn databases_write_one_record_a_line() {
    let mysql = DialectName::Mysql.dialect();
    good("1\t\\N\ta\\tb\\\\\\\nc\r\n\t\\0\t\\\\N\n", &mysql, &[&["1", MISSING, "a\tb\\\nc\r"], &["", "\0", "\\N"]]);
    let keeps_extra =
        Dialect { widths: Widths { long: LongRecords::KeepExtra, ..Widths::default() }, ..DialectName::Mysql.dialect() };
    good("1\t\\N\tx\n2\ty\n\\N\n", &keeps_extra, &[&["1", "\\N\tx"], &["2", "y"], &[MISSING, MISSING]]);
    let postgres = DialectName::Postgres.dialect();
    good("1\t\\N\ta\\nb\\\\\r\n2\t\"\t\\x41\n\\.\n", &postgres, &[&["1", MISSING, "a\nb\\"], &["2", "\"", "A"]]);
    let (_, bad) = read("a\t\\303\n", &postgres, 2);
    assert_eq!(bad.len(), 1, "half a character is no text");
    good("x\n\ny\n", &postgres, &[&["x"], &[""], &["y"]]);
    good("a\x01\"\x01\\n\n", &DialectName::Hive.dialect(), &[&["a", "\"", "\\n"]]);
    good(
        "Whole \"title\"\t\"x\n",
        &Dialect { delimiter: b"\t".to_vec(), ..DialectName::Unquoted.dialect() },
        &[&["Whole \"title\"", "\"x"]],
    );
}

#[test]
fn lines_end_as_the_module_says() {
    let exactly = |bytes: &[u8]| Dialect { line_ends: Some(LineEnds::Exactly(bytes.to_vec())), ..Dialect::default() };
    good("a,b|\nc\n,\"d|\ne\"|\n", &exactly(b"|\n"), &[&["a", "b"], &["c\n", "d|\ne"]]);
    good("a,b\x1Ec,d\n", &exactly(b"\x1E"), &[&["a", "b"], &["c", "d\n"]]);
    good("a,b\nc\r\nd,e\r\n", &exactly(b"\r\n"), &[&["a", "b\nc"], &["d", "e"]]);
}

#[test]
fn null_words_with_escapes_are_seen_as_they_are_written() {
    let batch = |text: &'static [u8]| {
        let mut reader = RecordReader::new(text, DialectName::Mysql.dialect(), sizes(64, 1 << 10));
        reader.next_batch(2).unwrap().unwrap()
    };
    let batch = batch(b"\\N\t\\\\N\n");
    let fields = [batch.field(0, 0), batch.field(0, 1)];
    assert_eq!(fields.map(|field| (field.text, field.missing)), [(&b""[..], true), (&b"\\N"[..], false)]);
}

/// Writes a table as the dialect does, whatever its fields hold.
fn written(table: &[Vec<String>], dialect: &Dialect, quoted: bool) -> Vec<u8> {
    let mut text = Vec::new();
    for row in table {
        for (i, field) in row.iter().enumerate() {
            if i > 0 {
                text.extend(&dialect.delimiter);
            }
            let quote = dialect.quote.filter(|_| quoted);
            text.extend(quote);
            for byte in field.bytes() {
                let special = match (&dialect.escape, quote) {
                    (Some(escape), Some(quote)) => (byte == quote || byte == escape.byte).then_some(escape.byte),
                    (Some(escape), None) => {
                        (byte == escape.byte || byte == b'\n' || byte == dialect.delimiter[0]).then_some(escape.byte)
                    }
                    (None, Some(quote)) => (byte == quote).then_some(quote),
                    (None, None) => None,
                };
                text.extend(special);
                text.push(byte);
            }
            text.extend(quote);
        }
        text.push(b'\n');
    }
    text
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        table in prop::collection::vec(prop::collection::vec("[a-c\"'\\\\,|\t\n é]{1,6}", 3..=3), 1..12),
        which in 0..4_usize,
        block in 1..64_usize,
    ) {
        let dialect = match which {
            0 => backslash(false),
            1 => Dialect { delimiter: b"||".to_vec(), quote: Some(b'\''), ..backslash(false) },
            2 => Dialect { delimiter: b"|".to_vec(), quote: None, ..backslash(true) },
            _ => Dialect { delimiter: "§".as_bytes().to_vec(), ..Dialect::default() },
        };
        let text = written(&table, &dialect, true);
        prop_assert_eq!(read_in_blocks(&text, &dialect, 3, block), (table, vec![]));
    }

    #[test]
    fn the_block_size_changes_nothing(
        body in prop::collection::vec(prop::sample::select(b"a\",|\\\n\r #N".to_vec()), 0..80),
        name in prop::sample::select(vec![
            DialectName::Spark,
            DialectName::Excel,
            DialectName::Mysql,
            DialectName::Postgres,
            DialectName::Hive,
            DialectName::Unquoted,
        ]),
        trim: bool,
        long: bool,
        block in 1..40_usize,
    ) {
        let dialect = name.dialect();
        let delimiter = if long { b"||".to_vec() } else { dialect.delimiter.clone() };
        let dialect = Dialect { trim, delimiter, comment: trim.then(|| b"#".to_vec()), ..dialect };
        prop_assert_eq!(read_in_blocks(&body, &dialect, 2, block), read_in_blocks(&body, &dialect, 2, 1 << 12));
    }
}
