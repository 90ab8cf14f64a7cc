//! Values of a partition, and their form in names of folders.

use std::fmt;

use crate::identity::ProcessingDate;
use crate::schema::ColumnName;

/// Hive's partition value for null.
pub const HIVE_DEFAULT: &str = "__HIVE_DEFAULT_PARTITION__";

/// Values of the partition columns, as Hive writes them: one for each column; none of a table without such columns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct PartitionValue(Vec<String>);

impl PartitionValue {
    /// Creates the values of a partition, in the order of the columns.
    pub fn new(values: Vec<String>) -> Self {
        Self(values)
    }

    /// Returns the values, in the order of the columns.
    pub fn texts(&self) -> &[String] {
        &self.0
    }

    /// Returns true if there are none: those of a table without partition columns.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the name of the partition of a table with these partition columns, which is also the path of its folder:
    /// `date_uploaded=2024-05-01/hour=09`.
    pub fn name<'c>(&self, columns: impl IntoIterator<Item = &'c ColumnName>) -> String {
        let folder = |(column, value): (&ColumnName, &String)| format!("{column}={}", escaped(value));
        columns.into_iter().zip(&self.0).map(folder).collect::<Vec<_>>().join("/")
    }

    /// Returns the partition whose folder has that path; none if it is no partition's folder.
    pub fn of_name<'c>(name: &str, columns: impl IntoIterator<Item = &'c ColumnName>) -> Option<Self> {
        let mut folders = name.split('/');
        let mut values = Vec::new();
        for column in columns {
            let value = folders.next()?.strip_prefix(column.as_str())?.strip_prefix('=')?;
            values.push(unescaped(value));
        }
        folders.next().is_none().then_some(Self(values))
    }
}

impl From<&str> for PartitionValue {
    fn from(text: &str) -> Self {
        Self(vec![text.to_owned()])
    }
}

impl From<ProcessingDate> for PartitionValue {
    fn from(date: ProcessingDate) -> Self {
        Self(vec![date.to_string()])
    }
}

impl fmt::Display for PartitionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// Returns a value as Hive writes it in the name of a folder (`FileUtils.escapePathName`).
fn escaped(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        if c.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(c) {
            out.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns the value that Hive wrote in the name of a folder.
fn unescaped(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(at) = rest.find('%') {
        let code = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push_str(&rest[..at]);
        match code {
            Some(code) => {
                out.push(char::from(code));
                rest = &rest[at + 3..];
            }
            None => {
                out.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns(count: usize) -> Vec<ColumnName> {
        ["dt", "hour", "region"].iter().take(count).map(|name| ColumnName::new(name).unwrap()).collect()
    }

    #[test]
    fn a_partition_has_the_name_that_hive_gives_it() {
        let value = PartitionValue::new(vec!["2024/05/01".into(), "09".into()]);
        assert_eq!(value.name(&columns(2)), "dt=2024%2F05%2F01/hour=09");
        assert_eq!(PartitionValue::of_name("dt=100%", &columns(1)), Some(PartitionValue::from("100%")));
        for wrong in ["dt=1", "dt=1/hour", "dt=1/hour=2/region=3", "hour=1/dt=2", ""] {
            assert_eq!(PartitionValue::of_name(wrong, &columns(2)), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_read_back(values in proptest::collection::vec(".{0,9}", 1..=3)) {
            let columns = columns(values.len());
            let value = PartitionValue::new(values);
            prop_assert_eq!(PartitionValue::of_name(&value.name(&columns), &columns), Some(value));
        }
    }
}
