//! Inference of a column type from the values at one place in JSON records.

mod flat;

use std::collections::HashMap;

use indexmap::IndexMap;

use super::fit;
use super::{ColumnName, ColumnType, NamingRule, SourceNames, StructField};

pub use flat::{Flat, FlatReason};

/// Maximum number of fields of a struct. More names than that are taken for keys of data.
const MOST_FIELDS: usize = 1_000;
/// Maximum depth of types. Deeper values are kept as JSON text: Hive's own readers and type strings have their limits.
const DEEPEST: usize = 24;
/// Type of numbers that the source marks as decimals: that of Spark for decimals of no known size.
const DECIMAL: ColumnType = ColumnType::Decimal { precision: 38, scale: 18 };

/// Kinds of values that were seen at one place: a member of the records, a member of its objects, an item of its arrays.
///
/// Feed it all values of a date. Null is not a value; an empty array or object has a kind and no content.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    booleans: bool,
    texts: bool,
    instants: bool,
    /// Decimals that the source marks as such; false if one does not fit the type of decimals.
    decimals: Option<bool>,
    numbers: Option<Numbers>,
    array: Option<Box<Shape>>,
    object: Option<Objects>,
    /// True if a text was seen that is no document, where documents are to be.
    strays: bool,
}

/// Objects seen at one place.
#[derive(Debug, Clone, Default)]
struct Objects {
    /// Number of objects.
    count: u64,
    members: IndexMap<String, Shape>,
    /// For each member, the number of objects that have it.
    seen: Vec<u64>,
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

    /// Records a text that is no document, where documents are to be. It counts only if there is no document at all.
    pub fn see_stray(&mut self) {
        self.strays = true;
    }

    /// Records a text that the source marks as an instant.
    pub fn see_instant(&mut self) {
        self.instants = true;
    }

    /// Records a number that the source marks as a decimal.
    pub fn see_decimal(&mut self, text: &[u8]) {
        let ColumnType::Decimal { precision, scale } = DECIMAL else { return };
        let fits = fit::decimal(text, precision, scale).is_some();
        self.decimals = Some(self.decimals.unwrap_or(true) && fits);
    }

    /// Records a number as it is written.
    pub fn see_number(&mut self, text: &[u8]) {
        let numbers = self.numbers.get_or_insert(Numbers { bigint: true, double: true });
        numbers.bigint = numbers.bigint && fit::is_plain_bigint(text);
        numbers.double = numbers.double && fit::survives_as_double(text);
    }

    /// Records an array. Returns the shape of its items.
    pub fn see_array(&mut self) -> &mut Shape {
        self.array.get_or_insert_default()
    }

