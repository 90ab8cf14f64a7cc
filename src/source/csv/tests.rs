use std::io::Cursor;

use super::*;
use crate::schema::{DuplicateNames, NamingRule};
use crate::source::members::tests::archive;
use crate::source::{Format, Reading, Sample, Survey, Trailer};

fn format(header: HeaderRule, names: &[&str], dialect: Dialect) -> Format {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Format::Csv(CsvFormat { dialect, header, names, encoding: Encoding::UTF_8, values: ValueRules::default() })
}

fn plain(header: HeaderRule) -> Format {
    format(header, &[], Dialect::default())
}

/// A header, the rows as text, and where bad records stand.
type Found = (Header, Vec<String>, Vec<(Option<String>, u64, String)>);

fn read_after(format: &Format, bytes: &[u8], first: Option<&Header>) -> Result<Found, SourceError> {
    let renames = std::collections::BTreeMap::new();
    let naming = Naming { rule: NamingRule::Words, renames: &renames, duplicates: DuplicateNames::Refuse };
    let sizes = ReadSizes { block_bytes: 16, record_bytes: 1 << 16 };
    let reading = Reading { format, sizes, naming, reserved: &[], declared: &[], from_file: &[] };
    let bytes = || Box::new(Cursor::new(bytes.to_vec()));
    let mut survey = Survey::new(&|_| None);
    let table = TableSchema::default();
    let header = reading.header("in.zip", bytes(), &table, first, (Sample::Head, &mut survey))?;
    let mut batches = reading.records(&header, bytes())?;
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    while let Some(batch) = batches.next_batch()? {
        let text = |row, column| String::from_utf8_lossy(batch.field(row, column).text).into_owned();
        let row = |row| (0..header.names.len()).map(|column| text(row, column)).collect::<Vec<_>>().join("|");
        rows.extend((0..batch.rows()).map(row));
        bad.extend(batch.bad.into_iter().map(|bad| match bad.place {
            crate::source::Place::Line { line, .. } => (bad.member, line, bad.text),
            _ => (bad.member, 0, bad.text),
        }));
    }
    Ok((header, rows, bad))
}

fn read(format: &Format, members: &[(&str, &str)]) -> Result<Found, SourceError> {
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    read_after(format, &archive(&members), None)
}

fn rows(format: &Format, members: &[(&str, &str)]) -> Vec<String> {
    let (_, rows, bad) = read(format, members).unwrap();
    assert_eq!(bad, []);
    rows
}

fn refused(format: &Format, members: &[(&str, &str)]) -> String {
    read(format, members).unwrap_err().to_string()
}

#[test]
fn each_file_of_an_archive_has_its_header() {
    let names = plain(HeaderRule::Names);
    let expected = ["1|a", "2|b", "3|c"];
    let marked = "\u{FEFF}id,x\r\n1,a";
    assert_eq!(rows(&names, &[("a", marked), ("empty", ""), ("b", "id,x\n2,b\n"), ("c", "id,x\n3,c")]), expected);
    assert_eq!(rows(&names, &[("empty", ""), ("mark", "\u{FEFF}"), ("blank", "\n\n"), ("a", "id,x\n1,a")]), ["1|a"]);
    assert_eq!(rows(&names, &[("a", "\"i\nd\",x\n1,a\n"), ("b", "\n\"i\nd\",x\n2,b\n")]), ["1|a", "2|b"]);
    assert_eq!(rows(&names, &[("a", "id,x\n"), ("b", "id,x\n2,b\n")]), ["2|b"]);
    assert_eq!(rows(&plain(HeaderRule::ByPosition), &[("a", "id,x\n1,a\n"), ("b", "id,x\n2,b\n")]), ["1|a", "2|b"]);
    assert_eq!(rows(&plain(HeaderRule::None), &[("a", "1,a\n"), ("b", ""), ("c", "2,b")]), ["1|a", "2|b"]);
    let first = plain(HeaderRule::FirstFile);
    assert_eq!(rows(&first, &[("a", "id,x\n1,a\n"), ("b", "2,b\n"), ("c", "id,x\n3,c")]), expected);
    assert!(matches!(read(&names, &[("a", ""), ("b", "")]), Err(SourceError::Empty { key }) if key == "in.zip"));
    assert!(matches!(read(&names, &[]), Err(SourceError::Empty { .. })));
}

#[test]
fn first_and_last_lines_are_those_of_each_file() {
    let comment = Dialect { comment: Some(b"#".to_vec()), skip_lines: 1, ..Dialect::default() };
    let titled = format(HeaderRule::Names, &[], comment);
    let members = [("a", "title\n# made by a\nid,x\n1,a\n"), ("b", "other title\n\n# by b\nid,x\n2,b\n")];
    assert_eq!(rows(&titled, &members), ["1|a", "2|b"]);
    let sep = format(HeaderRule::Names, &[], Dialect { sep_line: true, ..Dialect::default() });
    assert_eq!(rows(&sep, &[("a", "sep=;\nid;x\n1;a\n"), ("b", "sep=|\nid|x\n2|b\n"), ("c", "id,x\n3,c")]).len(), 3);
    let footer = format(HeaderRule::Names, &[], Dialect { footer_lines: 1, ..Dialect::default() });
    assert_eq!(rows(&footer, &[("a", "id,x\n1,a\nTotal,1\n\n"), ("b", "id,x\n2,b\nTotal,1")]), ["1|a", "2|b"]);
    let trailer = Some(Trailer::new("T {rows}").unwrap());
    let counted = format(HeaderRule::Names, &[], Dialect { trailer, ..Dialect::default() });
    assert_eq!(rows(&counted, &[("a", "id,x\n1,a\nT 1\n"), ("b", "id,x\n2,b\n3,c\nT 2\n")]).len(), 3);
    let error = refused(&counted, &[("a", "id,x\n1,a\nT 1\n"), ("b", "id,x\n2,b\nT 2\n")]);
    assert!(error.contains("`in.zip/b` has 1 records, and its trailer tells of 2"), "{error}");
    let error = refused(&counted, &[("a", "id,x\n1,a\n"), ("b", "id,x\n2,b\nT 1\n")]);
    assert!(error.contains("`in.zip/a` ends without its trailer"), "{error}");
}

