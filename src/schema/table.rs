//! Schema of a table: its columns in order.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ColumnName, ColumnType};

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// Lower-case name.
    pub name: ColumnName,
    /// Its type.
    pub ty: ColumnType,
}

impl Column {
    /// Creates a column.
    pub fn new(name: ColumnName, ty: ColumnType) -> Self {
        Self { name, ty }
    }
}

/// Writes the name in backticks, then the type. The alternate form is for statements, as that of [`ColumnType`].
impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ", self.name)?;
        self.ty.fmt(f)
    }
}

/// The columns of a table in order, without its partition columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableSchema {
    columns: Vec<Column>,
}

impl TableSchema {
    /// Creates a schema of these columns, in this order. Names are unique: a later column of the same name is left out.
    pub fn new(columns: Vec<Column>) -> Self {
        let mut schema = Self::default();
        for column in columns {
            schema.push(column);
        }
        schema
    }

    /// Returns the columns in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns true if the table has a column of that name.
    pub fn has(&self, name: &ColumnName) -> bool {
        self.type_of(name).is_some()
    }

    /// Returns the type of the column of that name.
    pub fn type_of(&self, name: &ColumnName) -> Option<&ColumnType> {
        self.columns.iter().find(|c| c.name == *name).map(|c| &c.ty)
    }

    /// Adds a column at the end, unless the schema has one of that name.
    pub fn push(&mut self, column: Column) {
        if !self.has(&column.name) {
            self.columns.push(column);
        }
    }

    /// Returns true if there is no column.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Returns a short value that differs when a name, a type or the order differs.
    pub fn fingerprint(&self) -> Fingerprint {
        // FNV-1a: stable over versions and machines, which the standard library's hasher does not promise.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for column in &self.columns {
            for byte in column.to_string().bytes().chain([b'\n']) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        Fingerprint(format!("{hash:016x}"))
    }
}

/// Identifier of a [`TableSchema`] in the ledger and in partition parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Encoding of timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimestampEncoding {
    /// 96 bits, as Spark writes by default: the only form that Hive's SerDe up to 3.1 reads.
    #[default]
    Int96,
    /// 64 bits of microseconds in UTC: smaller, with statistics; Hive's SerDe up to 3.1 fails on it.
    Micros,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, ty: ColumnType) -> Column {
        Column::new(ColumnName::new(name).unwrap(), ty)
    }

    #[test]
    fn a_table_without_columns_is_empty() {
        assert!(TableSchema::default().is_empty() && !TableSchema::new(vec![column("a", ColumnType::Int)]).is_empty());
    }

    #[test]
    fn the_fingerprint_sees_names_types_and_order() {
        let one = TableSchema::new(vec![column("a", ColumnType::Int), column("b", ColumnType::Int)]);
        let other_order = TableSchema::new(vec![column("b", ColumnType::Int), column("a", ColumnType::Int)]);
        let other_type = TableSchema::new(vec![column("a", ColumnType::BigInt), column("b", ColumnType::Int)]);
        assert_eq!(one.fingerprint(), one.clone().fingerprint());
        assert_ne!(one.fingerprint(), other_order.fingerprint());
        assert_ne!(one.fingerprint(), other_type.fingerprint());
        assert_eq!(TableSchema::default().fingerprint().to_string(), "cbf29ce484222325");
    }
}
