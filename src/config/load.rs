//! Reading the files.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ConfigError, Environments, Module, Profile, reference};

/// The modules that ship inside the binary.
const BUILT_IN: &[(&str, &str)] = &[("vacancy", include_str!("../../modules/vacancy.yaml"))];

/// The files as one environment sees them.
#[derive(Debug, Clone)]
pub struct Config {
    file: PathBuf,
    /// The folder of `adg.yaml`, to which relative paths are relative.
    pub folder: PathBuf,
    /// The profile's name.
    pub profile_name: String,
    /// The profile.
    pub profile: Profile,
}

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads `adg.yaml` and chooses the profile: the one asked for, else the file's own, else the only one.
pub fn load(file: &Path, profile: Option<&str>, env: Env<'_>) -> Result<Config, ConfigError> {
    let text = read(file)?;
    let raw = parse(file, &text)?;
    let environments: Environments = typed(file, "", raw.clone())?;
    check_version(file, environments.version)?;
    let known = || environments.profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let only = || environments.profiles.keys().next().filter(|_| environments.profiles.len() == 1);
    let name = profile.or(environments.profile.as_deref()).or_else(|| only().map(String::as_str)).unwrap_or_default();
    let mut chosen = raw["profiles"][name].clone();
    if !environments.profiles.contains_key(name) {
        return Err(ConfigError::NoProfile { file: shown(file), profile: name.to_owned(), known: known() });
    }
    // Only the chosen profile's references: those of others may lead to what this machine does not have.
    let path = format!("profiles.{name}");
    fill(file, &mut chosen, &path, env)?;
    let profile = typed(file, &path, chosen)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    Ok(Config { file: file.to_owned(), folder, profile_name: name.to_owned(), profile })
}

impl Config {
    /// A path of the profile, below the folder of `adg.yaml` where it is relative.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// `adg.yaml`'s own path.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The module of that name: `modules/NAME.yaml` beside `adg.yaml`, else the one built in.
    pub fn module(&self, name: &str, env: Env<'_>) -> Result<Module, ConfigError> {
        let file = self.folder.join("modules").join(format!("{name}.yaml"));
        let built_in = BUILT_IN.iter().find(|(known, _)| *known == name);
        let (file, text) = match (file.exists(), built_in) {
            (false, Some((_, text))) => (PathBuf::from(format!("built-in modules/{name}.yaml")), (*text).to_owned()),
            (true, _) => (file.clone(), read(&file)?),
            (false, None) => {
                let known = BUILT_IN.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                return Err(ConfigError::NoModule { module: name.to_owned(), file: shown(&file), known });
            }
        };
        let mut raw = parse(&file, &text)?;
        fill(&file, &mut raw, "", env)?;
        let module: Module = typed(&file, "", raw)?;
        check_version(&file, module.version)?;
        if module.module.as_str() == name {
            Ok(module)
        } else {
            let reason = format!("the file is named after `{name}`, but is the module `{}`", module.module);
            Err(ConfigError::Invalid { file: shown(&file), path: "module".into(), reason })
        }
    }
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}

fn read(file: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(file).map_err(|source| ConfigError::Unreadable { file: shown(file), source })
}

fn parse(file: &Path, text: &str) -> Result<Value, ConfigError> {
    serde_saphyr::from_str(text).map_err(|error| ConfigError::Syntax { file: shown(file), reason: error.to_string() })
}

fn fill(file: &Path, value: &mut Value, path: &str, env: Env<'_>) -> Result<(), ConfigError> {
    reference::fill(value, path, env).map_err(|bad| ConfigError::Invalid {
        file: shown(file),
        path: bad.path.trim_start_matches('.').to_owned(),
        reason: bad.reason,
    })
}

fn typed<T: DeserializeOwned>(file: &Path, below: &str, value: Value) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = match (below, error.path().to_string().as_str()) {
            ("", path) => path.to_owned(),
            (below, ".") => below.to_owned(),
            (below, path) => format!("{below}.{path}"),
        };
        ConfigError::Invalid { file: shown(file), path, reason: error.into_inner().to_string() }
    })
}

