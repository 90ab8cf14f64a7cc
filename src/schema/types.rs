//! Column types, and Hive's names for them.

use std::fmt;

use super::ColumnName;

/// The type of a table's column.
///
/// `Display` gives Hive's type string (`decimal(18,2)`, `array<struct<a:int>>`), as stored in the metastore;
/// [`FromStr`](std::str::FromStr) reads that and every synonym that a module file may use.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// UTF-8 text of any length.
    String,
    /// Text of at most this many characters.
    Varchar(u32),
    /// Text of at most this many characters, which some readers pad.
    Char(u32),
    /// True or false.
    Boolean,
    /// 8-bit signed integer.
    TinyInt,
    /// 16-bit signed integer.
    SmallInt,
    /// 32-bit signed integer.
    Int,
    /// 64-bit signed integer.
    BigInt,
    /// 32-bit floating point.
    Float,
    /// 64-bit floating point.
    Double,
    /// Exact decimal of `precision` digits, `scale` of them after the point.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// Day, proleptic Gregorian.
    Date,
    /// Instant in microseconds, written as UTC.
    Timestamp,
    /// List of one type.
    Array(Box<ColumnType>),
    /// Named fields in order.
    Struct(Vec<StructField>),
    /// Key and value types. Keys are never null.
    Map(Box<ColumnType>, Box<ColumnType>),
}

/// One field of a struct type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StructField {
    /// Lower-case name.
    pub name: ColumnName,
    /// Its type.
    pub ty: ColumnType,
}

/// A type word that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    /// The word is not a type.
    #[error("`{word}` is not a column type{}", nearest(.word))]
    Unknown {
        /// The word as written.
        word: String,
    },
    /// The word is a type, but its parameters are invalid.
    #[error("`{text}` is not a valid type: {reason}")]
    Invalid {
        /// The type as written.
        text: String,
        /// Description of the error.
        reason: String,
    },
}

/// Every word that begins a type, for suggestions and documentation.
pub(crate) const TYPE_WORDS: &[&str] = &[
    "string",
    "text",
    "varchar",
    "char",
    "uuid",
    "boolean",
    "tinyint",
    "smallint",
    "int",
    "integer",
    "bigint",
    "float",
    "real",
    "double",
    "decimal",
    "numeric",
    "date",
    "timestamp",
    "array",
    "struct",
    "map",
];

fn nearest(word: &str) -> String {
    TYPE_WORDS
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known, &word.to_ascii_lowercase()), known))
        .min()
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, known)| format!("; did you mean `{known}`?"))
        .unwrap_or_default()
}

/// Writes the type as Hive does. In the alternate form, `{:#}`, members are quoted where a statement requires it: `2f` is a
/// number to Spark.
impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Varchar(n) => write!(f, "varchar({n})"),
            Self::Char(n) => write!(f, "char({n})"),
            Self::Boolean => f.write_str("boolean"),
            Self::TinyInt => f.write_str("tinyint"),
            Self::SmallInt => f.write_str("smallint"),
            Self::Int => f.write_str("int"),
            Self::BigInt => f.write_str("bigint"),
            Self::Float => f.write_str("float"),
            Self::Double => f.write_str("double"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Array(element) if f.alternate() => write!(f, "array<{element:#}>"),
            Self::Array(element) => write!(f, "array<{element}>"),
            Self::Struct(fields) => {
                f.write_str("struct<")?;
                for (i, field) in fields.iter().enumerate() {
                    let comma = if i == 0 { "" } else { "," };
                    match f.alternate() {
                        true if is_word(field.name.as_str()) => write!(f, "{comma}{}:{:#}", field.name, field.ty)?,
                        true => write!(f, "{comma}`{}`:{:#}", field.name, field.ty)?,
                        false => write!(f, "{comma}{}:{}", field.name, field.ty)?,
                    }
                }
                f.write_str(">")
            }
            Self::Map(key, value) if f.alternate() => write!(f, "map<{key:#},{value:#}>"),
            Self::Map(key, value) => write!(f, "map<{key},{value}>"),
        }
    }
}

