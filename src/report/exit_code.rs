//! The exit codes of a command: success, or the kind of its error.

use crate::identity::ErrorKind;

/// An exit code of a command. `docs/exit-codes.md` is generated from this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitCode {
    /// Done, or nothing to do.
    Done,
    /// An error of this kind.
    Error(ErrorKind),
}

impl From<ErrorKind> for ExitCode {
    fn from(kind: ErrorKind) -> Self {
        Self::Error(kind)
    }
}

impl ExitCode {
    /// Returns all codes, sorted by number.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Done).chain(ErrorKind::ALL.map(Self::Error))
    }

    /// Returns the exit status of the process.
    pub fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error(kind) => kind.number(),
        }
    }

    /// Returns the meaning of the code.
    pub fn meaning(self) -> &'static str {
        let kind = match self {
            Self::Done => return "done, or nothing to do",
            Self::Error(kind) => kind,
        };
        match kind {
            ErrorKind::Usage => "invalid command line",
            ErrorKind::Partial => "some dates failed and others were done, or another tool changed published data",
            ErrorKind::Config => "invalid config files",
            ErrorKind::Limit => "a limit stopped the publish, or the plan is stale",
            ErrorKind::Schema => "the change of columns was refused",
            ErrorKind::Source => "source files are missing, incomplete or unreadable",
            ErrorKind::Access => "access denied",
            ErrorKind::Unavailable => "a service or disk is unavailable; try again",
            ErrorKind::Held => "another run holds the lease of the module",
            ErrorKind::Bug => "a bug of adg",
            ErrorKind::Stopped => "stopped by SIGTERM or SIGINT between two safe points",
        }
    }

    /// Returns the next step of a scheduler or an operator.
    pub fn what_to_do(self) -> &'static str {
        let kind = match self {
            Self::Done => return "nothing",
            Self::Error(kind) => kind,
        };
        match kind {
            ErrorKind::Usage | ErrorKind::Config => "correct what the message names",
            ErrorKind::Partial => "run the command that the report prints",
            ErrorKind::Limit => {
                "check the quarantine file or `error_desc` that the message names; correct the source or raise the limit; or \
                 make a new plan"
            }
            ErrorKind::Schema => "correct the source's header or change the module's `evolution`",
            ErrorKind::Source => "wait for the file or ask its owner; the next run retries",
            ErrorKind::Access => "grant the permission that the message names",
            ErrorKind::Unavailable => "run again",
            ErrorKind::Held => "wait for the run that the message names",
            ErrorKind::Bug => "report it with the log",
            ErrorKind::Stopped => "run again; it does the remaining dates",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_lists_every_code() {
        let mut page = String::from(
            "# Exit codes\n\n<!-- Made from `src/report/exit_code.rs`; a test compares it. -->\n\n| code | meaning | what to do \
             |\n| --- | --- | --- |\n",
        );
        for code in ExitCode::all() {
            page.push_str(&format!("| {} | {} | {} |\n", code.number(), code.meaning(), code.what_to_do()));
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/exit-codes.md");
        if std::env::var_os("ADG_WRITE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page, "run the test with ADG_WRITE_DOCS=1");
    }
}
