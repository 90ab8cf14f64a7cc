//! Reader of the config files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{fmt, io};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::aws::AwsSettings;
use crate::secrets::SecretPlace;

use super::reference::{Reason, ReferenceResolver, SecretLeaves};
use super::values::{check_unfilled, check_version, display, fill, parse, read, refuse_empty, typed};
use super::{ConfigError, FieldPositions, Module, Profile};
use crate::identity::LoadType;

/// Modules that ship inside the binary.
const BUILT_IN: &[(&str, &str)] = &[
    ("vacancy", include_str!("../../modules/vacancy.yaml")),
    ("application", include_str!("../../modules/application.yaml")),
    ("payment", include_str!("../../modules/payment.yaml")),
];

/// The config files with one chosen profile.
#[derive(Debug)]
pub struct Config {
    /// Folder of `adg.yaml`, against which relative paths are resolved.
    pub folder: PathBuf,
    /// Name of the profile.
    pub profile_name: String,
    /// The profile.
    pub profile: Profile,
    /// Secrets that were read so far, by their name in the profile.
    read: SecretTexts,
}

/// Top level of `adg.yaml`, before any profile is deserialized.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: u32,
    profile: Option<String>,
    profiles: BTreeMap<String, Value>,
}

/// Keys of a profile that are needed before its secrets can be read.
#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    aws: AwsSettings,
    #[serde(default)]
    secrets: BTreeMap<String, SecretPlace>,
}

/// Returns the name of the profile that would be chosen, and true if it is protected. Resolves no references.
///
/// # Errors
/// The file can't be read, is invalid, or has no such profile.
pub fn is_protected(file: &Path, profile: Option<&str>) -> Result<(String, bool), ConfigError> {
    let (name, chosen) = choose(file, profile)?;
    // What is not there is not protected; what is no truth is an error that was found before.
    Ok((name, chosen.get("protected").and_then(Value::as_bool).unwrap_or_default()))
}

/// Returns the requested profile, else the file's default, else the only one. Its references are not resolved.
fn choose(file: &Path, profile: Option<&str>) -> Result<(String, Value), ConfigError> {
    let raw = parse(file, &read(file)?)?;
    let mut head: Head = typed(file, "", raw, &SecretLeaves::new())?;
    check_version(file, head.version)?;
    for (name, profile) in &head.profiles {
        check_unfilled(file, &format!("profiles.{name}"), profile)?;
    }
    let only = || head.profiles.keys().next().filter(|_| head.profiles.len() == 1);
    let name = profile.or(head.profile.as_deref()).or_else(|| only().map(String::as_str)).unwrap_or_default().to_owned();
    match head.profiles.remove(&name) {
        Some(chosen) => Ok((name, chosen)),
        None => {
            let known = head.profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            Err(ConfigError::NoProfile { file: display(file), profile: name, known })
        }
    }
}

/// Reads `adg.yaml` and chooses the profile: the requested one, else the file's default, else the only one.
///
/// # Errors
/// The file can't be read, is invalid, or has no such profile; a variable or a secret that the profile refers to can't be read.
pub fn load(file: &Path, profile: Option<&str>, resolver: &dyn ReferenceResolver) -> Result<Config, ConfigError> {
    let (name, mut chosen) = choose(file, profile)?;
    let path = format!("profiles.{name}");
    refuse_empty(file, &path, &chosen)?;
    // Only the chosen profile's references: those of others may lead to what this machine does not have.
    let read = SecretTexts::default();
    let keys = keys(file, &path, &chosen, resolver)?;
    let secrets = fill(file, &mut chosen, &path, &|secret| read.get(secret, &name, &keys, resolver), resolver)?;
    let profile = typed(file, &path, chosen, &secrets)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    Ok(Config { folder, profile_name: name, profile, read })
}

