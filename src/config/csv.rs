//! Settings of a module's files of delimited text.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::DuplicateNames;
use crate::schema::fit::{AmbiguousTime, Nanoseconds, Percent};
use crate::source::{BinaryText, DialectName, Encoding, HeaderRule};

/// Declares settings with those of the notation of values at their end: for all columns, and for single ones.
macro_rules! with_value_settings {
    ($(#[$meta:meta])* pub struct $name:ident { $($fields:tt)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($fields)*
            /// Formats of dates in `strptime` notation, in addition to ISO 8601, unless one reads that otherwise (`%Y-%d-%m`).
            /// They are tried in order, and read a text digit for digit.
            pub date_formats: Option<Vec<String>>,
            /// Formats of timestamps in `strptime` notation, in addition to ISO 8601 with a space or a `T`, unless one reads that
            /// otherwise. `epoch_s`, `epoch_ms`, `epoch_us` and `epoch_ns` are numbers since 1970-01-01; `dotnet` is
            /// `/Date(1714557600123)/`.
            pub timestamp_formats: Option<Vec<String>>,
            /// Time zone of clock times without an offset, such as `Europe/Berlin`. If not set, UTC.
            pub time_zone: Option<String>,
            /// Handling of clock times that a change of the clock makes ambiguous.
            pub ambiguous_time: Option<AmbiguousTime>,
            /// Handling of digits of a second beyond the sixth.
            pub nanoseconds: Option<Nanoseconds>,
            /// Decimal sign of numbers: `.` or `,`. If not set, it is `.`, and `1.000` is no integer, since it may be a thousand.
            pub decimal: Option<char>,
            /// Sign between groups of digits of numbers: `.`, `,`, a space (also a no-break or thin one) or `'`.
            pub thousands: Option<char>,
            /// True if a currency sign or code around a number is not part of it: `$5`, `5.10 EUR`.
            pub currency: Option<bool>,
            /// Meaning of numbers with a per cent sign.
            pub percent: Option<Percent>,
            /// True if `(5.00)` and `5.00-` are negative numbers.
            pub accounting: Option<bool>,
            /// Number of digits after a decimal sign that is not written: with 2, `0001050` is 10.50. A number with a sign is
            /// read as it is written.
            pub implied_decimals: Option<u8>,
            /// Words for true, in addition to `t true y yes 1`, in any case.
            pub true_values: Option<Vec<String>>,
            /// Words for false, in addition to `f false n no 0`, in any case.
            pub false_values: Option<Vec<String>>,
        }

        impl $name {
            /// Returns the settings of the notation of values alone.
            #[must_use]
            pub fn values(&self) -> ValueSettings {
                ValueSettings {
                    date_formats: self.date_formats.clone(),
                    timestamp_formats: self.timestamp_formats.clone(),
                    time_zone: self.time_zone.clone(),
                    ambiguous_time: self.ambiguous_time,
                    nanoseconds: self.nanoseconds,
                    decimal: self.decimal,
                    thousands: self.thousands,
                    currency: self.currency,
                    percent: self.percent,
                    accounting: self.accounting,
                    implied_decimals: self.implied_decimals,
                    true_values: self.true_values.clone(),
                    false_values: self.false_values.clone(),
                }
            }
        }
    };
}

