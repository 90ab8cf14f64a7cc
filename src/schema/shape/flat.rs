//! Objects that can't be structs with all their members, and the reasons.

use super::super::names::told;
use super::super::{ColumnType, NamingRule};
use super::{MOST_FIELDS, Objects, Shape};

/// Maximum number of places that are found in a column.
const MOST_FOUND: usize = 5;

/// A place in the table at which objects of the source are text, or lack members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flat {
    /// Path of the column or field: `customer.address`.
    pub path: String,
    /// True if the objects are JSON text; false if they are a struct, and objects with other members don't fit it.
    pub is_text: bool,
    /// Reason.
    pub reason: FlatReason,
}

/// Reason for which objects can't be structs with all their members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlatReason {
    /// A member leaves no column name.
    Unnamed {
        /// The member, for display.
        member: String,
        /// True if it has a name by [`NamingRule::Unicode`].
        by_unicode: bool,
    },
    /// Two members have one name, also in their own spelling.
    Alike {
        /// A member, for display.
        first: String,
        /// The other one.
        second: String,
    },
    /// There are more members than a struct may have: their names may be data.
    TooMany,
}

impl FlatReason {
    /// Returns the reason of two members.
    pub fn alike(first: &str, second: &str) -> Self {
        Self::Alike { first: told(first), second: told(second) }
    }
}

impl Shape {
    /// Finds the objects at this place, and in it, that are text or lack members in the type that the table has or gets. `path`
    /// is that of the value in the table.
    pub fn flat(&self, ty: &ColumnType, naming: NamingRule, path: &str, found: &mut Vec<Flat>) {
        if found.len() >= MOST_FOUND {
            return;
        }
        let flat = |is_text, reason| Flat { path: path.to_owned(), is_text, reason };
        match (ty, &self.array, &self.object) {
            (ColumnType::Array(items), Some(seen), _) => seen.flat(items, naming, path, found),
            (ColumnType::Map(_, value), _, Some(objects)) => {
                objects.members.values().for_each(|seen| seen.flat(value, naming, path, found));
            }
            (ColumnType::Struct(fields), _, Some(objects)) => {
                let mut reason = (fields.len() >= MOST_FIELDS).then_some(FlatReason::TooMany);
                for (member, seen) in &objects.members {
                    match naming.field(member, fields.iter().map(|field| &field.name)) {
                        Some(place) => {
                            let field = &fields[place];
                            seen.flat(&field.ty, naming, &format!("{path}.{}", field.name), found);
                        }
                        None if reason.is_none() && seen.fresh(naming).is_some() => reason = unnamed_by(naming, member),
                        None => {}
                    }
                }
                found.extend(reason.map(|reason| flat(false, reason)));
            }
            (ColumnType::String, _, Some(objects)) if self.is_of_objects() => {
                found.extend(objects.reason(naming).map(|reason| flat(true, reason)));
            }
            _ => {}
        }
    }

    /// Returns true if nothing but objects was seen.
    fn is_of_objects(&self) -> bool {
        let has_scalar = self.booleans || self.texts || self.instants || self.numbers.is_some() || self.decimals.is_some();
        !has_scalar && self.array.is_none() && self.object.is_some()
    }
}

impl Objects {
    /// Returns the reason for which the objects are no structs; `None` if they are.
    fn reason(&self, naming: NamingRule) -> Option<FlatReason> {
        if self.members.len() > MOST_FIELDS {
            return Some(FlatReason::TooMany);
        }
        let unnamed = self.members.keys().find_map(|member| unnamed_by(naming, member));
        unnamed.or_else(|| {
            let names: Vec<&String> = self.members.keys().collect();
            names.iter().enumerate().find_map(|(i, second)| {
                let own = naming.own_spelling(second)?;
                let first = names[..i].iter().find(|first| naming.own_spelling(first).as_ref() == Some(&own))?;
                Some(FlatReason::alike(first, second))
            })
        })
    }
}

fn unnamed_by(naming: NamingRule, member: &str) -> Option<FlatReason> {
    let is_named = naming.apply(member).is_some();
    let by_unicode = NamingRule::Unicode.apply(member).is_some();
    (!is_named).then(|| FlatReason::Unnamed { member: told(member), by_unicode })
}
