//! The command line that started a job, and the commands that its reports suggest.

use std::collections::BTreeSet;

use crate::identity::{CollectionName, LoadType, ProcessingDate, RunId};
use crate::jobs::NextCommands;

use super::args::EnvironmentArgs;
use super::environment::chosen;
use super::memory::DEFAULT_MEMORY;

/// The words of a command that runs a module again. Dates and collections are left out, as they differ from command to command.
#[derive(Debug, Clone)]
pub(super) struct CommandLine {
    /// The program, the module, the config file, the profile and the load type.
    words: Vec<String>,
    /// Flags of a run that hold for its reruns too.
    flags: Vec<String>,
}

impl CommandLine {
    /// Returns the words for a module, in the given environment.
    pub(super) fn of(module: &str, load: LoadType, environment: &EnvironmentArgs) -> Self {
        let mut words = vec![program(), "--module".to_owned(), module.to_owned()];
        words.extend(environment_flags(environment));
        if load != LoadType::Full {
            words.extend(["--load-type".to_owned(), load.to_string()]);
        }
        Self { words, flags: Vec::new() }
    }

    /// Returns the command that runs a pipeline, in the given environment.
    pub(super) fn of_pipeline(pipeline: &str, memory: &str, environment: &EnvironmentArgs) -> String {
        let mut words = vec![program(), "pipeline".to_owned(), "run".to_owned(), pipeline.to_owned()];
        words.extend(environment_flags(environment));
        if memory != DEFAULT_MEMORY {
            words.extend(["--memory".to_owned(), memory.to_owned()]);
        }
        shell_words::join(words)
    }

    /// Sets the flags of a run.
    pub(super) fn with(self, flags: Vec<String>) -> Self {
        Self { flags, ..self }
    }

    /// Returns another command for the same module.
    fn command(&self, command: &str) -> String {
        let (program, module) = self.words.split_at(self.words.len().min(1));
        shell_words::join([program, &[command.to_owned()], module].concat())
    }
}

fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "adg".to_owned())
}

/// Returns the flags of the config file and the profile, if they were given.
fn environment_flags(environment: &EnvironmentArgs) -> Vec<String> {
    let (file, profile) = chosen(environment);
    let file = file.into_iter().flat_map(|file| ["--config".to_owned(), file.display().to_string()]);
    file.chain(profile.into_iter().flat_map(|profile| ["--profile".to_owned(), profile])).collect()
}

impl NextCommands for CommandLine {
    fn rerun(&self, (start, end): (ProcessingDate, ProcessingDate), collections: Option<&BTreeSet<CollectionName>>) -> String {
        let mut words = [&*self.words, &*self.flags].concat();
        words.extend(["--start-dt".to_owned(), start.to_string(), "--end-dt".to_owned(), end.to_string()]);
        let collections = collections.into_iter().flatten();
        words.extend(collections.flat_map(|name| ["--collection".to_owned(), name.to_string()]));
        shell_words::join(words)
    }

    fn undo(&self, run: RunId) -> String {
        format!("{} --run {run}", self.command("undo"))
    }

    fn repair(&self) -> String {
        self.command("repair")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_the_module_config_and_dates_so_that_a_shell_takes_them() {
        let words = ["adg", "--module", "shop", "--config", "my adg.yaml"].map(str::to_owned).to_vec();
        let line = CommandLine { words, flags: vec!["--memory".into(), "2GiB".into()] };
        let (start, end) = ("2021-04-10".parse().unwrap(), "2021-04-11".parse().unwrap());
        let rerun = "adg --module shop --config 'my adg.yaml' --memory 2GiB --start-dt 2021-04-10 --end-dt 2021-04-11";
        assert_eq!(line.rerun((start, end), None), rerun);
        let some = BTreeSet::from(["orders".parse().unwrap()]);
        assert_eq!(line.rerun((start, end), Some(&some)), format!("{rerun} --collection orders"));
        assert_eq!(line.repair(), "adg repair --module shop --config 'my adg.yaml'");
        let run: RunId = "018f0000-0000-7000-8000-000000000000".parse().unwrap();
        assert_eq!(line.undo(run), format!("adg undo --module shop --config 'my adg.yaml' --run {run}"));
    }
}