fn check_version(file: &Path, version: u32) -> Result<(), ConfigError> {
    if version == 1 {
        return Ok(());
    }
    let reason = format!("this version of adg reads files of version 1, not {version}");
    Err(ConfigError::Invalid { file: shown(file), path: "version".into(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "version: 1
profile: local
profiles:
  local:
    stores:
      source: { url: in }
      published: { url: \"${env:OUT}\" }
    metastore: { sqlite: { path: m.db } }
    ledger: { sqlite: { path: l.db } }
  production:
    protected: true
    stores: { source: { url: \"${env:NOT_HERE}\" } }
    metastore: { sqlite: { path: m.db } }
    ledger: { sqlite: { path: l.db } }
";

    fn env(name: &str) -> Option<String> {
        (name == "OUT").then(|| "/out".to_owned())
    }

    fn config(text: &str, profile: Option<&str>) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("adg.yaml");
        fs::write(&file, text).unwrap();
        load(&file, profile, &env).map_err(|error| error.to_string().replace(&shown(&file), "adg.yaml"))
    }

    #[test]
    fn the_profile_asked_for_wins() {
        let local = config(FILE, None).unwrap();
        assert_eq!((local.profile_name.as_str(), local.profile.stores["published"].url.as_str()), ("local", "/out"));
        assert!(!local.profile.protected);
        let missing = config(FILE, Some("production")).unwrap_err();
        assert_eq!(
            missing,
            "the config file `adg.yaml` is wrong at `profiles.production.stores.source.url`: the environment variable `NOT_HERE` is not set"
        );
        assert_eq!(config(FILE, Some("prod")).unwrap_err(), "`adg.yaml` has no profile `prod`; it has local, production");
    }

    #[test]
    fn an_unknown_key_names_its_place_and_the_nearest() {
        let wrong = FILE.replace("protected: true", "protectd: true");
        let error = config(&wrong, None).unwrap_err();
        assert!(
            error.starts_with("the config file `adg.yaml` is wrong at `profiles.production.protectd`: unknown field `protectd`"),
            "{error}"
        );
        assert!(error.ends_with("; did you mean `protected`?"), "{error}");
        let wrong = FILE.replace("sqlite: { path: l.db }", "sqlit: { path: l.db }");
        assert!(config(&wrong, None).unwrap_err().contains("ledger"));
        assert!(config("version: 2\nprofiles: {}", None).unwrap_err().contains("version 1, not 2"));
        assert!(config("version: [", None).unwrap_err().contains("not valid YAML"));
        assert!(config("version: 1\nversion: 1\nprofiles: {}", None).unwrap_err().contains("version"));
    }

    #[test]
    fn the_built_in_modules_are_valid_and_can_be_overridden() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("adg.yaml");
        fs::write(&file, FILE).unwrap();
        let config = load(&file, None, &env).unwrap();
        for (name, _) in BUILT_IN {
            assert_eq!(config.module(name, &env).unwrap().module.as_str(), *name);
        }
        assert!(config.module("vacancie", &env).unwrap_err().to_string().contains("the built-in modules are vacancy"));
        fs::create_dir(folder.path().join("modules")).unwrap();
        let own = "version: 1\nmodule: vacancy\nsource: { files: \"{date}.csv\" }\ntarget: { database: own }\ncollections: { bids: {} }\n";
        fs::write(folder.path().join("modules/vacancy.yaml"), own).unwrap();
        let module = config.module("vacancy", &env).unwrap();
        assert_eq!(module.target.database.as_str(), "own");
        assert_eq!(module.target.partition_by, "date_uploaded");
        fs::write(folder.path().join("modules/vacancy.yaml"), own.replace("bids: {}", "bids: { columns: { id: bigit } }"))
            .unwrap();
        let error = config.module("vacancy", &env).unwrap_err().to_string();
        assert!(
            error.contains("at `collections.bids.columns.id`: `bigit` is not a column type; did you mean `bigint`?"),
            "{error}"
        );
    }
}
