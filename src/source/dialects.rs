//! Dialects of delimited text by name: what well-known programs write.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Dialect, Escape, HeaderRule, LineEnds, LongRecords, Sequences, Widths};

/// Dialect of delimited text: a set of settings, each of which may also be given alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DialectName {
    /// Commas, double quotes, and doubled quotes within quotes.
    #[default]
    Rfc4180,
    /// Apache Spark's defaults: a backslash before a quote in quotes; columns by position if the collection declares any; missing
    /// fields are null and additional ones dropped.
    Spark,
    /// Microsoft Excel's: a first line `sep=;` sets the delimiter.
    Excel,
    /// The default of MySQL's and MariaDB's `SELECT … INTO OUTFILE`: tabs, no quotes, no header, backslash escapes, `\N` for
    /// null.
    Mysql,
    /// The text format of PostgreSQL's `COPY`: tabs, no quotes, no header, backslash escapes, `\N` for null.
    Postgres,
    /// Hive's text tables: `\x01` between fields, no quotes, no escapes, no header, `\N` for null.
    Hive,
    /// Neither quotes nor escapes have a meaning.
    Unquoted,
}

impl DialectName {
    /// Returns the notation of fields and records.
    pub fn dialect(self) -> Dialect {
        let rfc4180 = Dialect::default();
        let escaped =
            |sequences| Some(Escape { byte: b'\\', outside_quotes: true, sequences, quote: None, nulls: vec![br"\N".to_vec()] });
        let tabs = Dialect { delimiter: vec![b'\t'], quote: None, empty_lines: true, ..Dialect::default() };
        match self {
            Self::Rfc4180 => rfc4180,
            Self::Spark => Dialect {
                doubled_quotes: false,
                blank_lines: true,
                escape: Some(Escape {
                    byte: b'\\',
                    outside_quotes: false,
                    sequences: Sequences::Literal,
                    quote: None,
                    nulls: Vec::new(),
                }),
                widths: Widths { fill_short: true, long: LongRecords::DropExtra, trailing_delimiter: false },
                ..rfc4180
            },
            Self::Excel => Dialect { sep_line: true, ..rfc4180 },
            Self::Mysql => Dialect { escape: escaped(Sequences::Mysql), line_ends: Some(LineEnds::Exactly(vec![b'\n'])), ..tabs },
            Self::Postgres => Dialect { escape: escaped(Sequences::Postgres), end_marker: true, ..tabs },
            Self::Hive => Dialect { delimiter: vec![1], empty_lines: true, quote: None, ..rfc4180 },
            Self::Unquoted => Dialect { quote: None, ..rfc4180 },
        }
    }

    /// Returns the place of the fields' names.
    pub fn header(self) -> HeaderRule {
        match self {
            Self::Spark => HeaderRule::ByPosition,
            Self::Rfc4180 | Self::Excel | Self::Unquoted => HeaderRule::Names,
            Self::Mysql | Self::Postgres | Self::Hive => HeaderRule::None,
        }
    }

    /// Returns the texts that mean null.
    pub fn null_values(self) -> &'static [&'static str] {
        match self {
            Self::Rfc4180 | Self::Spark | Self::Excel | Self::Unquoted => &[""],
            Self::Mysql | Self::Postgres | Self::Hive => &[r"\N"],
        }
    }
}
