//! The kinds of errors, declared once: schedulers branch on their numbers.

use serde::{Deserialize, Serialize};

/// The kind of an error. Its number is the exit code of a command that ends with it.
///
/// The kind is part of adg's interface; an error's message is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ErrorKind {
    /// The command line is invalid.
    Usage = 2,
    /// Some of the work failed; or others changed published data.
    Partial = 4,
    /// A config file, a setting or a resource that it names is wrong.
    Config = 10,
    /// A limit stopped the publish, or a plan is stale.
    Limit = 11,
    /// The source's columns were refused.
    Schema = 12,
    /// Source files are missing, incomplete or unreadable.
    Source = 13,
    /// Access was denied.
    Access = 20,
    /// A service or disk does not answer. The only kind for which a retry may help.
    Unavailable = 21,
    /// Another run holds the lease.
    Held = 22,
    /// A bug of adg.
    Bug = 70,
    /// SIGTERM or SIGINT stopped the command.
    Stopped = 143,
}

impl ErrorKind {
    /// All kinds, by number.
    pub const ALL: [Self; 11] = [
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

    /// Returns the exit code.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for ErrorKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        let kind = Self::ALL.into_iter().find(|kind| kind.number() == number);
        kind.ok_or_else(|| serde::de::Error::custom(format!("no error has the exit code {number}")))
    }
}
