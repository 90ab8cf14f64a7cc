use super::*;
use serde_json::Value;

fn see(shape: &mut Shape, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(_) => shape.see_boolean(),
        Value::Number(number) => shape.see_number(number.to_string().as_bytes()),
        Value::String(_) => shape.see_text(),
        Value::Array(items) => {
            let place = shape.see_array();
            for item in items {
                see(place, item);
            }
        }
        Value::Object(members) => {
            let mut places = shape.see_object();
            members.iter().for_each(|(name, value)| see(places.member(name), value));
        }
    }
}

fn shape(values: &[&str]) -> Shape {
    let mut shape = Shape::default();
    for value in values {
        see(&mut shape, &serde_json::from_str(value).unwrap());
    }
    shape
}

fn fresh(values: &[&str]) -> String {
    shape(values).fresh(NamingRule::Camel).map_or_else(String::new, |ty| ty.to_string())
}

#[test]
fn objects_that_are_no_structs_are_found_with_the_reason() {
    let flat = |naming: NamingRule, values: &[&str]| {
        let shape = shape(values);
        let (ty, mut found) = (shape.fresh(naming).unwrap(), Vec::new());
        shape.flat(&ty, naming, "o", &mut found);
        found.into_iter().map(|flat| (flat.path, flat.is_text, flat.reason)).collect::<Vec<_>>()
    };
    let unnamed = |path: &str, member: &str, by_unicode| {
        (path.to_owned(), true, FlatReason::Unnamed { member: member.to_owned(), by_unicode })
    };
    assert_eq!(flat(NamingRule::Words, &[r#"{"日本":1}"#]), [unnamed("o", "日本", true)]);
    assert_eq!(flat(NamingRule::Unicode, &[r#"{"日本":1}"#]), []);
    assert_eq!(flat(NamingRule::Unicode, &[r#"{"":1}"#]), [unnamed("o", "", false)]);
    assert_eq!(flat(NamingRule::Words, &[r#"{"a":[{"b":{"é":1}}]}"#]), [unnamed("o.a.b", "é", true)]);
    assert_eq!(flat(NamingRule::Words, &[r#"{"日本":1}"#, r#""x""#]), [], "text for another reason");
    let alike = FlatReason::Alike { first: "_id".into(), second: "_ID".into() };
    assert_eq!(flat(NamingRule::Words, &[r#"{"_id":1,"_ID":2}"#]), [("o".to_owned(), true, alike)]);
    let members: Vec<String> = (0..=MOST_FIELDS).map(|i| format!(r#""m{i}":1"#)).collect();
    let many = format!("{{{}}}", members.join(","));
    assert_eq!(flat(NamingRule::Words, &[&many]), [("o".to_owned(), true, FlatReason::TooMany)]);
    let mut shape = Shape::default();
    see(&mut shape, &serde_json::from_str(r#"{"a":1,"é":2,"ü":null}"#).unwrap());
    let mut found = Vec::new();
    shape.flat(&"struct<a:bigint>".parse().unwrap(), NamingRule::Words, "o", &mut found);
    assert_eq!(found.len(), 1);
    assert!(!found[0].is_text, "a member of a known struct");
}

#[test]
fn a_text_that_is_no_document_counts_only_where_there_is_none() {
    let mut shape = Shape::default();
    shape.see_stray();
    assert_eq!(shape.fresh(NamingRule::Words), Some(ColumnType::String));
    see(&mut shape, &serde_json::json!({"a": [1]}));
    assert_eq!(shape.fresh(NamingRule::Words).unwrap().to_string(), "struct<a:array<bigint>>");
    let mut empty = Shape::default();
    empty.see_object();
    assert_eq!(empty.fresh(NamingRule::Words), None);
    empty.see_stray();
    assert_eq!(empty.fresh(NamingRule::Words), Some(ColumnType::String));
}

#[test]
fn kinds_are_kept_and_mixtures_are_text() {
    for (values, ty) in [
        (&["1", "null"][..], "bigint"),
        (&["1", "1.5"], "double"),
        (&["true"], "boolean"),
        (&["\"1\""], "string"),
        (&["1", "\"1\""], "string"),
        (&["1", "true"], "string"),
        (&["9223372036854775808"], "string"),
        (&["9007199254740993", "1.5"], "string"),
        (&["null"], ""),
        (&["[]", "{}"], ""),
        (&["[]", "{\"a\": 1}"], "struct<a:bigint>"),
        (&["[1]", "{\"a\": 1}"], "string"),
        (&["[]"], ""),
        (&["{}"], ""),
        (&["[1]", "[2.5, null]"], "array<double>"),
        (&["[1]", "[\"x\"]"], "array<string>"),
        (
            &["{\"aB\": 1}", "{\"c\": [{}], \"d\": [{\"e\": null}, {\"e\": true}]}"],
            "struct<a_b:bigint,d:array<struct<e:boolean>>>",
        ),
        (&["{\"a\": 1}", "7"], "string"),
        (&["{\"é\": 1}"], "string"),
        (&["{\"a b\": 1, \"aB\": 1}"], "struct<a_x0020_b:bigint,ab:bigint>"),
        (&["{\"_id\": \"x\", \"id\": 1}"], "struct<_id:string,id:bigint>"),
        (&["{\"Osv\": 1}", "{\"osv\": \"x\"}", "{\"OSV\": null}"], "struct<osv:string>"),
    ] {
        assert_eq!(fresh(values), ty, "{values:?}");
    }
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    assert!(fresh(&[&deep]).ends_with("array<string>>>>>>>>>>>>>>>>>>>>>>>>"), "{}", fresh(&[&deep]));
}

#[test]
fn objects_are_text_where_they_are_too_deep() {
    let nested = |depth| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(fresh(&[&nested(DEEPEST)]).ends_with("a:bigint>>>>>>>>>>>>>>>>>>>>>>>>"));
    let too_deep = fresh(&[&nested(DEEPEST + 1)]);
    assert_eq!((too_deep.matches("struct<").count(), too_deep.contains("a:string>>")), (DEEPEST, true), "{too_deep}");
}

#[test]
fn as_many_members_as_a_struct_has_and_one_more() {
    let object = |count: usize| {
        let members: Vec<String> = (0..count).map(|i| format!("\"m{i}\":1")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert_eq!(fresh(&[&object(MOST_FIELDS)]).matches(":bigint").count(), MOST_FIELDS);
    for too_many in [&[object(MOST_FIELDS + 1)][..], &[object(MOST_FIELDS), "{\"other\":1}".to_owned()]] {
        assert_eq!(fresh(&too_many.iter().map(String::as_str).collect::<Vec<_>>()), "string");
    }
    // However many more there are, they take no more room.
    let Some(objects) = &shape(&[&object(MOST_FIELDS * 2)]).object else { panic!("no object") };
    assert_eq!((objects.members.len(), objects.seen.len()), (MOST_FIELDS + 2, MOST_FIELDS + 2));
    let known: ColumnType = "struct<m0:int,old:int>".parse().unwrap();
    let ColumnType::Struct(fields) = shape(&[&object(MOST_FIELDS)]).grown(&known, NamingRule::Words, &SourceNames::default(), "")
    else {
        panic!("no struct")
    };
    assert_eq!((fields.len(), fields[1].name.as_str()), (MOST_FIELDS, "old"));
}

#[test]
fn objects_whose_names_are_data_are_maps() {
    let keyed = |objects: usize, keys: usize| {
        let object = |i: usize| {
            let members: Vec<String> = (i * keys..(i + 1) * keys).map(|key| format!("\"sku{key}\":{key}")).collect();
            format!("{{{}}}", members.join(","))
        };
        (0..objects).map(object).collect::<Vec<_>>()
    };
    let fresh = |objects: &[String]| fresh(&objects.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(fresh(&keyed(90, 10)), "map<string,bigint>");
    assert_eq!(fresh(&keyed(700, 3)), "map<string,bigint>");
    assert!(fresh(&keyed(4, 10)).starts_with("struct<"), "four objects tell little");
    assert!(fresh(&keyed(6, 3)).starts_with("struct<"), "few names are fields");
    // Many fields that most objects have, and some that few have.
    let wide = |i: usize| {
        let members: Vec<String> = (0..500).map(|field| format!("\"f{field}\":1")).collect();
        format!("{{{},\"rare{i}\":\"x\"}}", members.join(","))
    };
    assert!(fresh(&(0..100).map(wide).collect::<Vec<_>>()).starts_with("struct<f0:bigint"));
    let mixed: Vec<String> = (0..50).map(|i| format!("{{\"a{i}\":{i},\"b{i}\":\"x\"}}")).collect();
    assert_eq!(fresh(&mixed), "map<string,string>");
    let nested: Vec<String> = (0..50).map(|i| format!("{{\"k{i}\":{{\"price\":{i}.5}}}}")).collect();
    assert_eq!(fresh(&nested), "map<string,struct<price:double>>");
}

#[test]
fn members_are_remembered_where_they_are_unusual() {
    let (seen, mut names) = (shape(&["{\"_id\": 1, \"l\": [{\"@x\": 2, \"y\": 3}]}"]), SourceNames::default());
    let ty = seen.fresh(NamingRule::Words).unwrap();
    assert_eq!(ty.to_string(), "struct<id:bigint,l:array<struct<x:bigint,y:bigint>>>");
    seen.tell_names(&ty, NamingRule::Words, &mut names, "o");
    assert_eq!(names.to_text(), r#"{"unusual":{"o.id":"_id","o.l.x":"@x"}}"#);
    assert_eq!(seen.grown(&ty, NamingRule::Words, &names, "o"), ty);
    let other = shape(&["{\"id\": \"a\", \"l\": [{\"x\": true}]}"]).grown(&ty, NamingRule::Words, &names, "o");
    assert_eq!(other.to_string(), "struct<id:bigint,l:array<struct<x:bigint,y:bigint>>>");
    let both = shape(&["{\"_id\": 1}", "{\"$id\": 1}"]).grown(&ty, NamingRule::Words, &names, "o").to_string();
    assert!(both.contains(",$id:bigint"), "{both}");
}

#[test]
fn a_known_struct_grows_at_its_end_and_nothing_of_it_changes() {
    for (ty, values, grown) in [
        ("struct<a:int>", &["{\"b\": 1, \"a\": 2}"][..], "struct<a:int,b:bigint>"),
        ("struct<postcode:string>", &["{\"postCode\": 1}"], "struct<postcode:string>"),
        ("struct<higher_d_f_a:int>", &["{\"higherDFA\": 1}"], "struct<higher_d_f_a:int>"),
        ("array<struct<a:struct<x:int>>>", &["[{\"a\": {\"y\": \"\"}}]"], "array<struct<a:struct<x:int,y:string>>>"),
        ("map<string,struct<a:int>>", &["{\"k\": {\"b\": true}}"], "map<string,struct<a:int,b:boolean>>"),
        ("struct<a:int>", &["[1]", "7", "{\"b\": null, \"c\": []}"], "struct<a:int>"),
        ("int", &["{\"b\": 1}"], "int"),
        ("struct<a:int>", &["{\"a\": {\"b\": 1}}"], "struct<a:int>"),
        ("struct<id:int>", &["{\"_id\": \"x\", \"id\": 1}"], "struct<id:int,_id:string>"),
        ("struct<id:int>", &["{\"_id\": 1}"], "struct<id:int,_id:bigint>"),
    ] {
        let found = shape(values).grown(&ty.parse().unwrap(), NamingRule::Camel, &SourceNames::default(), "");
        assert_eq!(found.to_string(), grown, "{values:?}");
    }
}
