use super::*;
use crate::source::parser::batch::NOT_TEXT;
use crate::source::parser::header_line::{LONE_LF, OTHER_LINE_END, UNCLOSED};
use crate::source::parser::split::AFTER_QUOTE;
use proptest::prelude::*;

use super::super::widths::Widths;

mod dialects;

type Rows = Vec<Vec<String>>;

fn read(text: &[u8], block: usize) -> (Rows, Vec<(u64, String, String)>) {
    let mut reader = RecordReader::new(text, Dialect::default(), sizes(block, 1 << 20));
    let header = reader.header().unwrap().unwrap().unwrap();
    let (mut rows, mut bad) = (vec![header.clone()], Vec::new());
    while let Some(batch) = reader.next_batch(header.len()).unwrap() {
        for row in 0..batch.rows() {
            rows.push((0..header.len()).map(|i| String::from_utf8(batch.field(row, i).text.to_vec()).unwrap()).collect());
        }
        bad.extend(batch.bad.into_iter().map(|record| (line_of(&record), record.reason, record.text)));
    }
    (rows, bad)
}

fn sizes(block_bytes: usize, record_bytes: usize) -> ReadSizes {
    ReadSizes { block_bytes, record_bytes }
}

fn line_of(record: &BadRecord) -> u64 {
    match record.place {
        Place::Line { line, .. } => line,
        Place::Byte { .. } | Place::Row { .. } | Place::Unknown {} => 0,
    }
}

fn rows(list: &[&[&str]]) -> Rows {
    list.iter().map(|row| row.iter().map(|&field| field.to_owned()).collect()).collect()
}

#[test]
fn quotes_hold_anything() {
    for block in [1, 2, 3, 7, 4096] {
        let (found, bad) = read(b"a,b\r\n\"x, \"\"y\"\"\nz\",1\r\n,\"\"\n\"q\"\"\",2", block);
        assert_eq!(found, rows(&[&["a", "b"], &["x, \"y\"\nz", "1"], &["", ""], &["q\"", "2"]]), "{block}");
        assert_eq!(bad, []);
    }
}

#[test]
fn what_is_no_row_is_set_aside_with_its_line() {
    for block in [1, 5, 4096] {
        let (found, bad) = read(b"a,b\n1,2\n3\n4,5,6\n\n\"x\ny\",7\n\"8\"9,1\n10,\xFF\n11,12\n\"13,14\n15,16\n", block);
        assert_eq!(found, rows(&[&["a", "b"], &["1", "2"], &["x\ny", "7"], &["11", "12"], &["15", "16"]]), "{block}");
        let expected = [
            (3, "1 field, where the header has 2", "3"),
            (4, "3 fields, where the header has 2", "4,5,6"),
            (8, AFTER_QUOTE, "\"8\"9,1"),
            (9, NOT_TEXT, "10,\u{FFFD}"),
            (11, UNCLOSED, "\"13,14"),
        ];
        assert_eq!(bad, expected.map(|(line, reason, text)| (line, reason.to_owned(), text.to_owned())), "{block}");
    }
}

#[test]
fn a_stray_quote_costs_its_own_line_however_far_the_next_quote_is() {
    for block in [1, 16, 4096] {
        let (found, bad) = read(b"a,b\n1,\"oops\n2,x\n3,y\n4,\"fine\"\n5,z\n", block);
        assert_eq!(found, rows(&[&["a", "b"], &["2", "x"], &["3", "y"], &["4", "fine"], &["5", "z"]]), "{block}");
        assert_eq!(bad, [(2, UNCLOSED.to_owned(), "1,\"oops".to_owned())]);
    }
}

#[test]
fn a_value_of_several_lines_does_not_become_rows() {
    let (found, bad) = read(b"a,b\n1,\"x\n8,9\nz\"\n\"n\n8,9\ne\",\"bad\"x\n2,y\n\"p\n8,9\ne\",\"cut", 4096);
    assert_eq!(found, rows(&[&["a", "b"], &["1", "x\n8,9\nz"], &["2", "y"]]));
    let expected = [(5, AFTER_QUOTE, "\"n\n8,9\ne\",\"bad\"x"), (9, UNCLOSED, "\"p\n8,9\ne\",\"cut")];
    assert_eq!(bad, expected.map(|(line, reason, text)| (line, reason.to_owned(), text.to_owned())));
}