#[test]
fn files_of_an_archive_with_different_headers_are_refused_by_name() {
    for (rule, first, other) in [
        (HeaderRule::Names, "id,x\n1,a\n", "x,id\na,1\n"),
        (HeaderRule::Names, "id,x\n1,a\n", "ID,x\n1,a\n"),
        (HeaderRule::Names, "id,x\n1,a\n", "name\nx\n"),
        (HeaderRule::ByPosition, "id,x\n1,a\n", "id,y\n1,a\n"),
        (HeaderRule::FirstFile, "id,x\n1,a\n", "X,ID\na,1\n"),
    ] {
        let error = refused(&plain(rule), &[("a", first), ("b", other)]);
        assert!(error.contains("`in.zip/b` is refused") && error.contains("`a` in the same archive"), "{error}");
    }
    let named = format(HeaderRule::None, &["id", "x"], Dialect::default());
    assert!(refused(&named, &[("a", "1,a\n"), ("b", "Id,X\n2,b\n")]).contains("its first record is a header"));
}

#[test]
fn a_bad_record_tells_its_file_and_its_line_there() {
    let (_, _, bad) = read(&plain(HeaderRule::Names), &[("a", "id,x\n1,a\n2\n"), ("b", "id,x\n3,c\n4\n")]).unwrap();
    assert_eq!(bad, [(Some("a".to_owned()), 3, "2".to_owned()), (Some("b".to_owned()), 3, "4".to_owned())]);
    let (_, _, alone) = read(&plain(HeaderRule::Names), &[("a", "id,x\n2\n")]).unwrap();
    assert_eq!(alone, [(None, 2, "2".to_owned())]);
    let (_, _, single) = read_after(&plain(HeaderRule::Names), b"id,x\n2\n", None).unwrap();
    assert_eq!(single, alone);
}

#[test]
fn a_later_file_with_the_header_in_another_form_is_read_by_it() {
    let format = plain(HeaderRule::FirstFile);
    let (first, ..) = read_after(&format, b"id,name\n1,Ann\n", None).unwrap();
    let later = |text: &str| {
        let (header, rows, _) = read_after(&format, text.as_bytes(), Some(&first)).unwrap();
        (header.columns.iter().map(ColumnName::to_string).collect::<Vec<_>>().join("|"), rows)
    };
    let expected = |columns: &str, rows: &[&str]| (columns.to_owned(), rows.iter().map(|row| (*row).to_owned()).collect());
    assert_eq!(later("2,Bob\n"), expected("id|name", &["2|Bob"]));
    assert_eq!(later("id,name\n2,Bob\n"), expected("id|name", &["2|Bob"]));
    assert_eq!(later("ID,Name\n2,Bob\n"), expected("id|name", &["2|Bob"]));
    assert_eq!(later("name,id\nBob,2\n"), expected("name|id", &["Bob|2"]));
    assert_eq!(later("name,id,more\nBob,2,x\n"), expected("name|id|more", &["Bob|2|x"]));
    let trailing = Dialect { widths: Widths { trailing_delimiter: true, ..Widths::default() }, ..Dialect::default() };
    let format = super::tests::format(HeaderRule::FirstFile, &[], trailing);
    let (first, ..) = read_after(&format, b"id,name,\n1,Ann,\n", None).unwrap();
    assert_eq!(read_after(&format, b"id,name,\n2,Bob,\n", Some(&first)).unwrap().1, ["2|Bob"]);
}

#[test]
fn a_header_where_none_should_be_is_noticed() {
    let named = format(HeaderRule::None, &["order_id", "name"], Dialect::default());
    for (text, is_header) in [
        ("1,Ann\n", false),
        ("order_id,name\n1,Ann\n", true),
        ("Order Id,NAME\n1,Ann\n", true),
        ("name,order_id\nAnn,1\n", true),
        ("order_id,name,more\n1,Ann,x\n", true),
        ("name,Ann\n", false),
        ("order_id,name,mail\n1,Ann,x\n", true),
        (",\n", false),
    ] {
        let (header, ..) = read_after(&named, text.as_bytes(), None).unwrap();
        assert_eq!(header.begins_with_names, is_header, "{text}");
    }
    let one = format(HeaderRule::FirstFile, &[], Dialect::default());
    let (first, ..) = read_after(&one, b"name\nAnn\n", None).unwrap();
    assert!(read_after(&one, b"Name\nBob\n", Some(&first)).unwrap().0.begins_with_names);
    assert!(!read_after(&one, b"name\nBob\n", Some(&first)).unwrap().0.begins_with_names);
}