/// Returns a profile's secrets and AWS settings, which can refer to environment variables only.
fn keys(file: &Path, path: &str, profile: &Value, resolver: &dyn ReferenceResolver) -> Result<Keys, ConfigError> {
    let only: serde_json::Map<String, Value> =
        ["aws", "secrets"].into_iter().filter_map(|key| Some((key.to_owned(), profile.get(key)?.clone()))).collect();
    let mut keys = Value::Object(only);
    let no_secret = |_: &str| Err(Reason::Wrong("the way to a secret can't be a secret itself".to_owned()));
    let secrets = fill(file, &mut keys, path, &no_secret, resolver)?;
    typed(file, path, keys, &secrets)
}

/// Texts of secrets, each read once.
#[derive(Default)]
struct SecretTexts(Mutex<BTreeMap<String, String>>);

impl fmt::Debug for SecretTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secrets")
    }
}

impl SecretTexts {
    fn get(&self, name: &str, profile: &str, keys: &Keys, resolver: &dyn ReferenceResolver) -> Result<String, Reason> {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = texts.get(name) {
            return Ok(text.clone());
        }
        let place = keys.secrets.get(name).ok_or_else(|| format!("the profile `{profile}` has no secret `{name}`"))?;
        let read = resolver.secret(place, profile, &keys.aws);
        let text = read.map_err(|error| Reason::Secret { name: name.to_owned(), error })?;
        texts.insert(name.to_owned(), text.clone());
        Ok(text)
    }
}

impl Config {
    /// Returns a path of the profile; a relative path is below the folder of `adg.yaml`.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Returns the settings of a job's file, with its references resolved.
    pub(super) fn job<T: DeserializeOwned>(
        &self,
        file: &Path,
        text: &str,
        resolver: &dyn ReferenceResolver,
    ) -> Result<T, ConfigError> {
        let mut raw = parse(file, text)?;
        refuse_empty(file, "", &raw)?;
        let keys = Keys { aws: self.profile.aws.clone(), secrets: self.profile.secrets.clone() };
        let secret = |secret: &str| self.read.get(secret, &self.profile_name, &keys, resolver);
        let secrets = fill(file, &mut raw, "", &secret, resolver)?;
        typed(file, "", raw, &secrets)
    }

    /// Returns the file of a module beside `adg.yaml`.
    fn module_file(&self, name: &str) -> PathBuf {
        self.folder.join("modules").join(format!("{name}.yaml"))
    }

    /// Returns true if there is a module of that name.
    pub(super) fn has_module(&self, name: &str) -> bool {
        BUILT_IN.iter().any(|(known, _)| *known == name) || self.module_file(name).exists()
    }