    /// Records an object. Returns the shapes of its members.
    pub fn see_object(&mut self) -> Members<'_> {
        let objects = self.object.get_or_insert_default();
        objects.count += 1;
        Members { objects, next: 0 }
    }

    /// Takes in what was seen at another place.
    fn merge(&mut self, other: &Self) {
        self.booleans |= other.booleans;
        self.texts |= other.texts;
        self.instants |= other.instants;
        self.strays |= other.strays;
        self.decimals = match (self.decimals, other.decimals) {
            (Some(one), Some(two)) => Some(one && two),
            (one, two) => one.or(two),
        };
        if let Some(Numbers { bigint, double }) = other.numbers {
            let numbers = self.numbers.get_or_insert(Numbers { bigint: true, double: true });
            numbers.bigint &= bigint;
            numbers.double &= double;
        }
        if let Some(items) = &other.array {
            self.array.get_or_insert_default().merge(items);
        }
        if let Some(others) = &other.object {
            let objects = self.object.get_or_insert_default();
            objects.count += others.count;
            for (i, (name, shape)) in others.members.iter().enumerate() {
                let place = objects.place(name, i);
                objects.seen[place] += others.seen[i];
                objects.members[place].merge(shape);
            }
        }
    }

    /// Returns true if an array was seen, and nothing in any.
    fn is_empty_array(&self) -> bool {
        self.array.as_ref().is_some_and(|items| items.is_unseen())
    }

    fn is_unseen(&self) -> bool {
        !self.booleans
            && !self.texts
            && !self.instants
            && !self.strays
            && self.decimals.is_none()
            && self.numbers.is_none()
            && self.array.is_none()
            && self.object.is_none()
    }

    /// Returns the type of an undeclared column; `None` if nothing seen has a type: no value, or only empty arrays and objects.
    ///
    /// Objects whose names are data, such as identifiers or dates, become maps. Values of several kinds become text, each as its
    /// JSON is written. So do objects whose names can't be those of one struct, and numbers that neither a 64-bit integer nor a
    /// double holds exactly.
    pub fn fresh(&self, naming: NamingRule) -> Option<ColumnType> {
        self.typed(naming, 0)
    }

    fn typed(&self, naming: NamingRule, depth: usize) -> Option<ColumnType> {
        self.type_of_values(naming, depth).or(self.strays.then_some(ColumnType::String))
    }

    fn type_of_values(&self, naming: NamingRule, depth: usize) -> Option<ColumnType> {
        // PHP writes an object without members as an empty array.
        let has_array = self.array.is_some() && !(self.is_empty_array() && self.object.is_some());
        let has_number = self.numbers.is_some() || self.decimals.is_some();
        let kinds = [self.booleans, self.texts, self.instants, has_number, has_array, self.object.is_some()];
        if kinds.into_iter().filter(|seen| *seen).count() > 1 {
            return Some(ColumnType::String);
        }
        if let Some(fit) = self.decimals {
            let fits = fit && self.numbers.is_none_or(|numbers| numbers.bigint);
            return Some(if fits { DECIMAL } else { ColumnType::String });
        }
        if self.instants {
            return Some(ColumnType::Timestamp);
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
        if let Some(items) = self.array.as_ref().filter(|_| has_array) {
            return Some(ColumnType::Array(Box::new(items.typed(naming, depth + 1)?)));
        }
        let objects = self.object.as_ref()?;
        if objects.have_keys_of_data() {
            let value = objects.value().typed(naming, depth + 1)?;
            return Some(ColumnType::Map(Box::new(ColumnType::String), Box::new(value)));
        }
        let Some(fields) = fields(&objects.members, naming) else { return Some(ColumnType::String) };
        let fields: Vec<StructField> = fields
            .into_iter()
            .filter_map(|(name, shape)| Some(StructField { name, ty: shape.typed(naming, depth + 1)? }))
            .collect();
        (!fields.is_empty()).then_some(ColumnType::Struct(fields))
    }

    /// Returns a known type with the additional members that the values have: each struct gets its new members at its end. A type
    /// that the values do not fit stays unchanged; they are checked one by one later.
    ///
    /// `path` is that of the value in the table, and `names` tells which members its fields have.
    pub fn grown(&self, ty: &ColumnType, naming: NamingRule, names: &SourceNames, path: &str) -> ColumnType {
        match (ty, &self.array, self.object.as_ref().map(|objects| &objects.members)) {
            (ColumnType::Array(items), Some(seen), _) => ColumnType::Array(Box::new(seen.grown(items, naming, names, path))),
            (ColumnType::Map(key, value), _, Some(members)) => {
                let grown = members.values().fold((**value).clone(), |value, seen| seen.grown(&value, naming, names, path));
                ColumnType::Map(key.clone(), Box::new(grown))
            }
            (ColumnType::Struct(fields), _, Some(members)) => {
                ColumnType::Struct(grown_fields(fields, members, naming, (names, path)))
            }
            _ => ty.clone(),
        }
    }

    /// Takes down which members fill the fields of a type that was made for these values.
    pub fn tell_names(&self, ty: &ColumnType, naming: NamingRule, names: &mut SourceNames, path: &str) {
        match (ty, &self.array, self.object.as_ref().map(|objects| &objects.members)) {
            (ColumnType::Array(items), Some(seen), _) => seen.tell_names(items, naming, names, path),
            (ColumnType::Map(_, value), _, Some(members)) => {
                members.values().for_each(|seen| seen.tell_names(value, naming, names, path));
            }
            (ColumnType::Struct(fields), _, Some(members)) => {
                for (member, seen) in members {
                    let Some(place) = naming.field(member, fields.iter().map(|field| &field.name)) else { continue };
                    let StructField { name, ty } = &fields[place];
                    let path = format!("{path}.{name}");
                    names.take_member(naming, &path, name, member);
                    seen.tell_names(ty, naming, names, &path);
                }
            }
            _ => {}
        }
    }
}

fn grown_fields(
    fields: &[StructField],
    members: &IndexMap<String, Shape>,
    naming: NamingRule,
    (names, path): (&SourceNames, &str),
) -> Vec<StructField> {
    let mut grown = fields.to_vec();
    for (member, seen) in members {
        let known = naming.field(member, fields.iter().map(|field| &field.name));
        let is_own = |known: &usize| {
            let name = &fields[*known].name;
            let path = format!("{path}.{name}");
            let is_another = || !names.has_been(naming, &path, member) && is_of_another(member, name, members, naming);
            names.may_fill(naming, &path, name, member) && !is_another()
        };
        match known.filter(is_own) {
            Some(known) => {
                let path = format!("{path}.{}", fields[known].name);
                grown[known].ty = seen.grown(&grown[known].ty, naming, names, &path);
            }
            None => {
                let Some(name) = naming.apply(member) else { continue };
                let own = || naming.own_spelling(member).filter(|own| !grown.iter().any(|field| field.name == *own));
                let is_taken = grown.iter().any(|field| field.name == name);
                let Some(name) = Some(name).filter(|_| !is_taken).or_else(own) else { continue };
                if grown.len() < MOST_FIELDS
                    && let Some(ty) = seen.fresh(naming)
                {
                    grown.push(StructField { name, ty });
                }
            }
        }
    }
    grown
}

