//! References in string leaves: `${env:NAME}` and `${secret:NAME#path}`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::AwsSettings;
use crate::secrets::{SecretError, SecretPlace};

use super::secret_text;

/// Resolver of references to values outside the files.
pub trait ReferenceResolver {
    /// Returns the value of an environment variable.
    fn variable(&self, name: &str) -> Option<String>;

    /// Reads the text of a secret, with the AWS settings of the profile that names it.
    ///
    /// # Errors
    /// The secret does not exist or can't be read.
    fn secret(&self, place: &SecretPlace, profile: &str, aws: &AwsSettings) -> Result<String, SecretError>;
}

/// A reference that can't be resolved: its path and the reason.
#[derive(Debug)]
pub(super) struct BadReference {
    pub(super) path: String,
    pub(super) reason: Reason,
}

/// Reason why a reference can't be resolved.
#[derive(Debug)]
pub(super) enum Reason {
    /// The reference is malformed, or its target does not exist.
    Wrong(String),
    /// The secret can't be read.
    Secret { name: String, error: SecretError },
}

impl From<String> for Reason {
    fn from(reason: String) -> Self {
        Self::Wrong(reason)
    }
}

/// Resolver of references.
pub(super) struct References<'a> {
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    /// Returns the text of the profile's secret with that name.
    pub(super) secret: &'a dyn Fn(&str) -> Result<String, Reason>,
}

/// Paths of the leaves that a secret was filled into, with their references. Errors in them are reported without their values.
pub(super) type SecretLeaves = BTreeMap<String, String>;

impl References<'_> {
    /// Resolves the references in the strings below `value`. Inserted text is not searched for references again. A string that is
    /// nothing but one reference to a part of a secret becomes that part, even a list or a map.
    pub(super) fn fill(&self, value: &mut Value, path: &str) -> Result<SecretLeaves, BadReference> {
        let mut secrets = SecretLeaves::new();
        self.fill_below(value, path, &mut secrets)?;
        Ok(secrets)
    }

    fn fill_below(&self, value: &mut Value, path: &str, secrets: &mut SecretLeaves) -> Result<(), BadReference> {
        match value {
            Value::String(text) => {
                if text.contains("${secret:") {
                    secrets.insert(path.trim_start_matches('.').to_owned(), text.clone());
                }
                *value = self.filled(text).map_err(|reason| BadReference { path: path.to_owned(), reason })?;
                Ok(())
            }
            Value::Array(items) => {
                let mut items = items.iter_mut().enumerate();
                items.try_for_each(|(i, item)| self.fill_below(item, &format!("{path}[{i}]"), secrets))
            }
            Value::Object(map) => {
                map.iter_mut().try_for_each(|(key, item)| self.fill_below(item, &format!("{path}.{key}"), secrets))
            }
            _ => Ok(()),
        }
    }

    fn filled(&self, text: &str) -> Result<Value, Reason> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            out.push_str(&rest[..start]);
            let end = rest[start..].find('}').ok_or_else(|| "a `${` is not closed".to_owned())? + start;
            let reference = &rest[start + 2..end];
            let value = self.value(reference)?;
            if start == 0 && out.is_empty() && end + 1 == text.len() {
                return Ok(value);
            }
            match value {
                Value::String(text) => out.push_str(&text),
                Value::Number(_) | Value::Bool(_) => out.push_str(&value.to_string()),
                _ => return Err(format!("`${{{reference}}}` gives no single text, and stands in the middle of one").into()),
            }
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Ok(Value::String(out))
    }

    fn value(&self, reference: &str) -> Result<Value, Reason> {
        let (kind, name) = reference.split_once(':').unwrap_or((reference, ""));
        match kind {
            "env" => {
                let value = (self.env)(name).ok_or_else(|| format!("the environment variable `{name}` is not set"))?;
                Ok(Value::String(value))
            }
            "secret" => {
                let (name, path) = name.split_once('#').unwrap_or((name, ""));
                let text = (self.secret)(name)?;
                if path.is_empty() { Ok(Value::String(text)) } else { part(name, &text, path) }
            }
            _ => {
                Err(format!("`${{{reference}}}` is no reference that adg knows; use `${{env:NAME}}` or `${{secret:NAME#path}}`")
                    .into())
            }
        }
    }
}

/// Returns the part of a secret at `path`: keys joined by dots. Errors show neither the secret's text nor its keys.
fn part(name: &str, text: &str, path: &str) -> Result<Value, Reason> {
    let whole = secret_text::parse(text)
        .ok_or_else(|| format!("the secret `{name}` is neither JSON nor a Python literal, so it has no part `{path}`"))?;
    let mut value = &whole;
    for key in path.split('.') {
        let next = match value {
            Value::Object(map) => map.get(key),
            Value::Array(items) => key.parse::<usize>().ok().and_then(|i| items.get(i)),
            _ => None,
        };
        value = next.ok_or_else(|| format!("the secret `{name}` has no part `{path}`: nothing is at `{key}`"))?;
    }
    Ok(value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fill(value: &mut Value) -> Result<SecretLeaves, (String, String)> {
        let env = |name: &str| (name == "ROOT").then(|| "/data/${env:ROOT}: {x".to_owned());
        let secret = |name: &str| match name {
            "kickstart" => Ok(r#"{"buckets": {"vacancy": "b"}, "names": ["a", "b"], "n": 7}"#.to_owned()),
            "plain" => Ok("p".to_owned()),
            _ => Err(Reason::Wrong(format!("there is no secret `{name}`"))),
        };
        References { env: &env, secret: &secret }.fill(value, "p").map_err(|bad| match bad.reason {
            Reason::Wrong(reason) => (bad.path, reason),
            Reason::Secret { error, .. } => (bad.path, error.to_string()),
        })
    }

    fn filled(mut value: Value) -> Value {
        fill(&mut value).unwrap();
        value
    }

    #[test]
    fn only_string_leaves_are_filled_and_only_once() {
        let value = json!({"${env:ROOT}": ["a${env:ROOT}b", 1, true]});
        assert_eq!(filled(value), json!({"${env:ROOT}": ["a/data/${env:ROOT}: {xb", 1, true]}));
    }

    #[test]
    fn a_part_of_a_secret_keeps_its_shape_where_it_stands_alone() {
        let value = json!(["s3://${secret:kickstart#buckets.vacancy}/x", "${secret:kickstart#names}", "${secret:plain}"]);
        assert_eq!(filled(value), json!(["s3://b/x", ["a", "b"], "p"]));
        assert_eq!(filled(json!(["${secret:kickstart#names.1}", "n=${secret:kickstart#n}"])), json!(["b", "n=7"]));
        let leaves = fill(&mut json!({"a": "x", "b": ["${secret:plain}"]})).unwrap();
        assert_eq!(leaves.keys().collect::<Vec<_>>(), ["p.b[0]"]);
    }

    #[test]
    fn a_reference_that_leads_nowhere_names_its_place_and_tells_no_secret() {
        let mut value = json!({"stores": [{"url": "${env:NOWHERE}"}]});
        let (path, reason) = fill(&mut value).unwrap_err();
        assert_eq!((path.as_str(), reason.as_str()), ("p.stores[0].url", "the environment variable `NOWHERE` is not set"));
        for wrong in [
            "${vault:x}",
            "${env",
            "${}",
            "${secret:other}",
            "${secret:plain#a}",
            "${secret:kickstart#a.b}",
            "x${secret:kickstart#names}",
        ] {
            let (_, reason) = fill(&mut json!(wrong)).unwrap_err();
            assert!(!reason.contains("buckets"), "{reason}");
        }
    }
}
