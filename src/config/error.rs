//! Errors of the config files.

use std::io;

use crate::secrets::SecretError;

use super::explained::{explained, places};
use crate::identity::{ErrorKind, Explain, LoadType};

/// An error in the config files. Nothing was read from a source or written.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file does not exist or can't be read.
    #[error("failed to read the config file `{file}`")]
    Unreadable {
        /// The file.
        file: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A file is not valid YAML.
    #[error("the config file `{file}` is not valid YAML: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// Message of the parser, with the position.
        reason: String,
    },
    /// A key or value is invalid.
    #[error("the config file `{file}` is invalid at `{path}`: {}{}", in_words(.reason), suggestion(.path, .reason))]
    Invalid {
        /// The file.
        file: String,
        /// Path of keys to the value.
        path: String,
        /// Description of the error.
        reason: String,
    },
    /// A referenced secret can't be read.
    #[error("the config file `{file}` refers to a secret at `{path}`: failed to read the secret `{name}`")]
    Secret {
        /// The file.
        file: String,
        /// Path of keys to the value.
        path: String,
        /// Name of the secret in the profile.
        name: String,
        /// Reason why it can't be read.
        source: SecretError,
    },
    /// The file has no such profile.
    #[error("`{file}` has no profile `{profile}`; it has {known}")]
    NoProfile {
        /// The file.
        file: String,
        /// Name as requested.
        profile: String,
        /// Names of the existing profiles.
        known: String,
    },
    /// The module does not exist.
    #[error("unknown module `{module}`: `{file}` does not exist, and the built-in modules are {known}")]
    NoModule {
        /// Name as requested.
        module: String,
        /// Path of the module file.
        file: String,
        /// Names of the built-in modules.
        known: String,
    },
    /// The pipeline does not exist.
    #[error("unknown pipeline `{pipeline}`: `{file}` does not exist{}", others(.known))]
    NoPipeline {
        /// Name as requested.
        pipeline: String,
        /// Path of the pipeline file.
        file: String,
        /// Names of the existing pipelines.
        known: String,
    },
    /// The module has no such load.
    #[error("the module `{module}` has no load type `{load}`; it has {}", loads(.known))]
    NoLoadType {
        /// The module.
        module: String,
        /// Name as requested.
        load: LoadType,
        /// Load types of the module other than `full`.
        known: String,
    },
}

impl Explain for ConfigError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Secret { source, .. } => source.kind(),
            _ => ErrorKind::Config,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Syntax { .. } => Some(
                "write texts with `{`, `[`, `#`, `*`, `%` or `: ` in quotes, indent by spaces, and keys of one map alike"
                    .to_owned(),
            ),
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("name the file with `--config`, or run adg in the folder of `adg.yaml`".into())
            }
            Self::NoProfile { .. } => Some("choose one with `--profile` or ADG_PROFILE".into()),
            Self::NoModule { file, .. } => {
                Some(format!("check the name, or create `{file}`; `adg import` writes one from a table"))
            }
            Self::NoPipeline { .. } => Some("check the name, or write the file; docs/config.md has its keys".into()),
            Self::NoLoadType { .. } => Some("list it under `load_types` in the module file".into()),
            Self::Secret { source, .. } => source.hint(),
            Self::Invalid { .. } if self.to_string().contains(", expected a string") => {
                Some("write it in quotes: without them, words such as `no` and `null`, and numbers, are no texts in YAML".into())
            }
            Self::Invalid { path, .. } => {
                explained(path).or_else(|| Some("`adg schema` prints all keys; docs/config.md explains them".into()))
            }
            Self::Unreadable { .. } => None,
        }
    }
}

fn others(known: &str) -> String {
    if known.is_empty() { String::new() } else { format!("; there are {known}") }
}

fn loads(known: &str) -> String {
    if known.is_empty() { "full only".to_owned() } else { format!("full, {known}") }
}

