//! The way in which the columns of a statement are read.

use tokio_postgres::types::{Kind, Type};

use crate::schema::ColumnType;

/// Part of a type modifier that is no length, `VARHDRSZ` in
/// <https://github.com/postgres/postgres/blob/master/src/include/varatt.h>.
pub(super) const HEADER: i32 = 4;

/// A column of a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadColumn {
    /// Its name in the statement.
    pub name: String,
    /// The type that holds all its values, or all but those that no type holds, such as `infinity`.
    pub ty: ColumnType,
    /// True if it is a time with a time zone.
    pub has_zone: bool,
    /// Binary form that the server sends.
    pub(super) reading: Reading,
    /// Function of the server that makes a text of its values.
    as_text: Option<AsText>,
}

/// Binary form of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reading {
    Boolean,
    SmallInt,
    Int,
    BigInt,
    /// 32 bits without a sign.
    Oid,
    Real,
    Double,
    Decimal {
        precision: u8,
        scale: u8,
    },
    Date,
    Timestamp,
    Uuid,
    /// UTF-8 after so many bytes.
    Text {
        from: usize,
    },
    List(Box<Reading>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum AsText {
    Cast,
    Hex,
}

impl ReadColumn {
    /// Returns the way to read a column of this name, type and type modifier.
    pub fn of(name: &str, pg_type: &Type, modifier: i32) -> Self {
        let (ty, reading, as_text) = match native(pg_type, modifier) {
            Some((ty, reading)) => (ty, reading, None),
            None if *pg_type == Type::BYTEA => (ColumnType::String, Reading::Text { from: 0 }, Some(AsText::Hex)),
            None => (ColumnType::String, Reading::Text { from: 0 }, Some(AsText::Cast)),
        };
        Self { name: name.to_owned(), ty, has_zone: *pg_type == Type::TIMESTAMPTZ, reading, as_text }
    }

    /// Returns true if its values sort in a table as they do in the server: they are no texts of another type there.
    pub fn keeps_order(&self) -> bool {
        self.as_text.is_none() && self.reading != Reading::Uuid && self.reading != (Reading::Text { from: 1 })
    }

    /// Returns the column as text, as the server shows its values.
    #[must_use]
    pub fn as_text(self) -> Self {
        match self.reading {
            Reading::Text { .. } => self,
            _ => Self { ty: ColumnType::String, reading: Reading::Text { from: 0 }, as_text: Some(AsText::Cast), ..self },
        }
    }

    /// Returns true if the server may have values that its type does not hold.
    pub fn may_misfit(&self) -> bool {
        matches!(self.reading, Reading::Decimal { .. } | Reading::Date | Reading::Timestamp | Reading::List(_))
    }

    /// Returns the expression that gives its values in the form that is read.
    pub fn expression(&self) -> String {
        let name = quoted(&self.name);
        match self.as_text {
            None => name,
            Some(AsText::Cast) => format!("{name}::text"),
            Some(AsText::Hex) => format!("encode({name}, 'hex')"),
        }
    }
}

/// Returns an identifier in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns the type of a column whose values are read in their binary form; `None` if they are read as text.
fn native(ty: &Type, modifier: i32) -> Option<(ColumnType, Reading)> {
    let text = Reading::Text { from: 0 };
    Some(match *ty {
        Type::BOOL => (ColumnType::Boolean, Reading::Boolean),
        Type::INT2 => (ColumnType::SmallInt, Reading::SmallInt),
        Type::INT4 => (ColumnType::Int, Reading::Int),
        Type::INT8 => (ColumnType::BigInt, Reading::BigInt),
        Type::OID => (ColumnType::BigInt, Reading::Oid),
        Type::FLOAT4 => (ColumnType::Float, Reading::Real),
        Type::FLOAT8 => (ColumnType::Double, Reading::Double),
        Type::NUMERIC => {
            let (precision, scale) = decimal(modifier)?;
            (ColumnType::Decimal { precision, scale }, Reading::Decimal { precision, scale })
        }
        Type::DATE => (ColumnType::Date, Reading::Date),
        Type::TIMESTAMP | Type::TIMESTAMPTZ => (ColumnType::Timestamp, Reading::Timestamp),
        Type::UUID => (ColumnType::String, Reading::Uuid),
        Type::VARCHAR => (length(modifier).map_or(ColumnType::String, ColumnType::Varchar), text),
        Type::BPCHAR => (length(modifier).map_or(ColumnType::String, ColumnType::Char), text),
        Type::TEXT | Type::NAME | Type::JSON | Type::XML => (ColumnType::String, text),
        // The first byte is the version of the form.
        Type::JSONB => (ColumnType::String, Reading::Text { from: 1 }),
        _ => match ty.kind() {
            Kind::Enum(_) => (ColumnType::String, text),
            Kind::Array(item) => {
                let (ty, reading) = native(item, modifier)?;
                (ColumnType::Array(Box::new(ty)), Reading::List(Box::new(reading)))
            }
            _ => return None,
        },
    })
}

/// Returns the number of characters of a type modifier.
fn length(modifier: i32) -> Option<u32> {
    u32::try_from(modifier - HEADER).ok()
}

/// Returns precision and scale of a type modifier; `None` if it has none, or more digits than a table.
///
/// A negative scale, which the server has from version 15 on, counts zeros before the point. It has eleven bits.
pub(super) fn decimal(modifier: i32) -> Option<(u8, u8)> {
    let packed = u32::try_from(modifier - HEADER).ok()?;
    let precision = i32::try_from(packed >> 16).ok()?;
    let scale = (i32::try_from(packed & 0x7FF).ok()? ^ 1024) - 1024;
    let (precision, scale) = if scale < 0 { (precision - scale, 0) } else { (precision.max(scale), scale) };
    Some((u8::try_from(precision).ok().filter(|precision| *precision <= 38)?, u8::try_from(scale).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modifier(precision: i32, scale: i32) -> i32 {
        ((precision << 16) | (scale & 0x7FF)) + HEADER
    }

    #[test]
    fn types_hold_all_values() {
        for (ty, modifier, expected, expression) in [
            (Type::NUMERIC, modifier(12, 2), "decimal(12,2)", "\"c\""),
            (Type::NUMERIC, modifier(2, 5), "decimal(5,5)", "\"c\""),
            (Type::NUMERIC, modifier(5, -3), "decimal(8,0)", "\"c\""),
            (Type::NUMERIC, modifier(39, 2), "string", "\"c\"::text"),
            (Type::NUMERIC, -1, "string", "\"c\"::text"),
            (Type::VARCHAR, 14, "varchar(10)", "\"c\""),
            (Type::VARCHAR, -1, "string", "\"c\""),
            (Type::BPCHAR, 9, "char(5)", "\"c\""),
            (Type::OID, -1, "bigint", "\"c\""),
            (Type::INT2_ARRAY, -1, "array<smallint>", "\"c\""),
            (Type::NUMERIC_ARRAY, modifier(12, 2), "array<decimal(12,2)>", "\"c\""),
            (Type::INTERVAL_ARRAY, -1, "string", "\"c\"::text"),
            (Type::TIMETZ, -1, "string", "\"c\"::text"),
            (Type::MONEY, -1, "string", "\"c\"::text"),
            (Type::BYTEA, -1, "string", "encode(\"c\", 'hex')"),
        ] {
            let column = ReadColumn::of("c", &ty, modifier);
            assert_eq!((column.ty.to_string().as_str(), column.expression().as_str()), (expected, expression), "{ty}");
        }
        assert_eq!(ReadColumn::of("a\"b", &Type::INT4, -1).expression(), "\"a\"\"b\"");
        let text = ReadColumn::of("c", &Type::DATE, -1).as_text();
        assert_eq!(
            (text.ty.to_string().as_str(), text.expression().as_str(), text.may_misfit()),
            ("string", "\"c\"::text", false)
        );
        assert_eq!(ReadColumn::of("c", &Type::BYTEA, -1).as_text().expression(), "encode(\"c\", 'hex')");
    }
}
