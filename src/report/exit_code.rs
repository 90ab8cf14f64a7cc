//! The process's exit codes, declared once: schedulers branch on them.

use serde::{Deserialize, Serialize};

/// How a command ended. `docs/exit-codes.md` is made from this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitCode {
    /// Done, or nothing to do.
    Done = 0,
    /// The command line makes no sense.
    Usage = 2,
    /// Some dates failed, others were done; or others changed what was published before.
    Partial = 4,
    /// The config files can't be used.
    Config = 10,
    /// A limit stopped the publish, or a plan no longer holds.
    Limit = 11,
    /// The source's columns were refused.
    Schema = 12,
    /// Source files are missing, or can't be read.
    Source = 13,
    /// Access was denied.
    Access = 20,
    /// A service or disk does not answer; try again.
    Unavailable = 21,
    /// Another run holds the module.
    Held = 22,
    /// A bug of adg.
    Bug = 70,
    /// It was told to stop: SIGTERM or SIGINT.
    Stopped = 143,
}

impl ExitCode {
    /// All codes, by number.
    pub const ALL: [Self; 12] = [
        Self::Done,
        Self::Usage,
        Self::Partial,
        Self::Config,
        Self::Limit,
        Self::Schema,
        Self::Source,
        Self::Access,
        Self::Unavailable,
        Self::Held,
        Self::Bug,
        Self::Stopped,
    ];

    /// The number that the process ends with.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// What it means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Usage => "the command line makes no sense",
            Self::Partial => "some dates failed, others were done; or others changed what was published",
            Self::Config => "the config files can't be used",
            Self::Limit => "a limit stopped the publish, or a plan no longer holds",
            Self::Schema => "the source's columns were refused",
            Self::Source => "source files are missing, not complete yet, or can't be read",
            Self::Access => "access was denied",
            Self::Unavailable => "a service or disk does not answer; try again",
            Self::Held => "another run holds the module",
            Self::Bug => "a bug of adg",
            Self::Stopped => "told to stop (SIGTERM, SIGINT); what was published stands, the rest is as it was",
        }
    }

    /// What a scheduler or a person does then.
    pub fn what_to_do(self) -> &'static str {
        match self {
            Self::Done => "nothing",
            Self::Usage | Self::Config => "correct what the message names",
            Self::Partial => "run the command that the report prints",
            Self::Limit => {
                "look at the quarantine file or `error_desc` that the message names; correct the source, or raise the limit; or make a new plan"
            }
            Self::Schema => "correct the source's header, or change the module's `evolution`",
            Self::Source => "wait for the file, or ask the source for it; the next run tries again by itself",
            Self::Access => "grant what the message names",
            Self::Unavailable => "run again",
            Self::Held => "wait for the run that the message names",
            Self::Bug => "report it with the log",
            Self::Stopped => "run again: it does what was not reached",
        }
    }
}

impl Serialize for ExitCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for ExitCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        let code = Self::ALL.into_iter().find(|code| code.number() == number);
        code.ok_or_else(|| serde::de::Error::custom(format!("{number} is no exit code")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_lists_every_code() {
        let mut page = String::from(
            "# Exit codes\n\n<!-- Made from `src/report/exit_code.rs`; a test compares it. -->\n\n| code | meaning | what to do |\n| --- | --- | --- |\n",
        );
        for code in ExitCode::ALL {
            page.push_str(&format!("| {} | {} | {} |\n", code.number(), code.meaning(), code.what_to_do()));
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/exit-codes.md");
        if std::env::var_os("ADG_WRITE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page, "run the test with ADG_WRITE_DOCS=1");
    }
}
