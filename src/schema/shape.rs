//! Inference of a column type from the values at one place in JSON records.

use indexmap::IndexMap;

use super::fit;
use super::{ColumnName, ColumnType, NamingRule, StructField};

/// Maximum number of fields of a struct. More names than that are taken for keys of data.
const MOST_FIELDS: usize = 1_000;
/// Maximum depth of types. Deeper values are kept as JSON text: Hive's own readers and type strings have their limits.
const DEEPEST: usize = 24;

/// Kinds of values that were seen at one place: a member of the records, a member of its objects, an item of its arrays.
///
/// Feed it all values of a date. Null is not a value; an empty array or object has a kind and no content.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    booleans: bool,
    texts: bool,
    numbers: Option<Numbers>,
    array: Option<Box<Shape>>,
    object: Option<IndexMap<String, Shape>>,
}

/// Number types that hold every number seen without loss.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    bigint: bool,
    double: bool,
}

impl Shape {
    /// Records a boolean.
    pub fn see_boolean(&mut self) {
        self.booleans = true;
    }

    /// Records a text.
    pub fn see_text(&mut self) {
        self.texts = true;
    }

    /// Records a number as it is written.
    pub fn see_number(&mut self, text: &[u8]) {
        let numbers = self.numbers.get_or_insert(Numbers { bigint: true, double: true });
        numbers.bigint &= fit::is_plain_bigint(text);
        // What is a bigint is asked only once something else has come, for most columns are one or the other.
        numbers.double &= fit::survives_as_double(text);
    }

    /// Records an array. Returns the shape of its items.
    pub fn see_array(&mut self) -> &mut Shape {
        self.array.get_or_insert_default()
    }

    /// Records an object. Returns the shapes of its members.
    pub fn see_object(&mut self) -> Members<'_> {
        Members { places: self.object.get_or_insert_default(), next: 0 }
    }

    /// Returns the type of an undeclared column; `None` if nothing seen has a type: no value, or only empty arrays and objects.
    ///
    /// Values of several kinds become text, each as its JSON is written. So do objects whose names can't be those of one struct,
    /// and numbers that neither a 64-bit integer nor a double holds exactly.
    pub fn fresh(&self, naming: NamingRule) -> Option<ColumnType> {
        self.typed(naming, 0)
    }

    fn typed(&self, naming: NamingRule, depth: usize) -> Option<ColumnType> {
        let kinds = [self.booleans, self.texts, self.numbers.is_some(), self.array.is_some(), self.object.is_some()];
        if kinds.into_iter().filter(|seen| *seen).count() > 1 {
            return Some(ColumnType::String);
        }
        if let Some(numbers) = self.numbers {
            return Some(match numbers {
                Numbers { bigint: true, .. } => ColumnType::BigInt,
                Numbers { double: true, .. } => ColumnType::Double,
                _ => ColumnType::String,
            });
        }
        if self.booleans {
            return Some(ColumnType::Boolean);
        }
        if self.texts || (depth >= DEEPEST && (self.array.is_some() || self.object.is_some())) {
            return Some(ColumnType::String);
        }
        if let Some(items) = &self.array {
            return Some(ColumnType::Array(Box::new(items.typed(naming, depth + 1)?)));
        }
        let members = self.object.as_ref()?;
        let Some(names) = names(members, naming) else { return Some(ColumnType::String) };
        let fields = names.into_iter().zip(members.values());
        let fields: Vec<StructField> =
            fields.filter_map(|(name, shape)| Some(StructField { name, ty: shape.typed(naming, depth + 1)? })).collect();
        (!fields.is_empty()).then_some(ColumnType::Struct(fields))
    }

    /// Returns a known type with the additional members that the values have: each struct gets its new members at its end. A type
    /// that the values do not fit stays unchanged; they are checked one by one later.
    pub fn grown(&self, ty: &ColumnType, naming: NamingRule) -> ColumnType {
        match (ty, &self.array, &self.object) {
            (ColumnType::Array(items), Some(seen), _) => ColumnType::Array(Box::new(seen.grown(items, naming))),
            (ColumnType::Map(key, value), _, Some(members)) => {
                let grown = members.values().fold((**value).clone(), |value, seen| seen.grown(&value, naming));
                ColumnType::Map(key.clone(), Box::new(grown))
            }
            (ColumnType::Struct(fields), _, Some(members)) => ColumnType::Struct(grown_fields(fields, members, naming)),
            _ => ty.clone(),
        }
    }
}

