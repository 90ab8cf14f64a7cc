//! Types that would hold values which a column's type does not.

use super::fit;
use super::{ColumnName, ColumnType, StructField};

/// Type of whole numbers of more than 64 bits.
const WHOLE: ColumnType = ColumnType::Decimal { precision: MOST_DIGITS, scale: 0 };

/// Maximum digits of a decimal.
const MOST_DIGITS: u8 = 38;

/// A step from a type to a type in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeStep {
    /// To a field of a struct.
    Field(String),
    /// To the values of a map.
    Value,
    /// To the items of an array.
    Item,
}

impl ColumnType {
    /// Returns this type with a wider one in the place of the type at the path, which does not hold the value `text`. `None` if
    /// no type holds its values too. `fits`: returns true for types that hold the value.
    pub fn wider_for(&self, path: &[TypeStep], text: &[u8], fits: &dyn Fn(&Self) -> bool) -> Option<Self> {
        let Some((step, rest)) = path.split_first() else { return wider_than(self, text, fits) };
        let inner = |ty: &Self| ty.wider_for(rest, text, fits);
        match (self, step) {
            (Self::Array(items), TypeStep::Item) => Some(Self::Array(Box::new(inner(items)?))),
            (Self::Map(key, value), TypeStep::Value) => Some(Self::Map(key.clone(), Box::new(inner(value)?))),
            (Self::Struct(fields), TypeStep::Field(name)) => {
                let mut fields = fields.clone();
                let field = fields.iter_mut().find(|field| field.name.as_str() == name)?;
                field.ty = inner(&field.ty)?;
                Some(Self::Struct(fields))
            }
            _ => None,
        }
    }

    /// Returns a type that holds the values of both types, which are widened forms of one.
    #[must_use]
    pub fn or_wider(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Array(one), Self::Array(two)) => Self::Array(Box::new(one.or_wider(two))),
            (Self::Map(key, one), Self::Map(_, two)) => Self::Map(key.clone(), Box::new(one.or_wider(two))),
            (Self::Struct(ones), Self::Struct(twos)) if ones.len() == twos.len() => {
                let fields = ones.iter().zip(twos);
                let field = |(one, two): (&StructField, &StructField)| StructField {
                    name: one.name.clone(),
                    ty: one.ty.or_wider(&two.ty),
                };
                Self::Struct(fields.map(field).collect())
            }
            (one, two) if one == two => one.clone(),
            (Self::Decimal { precision, scale }, Self::Decimal { precision: other, scale: finer }) => {
                let (whole, scale) = ((precision - scale).max(other - finer), *scale.max(finer));
                if whole + scale > MOST_DIGITS { Self::String } else { Self::Decimal { precision: whole + scale, scale } }
            }
            (one, two) if one.is_integer() && two.is_integer() => Self::BigInt,
            (Self::Double | Self::Decimal { .. }, two) if two.is_integer() => self.clone(),
            (one, Self::Double | Self::Decimal { .. }) if one.is_integer() => other.clone(),
            _ => Self::String,
        }
    }

    /// Returns the first place at which a widened type differs, and both types there. `column` is the path so far.
    pub fn first_wider<'t>(&'t self, wider: &'t Self, column: &ColumnName) -> Option<(String, &'t Self, &'t Self)> {
        difference(self, wider, column.to_string())
    }

    /// Returns what a change to another type would make of the names of fields: keys or texts; `None` if fields stay fields.
    pub fn names_as_data(&self, to: &Self) -> Option<&'static str> {
        match (self, to) {
            (Self::Struct(_), Self::Map(..)) => Some("keys"),
            (Self::Struct(_), Self::String | Self::Varchar(_) | Self::Char(_)) => Some("texts"),
            (Self::Array(from), Self::Array(to)) | (Self::Map(_, from), Self::Map(_, to)) => from.names_as_data(to),
            // An array of structs as a text has their names too.
            (Self::Array(items) | Self::Map(_, items), Self::String | Self::Varchar(_) | Self::Char(_)) => {
                items.names_as_data(to)
            }
            (Self::Struct(from), Self::Struct(to)) => from.iter().find_map(|field| {
                let same = to.iter().find(|other| other.name == field.name)?;
                field.ty.names_as_data(&same.ty)
            }),
            _ => None,
        }
    }
}

/// Returns a type for the values of a type and one more, which it does not hold.
fn wider_than(ty: &ColumnType, text: &[u8], fits: &dyn Fn(&ColumnType) -> bool) -> Option<ColumnType> {
    let first = |types: Vec<ColumnType>| Some(types.into_iter().find(|ty| fits(ty)).unwrap_or(ColumnType::String));
    match ty {
        _ if ty.is_integer() => Some(type_of(text, fits)),
        ColumnType::Float => first(vec![ColumnType::Double]),
        // What is no number fits none of many types.
        ColumnType::Decimal { .. } if !fits(&ColumnType::Double) && !fits(&WHOLE) => Some(ColumnType::String),
        ColumnType::Decimal { precision, scale } => {
            let digits = |finer: u8| precision - scale + finer;
            let finer = (*scale..=MOST_DIGITS).filter(|scale| digits(*scale) <= MOST_DIGITS);
            let wide = finer.clone().map(|scale| ColumnType::Decimal { precision: digits(scale), scale });
            let widest = finer.map(|scale| ColumnType::Decimal { precision: MOST_DIGITS, scale });
            first(wide.chain(widest).collect())
        }
        ColumnType::Date => first(vec![ColumnType::Timestamp]),
        ColumnType::String => None,
        _ => Some(ColumnType::String).filter(|to| ty.names_as_data(to).is_none()),
    }
}

