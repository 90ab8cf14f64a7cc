//! Format of a module's files of typed fields.

use super::BinaryText;
use crate::source::ValueRules;

/// Format of a module's files of typed fields.
#[derive(Debug, Clone)]
pub struct TypedFormat {
    /// Kind of the files.
    pub kind: TypedKind,
    /// Text that binary values become.
    pub binary: BinaryText,
    /// Rules of the values.
    pub values: ValueRules,
}

/// Kind of such files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedKind {
    /// Apache Parquet.
    Parquet,
    /// Apache Avro, in object container files.
    Avro,
    /// Apache ORC.
    Orc,
    /// Workbooks of Excel (xlsx, xlsb, xls) and OpenDocument (ods).
    Excel(Sheet),
}

impl TypedKind {
    /// Returns the name of the format.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Avro => "Avro",
            Self::Orc => "ORC",
            Self::Excel(_) => "a workbook",
        }
    }

    /// Returns true if the files tell the types of their fields. Cells of a workbook have types; its columns have none.
    pub fn tells_types(&self) -> bool {
        !matches!(self, Self::Excel(_))
    }
}

/// Part of a workbook that has the records, under a line of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// Name of the sheet. If not set, the first one.
    pub name: Option<String>,
    /// Cells such as `B3:F200` or `B3`, from which all used cells to the right and below count. If not set, all used cells.
    pub range: Option<String>,
}