#[test]
fn a_stray_quote_before_the_limit_costs_a_line_not_the_file() {
    let body: String = (0..400).map(|i| format!("{i},good row\n")).collect();
    for at in 0..40 {
        let text = format!("a,b\n1,\"stray\n{}{body}x,\"y\n", "z".repeat(at) + ",1\n");
        let mut reader = RecordReader::new(text.as_bytes(), Dialect::default(), sizes(64, 1000));
        reader.header().unwrap();
        let (mut good, mut bad) = (0, 0);
        while let Some(batch) = reader.next_batch(2).unwrap() {
            good += batch.rows();
            bad += batch.bad.len();
        }
        assert_eq!((good, bad), (401, 2), "{at}");
    }
}

#[test]
fn records_that_are_none_fill_a_block_sooner_than_others() {
    for line in ["x\n", "\u{FF},y\n"] {
        let body: Vec<u8> = line.chars().cycle().take(100_000).map(|c| c as u8).collect();
        let text = [b"a,b\n".to_vec(), body].concat();
        let mut reader = RecordReader::new(&text[..], Dialect::default(), sizes(64 << 10, 1 << 20));
        reader.header().unwrap();
        let mut bad = 0;
        while let Some(batch) = reader.next_batch(2).unwrap() {
            assert!(batch.bad.len() <= (64 << 10) / BadRecord::HELD);
            bad += batch.bad.len();
        }
        assert_eq!(bad, 100_000 / line.chars().count(), "{line:?}");
    }
}

#[test]
fn a_header_that_swallowed_rows_is_refused() {
    let header = |text: &'static [u8]| RecordReader::new(text, Dialect::default(), sizes(64, 1000)).header().unwrap().unwrap();
    assert_eq!(header(b"a,\"b\n1,x\n2,y\n\"\n").unwrap_err(), UNCLOSED);
    assert_eq!(header(b"\"a\nb\",c\n1,2\n").unwrap(), ["a\nb", "c"]);
    let (found, bad) = read(b"a,b\rx,y\r\nz,w\r\n", 64);
    assert_eq!((found.len(), bad.len()), (2, 2));
    assert_eq!(bad[0].1, OTHER_LINE_END);
}

#[test]
fn a_line_end_inside_a_quoted_name_is_not_the_files() {
    let (found, bad) = read(b"\"a\rb\",c\n1,2\n3,4\n", 5);
    assert_eq!(found, rows(&[&["a\rb", "c"], &["1", "2"], &["3", "4"]]));
    assert_eq!(bad, []);
    let (found, _) = read(b"\"a\nb\",c\r1,2\r", 5);
    assert_eq!(found, rows(&[&["a\nb", "c"], &["1", "2"]]));
}

#[test]
fn line_ends_of_two_kinds_are_not_taken_for_values() {
    let (found, bad) = read(b"s,t\n1,x\r2,y\r\n3,\"z\rz\"\n", 64);
    assert_eq!(found, rows(&[&["s", "t"], &["3", "z\rz"]]));
    assert_eq!(bad.len(), 1);
    let (found, bad) = read(b"s\nx\ry\rz\r", 64);
    assert_eq!((found.len(), bad[0].1.as_str()), (1, OTHER_LINE_END));
    let mixed = RecordReader::new(&b"a\rb,c\n1,2\n"[..], Dialect::default(), sizes(64, 64)).header().unwrap().unwrap();
    assert!(mixed.is_ok(), "the first line end is the file's");
    let utf16: Vec<u8> = "a,b\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(
        RecordReader::new(&utf16[..], Dialect::default(), sizes(64, 64))
            .header()
            .unwrap()
            .unwrap()
            .unwrap_err()
            .contains("UTF-16")
    );
}