/// Returns serde's message about a value in the words of YAML rather than those of Rust.
fn in_words(reason: &str) -> String {
    if reason.starts_with("data did not match any variant of untagged enum") {
        return "it has none of the forms that may stand there".to_owned();
    }
    let Some((found, expected)) = reason.split_once(", expected ").filter(|_| reason.starts_with("invalid ")) else {
        return reason.to_owned();
    };
    let found = found.replace("invalid type: sequence", "invalid type: list").replace("invalid type: null", "it is empty");
    let expected = match expected {
        "a sequence" => {
            let text = found.strip_prefix("invalid type: string ").map(|text| format!(": write `[{text}]`"));
            format!("a list{}", text.unwrap_or_default())
        }
        "a map" => "a map, such as `{ a: b }`".to_owned(),
        "string or map" => "a word".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        number if number.starts_with(['u', 'i']) && number[1..].parse::<u8>().is_ok() => {
            let least = if number.starts_with('u') { ", 0 or more" } else { "" };
            format!("a whole number{least}")
        }
        ty if ty.starts_with("struct ") => "a map of settings, such as `{ key: value }`".to_owned(),
        other => other.to_owned(),
    };
    format!("{found}, expected {expected}")
}

/// Suggests the nearest valid word if `reason` is serde's message about an unknown one, which lists all valid words in backticks;
/// else the place where the key may stand.
fn suggestion(path: &str, reason: &str) -> String {
    if !reason.starts_with("unknown ") {
        return String::new();
    }
    let mut words = reason.split('`').skip(1).step_by(2);
    let Some(wrong) = words.next() else { return String::new() };
    let words: Vec<&str> = words.collect();
    let is_field = reason.starts_with("unknown field ");
    let places: Vec<String> =
        if is_field { places(path, wrong).iter().map(|place| format!("`{place}`")).collect() } else { Vec::new() };
    let begins = |known: &&&str| wrong.len() > 2 && (known.starts_with(wrong) || wrong.starts_with(**known));
    let nearest = words
        .iter()
        .map(|known| (strsim::damerau_levenshtein(wrong, known), known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 3)
        .map(|(_, known)| known);
    let beginning = words.iter().find(begins);
    match beginning.or(nearest.filter(|_| places.is_empty())) {
        Some(known) => format!("; did you mean `{known}`?"),
        None if !places.is_empty() => format!("; it is a key of {}", places.join(" and ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_right_word_is_suggested() {
        assert_eq!(
            suggestion("x.retention_day", "unknown field `retention_day`, expected `start` or `retention_days`"),
            "; did you mean `retention_days`?"
        );
        assert_eq!(suggestion("zzz", "unknown field `zzz`, expected `start` or `retention_days`"), "");
        assert_eq!(suggestion("source", "missing field `files`"), "");
        let drop = "unknown variant `drop`, expected one of `quarantine`, `drop_extra`, `keep_extra`";
        assert_eq!(suggestion("source.csv.long_rows", drop), "; did you mean `drop_extra`?");
        let age = "unknown field `min_age`, expected one of `marker`, `min_age_minutes`, `min_files`";
        assert_eq!(suggestion("source.complete.min_age", age), "; did you mean `min_age_minutes`?");
        assert_eq!(suggestion("csv", "unknown field `csv`, expected `source` or `x`"), "; it is a key of `source`");
    }

    #[test]
    fn types_are_told_in_the_words_of_yaml() {
        for (reason, words) in [
            (
                "invalid type: string \"%d\", expected a sequence",
                "invalid type: string \"%d\", expected a list: write `[\"%d\"]`",
            ),
            ("invalid type: sequence, expected a map", "invalid type: list, expected a map, such as `{ a: b }`"),
            ("invalid type: boolean `true`, expected string or map", "invalid type: boolean `true`, expected a word"),
            ("invalid value: integer `-1`, expected u32", "invalid value: integer `-1`, expected a whole number, 0 or more"),
            ("invalid type: string \"5%\", expected f64", "invalid type: string \"5%\", expected a number"),
            ("invalid type: null, expected struct X", "it is empty, expected a map of settings, such as `{ key: value }`"),
            ("data did not match any variant of untagged enum X", "it has none of the forms that may stand there"),
            ("`x` is no encoding, expected f64", "`x` is no encoding, expected f64"),
        ] {
            assert_eq!(in_words(reason), words);
        }
    }
}
