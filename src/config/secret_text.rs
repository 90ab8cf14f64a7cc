//! Parser of a secret's text: JSON, or a Python literal, which the replaced job's secrets may be written in.

use py_literal::Value as Python;
use serde_json::{Map, Number, Value};

/// Parses the text as JSON, else as a Python literal. Returns `None` if it is neither.
pub(super) fn parse(text: &str) -> Option<Value> {
    // The library reads literals of one line. Between brackets a line's end is a space, and inside a quoted text there is none.
    serde_json::from_str(text).ok().or_else(|| json(text.trim().replace(['\n', '\r'], " ").parse().ok()?))
}

/// Converts a Python value to JSON. Returns `None` for values that JSON lacks: bytes, complex numbers, keys that are not texts.
fn json(python: Python) -> Option<Value> {
    let list = |items: Vec<Python>| items.into_iter().map(json).collect::<Option<Vec<_>>>().map(Value::Array);
    match python {
        Python::String(text) => Some(Value::String(text)),
        Python::Boolean(truth) => Some(Value::Bool(truth)),
        Python::None => Some(Value::Null),
        Python::Integer(number) => Some(Value::Number(number.to_string().parse::<Number>().ok()?)),
        Python::Float(number) => Number::from_f64(number).map(Value::Number),
        Python::Tuple(items) | Python::List(items) | Python::Set(items) => list(items),
        Python::Dict(entries) => {
            let entries = entries.into_iter().map(|(key, value)| match key {
                Python::String(key) => Some((key, json(value)?)),
                _ => None,
            });
            entries.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        Python::Bytes(_) | Python::Complex(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_and_python_mean_the_same() {
        let value = json!({"collections": {"vacancy": ["bids", "it's"]}, "n": 7, "x": 1.5, "on": true, "off": null});
        let python = r#"{'collections': {'vacancy': ['bids', "it's"]}, 'n': 7, 'x': 1.5, 'on': True, 'off': None,}"#;
        assert_eq!(parse(&value.to_string()), Some(value.clone()));
        assert_eq!(parse(&python.replace(", ", ",\n    ")), Some(value.clone()));
        assert_eq!(parse(python), Some(value));
        assert_eq!(parse("(1, 2)"), Some(json!([1, 2])));
        for wrong in ["{'a': true}", "{1: 2}", "plain text", "__import__('os')", ""] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn keys_keep_their_order() {
        let columns = parse("{'z': 'string', 'a': 'bigint', 'm': 'date'}").unwrap();
        assert_eq!(columns.as_object().unwrap().keys().collect::<Vec<_>>(), ["z", "a", "m"]);
    }
}