/// Returns the narrowest type that holds a value which is no integer of its type.
fn type_of(text: &[u8], fits: &dyn Fn(&ColumnType) -> bool) -> ColumnType {
    let is_exact = |ty: &ColumnType| *ty != ColumnType::Double || fit::survives_as_double(fit::trim(text));
    let types = [ColumnType::BigInt, WHOLE, ColumnType::Double];
    types.into_iter().find(|ty| fits(ty) && is_exact(ty)).unwrap_or(ColumnType::String)
}

fn difference<'t>(ty: &'t ColumnType, wider: &'t ColumnType, path: String) -> Option<(String, &'t ColumnType, &'t ColumnType)> {
    match (ty, wider) {
        (ColumnType::Array(one), ColumnType::Array(two)) | (ColumnType::Map(_, one), ColumnType::Map(_, two)) => {
            difference(one, two, path)
        }
        (ColumnType::Struct(ones), ColumnType::Struct(twos)) => {
            let mut fields = ones.iter().zip(twos);
            fields.find_map(|(one, two)| difference(&one.ty, &two.ty, format!("{path}.{}", one.name)))
        }
        (one, two) => (one != two).then_some((path, one, two)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::fit::Formats;

    fn wider(ty: &str, path: &[TypeStep], texts: &[&str]) -> String {
        let ty: ColumnType = ty.parse().unwrap();
        let types = texts.iter().filter_map(|text| {
            let fits = |ty: &ColumnType| fit::scalar(ty, text.as_bytes(), &Formats::default()).is_some();
            ty.wider_for(path, text.as_bytes(), &fits)
        });
        types.reduce(|one, other| one.or_wider(&other)).map_or_else(|| "none".to_owned(), |ty| ty.to_string())
    }

    #[test]
    fn a_type_is_proposed_by_the_values() {
        for (ty, texts, expected) in [
            ("bigint", &["1.5"][..], "double"),
            ("int", &["3000000000"], "bigint"),
            ("int", &["3000000000", "1.5"], "double"),
            ("bigint", &["12345678901234567890"], "decimal(38,0)"),
            ("int", &["12345678901234567890", "3000000000"], "decimal(38,0)"),
            ("bigint", &["12345678901234567890", "1.5"], "string"),
            ("bigint", &["A-1", "1.5"], "string"),
            ("bigint", &["0.1234567890123456789"], "string"),
            ("double", &["x"], "string"),
            ("float", &["x"], "string"),
            ("boolean", &["2"], "string"),
            ("varchar(3)", &["abcd"], "string"),
            ("date", &["2024-05-01 10:00:00"], "timestamp"),
            ("date", &["2024-05-01 10:00:00", "x"], "string"),
            ("timestamp", &["x"], "string"),
            ("decimal(9,2)", &["1.2345"], "decimal(11,4)"),
            ("decimal(9,2)", &["12345678901"], "decimal(38,2)"),
            ("decimal(9,2)", &["1.2345", "1.234"], "decimal(11,4)"),
            ("decimal(9,2)", &["1.2345", "12345678901"], "string"),
            ("decimal(9,2)", &["x"], "string"),
            ("array<int>", &["5"], "string"),
            ("map<string,int>", &["5"], "string"),
            ("struct<a:int>", &["5"], "none"),
            ("array<struct<a:int>>", &["5"], "none"),
            ("string", &["x"], "none"),
        ] {
            assert_eq!(wider(ty, &[], texts), expected, "{ty} {texts:?}");
        }
    }

    #[test]
    fn nested_types_keep_the_rest() {
        let path = [TypeStep::Field("l".into()), TypeStep::Item, TypeStep::Field("p".into()), TypeStep::Value];
        let ty = "struct<a:int,l:array<struct<p:map<string,int>,q:string>>>";
        let expected = "struct<a:int,l:array<struct<p:map<string,double>,q:string>>>";
        assert_eq!(wider(ty, &path, &["1.5", "2.5"]), expected);
        assert_eq!(wider(ty, &path[..2], &["1.5"]), "none");
        assert_eq!(wider("array<double>", &[TypeStep::Item], &["x"]), "array<string>");
        let (ty, to): (ColumnType, ColumnType) = (ty.parse().unwrap(), expected.parse().unwrap());
        let first = ty.first_wider(&to, &ColumnName::new("o").unwrap());
        assert_eq!(first, Some(("o.l.p".to_owned(), &ColumnType::Int, &ColumnType::Double)));
        let other = ty.wider_for(&[TypeStep::Field("a".into())], b"x", &|ty| *ty == ColumnType::String).unwrap();
        assert_eq!(to.or_wider(&other).to_string(), "struct<a:string,l:array<struct<p:map<string,double>,q:string>>>");
    }

    #[test]
    fn names_of_fields_become_no_data() {
        let made = |from: &str, to: &str| from.parse::<ColumnType>().unwrap().names_as_data(&to.parse().unwrap());
        for (from, to, what) in [
            ("struct<a:int>", "map<string,int>", Some("keys")),
            ("array<struct<a:int>>", "array<map<string,int>>", Some("keys")),
            ("struct<b:int,o:struct<a:int>>", "struct<o:map<string,int>,b:int>", Some("keys")),
            ("map<string,struct<a:int>>", "map<string,map<string,int>>", Some("keys")),
            ("struct<a:int>", "string", Some("texts")),
            ("array<struct<a:int>>", "string", Some("texts")),
            ("array<int>", "string", None),
            ("string", "map<string,int>", None),
            ("string", "struct<a:int>", None),
            ("struct<a:int>", "struct<a:bigint,b:int>", None),
            ("map<string,int>", "map<string,bigint>", None),
        ] {
            assert_eq!(made(from, to), what, "{from} to {to}");
        }
    }
}
