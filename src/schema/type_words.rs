//! Parser of type words: Hive's own, and the synonyms that a module file may use.

use std::str::FromStr;

use super::{ColumnName, ColumnType, StructField, TypeError};

impl FromStr for ColumnType {
    type Err = TypeError;

    fn from_str(text: &str) -> Result<Self, TypeError> {
        let mut parser = Parser { text, rest: text, depth: 0 };
        let ty = parser.any_type()?;
        if parser.rest.trim().is_empty() {
            Ok(ty)
        } else {
            Err(parser.invalid(&format!("`{}` is left over", parser.rest.trim())))
        }
    }
}

/// Maximum depth of nested types: far deeper than readers can use, and shallow for the stack.
const DEEPEST: usize = 32;

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn invalid(&self, reason: &str) -> TypeError {
        TypeError::Invalid { text: self.text.to_owned(), reason: reason.to_owned() }
    }

    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| "<>(),:".contains(c) || c.is_whitespace()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn takes(&mut self, symbol: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn must(&mut self, symbol: char) -> Result<(), TypeError> {
        if self.takes(symbol) { Ok(()) } else { Err(self.invalid(&format!("`{symbol}` is missing"))) }
    }

    fn number<N: FromStr>(&mut self) -> Result<N, TypeError> {
        let word = self.word();
        word.parse().map_err(|_| self.invalid(&format!("`{word}` is not a length or precision")))
    }

    fn any_type(&mut self) -> Result<ColumnType, TypeError> {
        if self.depth >= DEEPEST {
            return Err(self.invalid(&format!("it is nested more than {DEEPEST} deep")));
        }
        self.depth += 1;
        let ty = self.one_type();
        self.depth -= 1;
        ty
    }

    fn one_type(&mut self) -> Result<ColumnType, TypeError> {
        let word = self.word();
        Ok(match word.to_ascii_lowercase().as_str() {
            "string" | "text" | "uuid" => ColumnType::String,
            "varchar" => self.length()?.map_or(ColumnType::String, ColumnType::Varchar),
            "char" => self.length()?.map_or(ColumnType::String, ColumnType::Char),
            "boolean" => ColumnType::Boolean,
            "tinyint" => ColumnType::TinyInt,
            "smallint" => ColumnType::SmallInt,
            "int" | "integer" => ColumnType::Int,
            "bigint" => ColumnType::BigInt,
            "float" | "real" => ColumnType::Float,
            "double" => ColumnType::Double,
            "decimal" | "numeric" => self.decimal()?,
            "date" => ColumnType::Date,
            "timestamp" => ColumnType::Timestamp,
            "array" => {
                self.must('<')?;
                let element = self.any_type()?;
                self.must('>')?;
                ColumnType::Array(Box::new(element))
            }
            "struct" => self.fields()?,
            "map" => self.map()?,
            _ => return Err(TypeError::Unknown { word: word.to_owned() }),
        })
    }

    fn length(&mut self) -> Result<Option<u32>, TypeError> {
        if !self.takes('(') {
            return Ok(None);
        }
        let n = self.number()?;
        self.must(')')?;
        if n == 0 { Err(self.invalid("a length is at least 1")) } else { Ok(Some(n)) }
    }

    /// Parses the parameters of `decimal`. Bare `decimal` is double, as in the tables of the replaced job.
    fn decimal(&mut self) -> Result<ColumnType, TypeError> {
        if !self.takes('(') {
            return Ok(ColumnType::Double);
        }
        let precision: u8 = self.number()?;
        let scale = if self.takes(',') { self.number()? } else { 0 };
        self.must(')')?;
        if !(1..=38).contains(&precision) || scale > precision {
            return Err(self.invalid("the precision is 1 to 38 and the scale at most the precision"));
        }
        Ok(ColumnType::Decimal { precision, scale })
    }

    /// Parses the name of a member: a word, or any text in backticks, as Spark's DDL has it. Two backticks in it are one.
    fn member(&mut self) -> Result<String, TypeError> {
        if !self.takes('`') {
            return Ok(self.word().to_owned());
        }
        let mut name = String::new();
        loop {
            let (part, rest) = self.rest.split_once('`').ok_or_else(|| self.invalid("a backtick is not closed"))?;
            name.push_str(part);
            self.rest = rest;
            match rest.strip_prefix('`') {
                Some(rest) => {
                    name.push('`');
                    self.rest = rest;
                }
                None => return Ok(name),
            }
        }
    }

    fn fields(&mut self) -> Result<ColumnType, TypeError> {
        self.must('<')?;
        let mut fields: Vec<StructField> = Vec::new();
        loop {
            let name = self.member()?;
            let name = ColumnName::new(&name).map_err(|e| self.invalid(&e.to_string()))?;
            if fields.iter().any(|f| f.name == name) {
                return Err(self.invalid(&format!("the field `{name}` stands twice")));
            }
            self.must(':')?;
            fields.push(StructField { name, ty: self.any_type()? });
            if !self.takes(',') {
                break;
            }
        }
        self.must('>')?;
        Ok(ColumnType::Struct(fields))
    }

    fn map(&mut self) -> Result<ColumnType, TypeError> {
        self.must('<')?;
        let key = self.any_type()?;
        if key.is_nested() {
            return Err(self.invalid("a map's key is a plain type"));
        }
        self.must(',')?;
        let value = self.any_type()?;
        self.must('>')?;
        Ok(ColumnType::Map(Box::new(key), Box::new(value)))
    }
}
