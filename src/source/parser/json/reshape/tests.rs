use super::super::path::parse_path;
use super::super::scan;
use super::*;

fn reshape(path: &str, envelope: &[(&str, &str)], unwrap: Option<Unwrap>) -> Reshape {
    Reshape {
        path: if path.is_empty() { Vec::new() } else { parse_path(path).unwrap() },
        envelope: envelope
            .iter()
            .map(|(name, path)| ((*name).to_owned(), path.split('.').map(str::to_owned).collect()))
            .collect(),
        unwrap,
        ..Reshape::default()
    }
}

fn records(reshape: &Reshape, text: &str) -> Result<Vec<String>, &'static str> {
    let (mut out, mut marks) = (b"x".to_vec(), Marks::default());
    let found = reshape.records(text.as_bytes(), 0, &mut out, &mut marks)?;
    let record = |record: &Reshaped| {
        let at = record.record?;
        let end = scan::object(&out, at, &mut |_| {}).unwrap();
        Ok(String::from_utf8(out[at..end].to_vec()).unwrap())
    };
    found.iter().map(record).collect()
}

/// Returns each record, or the reason for a bad one with its text.
fn each(reshape: &Reshape, text: &str) -> Vec<String> {
    let (mut out, mut marks) = (Vec::new(), Marks::default());
    let found = reshape.records(text.as_bytes(), 0, &mut out, &mut marks).unwrap();
    let record = |record: &Reshaped| match record.record {
        Ok(at) => String::from_utf8(out[at..scan::object(&out, at, &mut |_| {}).unwrap()].to_vec()).unwrap(),
        Err(reason) => format!("{reason}: {}", &text[record.source.0..record.source.1]),
    };
    found.iter().map(record).collect()
}