#[test]
fn a_value_with_lf_alone_is_not_cut_where_lines_end_with_crlf() {
    let cut = |text: &str, good: &[&[&str]], bad: &[(u64, &str)]| {
        for block in [1, 2, 3, 5, 9, 4096] {
            let (found, set_aside) = read(text.as_bytes(), block);
            assert_eq!(found[1..], rows(good), "{text:?} by {block}");
            let expected: Vec<_> = bad.iter().map(|(line, text)| (*line, LONE_LF.to_owned(), (*text).to_owned())).collect();
            assert_eq!(set_aside, expected, "{text:?} by {block}");
        }
    };
    cut("a,b\r\n1,x\ny\r\n2,z\r\n", &[&["2", "z"]], &[(2, "1,x\ny")]);
    cut("a,b\r\n1,x\ny\nz\r\n2,z\r\n", &[&["2", "z"]], &[(2, "1,x\ny\nz")]);
    cut("a,b\r\n1,x\n\r\n2,z\r\n", &[&["2", "z"]], &[(2, "1,x\n")]);
    cut("a,b\r\n1,x\n\ny\r\n2,z", &[&["2", "z"]], &[(2, "1,x\n\ny")]);
    cut("a,b\r\n1,x\ny", &[], &[(2, "1,x\ny")]);
    cut("a,b\r\n1\n2,x\r\n2,z\r\n", &[&["2", "z"]], &[(2, "1\n2,x")]);
    cut("a,b\r\n1\n2,x\ny\r\n2,z\r\n", &[&["2", "z"]], &[(2, "1\n2,x\ny")]);
    // The first lines tell of the others.
    cut("a,b\n1,x\ny\r\n2,z\r\n", &[&["2", "z"]], &[(2, "1,x\ny")]);
    // Of one column, any line may be the rest of a value.
    cut("a\r\nx\ny\nz\r\n1\r\n", &[&["1"]], &[(2, "x\ny\nz")]);
    // Files that were put together from two.
    cut("a,b\r\n1,x\r\n2,y\n3,z\n", &[&["1", "x"], &["2", "y"], &["3", "z"]], &[]);
    cut("a,b\r\n1,x\n2,y\n\n3,z\n\n", &[&["1", "x"], &["2", "y"], &["3", "z"]], &[]);
    cut("a,b\n1,x\n2,y\r\n3,z\r\n", &[&["1", "x"], &["2", "y"], &["3", "z"]], &[]);
    cut("a,b\r\n1,\"x\ny\"\r\n2,y\r\n", &[&["1", "x\ny"], &["2", "y"]], &[]);
}

#[test]
fn a_short_rest_of_a_value_is_not_filled_up() {
    let widths = Widths { fill_short: true, ..Widths::default() };
    let text = b"a,b\r\n1,x\ny\r\n2\r\n3,z\r\n";
    let mut reader = RecordReader::new(&text[..], Dialect { widths, ..Dialect::default() }, sizes(4096, 1 << 16));
    reader.header().unwrap();
    let batch = reader.next_batch(2).unwrap().unwrap();
    assert_eq!((batch.rows(), batch.bad.len(), batch.bad[0].text.as_str()), (2, 1, "1,x\ny"));
}

#[test]
fn a_trailer_after_lf_alone_is_no_rest_of_a_value() {
    let trailer = Some(super::super::trailer::Trailer::new("T {rows}").unwrap());
    let dialect = Dialect { trailer, comment: Some(b"#".to_vec()), ..Dialect::default() };
    let text = b"a,b\r\n1,x\r\n2,y\n# note\r\n3,z\nT 3\r\n";
    let mut reader = RecordReader::new(&text[..], dialect, sizes(64, 1000));
    reader.header().unwrap();
    let batch = reader.next_batch(2).unwrap().unwrap();
    assert_eq!((batch.rows(), batch.bad.len()), (3, 0));
    assert!(reader.next_batch(2).unwrap().is_none());
}