/// Returns true if a statement accepts the name without quotes.
fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl ColumnType {
    /// Returns true if values of this type hold other values.
    pub fn is_number(&self) -> bool {
        use ColumnType::{BigInt, Decimal, Double, Float, Int, SmallInt, TinyInt};
        matches!(self, TinyInt | SmallInt | Int | BigInt | Float | Double | Decimal { .. })
    }

    /// Returns true for integers of all widths.
    pub fn is_integer(&self) -> bool {
        matches!(self, Self::TinyInt | Self::SmallInt | Self::Int | Self::BigInt)
    }

    /// Returns true if the type is an array, a struct or a map.
    pub fn is_nested(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Struct(_) | Self::Map(..))
    }

    /// Returns the members that `other`'s structs have in addition to those of `self`, each with its path from the column `name`.
    /// Members in the items of arrays and the values of maps have the same path as if they were in the column itself.
    pub fn new_members(&self, other: &Self, name: &ColumnName) -> Vec<ColumnName> {
        match (self, other) {
            (Self::Array(mine), Self::Array(theirs)) | (Self::Map(_, mine), Self::Map(_, theirs)) => {
                mine.new_members(theirs, name)
            }
            (Self::Struct(mine), Self::Struct(theirs)) => {
                let below = |field: &StructField| ColumnName::new(&format!("{name}.{}", field.name)).ok();
                let members = theirs.iter().filter_map(|their| Some((their, below(their)?)));
                let new = members.flat_map(|(their, way)| match mine.iter().find(|field| field.name == their.name) {
                    Some(field) => field.ty.new_members(&their.ty, &way),
                    None => vec![way],
                });
                new.collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns true if every supported reader reads files written as `self` correctly once the table has the type `wider`.
    ///
    /// Covers only what both Spark's reader and Hive's SerDe were observed to read: integers of up to 32 bits under a
    /// wider integer, float under double, bounded text under longer or unbounded text.
    pub fn widens_to(&self, wider: &Self) -> bool {
        use ColumnType::{BigInt, Char, Double, Float, Int, SmallInt, String, TinyInt, Varchar};
        match (self, wider) {
            (TinyInt, SmallInt | Int | BigInt)
            | (SmallInt, Int | BigInt)
            | (Int, BigInt)
            | (Float, Double)
            | (Varchar(_) | Char(_), String) => true,
            (Varchar(n) | Char(n), Varchar(m)) => m > n,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_type() -> impl Strategy<Value = ColumnType> {
        let leaf = prop_oneof![
            Just(ColumnType::String),
            (1..9999u32).prop_map(ColumnType::Varchar),
            Just(ColumnType::BigInt),
            Just(ColumnType::Timestamp),
            (1..=38u8)
                .prop_flat_map(|p| (Just(p), 0..=p))
                .prop_map(|(precision, scale)| ColumnType::Decimal { precision, scale }),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|t| ColumnType::Array(Box::new(t))),
                inner.clone().prop_map(|t| ColumnType::Map(Box::new(ColumnType::String), Box::new(t))),
                prop::collection::vec(inner, 1..4).prop_map(|types| ColumnType::Struct(
                    types
                        .into_iter()
                        .enumerate()
                        .map(|(i, ty)| StructField { name: ColumnName::new(&format!("f{i}")).unwrap(), ty })
                        .collect()
                )),
            ]
        })
    }

    proptest! {
        #[test]
        fn hive_text_reads_back_as_the_same_type(ty in any_type()) {
            prop_assert_eq!(ty.to_string().parse::<ColumnType>().unwrap(), ty);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[a-z<>(),: 0-9]{0,40}") {
            let _ = text.parse::<ColumnType>();
        }
    }

    #[test]
    fn every_word_is_its_own_type() {
        let words = [
            "string",
            "varchar(3)",
            "char(3)",
            "boolean",
            "tinyint",
            "smallint",
            "int",
            "bigint",
            "float",
            "double",
            "decimal(9,2)",
            "date",
            "timestamp",
            "array<int>",
            "struct<a:int>",
            "map<string,int>",
        ];
        for word in words {
            assert_eq!(word.parse::<ColumnType>().unwrap().to_string(), word);
        }
    }

    #[test]
    fn in_a_statement_odd_members_are_quoted() {
        let ty: ColumnType = "array<struct<2f:map<string,struct<cost_$:int>>,a_1:int>>".parse().unwrap();
        assert_eq!(format!("{ty:#}"), "array<struct<`2f`:map<string,struct<`cost_$`:int>>,a_1:int>>");
        assert_eq!(format!("{ty:#}").parse::<ColumnType>().unwrap(), ty);
        assert!("struct<`a:int>".parse::<ColumnType>().is_err());
        assert_eq!(ty.to_string().parse::<ColumnType>().unwrap(), ty);
    }

    #[test]
    fn what_is_wider_and_what_is_not() {
        let widens = |from: &str, to: &str| from.parse::<ColumnType>().unwrap().widens_to(&to.parse().unwrap());
        for (from, to) in [
            ("tinyint", "smallint"),
            ("tinyint", "bigint"),
            ("smallint", "int"),
            ("int", "bigint"),
            ("float", "double"),
            ("varchar(3)", "varchar(4)"),
            ("char(3)", "varchar(4)"),
            ("varchar(3)", "string"),
            ("char(3)", "string"),
        ] {
            assert!(widens(from, to) && !widens(to, from), "{from} to {to}");
        }
        for (from, to) in
            [("int", "int"), ("varchar(3)", "varchar(3)"), ("varchar(3)", "char(4)"), ("int", "double"), ("int", "string")]
        {
            assert!(!widens(from, to) && !widens(to, from), "{from} to {to}");
        }
    }

    #[test]
    fn new_members_are_found_however_deep() {
        let new = |from: &str, to: &str| {
            let (from, to): (ColumnType, ColumnType) = (from.parse().unwrap(), to.parse().unwrap());
            let names = from.new_members(&to, &ColumnName::new("s").unwrap());
            names.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(new("array<struct<a:int>>", "array<struct<a:int,b:int>>"), ["s.b"]);
        assert_eq!(new("map<string,struct<a:int>>", "map<string,struct<a:struct<c:int>,b:int>>"), ["s.b"]);
        assert_eq!(new("struct<a:struct<x:int>>", "struct<a:struct<y:int,x:int>,b:int>"), ["s.a.y", "s.b"]);
        assert_eq!(new("struct<a:int>", "struct<a:int>"), Vec::<String>::new());
    }

    #[test]
    fn beside_each_other_is_not_deep() {
        let many = format!("struct<{}>", (0..200).map(|i| format!("f{i}:array<int>")).collect::<Vec<_>>().join(","));
        assert_eq!(many.parse::<ColumnType>().unwrap().to_string(), many);
    }

    #[test]
    fn synonyms_mean_the_same() {
        for (word, hive) in [
            ("text", "string"),
            ("UUID", "string"),
            ("integer", "int"),
            ("real", "float"),
            ("decimal", "double"),
            ("numeric", "double"),
            ("numeric(9, 2)", "decimal(9,2)"),
            ("decimal(9)", "decimal(9,0)"),
            ("Map<String, Array<int>>", "map<string,array<int>>"),
        ] {
            assert_eq!(word.parse::<ColumnType>().unwrap().to_string(), hive);
        }
    }

    #[test]
    fn a_wrong_word_suggests_the_nearest() {
        let error = "bigit".parse::<ColumnType>().unwrap_err().to_string();
        assert_eq!(error, "`bigit` is not a column type; did you mean `bigint`?");
        for bad in
            ["decimal(39,2)", "decimal(4,5)", "array<int", "struct<a:int,a:int>", "int x", "map<array<int>,int>", "varchar(0)"]
        {
            assert!(bad.parse::<ColumnType>().is_err(), "{bad}");
        }
        let wide = format!("struct<{}>", (0..100).map(|i| format!("c{i}:array<int>")).collect::<Vec<_>>().join(","));
        assert!(wide.parse::<ColumnType>().is_ok());
        assert!("array<".repeat(100_000).parse::<ColumnType>().unwrap_err().to_string().contains("nested"));
    }
}
