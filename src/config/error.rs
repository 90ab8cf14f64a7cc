//! Errors of the config files.

use std::io;

use crate::secrets::SecretError;

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
    #[error("the config file `{file}` is invalid at `{path}`: {reason}{}", suggestion(.reason))]
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
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("name the file with `--config`, or run adg in the folder of `adg.yaml`".into())
            }
            Self::NoProfile { .. } => Some("choose one with `--profile` or ADG_PROFILE".into()),
            Self::NoModule { file, .. } => {
                Some(format!("check the name, or create `{file}`; `adg import` writes one from a table"))
            }
            Self::NoLoadType { .. } => Some("list it under `load_types` in the module file".into()),
            Self::Secret { source, .. } => source.hint(),
            Self::Invalid { .. } if self.to_string().contains(", expected a string") => {
                Some("write it in quotes: without them, words such as `no` and `null`, and numbers, are no texts in YAML".into())
            }
            Self::Invalid { .. } => Some("`adg schema` prints all keys; docs/config.md explains them".into()),
            _ => None,
        }
    }
}

fn loads(known: &str) -> String {
    if known.is_empty() { "full only".to_owned() } else { format!("full, {known}") }
}

/// Suggests the nearest valid word if `reason` is serde's message about an unknown one, which lists all valid words in backticks.
fn suggestion(reason: &str) -> String {
    if !reason.starts_with("unknown ") {
        return String::new();
    }
    let mut words = reason.split('`').skip(1).step_by(2);
    let Some(wrong) = words.next() else { return String::new() };
    words
        .map(|known| (strsim::damerau_levenshtein(wrong, known), known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 3)
        .map(|(_, known)| format!("; did you mean `{known}`?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_right_word_is_suggested() {
        assert_eq!(
            suggestion("unknown field `retention_day`, expected `start` or `retention_days`"),
            "; did you mean `retention_days`?"
        );
        assert_eq!(suggestion("unknown field `zzz`, expected `start` or `retention_days`"), "");
        assert_eq!(suggestion("missing field `files`"), "");
    }
}
