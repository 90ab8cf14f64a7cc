//! Tests by files written by hand, and by those of the library's writer.

use std::io::{self, Cursor, Read};

use arrow_array::types::Int32Type;

use super::*;

const MARK: [u8; 16] = *b"0123456789abcdef";
const INT: &str = r#"{"type":"record","name":"r","fields":[{"name":"a","type":"int"}]}"#;
const NULL: &str = r#"{"type":"record","name":"r","fields":[{"name":"a","type":"null"}]}"#;

/// Returns a header.
fn header(schema: &str, codec: &str) -> Vec<u8> {
    let mut out = b"Obj\x01\x04".to_vec();
    for (key, value) in [("avro.schema", schema), ("avro.codec", codec)] {
        for text in [key, value] {
            write_long(i64::try_from(text.len()).unwrap(), &mut out);
            out.extend_from_slice(text.as_bytes());
        }
    }
    out.push(0);
    out.extend_from_slice(&MARK);
    out
}

/// Returns a block of that number of records, and those bytes.
fn block(count: i64, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_long(count, &mut out);
    write_long(i64::try_from(data.len()).unwrap(), &mut out);
    [out.as_slice(), data, &MARK].concat()
}

fn file(schema: &str, blocks: &[(i64, &[u8])]) -> Vec<u8> {
    let blocks = blocks.iter().flat_map(|(count, data)| block(*count, data));
    header(schema, "null").into_iter().chain(blocks).collect()
}

fn batches(bytes: impl Read + Send + 'static) -> Result<Vec<RecordBatch>, String> {
    let reason = |error| match error {
        SourceError::NotReadable { reason, .. } => reason,
        other => format!("another error: {other}"),
    };
    let (_, mut reader) = open("k", Box::new(bytes), 4096).map_err(reason)?;
    std::iter::from_fn(|| reader.next_batch("k").transpose()).collect::<Result<_, _>>().map_err(reason)
}

/// Returns the integers of a file.
fn integers(bytes: Vec<u8>) -> Result<Vec<i32>, String> {
    let batches = batches(Cursor::new(bytes))?;
    Ok(batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int32Type>().values().to_vec()).collect())
}

/// Bytes that come one by one, as those of a slow stream.
struct OneByOne(Cursor<Vec<u8>>);

impl Read for OneByOne {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

#[test]
fn records_are_those_of_all_blocks() {
    assert_eq!(integers(file(INT, &[(1, &[10]), (0, &[]), (2, &[1, 0x80, 1])])), Ok(vec![5, -1, 64]));
    assert_eq!(integers(file(INT, &[])), Ok(vec![]));
    let bytes = OneByOne(Cursor::new(file(INT, &[(1, &[10]), (1, &[12])])));
    assert_eq!(batches(bytes).unwrap().iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
}

#[test]
fn a_block_is_returned_in_parts() {
    let batches = batches(Cursor::new(file(INT, &[(5000, &[2; 5000]), (1, &[4])]))).unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [4096, 904, 1]);
}

#[test]
fn records_without_bytes_are_not_lost() {
    let rows = |blocks: &[(i64, &[u8])]| {
        batches(Cursor::new(file(NULL, blocks))).map(|batches| batches.iter().map(RecordBatch::num_rows).sum::<usize>())
    };
    assert_eq!(rows(&[(3, &[]), (2, &[])]), Ok(5));
    assert!(rows(&[(i64::MAX, &[])]).unwrap_err().contains("records"));
    for leftover in [&[0][..], &[2], &[1, 0], &[2, 0]] {
        assert!(rows(&[(3, leftover)]).unwrap_err().contains("other bytes than those of its 3 records"), "{leftover:?}");
    }
    let both = r#"{"type":"record","name":"r","fields":[{"name":"a","type":"null"},{"name":"b","type":"int"},
        {"name":"c","type":{"type":"null"}}]}"#;
    let read = batches(Cursor::new(file(both, &[(2, &[2, 4])]))).unwrap();
    assert_eq!(read[0].column(1).as_primitive::<Int32Type>().values(), &[1, 2]);
    let types: Vec<&DataType> = read[0].columns().iter().map(Array::data_type).collect();
    assert_eq!(types, [&DataType::Null, &DataType::Int32, &DataType::Null]);
    let empty = r#"{"type":"record","name":"r","fields":[]}"#;
    assert!(batches(Cursor::new(file(empty, &[(3, &[])]))).unwrap_err().contains("no records with fields"));
}