    /// Reads the files with positions of fields that a module names.
    fn read_layouts(&self, module_file: &Path, module: &mut Module) -> Result<(), ConfigError> {
        for positions in module.field_positions() {
            if let FieldPositions::File(file) = positions {
                let (file, named) = (self.path(file), file.clone());
                let text = read(&file).map_err(|error| match error {
                    ConfigError::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                        let reason = format!("there is no file `{}`; its path is that from adg.yaml", named.display());
                        ConfigError::Invalid { file: display(module_file), path: "source.csv.fixed_width".into(), reason }
                    }
                    error => error,
                })?;
                let fields = parse(&file, &text)?;
                *positions = FieldPositions::Fields(typed(&file, "", fields, &SecretLeaves::new())?);
            }
        }
        Ok(())
    }

    /// Returns a module with the settings of a load: from `modules/NAME.yaml` beside `adg.yaml`, else the built-in module.
    ///
    /// # Errors
    /// The module does not exist, or has no such load type; its file can't be read or is invalid; a variable or a secret that it
    /// refers to can't be read.
    pub fn module(&self, name: &str, load: LoadType, resolver: &dyn ReferenceResolver) -> Result<Module, ConfigError> {
        let file = self.module_file(name);
        let built_in = BUILT_IN.iter().find(|(known, _)| *known == name);
        let (file, text) = match (file.exists(), built_in) {
            (false, Some((_, text))) => (PathBuf::from(format!("built-in modules/{name}.yaml")), (*text).to_owned()),
            (true, _) => (file.clone(), read(&file)?),
            (false, None) => {
                let known = BUILT_IN.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                return Err(ConfigError::NoModule { module: name.to_owned(), file: display(&file), known });
            }
        };
        let mut module: Module = self.job(&file, &text, resolver)?;
        check_version(&file, module.version)?;
        let wrong = |path: &str, reason: String| ConfigError::Invalid { file: display(&file), path: path.into(), reason };
        if module.module.as_str() != name {
            let reason = format!("the file is named after `{name}`, but is the module `{}`", module.module);
            return Err(wrong("module", reason));
        }
        module.take_collections();
        module.add_children().map_err(|reason| wrong("collections", reason))?;
        self.read_layouts(&file, &mut module)?;
        if module.collections.is_empty() {
            return Err(wrong("collections", "the module has no collection".to_owned()));
        }
        match (module.load_types.get(&load).cloned(), load) {
            (Some(settings), _) => module.loaded_as(&settings).map_err(|error| wrong("load_types", error.to_string())),
            (None, LoadType::Full) => Ok(module),
            (None, _) => Err(ConfigError::NoLoadType {
                module: name.to_owned(),
                load,
                known: module.load_types.keys().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::PartitionBy;
    use crate::identity::Causes;
    use crate::identity::CollectionName;
    use crate::identity::Explain;
    use crate::secrets::SecretError;
    use crate::source::Pick;

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

    struct Nothing;

    impl ReferenceResolver for Nothing {
        fn variable(&self, name: &str) -> Option<String> {
            (name == "OUT").then(|| "/out".to_owned())
        }

        fn secret(&self, place: &SecretPlace, _: &str, _: &AwsSettings) -> Result<String, SecretError> {
            match place {
                SecretPlace::AwsSecretsManager(name) if name == "/kickstart/adg" => Ok(SECRET.to_owned()),
                _ => Err(SecretError::NotFound),
            }
        }
    }

    /// A secret in the format in which the replaced job's secret is written.
    const SECRET: &str = "{'collections': {'vacancy': ['bids', 'introductions']}, 'src_bucket_names': {'vacancy': 'hunter2'},
        'initial_spark_schema': {'vacancy': {'bids': {'bid_id': 'string', 'cost': 'decimal', 'made': 'timestamp'}}}}";

    fn config(text: &str, profile: Option<&str>) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("adg.yaml");
        fs::write(&file, text).unwrap();
        load(&file, profile, &Nothing).map_err(|error| Causes(&error).to_string().replace(&display(&file), "adg.yaml"))
    }

    #[test]
    fn the_profile_asked_for_wins() {
        let local = config(FILE, None).unwrap();
        assert_eq!((local.profile_name.as_str(), local.profile.stores["published"].url.as_str()), ("local", "/out"));
        assert!(!local.profile.protected);
        let missing = config(FILE, Some("production")).unwrap_err();
        assert_eq!(
            missing,
            "the config file `adg.yaml` is invalid at `profiles.production.stores.source.url`: the environment variable \
             `NOT_HERE` is not set"
        );
        assert_eq!(config(FILE, Some("prod")).unwrap_err(), "`adg.yaml` has no profile `prod`; it has local, production");
    }

    #[test]
    fn an_unknown_key_names_its_place_and_the_nearest() {
        let wrong = FILE.replace("protected: true", "protectd: true");
        let error = config(&wrong, None).unwrap_err();
        assert!(
            error
                .starts_with("the config file `adg.yaml` is invalid at `profiles.production.protectd`: unknown field `protectd`"),
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
        let config = load(&file, None, &Nothing).unwrap();
        for (name, _) in BUILT_IN {
            assert_eq!(config.module(name, LoadType::Full, &Nothing).unwrap().module.as_str(), *name);
        }
        assert!(
            config
                .module("vacancie", LoadType::Full, &Nothing)
                .unwrap_err()
                .to_string()
                .contains("the built-in modules are vacancy, application, payment")
        );
        fs::create_dir(folder.path().join("modules")).unwrap();
        let own = "version: 1\nmodule: vacancy\nsource: { files: \"{date}.csv\" }\ntarget: { database: own }\ncollections: { \
            bids: {} }\n";
        fs::write(folder.path().join("modules/vacancy.yaml"), own).unwrap();
        let module = config.module("vacancy", LoadType::Full, &Nothing).unwrap();
        assert_eq!(module.target.database.as_str(), "own");
        assert_eq!(module.target.partition_by, PartitionBy::default());
        fs::write(folder.path().join("modules/vacancy.yaml"), own.replace("bids: {}", "bids: { columns: { id: bigit } }"))
            .unwrap();
        let error = config.module("vacancy", LoadType::Full, &Nothing).unwrap_err().to_string();
        assert!(
            error.contains("at `collections.bids.columns.id`: `bigit` is not a column type; did you mean `bigint`?"),
            "{error}"
        );
    }

    #[test]
    fn mistakes_in_a_module_are_told_with_what_to_write() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("adg.yaml");
        fs::write(&file, FILE).unwrap();
        let config = load(&file, None, &Nothing).unwrap();
        fs::create_dir(folder.path().join("modules")).unwrap();
        let said = |source: &str| {
            let text = format!(
                "version: 1\nmodule: own\nsource: {{ files: \"{{date}}.csv\", {source} }}\ntarget: {{ database: d }}\n\
                 collections: {{ bids: {{}} }}\n"
            );
            fs::write(folder.path().join("modules/own.yaml"), text).unwrap();
            let error = config.module("own", LoadType::Full, &Nothing).unwrap_err();
            format!("{error} | {}", error.hint().unwrap_or_default())
        };
        for (source, words) in [
            ("json: ", "at `source.json`: it is empty; write `{}`"),
            ("csv: { null_values: NULL }", "at `source.csv.null_values`: it is empty"),
            ("delimiter: ';'", "; it is a key of `source.csv`"),
            ("csv: { records: data }", "; it is a key of `source.json`"),
            ("csv: { header: true }", "expected a word | `source.csv.header` is: Place of the fields' names."),
            ("csv: { date_formats: '%d' }", "expected a list: write `[\"%d\"]` | `source.csv.date_formats` is: Formats of dates"),
            ("csv: { trailer: T }", "Its keys are `pattern`"),
            (
                "csv: { fixed_width: { id: [1, 4] } }",
                "it has none of the forms that may stand there | `source.csv.fixed_width` is:",
            ),
            ("csv: { fixed_width: x.yaml }", "at `source.csv.fixed_width`: there is no file `x.yaml`"),
            ("csv: { columns: { a: double } }", "expected a map of settings, such as `{ key: value }`"),
            ("files: {date}.csv", "in quotes"),
        ] {
            let told = said(source);
            assert!(told.contains(words), "{source}: {told}");
        }
    }

    #[test]
    fn a_load_has_files_tables_and_a_record_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("adg.yaml");
        fs::write(&file, FILE).unwrap();
        let config = load(&file, None, &Nothing).unwrap();
        let of = |name: &str, load: LoadType| config.module(name, load, &Nothing).unwrap();
        let delta = of("vacancy", LoadType::Delta);
        assert_eq!(delta.module.as_str(), "vacancy_delta");
        assert_eq!(delta.correlation_id.as_deref(), Some("kickstart_vacancy_analytical_dataset_generation_delta"));
        assert_eq!(
            (delta.source.files.as_str(), delta.source.pick),
            ("{date}_{collection}_{epoch_ms}_delta_{seq}.csv", Pick::All)
        );
        let bids = delta.collections.get(&"bids_delta".parse::<CollectionName>().unwrap()).unwrap();
        assert_eq!(bids.file_name.as_deref(), Some("bids"));
        let full = of("vacancy", LoadType::Full);
        assert_eq!((full.module.as_str(), full.source.pick), ("vacancy", Pick::Newest));
        let same_tables = of("application", LoadType::Incremental);
        assert_eq!(same_tables.module.as_str(), "application");
        assert_eq!(same_tables.collections.keys().map(ToString::to_string).collect::<Vec<_>>(), ["grant_applications"]);
        fs::create_dir(folder.path().join("modules")).unwrap();
        let own =
            "version: 1\nmodule: own\nsource: { files: \"{date}.csv\" }\ntarget: { database: own }\ncollections: { bids: {} }\n";
        fs::write(folder.path().join("modules/own.yaml"), own).unwrap();
        let error = config.module("own", LoadType::Delta, &Nothing).unwrap_err().to_string();
        assert_eq!(error, "the module `own` has no load type `delta`; it has full only");
        let later =
            own.replace("own", "later") + "catchup: { start: 2024-01-01 }\nload_types: { delta: { start: 2024-02-01 } }\n";
        fs::write(folder.path().join("modules/later.yaml"), later).unwrap();
        let starts = [LoadType::Full, LoadType::Delta].map(|load| of("later", load).catchup.start.map(|day| day.to_string()));
        assert_eq!(starts, [Some("2024-01-01".to_owned()), Some("2024-02-01".to_owned())]);
    }

    const WITH_SECRET: &str = "version: 1
profiles:
  aws:
    aws: { region: eu-west-2 }
    secrets: { kickstart: { aws_secrets_manager: /kickstart/adg } }
    stores:
      source:
        url: \"s3://${secret:kickstart#src_bucket_names.vacancy}\"
        role_chain: [{ arn: \"arn:aws:iam::111111111111:role/reader\" }]
    metastore: { sqlite: { path: m.db } }
    ledger: { sqlite: { path: l.db } }
";

    #[test]
    fn a_secret_gives_bucket_collections_and_first_schemas() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("adg.yaml");
        fs::write(&file, WITH_SECRET).unwrap();
        let config = load(&file, None, &Nothing).unwrap();
        assert_eq!(config.profile.stores["source"].url, "s3://hunter2");
        assert!(!format!("{:?}", config.read).contains("hunter2"));
        fs::create_dir(folder.path().join("modules")).unwrap();
        let module = "version: 1\nmodule: vacancy\nsource: { files: \"{date}_{collection}.csv\" }\ntarget: { database: d }
collections_from:
  names: \"${secret:kickstart#collections.vacancy}\"
  columns: \"${secret:kickstart#initial_spark_schema.vacancy}\"
collections: { extra: {} }\n";
        fs::write(folder.path().join("modules/vacancy.yaml"), module).unwrap();
        let module = config.module("vacancy", LoadType::Full, &Nothing).unwrap();
        assert_eq!(module.collections.keys().map(ToString::to_string).collect::<Vec<_>>(), ["extra", "bids", "introductions"]);
        let columns = &module.collections[&"bids".parse::<CollectionName>().unwrap()].columns;
        assert_eq!(columns.keys().collect::<Vec<_>>(), ["bid_id", "cost", "made"]);
        assert_eq!(columns["cost"].ty, crate::schema::ColumnType::Double);
    }

    #[test]
    fn what_is_wrong_with_a_secret_is_told_without_it() {
        let wrong = |from: &str, to: &str| {
            let error = config(&WITH_SECRET.replace(from, to), None).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
            error
        };
        let error = wrong("arn:aws:iam::111111111111:role/reader", "${secret:kickstart#src_bucket_names.vacancy}");
        assert!(error.contains("role_chain[0].arn`: what `${secret:kickstart#src_bucket_names.vacancy}` gives"), "{error}");
        for whole in ["\"${secret:kickstart}\"", "\"${secret:kickstart}://x\""] {
            let error = wrong("\"s3://${secret:kickstart#src_bucket_names.vacancy}\"", whole);
            assert!(error.contains("stores.source.url`: what `${secret:kickstart}"), "{error}");
        }
        let error = wrong("/kickstart/adg", "/kickstart/other");
        assert!(error.contains("failed to read the secret `kickstart`: it does not exist"), "{error}");
        assert!(wrong("${secret:kickstart#", "${secret:kickstrat#").contains("has no secret `kickstrat`"));
        assert!(wrong("arn:aws:iam::111111111111:role/reader", "reader").contains("is not the ARN of a role"));
    }
}
