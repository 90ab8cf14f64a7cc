//! The parts of an error that its reader acts on: its kind, its hint and its causes.

use std::error::Error;
use std::fmt;

use super::ErrorKind;

/// An error that says what to do about it. Each room's error implements it beside its declaration.
///
/// Guarantees of an implementation:
/// - `Display` says what was being done, on what, and what went wrong. It leaves out the causes, which are given by
///   [`Error::source`]; [`Causes`] prints both.
/// - `kind` depends on the error's variant and fields, never on the words of a message.
/// - `hint` names the next command or setting in words that can be typed.
pub trait Explain: Error {
    /// Returns the kind, which is also the exit code.
    fn kind(&self) -> ErrorKind;

    /// Returns the next command or setting to try; none if the message says all.
    fn hint(&self) -> Option<String> {
        None
    }

    /// Returns true if the same operation may succeed when it is retried unchanged.
    fn is_retryable(&self) -> bool {
        self.kind() == ErrorKind::Unavailable
    }
}

/// Prints an error and its causes on one line: `failed to read a.csv: access denied`.
///
/// A cause whose text the line already has is left out: many libraries repeat their sources in their own messages.
pub struct Causes<'e>(pub &'e dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = self.0.to_string();
        let mut next = self.0.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !line.contains(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            next = cause.source();
        }
        f.write_str(&line)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("failed to read `a.csv`")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("the disk failed: {0}")]
    struct Inner(#[source] io::Error);

    #[test]
    fn causes_are_printed_once_each() {
        let error = Outer(Inner(io::Error::other("no such device")));
        assert_eq!(Causes(&error).to_string(), "failed to read `a.csv`: the disk failed: no such device");
    }
}