fn grown_fields(fields: &[StructField], members: &IndexMap<String, Shape>, naming: NamingRule) -> Vec<StructField> {
    let mut grown = fields.to_vec();
    for (member, seen) in members {
        match naming.field(member, fields.iter().map(|field| &field.name)) {
            Some(known) => grown[known].ty = seen.grown(&grown[known].ty, naming),
            None => {
                let Some(name) = naming.apply(member) else { continue };
                if grown.len() < MOST_FIELDS
                    && !grown.iter().any(|field| field.name == name)
                    && let Some(ty) = seen.fresh(naming)
                {
                    grown.push(StructField { name, ty });
                }
            }
        }
    }
    grown
}

/// Returns the names of a struct's fields; `None` if there are too many, two members get the same name, or a member gets no name.
fn names(members: &IndexMap<String, Shape>, naming: NamingRule) -> Option<Vec<ColumnName>> {
    if members.len() > MOST_FIELDS {
        return None;
    }
    let names = members.keys().map(|member| naming.apply(member)).collect::<Option<Vec<_>>>()?;
    let mut sorted: Vec<&ColumnName> = names.iter().collect();
    sorted.sort_unstable();
    let is_clash = sorted.windows(2).any(|pair| pair[0] == pair[1]);
    (!is_clash).then_some(names)
}

/// Members of an object, among the members of all objects at one place.
pub struct Members<'a> {
    places: &'a mut IndexMap<String, Shape>,
    /// Index of the likely next member: objects at one place mostly have the same members in the same order.
    next: usize,
}

