use super::*;
use proptest::prelude::*;

/// Reads the whole text as one value, with only space around it.
fn whole(text: &str) -> Result<Value, Flaw> {
    let padded = format!("{text} ");
    let (value, end) = value(padded.as_bytes(), skip_space(padded.as_bytes(), 0))?;
    if skip_space(padded.as_bytes(), end) == padded.len() { Ok(value) } else { Err(Flaw::Broken("more")) }
}

#[test]
fn values_are_places_in_their_text() {
    let text = br#" {"a\n": -1.50e+2, "b": [true, {"c": "x\"y"}], "": null} "#;
    let mut members = Vec::new();
    let end = object(text, 1, &mut |member| members.push((member.name.text(text), member.value.text(text)))).unwrap();
    assert_eq!(end, text.len() - 1);
    let expected: [(&[u8], &[u8]); 3] = [(br"a\n", b"-1.50e+2"), (b"b", br#"[true, {"c": "x\"y"}]"#), (b"", b"null")];
    assert_eq!(members, expected);
}

#[test]
fn a_likely_name_changes_nothing() {
    for text in [r#"{"ab":1,"a\u0062" : "x","a":{},"abc":[]}"#, "{}", r#"{"ab" :1}"#, r#"{"ab""#, r#"{"ab"1}"#, "{ab:1}"] {
        let walked = |likely: &[u8]| {
            let mut walk = Walk::begin(text.as_bytes(), 0)?;
            let mut found = Vec::new();
            while let Some(NextName { name, value: at, .. }) = walk.next(likely)? {
                found.push((name, at));
                walk.pass(value(text.as_bytes(), at)?.1)?;
            }
            Ok::<_, Flaw>((found, walk.end()))
        };
        let mut found = Vec::new();
        let end = members(text.as_bytes(), 0, &mut |name, at| {
            found.push((name, at));
            value(text.as_bytes(), at).map(|(_, end)| end)
        });
        for likely in [&b""[..], b"ab", b"a", b"abc", b"x"] {
            assert_eq!(walked(likely), end.map(|end| (found.clone(), end)), "{text}");
        }
    }
}

#[test]
fn every_special_byte_ends_a_plain_piece() {
    for byte in 0..=u8::MAX {
        for at in 0..24 {
            let mut text = *b"plain \xC3\xA9 text of 24 byte";
            text[at] = byte;
            let expected = text.iter().position(|byte| SPECIAL[usize::from(*byte)]);
            assert_eq!(plain_bytes(&text), expected, "{byte} at {at}");
        }
    }
}

#[test]
fn every_beginning_of_a_value_is_incomplete() {
    let text = r#"{"a":[1.5e-3,"\u00e9\ud83e\udd80",true,null,{}]}"#;
    for end in 0..text.len() {
        assert_eq!(value(&text.as_bytes()[..end], 0), Err(Flaw::Incomplete), "{}", &text[..end]);
    }
    assert!(value(text.as_bytes(), 0).is_ok());
}

#[test]
fn numbers_that_are_none_are_numbers() {
    for text in ["NaN", "Infinity", "-Infinity", "[NaN,-Infinity]"] {
        assert!(whole(text).is_ok(), "{text}");
    }
}

#[test]
fn what_is_no_json_is_broken() {
    for text in [
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "-",
        "NAN",
        "nul",
        "True",
        "'a'",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00x\"",
        "\"a\nb\"",
        "{a:1}",
        "{\"a\" 1}",
        "{\"a\":1,}",
        "{,}",
        "[1,]",
        "[1 2]",
        "[}",
        "1x",
        "{\"a\":1 \"b\":2}",
    ] {
        assert!(matches!(whole(text), Err(Flaw::Broken(_))), "{text}");
    }
    assert!(matches!(whole(&"[".repeat(100_000)), Err(Flaw::Broken(_))));
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_another_writer_wrote_is_one_value(json in json(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&json).unwrap() } else { json.to_string() };
        prop_assert!(whole(&text).is_ok(), "{}", text);
    }

    /// The other parser takes and refuses the same texts.
    #[test]
    fn it_agrees_with_another_parser(text in r#"[\[\]{}",:\\ 01etrufalsn.\-\n]{0,24}"#) {
        let is_json = serde_json::from_str::<serde_json::Value>(&text).is_ok() || is_out_of_range(&text);
        prop_assert_eq!(whole(&text).is_ok(), is_json, "{}", text);
    }

    #[test]
    fn a_text_means_what_another_parser_reads(text in r#"([a-zé🦀 ]|\\["\\/bfnrt]|\\u00[4-7][0-9a-f]|\\ud83[d-e]\\udd[89a-f][0-9a-f]){0,12}"#) {
        let quoted = format!("\"{text}\"");
        let found = whole(&quoted).unwrap();
        let meant: String = serde_json::from_str(&quoted).unwrap();
        prop_assert_eq!(found.meaning(quoted.as_bytes()), meant);
    }
}

/// The other parser refuses numbers that a double can't hold; here they are texts.
fn is_out_of_range(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_err_and(|error| error.to_string().contains("number out of range"))
}
