//! Columns of rows, and of the table that they become part of.

use tokio_postgres::types::{Kind, Type};

use crate::schema::{Column, ColumnName, ColumnType};

use super::super::reading::{ReadColumn, decimal, quoted};
use super::encode::Encoding;

/// Type modifier of a type without one.
const PLAIN: i32 = -1;
/// Digits of a second in the server's times, if they are all.
const MICROS: i32 = 6;

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TableColumn {
    /// Its name in the server.
    pub(super) name: String,
    /// Its type; that of a domain is the type below it.
    pub(super) ty: Type,
    /// Length, or precision and scale, in the server's form.
    pub(super) modifier: i32,
    /// True if the server computes its values.
    pub(super) is_generated: bool,
    /// Its type as the server writes it.
    pub(super) told: String,
    pub(super) is_domain: bool,
}

impl TableColumn {
    /// Returns its name in adg's tables; `None` if they can't have it.
    pub(super) fn column_name(&self) -> Option<ColumnName> {
        ColumnName::new(&self.name).ok()
    }

    /// Returns its type in adg's tables, as it is read.
    pub(super) fn column_type(&self) -> ColumnType {
        ReadColumn::of(&self.name, &self.ty, self.modifier).ty
    }

    /// Returns true if it holds each value of a type.
    pub(super) fn takes(&self, ty: &ColumnType) -> bool {
        !self.is_generated && Stored::in_type(&self.ty, self.modifier, ty).is_some()
    }

    /// Returns its type, for people.
    pub(super) fn told(&self) -> String {
        let computed = if self.is_generated { ", which the server computes" } else { "" };
        format!("{}{computed}", self.told)
    }
}

/// A column of staged rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StagedColumn {
    /// Its name in the rows, and in the temporary table.
    pub(super) name: ColumnName,
    /// Its name in the table, which may be in upper case.
    pub(super) in_table: String,
    pub(super) stored: Stored,
}

/// Form in which values of a column are staged.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    /// Type in the server.
    pub(super) sql: String,
    pub(super) encoding: Encoding,
    /// Conversion to the type of the table, if it is another.
    convert: Convert,
    /// Domain of the table's column, which is of another type than the one below it.
    domain: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Convert {
    None,
    /// To the type of this name.
    Cast(String),
    /// From hexadecimal digits to bytes.
    Hex,
}

impl Stored {
    /// Returns the form of a new column.
    pub(super) fn new(ty: &ColumnType) -> Self {
        let of = |sql: &str, encoding| Self { sql: sql.to_owned(), encoding, convert: Convert::None, domain: None };
        match ty {
            ColumnType::String => of("text", Encoding::Text),
            ColumnType::Varchar(length) => of(&format!("varchar({length})"), Encoding::Text),
            ColumnType::Char(length) => of(&format!("char({length})"), Encoding::Text),
            ColumnType::Boolean => of("boolean", Encoding::Boolean),
            ColumnType::TinyInt | ColumnType::SmallInt => of("smallint", Encoding::Int2),
            ColumnType::Int => of("integer", Encoding::Int4),
            ColumnType::BigInt => of("bigint", Encoding::Int8),
            ColumnType::Float => of("real", Encoding::Float4),
            ColumnType::Double => of("double precision", Encoding::Float8),
            ColumnType::Decimal { precision, scale } => of(&format!("numeric({precision},{scale})"), Encoding::Numeric),
            ColumnType::Date => of("date", Encoding::Date),
            // The values are instants.
            ColumnType::Timestamp => of("timestamptz", Encoding::Timestamp),
            ColumnType::Array(item) => match (Self::new(item), oid(item)) {
                (Self { sql, encoding, .. }, Some(oid)) => of(&format!("{sql}[]"), Encoding::List(oid, Box::new(encoding))),
                _ => of("jsonb", Encoding::Jsonb),
            },
            ColumnType::Struct(_) | ColumnType::Map(..) => of("jsonb", Encoding::Jsonb),
        }
    }

    /// Returns the form of values of `incoming` for a column of a table; `None` if it does not hold them all.
    fn in_type(ty: &Type, modifier: i32, incoming: &ColumnType) -> Option<Self> {
        let of = |encoding| Some(Self { sql: declared(ty, modifier), encoding, convert: Convert::None, domain: None });
        let is_text = matches!(incoming, ColumnType::String | ColumnType::Varchar(_) | ColumnType::Char(_));
        let whole = digits(incoming);
        match *ty {
            Type::BOOL if *incoming == ColumnType::Boolean => of(Encoding::Boolean),
            Type::INT2 if whole.is_some_and(|digits| digits <= 5) => of(Encoding::Int2),
            Type::INT4 if whole.is_some_and(|digits| digits <= 10) => of(Encoding::Int4),
            Type::INT8 if whole.is_some() => of(Encoding::Int8),
            Type::FLOAT4 if *incoming == ColumnType::Float => of(Encoding::Float4),
            Type::FLOAT8 if matches!(incoming, ColumnType::Float | ColumnType::Double) => of(Encoding::Float8),
            Type::NUMERIC if !is_text => {
                let (before, after) = match incoming {
                    ColumnType::Decimal { precision, scale } => (precision - scale, *scale),
                    _ => (whole?, 0),
                };
                let fits = modifier == PLAIN || scaled(modifier).is_some_and(|(p, s)| p - s >= before && s >= after);
                if fits { of(Encoding::Numeric) } else { None }
            }
            Type::DATE if *incoming == ColumnType::Date => of(Encoding::Date),
            Type::TIMESTAMP | Type::TIMESTAMPTZ if *incoming == ColumnType::Timestamp && matches!(modifier, PLAIN | MICROS) => {
                of(Encoding::Timestamp)
            }
            // The server refuses texts that are too long, unless only blanks at their ends are.
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::JSON if is_text => of(Encoding::Text),
            Type::JSONB if is_text || Self::new(incoming).encoding == Encoding::Jsonb => of(Encoding::Jsonb),
            Type::BYTEA if is_text => Some(Self { convert: Convert::Hex, ..Self::new(&ColumnType::String) }),
            _ => match (ty.kind(), incoming) {
                (Kind::Array(item), ColumnType::Array(incoming)) => {
                    let Self { encoding, convert: Convert::None, .. } = Self::in_type(item, modifier, incoming)? else {
                        return None;
                    };
                    of(Encoding::List(item.oid(), Box::new(encoding)))
                }
                _ if is_text && modifier == PLAIN && is_text_form(ty) => {
                    let name = format!("{}.{}", quoted(ty.schema()), quoted(ty.name()));
                    Some(Self { convert: Convert::Cast(name), ..Self::new(&ColumnType::String) })
                }
                _ => None,
            },
        }
    }

