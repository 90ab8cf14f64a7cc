//! What can be wrong with the files.

use std::io;

use crate::secrets::SecretError;

use crate::identity::{ErrorKind, Explain, LoadType};

/// The files can't be used. Nothing was read from a source or written.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file is not there or can't be read.
    #[error("failed to read the config file `{file}`")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A file is no YAML.
    #[error("the config file `{file}` is not valid YAML: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// What the parser says, with the place.
        reason: String,
    },
    /// A key or value is wrong.
    #[error("the config file `{file}` is invalid at `{path}`: {reason}{}", suggestion(.reason))]
    Invalid {
        /// The file.
        file: String,
        /// The keys that lead there.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A secret that is referred to can't be read.
    #[error("the config file `{file}` refers to a secret at `{path}`: failed to read the secret `{name}`")]
    Secret {
        /// The file.
        file: String,
        /// The keys that lead there.
        path: String,
        /// The secret's name in the profile.
        name: String,
        /// Why.
        source: SecretError,
    },
    /// No such profile.
    #[error("`{file}` has no profile `{profile}`; it has {known}")]
    NoProfile {
        /// The file.
        file: String,
        /// As asked for.
        profile: String,
        /// Those that there are.
        known: String,
    },
    /// No such module.
    #[error("unknown module `{module}`: `{file}` does not exist, and the built-in modules are {known}")]
    NoModule {
        /// As asked for.
        module: String,
        /// Where its file would be.
        file: String,
        /// Those built in.
        known: String,
    },
    /// The module has no such load.
    #[error("the module `{module}` has no load type `{load}`; it has {}", loads(.known))]
    NoLoadType {
        /// The module.
        module: String,
        /// As asked for.
        load: LoadType,
        /// Those beside the full one.
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
            Self::NoModule { file, .. } => Some(format!("check the name, or create `{file}`; `adg import` writes one from a table")),
            Self::NoLoadType { .. } => Some("list it under `load_types` in the module file".into()),
            Self::Secret { source, .. } => source.hint(),
            Self::Invalid { .. } => Some("`adg schema` prints all keys; docs/config.md explains them".into()),
            _ => None,
        }
    }
}

fn loads(known: &str) -> String {
    if known.is_empty() { "full only".to_owned() } else { format!("full, {known}") }
}

/// The nearest right word, where `reason` is serde's about an unknown one: it lists them all in backticks.
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