#[test]
fn a_block_of_other_bytes_than_its_records_is_refused() {
    for (count, data) in [(1, &[10, 0][..]), (1, &[10, 2, 10]), (1, &[10, 1, 2, 10]), (0, &[10])] {
        let found = integers(file(INT, &[(1, &[10]), (count, data), (1, &[10])]));
        assert!(found.as_ref().is_err_and(|reason| reason.contains("other bytes than those")), "{count} {data:?}: {found:?}");
    }
    for (count, data) in [(2, &[10][..]), (3, &[]), (1, &[]), (1, &[0x80])] {
        let found = integers(file(INT, &[(1, &[10]), (count, data), (1, &[10])]));
        assert!(found.is_err(), "{count} {data:?}: {found:?}");
    }
    let text = r#"{"type":"record","name":"r","fields":[{"name":"a","type":"string"}]}"#;
    assert!(integers(file(text, &[(1, &[200, 1, b'x'])])).is_err());
}

#[test]
fn a_wrong_frame_of_a_block_is_refused() {
    let whole = file(INT, &[(1, &[10])]);
    let beyond = |tail: &[u8]| [whole.as_slice(), tail].concat();
    for (bytes, expected) in [
        (beyond(&block(-1, &[10])), "a negative number"),
        (beyond(&[2, 1, 10]), "a negative number"),
        (beyond(&[2, 100, 10]), "it ends within a block"),
        (beyond(&[2]), "it ends within a block"),
        (beyond(&[0x80]), "it ends within a block"),
        (beyond(&[2, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 10]), "more than 2 GiB"),
        (beyond(&[0xFF; 12]), "more than 64 bits"),
        (beyond(&[2, 2, 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]), "the mark of the file"),
        (whole[..whole.len() - 1].to_vec(), "it ends within a block"),
        (beyond(b"Obj\x01"), "a negative number"),
        (b"id,name\n1,Ann\n".to_vec(), "does not begin"),
    ] {
        let found = integers(bytes.clone());
        assert!(found.as_ref().is_err_and(|reason| reason.contains(expected)), "{expected}: {found:?}");
    }
}

#[test]
fn a_wrong_schema_or_codec_is_refused() {
    for (schema, codec, expected) in [
        ("\"int\"", "null", "no records"),
        (r#""int"}, {"x": 1"#, "null", "no JSON"),
        ("", "null", "no JSON"),
        (INT, "lz4", "packed by `lz4`"),
    ] {
        let found = integers([header(schema, codec), block(1, &[10])].concat());
        assert!(found.as_ref().is_err_and(|reason| reason.contains(expected)), "{schema} {codec}: {found:?}");
    }
    for codec in ["deflate", "snappy", "zstandard", "bzip2", "xz"] {
        let found = integers([header(INT, codec), block(1, &[10])].concat());
        assert!(found.is_err(), "{codec}: {found:?}");
    }
}

/// Files that the library's writer made of the integers below 100, in two blocks.
#[test]
fn blocks_are_unpacked_whatever_packs_them() {
    let values: Vec<i32> = (0..100).chain(0..100).collect();
    for bytes in [
        include_bytes!("packed/null.avro").as_slice(),
        include_bytes!("packed/deflate.avro"),
        include_bytes!("packed/snappy.avro"),
        include_bytes!("packed/zstandard.avro"),
        include_bytes!("packed/bzip2.avro"),
        include_bytes!("packed/xz.avro"),
    ] {
        assert_eq!(integers(bytes.to_vec()).as_ref(), Ok(&values));
    }
}

#[test]
fn types_of_fields_are_those_of_the_schema() {
    let schema = r#"{"type":"record","name":"a.b.Order","fields":[
        {"name":"id","type":{"type":"string","logicalType":"uuid"}},
        {"name":"day","type":["null",{"type":"int","logicalType":"date"}]},
        {"name":"who","type":{"type":"record","name":"Person","fields":[{"name":"x","type":"long"}]}},
        {"name":"again","type":["null","Person"]}]}"#;
    let (found, _) = open("k", Box::new(Cursor::new(header(schema, "null"))), 10).unwrap();
    let types: Vec<String> = found.fields().iter().map(|field| format!("{} {}", field.name(), field.is_nullable())).collect();
    assert_eq!(types, ["id false", "day true", "who false", "again true"]);
    assert_eq!((found.field(1).data_type(), found.field(3).data_type()), (&DataType::Date32, found.field(2).data_type()));
}
