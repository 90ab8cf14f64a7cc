//! The config file, the profile and variables of the environment.

use std::path::PathBuf;

use super::args::EnvironmentArgs;
use super::given::Given;

/// Returns a variable of the environment.
pub(super) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(super) fn given<'a>(flag: &'a str, variable: &'a str) -> Given<'a> {
    Given { flag, variable, env: &env }
}

/// Returns the config file to read, and the profile that was given.
pub(super) fn config_file(args: &EnvironmentArgs) -> (PathBuf, Option<String>) {
    let (file, profile) = chosen(args);
    (file.unwrap_or_else(|| "adg.yaml".into()), profile)
}

/// Returns the config file and the profile that flags or variables give.
pub(super) fn chosen(args: &EnvironmentArgs) -> (Option<PathBuf>, Option<String>) {
    let file = args.config.clone().or_else(|| given("--config", "ADG_CONFIG").text(None).map(PathBuf::from));
    (file, given("--profile", "ADG_PROFILE").text(args.profile.as_deref()))
}
