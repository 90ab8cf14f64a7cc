//! `${env:NAME}` in string leaves.

use serde_json::Value;

/// A reference that can't be filled in: where it stands, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadReference {
    pub(super) path: String,
    pub(super) reason: String,
}

/// Fills `${env:NAME}` into the strings below `value`. What is filled in is not looked at again.
pub(super) fn fill(value: &mut Value, path: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<(), BadReference> {
    match value {
        Value::String(text) => {
            *text = filled(text, env).map_err(|reason| BadReference { path: path.to_owned(), reason })?;
            Ok(())
        }
        Value::Array(items) => items.iter_mut().enumerate().try_for_each(|(i, item)| fill(item, &format!("{path}[{i}]"), env)),
        Value::Object(map) => map.iter_mut().try_for_each(|(key, item)| fill(item, &format!("{path}.{key}"), env)),
        _ => Ok(()),
    }
}

fn filled(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        out.push_str(&rest[..start]);
        let end = rest[start..].find('}').ok_or("a `${` is not closed")? + start;
        let reference = &rest[start + 2..end];
        let (kind, name) = reference.split_once(':').unwrap_or((reference, ""));
        match kind {
            "env" => out.push_str(&env(name).ok_or_else(|| format!("the environment variable `{name}` is not set"))?),
            _ => return Err(format!("`${{{reference}}}` is no reference that this version knows; use `${{env:NAME}}`")),
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn env(name: &str) -> Option<String> {
        (name == "ROOT").then(|| "/data/${env:ROOT}: {x".to_owned())
    }

    #[test]
    fn only_string_leaves_are_filled_and_only_once() {
        let mut value = json!({"${env:ROOT}": ["a${env:ROOT}b", 1, true]});
        fill(&mut value, "profiles", &env).unwrap();
        assert_eq!(value, json!({"${env:ROOT}": ["a/data/${env:ROOT}: {xb", 1, true]}));
    }

    #[test]
    fn a_reference_that_leads_nowhere_names_its_place() {
        let mut value = json!({"stores": [{"url": "${env:NOWHERE}"}]});
        let error = fill(&mut value, "local", &env).unwrap_err();
        assert_eq!(
            (error.path.as_str(), error.reason.as_str()),
            ("local.stores[0].url", "the environment variable `NOWHERE` is not set")
        );
        for wrong in ["${secret:x#y}", "${env", "${}"] {
            assert!(fill(&mut json!(wrong), "p", &env).is_err(), "{wrong}");
        }
    }
}
