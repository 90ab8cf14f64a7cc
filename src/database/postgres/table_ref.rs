//! Names of tables.

use std::fmt;
use std::str::FromStr;

use sqlparser::ast::Ident;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::reading::quoted;

/// A table by its name, as it stands in a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRef {
    /// Schema; `None` for the first one of the user's search path that has the table.
    pub schema: Option<String>,
    /// Name.
    pub name: String,
}

/// A text that is no name of a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a table: write `table` or `schema.table`, in double quotes where a part has dots or upper case")]
pub struct TableRefError(String);

impl TableRef {
    /// Returns the name in a statement.
    pub fn in_statement(&self) -> String {
        let schema = self.schema.as_ref().map(|schema| format!("{}.", quoted(schema))).unwrap_or_default();
        format!("{schema}{}", quoted(&self.name))
    }
}

impl fmt::Display for TableRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.schema.iter().try_for_each(|schema| write!(f, "{schema}."))?;
        f.write_str(&self.name)
    }
}

impl FromStr for TableRef {
    type Err = TableRefError;

    /// Reads a name as the server does: parts without quotes are in lower case.
    fn from_str(text: &str) -> Result<Self, TableRefError> {
        let wrong = || TableRefError(text.to_owned());
        let mut parser = Parser::new(&PostgreSqlDialect {}).try_with_sql(text).map_err(|_| wrong())?;
        let name = parser.parse_object_name(false).map_err(|_| wrong())?;
        let part = |ident: &Ident| match ident.quote_style {
            None => ident.value.to_lowercase(),
            Some(_) => ident.value.clone(),
        };
        let parts: Option<Vec<String>> = name.0.iter().map(|part_of| part_of.as_ident().map(part)).collect();
        match (parts.ok_or_else(wrong)?.as_slice(), parser.next_token().token) {
            ([name], Token::EOF) => Ok(Self { schema: None, name: name.clone() }),
            ([schema, name], Token::EOF) => Ok(Self { schema: Some(schema.clone()), name: name.clone() }),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_the_server_does() {
        for (text, in_statement) in [
            ("orders", "\"orders\""),
            ("Public.Orders", "\"public\".\"orders\""),
            ("\"My Schema\".\"Orders.v1\"", "\"My Schema\".\"Orders.v1\""),
            ("\"a\"\"b\"", "\"a\"\"b\""),
        ] {
            assert_eq!(text.parse::<TableRef>().unwrap().in_statement(), in_statement);
        }
        for wrong in ["", "a.b.c", "a b", "a; drop table b", "select 1", "a.", "\"a"] {
            assert!(wrong.parse::<TableRef>().is_err(), "{wrong}");
        }
    }
}
