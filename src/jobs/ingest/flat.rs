//! Explanations of objects that can't be structs with all their members.

use crate::schema::{ColumnType, Evolution, Flat, FlatReason};

/// Returns a note for a person: the reason, and what to set.
pub(super) fn explained(table: &str, flat: &Flat, evolution: &Evolution) -> String {
    let Flat { path, is_text, reason } = flat;
    let why = match reason {
        FlatReason::Unnamed { member, .. } => format!("its member `{member}` leaves no column name"),
        FlatReason::Alike { first, second } => format!("its members `{first}` and `{second}` have one name"),
        FlatReason::TooMany => "it has more members than a struct may have: their names may be data".to_owned(),
    };
    let column = path.split('.').next().unwrap_or(path);
    let is_column = column == path;
    let map = match evolution.after.columns().iter().find(|known| known.name.as_str() == column).map(|known| &known.ty) {
        Some(ColumnType::Struct(fields)) if is_column && fields.iter().all(|field| field.ty == fields[0].ty) => {
            format!("map<string,{}>", fields[0].ty)
        }
        _ => "map<string,string>".to_owned(),
    };
    let unicode = match reason {
        FlatReason::Unnamed { by_unicode: true, .. } => "set `column_names: unicode` in the module file, or ",
        _ => "",
    };
    match (is_text, is_column) {
        (true, true) => {
            format!("`{path}` is kept as JSON text, as {why}; {unicode}turn it into a map: `adg retype {table} {column} '{map}'`")
        }
        (true, false) => {
            format!(
                "`{path}` is kept as JSON text, as {why}; {unicode}declare a `{map}` for it in the type of \
                 `{column}` in `columns`"
            )
        }
        (false, true) => format!(
            "some values of `{path}` do not fit, as {why}; {unicode}declare `columns: {{ {column}: '{map}' }}` in \
             the module file, drop the table, and run its dates again"
        ),
        (false, false) => format!(
            "some values of `{path}` do not fit, as {why}; {unicode}declare a `{map}` for it in the type of \
             `{column}` in `columns`, drop the table, and run its dates again"
        ),
    }
}