    /// Returns the form of values for a column of a table, or, where it does not hold them or is not there yet, of a new one.
    pub(super) fn of(ty: &ColumnType, table: Option<&TableColumn>) -> Self {
        let known = table.and_then(|column| {
            let domain = column.is_domain.then(|| column.told.clone());
            let mut stored = Self { domain, ..Self::in_type(&column.ty, column.modifier, ty)? };
            // Of items with a length, or with precision and scale.
            if matches!(column.ty.kind(), Kind::Array(_)) && column.modifier != PLAIN && !column.is_domain {
                stored.sql.clone_from(&column.told);
            }
            Some(stored)
        });
        known.unwrap_or_else(|| Self::new(ty))
    }

    /// Returns the expression that gives a staged column in the table's type.
    pub(super) fn expression(&self, name: &str) -> String {
        let name = quoted(name);
        let value = match &self.convert {
            Convert::None => name,
            Convert::Cast(ty) => format!("{name}::{ty}"),
            Convert::Hex => format!("decode({name}, 'hex')"),
        };
        self.domain.iter().fold(value, |value, domain| format!("{value}::{domain}"))
    }
}

/// Returns a column as it stands in a statement that creates or alters a table.
pub(super) fn definition(column: &Column) -> String {
    format!("{} {}", quoted(column.name.as_str()), Stored::new(&column.ty).sql)
}

/// Returns true if a text is the value of a type, and no part of it is lost in the server's cast, as that of a fraction is.
fn is_text_form(ty: &Type) -> bool {
    const TYPES: [Type; 12] = [
        Type::UUID,
        Type::INET,
        Type::CIDR,
        Type::MACADDR,
        Type::MACADDR8,
        Type::VARBIT,
        Type::XML,
        Type::NUMERIC,
        Type::TIME,
        Type::TIMETZ,
        Type::INTERVAL,
        Type::TS_VECTOR,
    ];
    const EXTENSIONS: [&str; 3] = ["citext", "hstore", "ltree"];
    TYPES.contains(ty) || matches!(ty.kind(), Kind::Enum(_) | Kind::Range(_)) || EXTENSIONS.contains(&ty.name())
}

/// Returns precision and scale of a type modifier; `None` if the scale is negative, where the server rounds integers.
fn scaled(modifier: i32) -> Option<(u8, u8)> {
    let is_negative = (modifier - super::super::reading::HEADER) & 0x400 != 0;
    decimal(modifier).filter(|_| !is_negative)
}

/// Returns the type as a statement names it.
fn declared(ty: &Type, modifier: i32) -> String {
    let length = (modifier != PLAIN).then_some(modifier - super::super::reading::HEADER);
    match (ty, length) {
        (&Type::NUMERIC, Some(_)) => {
            decimal(modifier).map_or_else(|| "numeric".to_owned(), |(precision, scale)| format!("numeric({precision},{scale})"))
        }
        (&Type::VARCHAR, Some(length)) => format!("varchar({length})"),
        (&Type::BPCHAR, Some(length)) => format!("char({length})"),
        _ => format!("{}.{}", quoted(ty.schema()), quoted(ty.name())),
    }
}

/// Returns the number of digits of an integer type.
fn digits(ty: &ColumnType) -> Option<u8> {
    match ty {
        ColumnType::TinyInt => Some(3),
        ColumnType::SmallInt => Some(5),
        ColumnType::Int => Some(10),
        ColumnType::BigInt => Some(19),
        _ => None,
    }
}

/// Returns the server's number of the type of a list's items; `None` if it has lists of them as JSON only.
fn oid(item: &ColumnType) -> Option<u32> {
    let ty = match item {
        ColumnType::String => Type::TEXT,
        ColumnType::Varchar(_) => Type::VARCHAR,
        ColumnType::Char(_) => Type::BPCHAR,
        ColumnType::Boolean => Type::BOOL,
        ColumnType::TinyInt | ColumnType::SmallInt => Type::INT2,
        ColumnType::Int => Type::INT4,
        ColumnType::BigInt => Type::INT8,
        ColumnType::Float => Type::FLOAT4,
        ColumnType::Double => Type::FLOAT8,
        ColumnType::Decimal { .. } => Type::NUMERIC,
        ColumnType::Date => Type::DATE,
        ColumnType::Timestamp => Type::TIMESTAMPTZ,
        ColumnType::Array(_) | ColumnType::Struct(_) | ColumnType::Map(..) => return None,
    };
    Some(ty.oid())
}
