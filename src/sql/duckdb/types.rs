//! Types of `DuckDB`: <https://duckdb.org/docs/stable/sql/data_types/overview>.

use sqlparser::ast::{ArrayElemTypeDef, DataType, ExactNumberInfo, TimezoneInfo};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use crate::schema::{ColumnName, ColumnType, StructField};

/// A column of a result: its type in a table, and the expression that gives it in that type.
#[derive(Debug, PartialEq)]
pub(super) struct Told {
    pub(super) ty: ColumnType,
    /// Type to cast to; `None` if it is that of the result.
    pub(super) cast: Option<String>,
}

/// Returns the type in a table of a type as `describe` prints it; `None` if no table has it.
pub(super) fn told(printed: &str) -> Option<Told> {
    let own = |ty| Some(Told { ty, cast: None });
    let cast = |ty: ColumnType| Some(Told { cast: Some(duckdb_type(&ty)), ty });
    match printed {
        "HUGEINT" => cast(ColumnType::Decimal { precision: 38, scale: 0 }),
        "UBIGINT" => cast(ColumnType::Decimal { precision: 20, scale: 0 }),
        "UTINYINT" => cast(ColumnType::SmallInt),
        "USMALLINT" => cast(ColumnType::Int),
        "UINTEGER" => cast(ColumnType::BigInt),
        "UUID" | "JSON" => cast(ColumnType::String),
        "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP WITH TIME ZONE" => cast(ColumnType::Timestamp),
        _ if printed.starts_with("ENUM(") => cast(ColumnType::String),
        _ => {
            let mut parser = Parser::new(&DuckDbDialect {}).try_with_sql(printed).ok()?;
            let ty = parsed(&mut parser)?;
            (parser.peek_token() == Token::EOF).then(|| own(ty))?
        }
    }
}

/// Reads a type. The parser knows none with maps within.
fn parsed(parser: &mut Parser<'_>) -> Option<ColumnType> {
    let mut ty = if parser.parse_keyword(Keyword::MAP) {
        parser.expect_token(&Token::LParen).ok()?;
        let key = parsed(parser)?;
        parser.expect_token(&Token::Comma).ok()?;
        ColumnType::Map(Box::new(key), Box::new(parsed(parser)?))
    } else if parser.parse_keyword(Keyword::STRUCT) {
        parser.expect_token(&Token::LParen).ok()?;
        let mut members = Vec::new();
        while members.is_empty() || parser.consume_token(&Token::Comma) {
            let name = ColumnName::new(&parser.parse_identifier().ok()?.value).ok()?;
            members.push(StructField { name, ty: parsed(parser)? });
        }
        ColumnType::Struct(members)
    } else {
        return column_type(&parser.parse_data_type().ok()?);
    };
    parser.expect_token(&Token::RParen).ok()?;
    while parser.consume_token(&Token::LBracket) {
        parser.expect_token(&Token::RBracket).ok()?;
        ty = ColumnType::Array(Box::new(ty));
    }
    Some(ty)
}

fn column_type(ty: &DataType) -> Option<ColumnType> {
    Some(match ty {
        DataType::Boolean => ColumnType::Boolean,
        DataType::TinyInt(None) => ColumnType::TinyInt,
        DataType::SmallInt(None) => ColumnType::SmallInt,
        DataType::Integer(None) => ColumnType::Int,
        DataType::BigInt(None) => ColumnType::BigInt,
        DataType::Float(ExactNumberInfo::None) => ColumnType::Float,
        DataType::Double(ExactNumberInfo::None) => ColumnType::Double,
        DataType::Decimal(ExactNumberInfo::PrecisionAndScale(precision, scale)) => {
            ColumnType::Decimal { precision: u8::try_from(*precision).ok()?, scale: u8::try_from(*scale).ok()? }
        }
        DataType::Varchar(None) => ColumnType::String,
        DataType::Date => ColumnType::Date,
        DataType::Timestamp(None, TimezoneInfo::None) => ColumnType::Timestamp,
        DataType::Array(ArrayElemTypeDef::SquareBracket(items, None)) => ColumnType::Array(Box::new(column_type(items)?)),
        _ => return None,
    })
}

/// Returns the type of a table's column as `DuckDB` has it.
pub(super) fn duckdb_type(ty: &ColumnType) -> String {
    match ty {
        ColumnType::String | ColumnType::Varchar(_) | ColumnType::Char(_) => "VARCHAR".to_owned(),
        ColumnType::Boolean => "BOOLEAN".to_owned(),
        ColumnType::TinyInt => "TINYINT".to_owned(),
        ColumnType::SmallInt => "SMALLINT".to_owned(),
        ColumnType::Int => "INTEGER".to_owned(),
        ColumnType::BigInt => "BIGINT".to_owned(),
        ColumnType::Float => "FLOAT".to_owned(),
        ColumnType::Double => "DOUBLE".to_owned(),
        ColumnType::Decimal { precision, scale } => format!("DECIMAL({precision},{scale})"),
        ColumnType::Date => "DATE".to_owned(),
        ColumnType::Timestamp => "TIMESTAMP".to_owned(),
        ColumnType::Array(items) => format!("{}[]", duckdb_type(items)),
        ColumnType::Struct(fields) => {
            let fields = fields.iter().map(|field| format!("{} {}", quoted(field.name.as_str()), duckdb_type(&field.ty)));
            format!("STRUCT({})", fields.collect::<Vec<_>>().join(", "))
        }
        ColumnType::Map(key, value) => format!("MAP({}, {})", duckdb_type(key), duckdb_type(value)),
    }
}

/// Returns a name in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns a text in quotes.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_become_those_of_tables() {
        for (printed, ty, cast) in [
            ("INTEGER", "int", None),
            ("DECIMAL(12,2)", "decimal(12,2)", None),
            ("HUGEINT", "decimal(38,0)", Some("DECIMAL(38,0)")),
            ("UUID", "string", Some("VARCHAR")),
            ("ENUM('a', 'b')", "string", Some("VARCHAR")),
            ("TIMESTAMP WITH TIME ZONE", "timestamp", Some("TIMESTAMP")),
            ("VARCHAR[]", "array<string>", None),
            ("INTEGER[][]", "array<array<int>>", None),
            ("MAP(VARCHAR, INTEGER[])", "map<string,array<int>>", None),
            ("STRUCT(a MAP(VARCHAR, STRUCT(b DATE))[], c DOUBLE)", "struct<a:array<map<string,struct<b:date>>>,c:double>", None),
            ("STRUCT(x INTEGER, \"y z\" VARCHAR[])", "struct<x:int,y z:array<string>>", None),
        ] {
            let found = told(printed).unwrap();
            assert_eq!((found.ty.to_string().as_str(), found.cast.as_deref()), (ty, cast), "{printed}");
        }
        for none in ["INTERVAL", "TIME", "BLOB", "BIT", "TIMESTAMP_NS", "UHUGEINT", "HUGEINT[]", "TIME WITH TIME ZONE"] {
            assert_eq!(told(none), None, "{none}");
        }
    }
}