with_value_settings! {
    /// Format of a module's CSV files.
    pub struct CsvSettings {
        /// Program whose notation the files are in. It sets the defaults of the settings below.
        pub dialect: DialectName,
        /// Delimiter between fields: one or more characters. If not set, that of the dialect: a comma under `rfc4180`.
        pub delimiter: Option<String>,
        /// Quote around fields that hold delimiters or line ends: one ASCII character, or `none`. If not set, that of the
        /// dialect.
        pub quote: Option<String>,
        /// Escape of a quote within quotes: `doubled`, or one ASCII character. If not set, that of the dialect: `doubled` under
        /// `rfc4180`. A doubled quote stands for a quote beside an escape character too, but not under `spark`.
        pub escape: Option<String>,
        /// True if the escape character has a meaning outside quotes too. If not set, it has one where fields have no quotes.
        pub escape_unquoted: Option<bool>,
        /// Line ends: `detect` (LF, CRLF or CR), `lf`, `crlf`, `cr`, or the text that ends a line. If not set, that of the
        /// dialect.
        pub line_end: Option<String>,
        /// Place of the fields' names. If not set, that of the dialect.
        pub header: Option<HeaderRule>,
        /// Names of the fields, in order, where `header` is `none` or `by_position`. If not set, those of the declared columns.
        pub names: Vec<String>,
        /// Handling of names that stand twice, become the same column, or leave no column name.
        pub duplicate_names: DuplicateNames,
        /// Number of lines before the header, or before the first record if there is none.
        pub skip_lines: u32,
        /// Beginning of lines that are no records, such as `#`.
        pub comment: Option<String>,
        /// Line after the records, which is none: `TRL|{rows}|*`, with `{rows}` for the number of records and `*` for anything.
        /// A file without it, or with another number of records, is refused.
        pub trailer: Option<TrailerSettings>,
        /// Number of lines at the end of each file that are no records. Empty lines after them are not counted.
        pub footer_lines: u32,
        /// True if a first line such as `sep=;` sets the delimiter. If not set, as in the dialect.
        pub sep_line: Option<bool>,
        /// True if white space around fields, names and quotes is not part of them. A field of only white space is empty.
        pub trim: bool,
        /// Handling of records with fewer fields than the header. If not set, that of the dialect.
        pub short_rows: Option<ShortRows>,
        /// Handling of records with more fields than the header. If not set, that of the dialect.
        pub long_rows: Option<LongRows>,
        /// True if a record may end with a delimiter after its last field.
        pub trailing_delimiter: bool,
        /// Encoding of the text.
        pub encoding: Encoding,
        /// Texts that mean null. If not set, those of the dialect: the empty text under `rfc4180`. An empty value is null in
        /// every column that is not text, listed or not.
        pub null_values: Option<Vec<String>>,
        /// True if `""` in a text column is an empty text rather than null.
        pub keep_quoted_empty: bool,
        /// Meaning of a text of `null_values` in quotes.
        pub quoted_null: QuotedNull,
        /// Positions of the fields in each line, if they are not delimited. Collections may have their own.
        pub fixed_width: Option<FieldPositions>,
        /// Notation of the values of single columns, by column name. What is not set is as for all columns.
        pub columns: BTreeMap<String, ValueSettings>,
    }
}

with_value_settings! {
    /// Notation of values. What is not set is as for all columns.
    pub struct ValueSettings {}
}

with_value_settings! {
    /// Format of a module's workbooks. Texts in their cells are read as the fields of CSV are; numbers, dates and booleans are
    /// what they are, whatever the notation below.
    pub struct ExcelSettings {
        /// Name of the sheet. If not set, the first one.
        pub sheet: Option<String>,
        /// Cells with the names and the records: `B3:F200`, or `B3` for all used cells from there on. If not set, all used cells.
        pub range: Option<String>,
        /// Handling of names that stand twice, become the same column, or leave no column name.
        pub duplicate_names: DuplicateNames,
        /// Texts that mean null, in addition to empty cells.
        pub null_values: Vec<String>,
    }
}

/// Format of files whose fields have types.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TypedSettings {
    /// Time zone of timestamps without one, such as `Europe/Berlin`. If not set, UTC.
    pub time_zone: Option<String>,
    /// Handling of clock times that a change of the clock makes ambiguous.
    pub ambiguous_time: Option<AmbiguousTime>,
    /// Handling of digits of a second beyond the sixth.
    pub nanoseconds: Option<Nanoseconds>,
    /// Text that binary values become.
    pub binary: BinaryText,
    /// Handling of names that stand twice, become the same column, or leave no column name: `refuse` or `rename`.
    pub duplicate_names: DuplicateNames,
}

/// Positions of the fields in each line of a file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FieldPositions {
    /// Name, first and last position of each field: `[id, 1, 4]`. Positions are characters, counted from 1.
    Fields(Vec<(String, u32, u32)>),
    /// A YAML file with such a list; a relative path is below the folder of `adg.yaml`.
    File(PathBuf),
}

/// A line after the records.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrailerSettings {
    /// Pattern of the line.
    pub pattern: String,
}

/// Handling of records with fewer fields than the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShortRows {
    /// The record goes to quarantine.
    Quarantine,
    /// The missing fields are null.
    NullFill,
}

/// Handling of records with more fields than the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LongRows {
    /// The record goes to quarantine.
    Quarantine,
    /// The additional fields are dropped.
    DropExtra,
    /// The rest of the line, as it is written, is the column `extra_fields`.
    KeepExtra,
}

/// Meaning of a text of `null_values` in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuotedNull {
    /// Null.
    #[default]
    Null,
    /// The text itself.
    Text,
}