impl Members<'_> {
    /// Returns the shape of a member.
    pub fn member(&mut self, name: &str) -> &mut Shape {
        // One more than may be is enough to know that it is no struct.
        let name = if self.places.len() > MOST_FIELDS { "" } else { name };
        let place = match self.places.get_index(self.next) {
            Some((known, _)) if known == name => self.next,
            _ => self.places.get_index_of(name).unwrap_or_else(|| self.places.insert_full(name.to_owned(), Shape::default()).0),
        };
        self.next = place + 1;
        &mut self.places[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn see(shape: &mut Shape, value: &Value) {
        match value {
            Value::Null => {}
            Value::Bool(_) => shape.see_boolean(),
            Value::Number(number) => shape.see_number(number.to_string().as_bytes()),
            Value::String(_) => shape.see_text(),
            Value::Array(items) => {
                let place = shape.see_array();
                for item in items {
                    see(place, item);
                }
            }
            Value::Object(members) => {
                let mut places = shape.see_object();
                members.iter().for_each(|(name, value)| see(places.member(name), value));
            }
        }
    }

    fn shape(values: &[&str]) -> Shape {
        let mut shape = Shape::default();
        for value in values {
            see(&mut shape, &serde_json::from_str(value).unwrap());
        }
        shape
    }

    fn fresh(values: &[&str]) -> String {
        shape(values).fresh(NamingRule::Camel).map_or_else(String::new, |ty| ty.to_string())
    }

    #[test]
    fn kinds_are_kept_and_mixtures_are_text() {
        for (values, ty) in [
            (&["1", "null"][..], "bigint"),
            (&["1", "1.5"], "double"),
            (&["true"], "boolean"),
            (&["\"1\""], "string"),
            (&["1", "\"1\""], "string"),
            (&["1", "true"], "string"),
            (&["9223372036854775808"], "string"),
            (&["9007199254740993", "1.5"], "string"),
            (&["null"], ""),
            (&["[]", "{}"], "string"),
            (&["[]"], ""),
            (&["{}"], ""),
            (&["[1]", "[2.5, null]"], "array<double>"),
            (&["[1]", "[\"x\"]"], "array<string>"),
            (
                &["{\"aB\": 1}", "{\"c\": [{}], \"d\": [{\"e\": null}, {\"e\": true}]}"],
                "struct<a_b:bigint,d:array<struct<e:boolean>>>",
            ),
            (&["{\"a\": 1}", "7"], "string"),
            (&["{\"é\": 1}"], "string"),
            (&["{\"a b\": 1, \"aB\": 1}"], "string"),
        ] {
            assert_eq!(fresh(values), ty, "{values:?}");
        }
        let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
        assert!(fresh(&[&deep]).ends_with("array<string>>>>>>>>>>>>>>>>>>>>>>>>"), "{}", fresh(&[&deep]));
    }

    #[test]
    fn objects_are_text_where_they_are_too_deep() {
        let nested = |depth| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert!(fresh(&[&nested(DEEPEST)]).ends_with("a:bigint>>>>>>>>>>>>>>>>>>>>>>>>"));
        let too_deep = fresh(&[&nested(DEEPEST + 1)]);
        assert_eq!((too_deep.matches("struct<").count(), too_deep.contains("a:string>>")), (DEEPEST, true), "{too_deep}");
    }

    #[test]
    fn as_many_members_as_a_struct_has_and_one_more() {
        let object = |count: usize| {
            let members: Vec<String> = (0..count).map(|i| format!("\"m{i}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert_eq!(fresh(&[&object(MOST_FIELDS)]).matches(":bigint").count(), MOST_FIELDS);
        for too_many in [&[object(MOST_FIELDS + 1)][..], &[object(MOST_FIELDS), "{\"other\":1}".to_owned()]] {
            assert_eq!(fresh(&too_many.iter().map(String::as_str).collect::<Vec<_>>()), "string");
        }
        // However many more there are, they take no more room.
        let Some(members) = &shape(&[&object(MOST_FIELDS * 2)]).object else { panic!("no object") };
        assert_eq!(members.len(), MOST_FIELDS + 2);
        let known: ColumnType = "struct<m0:int,old:int>".parse().unwrap();
        let ColumnType::Struct(fields) = shape(&[&object(MOST_FIELDS)]).grown(&known, NamingRule::Words) else {
            panic!("no struct")
        };
        assert_eq!((fields.len(), fields[1].name.as_str()), (MOST_FIELDS, "old"));
    }

    #[test]
    fn a_known_struct_grows_at_its_end_and_nothing_of_it_changes() {
        for (ty, values, grown) in [
            ("struct<a:int>", &["{\"b\": 1, \"a\": 2}"][..], "struct<a:int,b:bigint>"),
            ("struct<postcode:string>", &["{\"postCode\": 1}"], "struct<postcode:string>"),
            ("struct<higher_d_f_a:int>", &["{\"higherDFA\": 1}"], "struct<higher_d_f_a:int>"),
            ("array<struct<a:struct<x:int>>>", &["[{\"a\": {\"y\": \"\"}}]"], "array<struct<a:struct<x:int,y:string>>>"),
            ("map<string,struct<a:int>>", &["{\"k\": {\"b\": true}}"], "map<string,struct<a:int,b:boolean>>"),
            ("struct<a:int>", &["[1]", "7", "{\"b\": null, \"c\": []}"], "struct<a:int>"),
            ("int", &["{\"b\": 1}"], "int"),
            ("struct<a:int>", &["{\"a\": {\"b\": 1}}"], "struct<a:int>"),
        ] {
            let found = shape(values).grown(&ty.parse().unwrap(), NamingRule::Camel);
            assert_eq!(found.to_string(), grown, "{values:?}");
        }
    }
}