/// Returns true if a field belongs to another member that has its very name.
fn is_of_another(member: &str, field: &ColumnName, members: &IndexMap<String, Shape>, naming: NamingRule) -> bool {
    member != field.as_str() && naming.own_spelling(member).as_ref() != Some(field) && members.contains_key(field.as_str())
}

/// Returns the fields of a struct; `None` if there are too many, a member gets no name, or two get the same. Members that differ
/// in case alone are one; of others with one name by the rule, each gets its own spelling.
fn fields(members: &IndexMap<String, Shape>, naming: NamingRule) -> Option<IndexMap<ColumnName, Shape>> {
    if members.len() > MOST_FIELDS {
        return None;
    }
    let by_rule = members.keys().map(|member| naming.apply(member)).collect::<Option<Vec<_>>>()?;
    let mut sharing: HashMap<&ColumnName, usize> = HashMap::new();
    for name in &by_rule {
        *sharing.entry(name).or_default() += 1;
    }
    let mut fields: IndexMap<ColumnName, Shape> = IndexMap::new();
    for (name, (member, shape)) in by_rule.iter().zip(members) {
        let own = naming.own_spelling(member).filter(|_| sharing.get(name).is_some_and(|count| *count > 1));
        let is_own = own.is_some();
        let field = own.unwrap_or_else(|| name.clone());
        if is_own && fields.contains_key(&field) {
            return None;
        }
        fields.entry(field).or_default().merge(shape);
    }
    Some(fields)
}

impl Shape {
    /// Returns true if all values are of one kind: numbers, say, and no texts.
    fn is_of_one_kind(&self) -> bool {
        let kinds = [
            self.booleans,
            self.texts || self.instants,
            self.numbers.is_some() || self.decimals.is_some(),
            self.array.is_some(),
            self.object.is_some(),
        ];
        kinds.into_iter().filter(|is_there| *is_there).count() == 1
    }
}

/// Minimum number of names that may be keys of data.
const FEWEST_KEYS: usize = 20;
/// Maximum number of names, of which an object has few, that are fields where all their values are of one kind.
const MOST_NAMES: usize = 200;
/// Minimum number of objects that tell whether their names are keys of data.
const FEWEST_OBJECTS: u64 = 5;

impl Objects {
    /// Returns true if the names are data rather than fields: there are many, most stand in a single object, and an object has
    /// few of them.
    fn have_keys_of_data(&self) -> bool {
        let (names, once) = (self.members.len(), self.seen.iter().filter(|seen| **seen == 1).count());
        let few_in_each = self.seen.iter().sum::<u64>() * 4 < self.count * names as u64;
        let many = names > FEWEST_KEYS && self.count >= FEWEST_OBJECTS;
        let is_map = names > MOST_FIELDS || names > MOST_NAMES && self.value().is_of_one_kind() || many && 2 * once > names;
        is_map && few_in_each
    }

    /// Returns the shape of the values of all members.
    fn value(&self) -> Shape {
        self.members.values().fold(Shape::default(), |mut all, shape| {
            all.merge(shape);
            all
        })
    }

    /// Returns the place of a member; it is likely `guess`.
    fn place(&mut self, name: &str, guess: usize) -> usize {
        // One more than may be is enough to know that it is no struct.
        let name = if self.members.len() > MOST_FIELDS && !self.members.contains_key(name) { "" } else { name };
        match self.members.get_index(guess) {
            Some((known, _)) if known == name => guess,
            _ => self.members.get_index_of(name).unwrap_or_else(|| {
                self.seen.push(0);
                self.members.insert_full(name.to_owned(), Shape::default()).0
            }),
        }
    }
}

/// Members of an object, among the members of all objects at one place.
pub struct Members<'a> {
    objects: &'a mut Objects,
    /// Index of the likely next member: objects at one place mostly have the same members in the same order.
    next: usize,
}

impl Members<'_> {
    /// Returns the shape of a member.
    pub fn member(&mut self, name: &str) -> &mut Shape {
        let place = self.objects.place(name, self.next);
        self.objects.seen[place] += 1;
        self.next = place + 1;
        &mut self.objects.members[place]
    }
}

#[cfg(test)]
mod tests;