#[test]
fn records_stand_below_a_path() {
    let text = r#"{"Records":[{"d":{"NewImage":{"id":1}}},{"d":{"NewImage":{"id":2},"x":[]}}],"Records2":[]}"#;
    assert_eq!(records(&reshape("Records[*].d.NewImage", &[], None), text).unwrap(), [r#"{"id":1}"#, r#"{"id":2}"#]);
    assert_eq!(records(&reshape("a", &[], None), r#"{"a":[{"id":1},{}]}"#).unwrap(), [r#"{"id":1}"#, "{}"]);
    assert_eq!(records(&reshape("a[*].b[*]", &[], None), r#"{"a":[{"b":[{"x":1}]},{"b":[{"x":2},{"x":3}]}]}"#).unwrap().len(), 3);
    assert_eq!(records(&reshape("a", &[], None), r#"{"a":[]}"#), Ok(vec![]));
    let lacks_one = r#"{"a":[{"b":{"id":1}},{"c":0}]}"#;
    assert_eq!(records(&reshape("a[*].b", &[], None), lacks_one), Err(NO_RECORD));
    for (text, reason) in [(r#"{"b":1}"#, NO_RECORD), (r#"{"a":null}"#, NO_RECORD), (r#"{"a":[1]}"#, NOT_AN_OBJECT)] {
        assert_eq!(records(&reshape("a", &[], None), text), Err(reason), "{text}");
    }
    let lenient = Reshape { may_lack_records: true, ..reshape("a", &[], None) };
    assert_eq!(records(&lenient, r#"{"b":1}"#), Ok(vec![]));
}

#[test]
fn an_item_without_a_record_leaves_the_others_of_its_document() {
    let around = reshape("Records[*].new", &[("region", "region")], None);
    let text =
        r#"{"Records":[{"new":{"id":1}},{"old":0},{"new":7},{"new":{"id":2},"new":{}},3,{"new":null},{"new":{}}],"region":1}"#;
    let good = [r#"{"region":1,"id":1}"#, r#"{"region":1}"#].map(str::to_owned);
    let flaws = [
        "it has no record at the path of `records`: {\"old\":0}",
        "its record is no object: 7",
        "a name stands twice: {\"new\":{\"id\":2},\"new\":{}}",
        "it has neither an object nor an array where the path of its records leads: 3",
        "it has no record at the path of `records`: {\"new\":null}",
    ];
    let expected: Vec<String> = [&good[..1], &flaws.map(str::to_owned), &good[1..]].into_iter().flatten().cloned().collect();
    assert_eq!(each(&around, text), expected);
    let skipping = Reshape { may_lack_records: true, ..around };
    assert_eq!(each(&skipping, text), [&expected[..1], &expected[2..5], &expected[6..]].concat());
}

#[test]
fn an_object_in_place_of_an_array_is_its_only_item() {
    let skipping = Reshape { may_lack_records: true, ..reshape("Records[*].new", &[("region", "region")], None) };
    let text = r#"{"Records":{"new":{"id":1}},"region":"eu"}"#;
    assert_eq!(each(&skipping, text), [r#"{"region":"eu","id":1}"#]);
    let items = items("items[*].d", &[("id", "id")], None);
    assert_eq!(each(&items, r#"{"id":7,"items":{"d":{"x":1}}}"#), [r#"{"id":7,"n":1,"x":1}"#]);
    let without = Reshape { part: Part::Without(vec![parse_path("items[*].d").unwrap()]), ..Reshape::default() };
    assert_eq!(each(&without, r#"{"id":7,"items":{"d":{"x":1},"e":2}}"#), [r#"{"id":7,"items":{"e":2}}"#]);
}

#[test]
fn a_name_that_stands_twice_on_a_path_makes_its_record_bad() {
    let around = reshape("Records", &[("region", "region")], None);
    for text in
        [r#"{"Records":[{"id":1}],"region":"eu","region":"us"}"#, r#"{"Records":[{"id":1}],"Records":[{"id":2}],"region":"eu"}"#]
    {
        assert_eq!(records(&around, text), Err(TWICE), "{text}");
    }
    let text = r#"{"id":1,"items":[{"x":1}],"items":[{"x":2}]}"#;
    assert_eq!(records(&items("items", &[("id", "id")], None), text), Err(TWICE));
    assert_eq!(records(&items("items", &[("id", "id")], None), r#"{"id":1,"id":2,"items":[{}]}"#), Err(TWICE));
    let without = Reshape { part: Part::Without(vec![parse_path("items").unwrap()]), ..Reshape::default() };
    assert_eq!(records(&without, text), Err(TWICE));
}

#[test]
fn positions_are_those_in_an_items_own_array() {
    let text = r#"{"id":7,"items":[{"d":[{"x":1},{"x":2}]},{"d":[{"x":3}]},{"d":[]}]}"#;
    let of = |path: &str| each(&items(path, &[("id", "id")], None), text);
    assert_eq!(of("items[*].d"), [r#"{"id":7,"n":1,"x":1}"#, r#"{"id":7,"n":2,"x":2}"#, r#"{"id":7,"n":1,"x":3}"#]);
    assert_eq!(of("items[*]")[2], r#"{"id":7,"n":3,"d":[]}"#);
}

#[test]
fn documents_in_texts_are_read_before_their_arrays() {
    let documents = vec![parse_path("o.p").unwrap(), parse_path("o.p.items[*].d").unwrap()];
    let text = r#"{"id":7,"o":{"p":"{\"items\":[{\"x\":1}]}"}}"#;
    let whole = Reshape { documents: documents.clone(), ..Reshape::default() };
    assert_eq!(each(&whole, text), [r#"{"id":7,"o":{"p":{"items":[{"x":1}]}}}"#]);
    let items = Reshape { documents, ..items("o.p.items", &[("id", "id")], None) };
    assert_eq!(each(&items, text), [r#"{"id":7,"n":1,"x":1}"#]);
}

#[test]
fn records_get_values_of_the_document_around_them() {
    let around = reshape("Records", &[("region", "region"), ("batch \"x\"", "meta.id"), ("none", "no.no")], None);
    let text = r#"{"Records":[{"id":1},{ }],"region":"e\u0075","meta":{"id":7}}"#;
    assert_eq!(
        records(&around, text).unwrap(),
        [r#"{"region":"e\u0075","batch \"x\"":7,"none":null,"id":1}"#, r#"{"region":"e\u0075","batch \"x\"":7,"none":null}"#]
    );
}

/// Returns the reshaping of the items of an array, with their keys.
fn items(path: &str, keys: &[(&str, &str)], unwrap: Option<Unwrap>) -> Reshape {
    let items = Items { reshape: reshape(path, keys, None), position: Some("n".to_owned()) };
    Reshape { part: Part::Items(Box::new(items)), ..reshape("", &[], unwrap) }
}

#[test]
fn items_of_arrays_are_records_of_their_own() {
    let text = r#"{"id":7,"o":{"items":[{"sku":"a\"b"},{},5,"x",null]},"e":[]}"#;
    let of = |path: &str, keys: &[(&str, &str)]| records(&items(path, keys, None), text);
    assert_eq!(
        of("o.items", &[("order_id", "id")]).unwrap(),
        [
            r#"{"order_id":7,"n":1,"sku":"a\"b"}"#,
            r#"{"order_id":7,"n":2}"#,
            r#"{"order_id":7,"n":3,"value":5}"#,
            r#"{"order_id":7,"n":4,"value":"x"}"#,
            r#"{"order_id":7,"n":5,"value":null}"#
        ]
    );
    assert_eq!(of("o.items", &[("k", "no")]), Err(WITHOUT_KEY));
    for none in ["e", "no", "o.no", "id.items"] {
        assert_eq!(of(none, &[("k", "no")]).map(|found| found.len()), Ok(0), "{none}");
    }
    let dynamo = r#"{"id":{"N":"7"},"items":{"L":[{"M":{"sku":{"S":"a"}}}]}}"#;
    let found = records(&items("items", &[("id", "id")], Some(Unwrap::Dynamodb)), dynamo);
    assert_eq!(found.unwrap(), [r#"{"id":7,"n":1,"sku":"a"}"#]);
}

#[test]
fn records_are_left_without_the_arrays_of_other_tables() {
    let of = |paths: &[&str], text: &str| {
        let paths = paths.iter().map(|path| parse_path(path).unwrap()).collect();
        records(&Reshape { part: Part::Without(paths), ..reshape("", &[], None) }, text).unwrap()
    };
    let text = r#"{"id":1, "items":[{"x":[1],"y":2},3], "o":{"items":[0],"b\"":"c"}}"#;
    assert_eq!(of(&["items"], text), [r#"{"id":1,"o":{"items":[0],"b\"":"c"}}"#]);
    assert_eq!(of(&["items[*].x", "o.items"], text), [r#"{"id":1,"items":[{"y":2},3],"o":{"b\"":"c"}}"#]);
    assert_eq!(of(&["no", "id.x"], text), [r#"{"id":1,"items":[{"x":[1],"y":2},3],"o":{"items":[0],"b\"":"c"}}"#]);
    assert_eq!(of(&["id", "items", "o"], text), ["{}"]);
}

#[test]
fn marks_go_with_their_values() {
    let mongo = r#"{"at":{"$date":"2024-05-01T10:00:00Z"},"items":[{"on":{"$date":"2024-05-02T10:00:00Z"}}]}"#;
    let all = items("items", &[("at", "at")], Some(Unwrap::MongoExtended));
    let (mut out, mut marks) = (b"x".to_vec(), Marks::default());
    all.records(mongo.as_bytes(), 0, &mut out, &mut marks).unwrap();
    let text = String::from_utf8(out).unwrap();
    for date in ["2024-05-01", "2024-05-02"] {
        assert!(marks.is_instant(text.find(date).unwrap()), "{date} in {text}");
    }
}

#[test]
fn wrapped_values_become_plain() {
    let text = r#"{"at":{"N":"7"},"NewImage":{"S":{"S":"x"},"n":{"N":"1"}}}"#;
    let all = reshape("NewImage", &[("at", "at")], Some(Unwrap::Dynamodb));
    assert_eq!(records(&all, text).unwrap(), [r#"{"at":7,"S":"x","n":1}"#]);
    let mongo = reshape("", &[], Some(Unwrap::MongoExtended));
    assert_eq!(records(&mongo, r#"{"_id":{"$oid":"a"}}"#).unwrap(), [r#"{"_id":"a"}"#]);
    assert_eq!(records(&mongo, r#"{"$oid":"a"}"#).unwrap(), [r#"{"$oid":"a"}"#]);
}