#[test]
fn what_a_reader_tells_of_the_first_record_leaves_it_there() {
    let dialect = Dialect { skip_lines: 1, ..Dialect::default() };
    let mut reader = RecordReader::new(&b"title\nid,name\n1,Ann\n"[..], dialect, sizes(1, 1000));
    assert_eq!(reader.width().unwrap().unwrap().unwrap(), 2);
    for _ in 0..2 {
        assert_eq!(reader.names().unwrap().unwrap(), ["id", "name"]);
    }
    assert_eq!(reader.header().unwrap().unwrap().unwrap(), ["id", "name"]);
    assert_eq!(reader.next_batch(2).unwrap().unwrap().rows(), 1);
}

#[test]
fn lines_may_end_with_a_lone_cr() {
    let (found, bad) = read(b"a,b\r1,2\r3,4\r", 3);
    assert_eq!(found, rows(&[&["a", "b"], &["1", "2"], &["3", "4"]]));
    assert_eq!(bad, []);
}

#[test]
fn empty_lines_are_no_records() {
    let (found, bad) = read(b"\n\r\na\n\n1\n\r\n\n2\n\n", 2);
    assert_eq!(found, rows(&[&["a"], &["1"], &["2"]]));
    assert_eq!(bad, []);
    assert!(RecordReader::new(&b"\n\n"[..], Dialect::default(), sizes(9, 9)).header().unwrap().is_none());
}

#[test]
fn a_record_without_an_end_is_refused_at_the_limit() {
    let text = [b"a\n".to_vec(), vec![b'x'; 5000]].concat();
    let mut reader = RecordReader::new(&text[..], Dialect::default(), sizes(64, 1000));
    reader.header().unwrap();
    assert!(matches!(reader.next_batch(1), Err(RecordError::TooLong { line: 2 })));
}

proptest! {
    #[test]
    fn agrees_with_an_independent_reader(
        table in prop::collection::vec(prop::collection::vec("[a-z\",\\n é]{0,6}", 3..=3), 1..20),
        block in 1..64_usize,
        crlf: bool,
    ) {
        let ending = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().terminator(ending).from_writer(Vec::new());
        for row in std::iter::once(vec!["a".to_owned(), "b".into(), "c".into()]).chain(table.clone()) {
            writer.write_record(&row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let (found, bad) = read(&text, block);
        prop_assert_eq!(bad, vec![]);
        prop_assert_eq!(&found[1..], &table[..]);
    }

    /// Checks that a value with LF alone is whole or set aside, wherever lines end with CRLF.
    #[test]
    fn a_cut_value_is_never_a_row(
        table in prop::collection::vec(prop::collection::vec("[a-z]{1,3}(\n[a-z]{0,3}){0,2}", 2..=2), 1..12), block in 1..64_usize
    ) {
        let body: String = table.iter().map(|row| format!("{}\r\n", row.join(","))).collect();
        let (found, _) = read(format!("h1,h2\r\n{body}").as_bytes(), block);
        for row in &found[1..] {
            prop_assert!(table.contains(row), "{row:?}");
        }
    }

    /// Checks promise 3 at its root: every line of a file is in a row or in quarantine.
    #[test]
    fn nothing_is_lost_whatever_the_bytes(
        body in prop::collection::vec(prop::sample::select(b"ab\",\n\r\xC3\x28 ".to_vec()), 0..200),
        block in 1..50_usize,
        crlf: bool,
    ) {
        let text = [if crlf { b"h1,h2\r\n".to_vec() } else { b"h1,h2\n".to_vec() }, body.clone()].concat();
        let (found, bad) = read(&text, block);
        let kept = |text: &str| text.bytes().filter(u8::is_ascii_lowercase).count();
        let in_rows: usize = found[1..].iter().flatten().map(|field| kept(field)).sum();
        let seen = in_rows + bad.iter().map(|(_, _, text)| kept(text)).sum::<usize>();
        prop_assert_eq!(seen, body.iter().filter(|b| b.is_ascii_lowercase()).count());
    }

    #[test]
    fn the_block_size_changes_nothing(
        body in prop::collection::vec(prop::sample::select(b"a\",\n\r".to_vec()), 0..120), block in 1..40_usize, crlf: bool
    ) {
        let text = [if crlf { b"h1,h2\r\n".to_vec() } else { b"h1,h2\n".to_vec() }, body].concat();
        prop_assert_eq!(read(&text, block), read(&text, 1 << 16));
    }
}
