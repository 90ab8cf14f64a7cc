//! Documents in texts of JSON files: the paths of `source.json.parse_json`, and notes about those that have no effect.

use crate::config::{JsonSettings, Module};
use crate::identity::CollectionName;
use crate::metastore::TableName;
use crate::schema::{ColumnName, ColumnType, Evolution, Naming, TableSchema};
use crate::source::{PathStep, Unwrap, parse_path};

use super::children::root;

/// Returns the paths to documents in texts that take the place of the texts: those below the columns, as the texts of a column
/// itself are read by its type; with `columns` these too, since arrays in them may be tables of their own. Documents of `MongoDB`
/// have its notation, which columns have not.
pub(super) fn paths(settings: &JsonSettings, columns: bool) -> Result<Vec<Vec<PathStep>>, String> {
    let columns = columns || settings.unwrap == Some(Unwrap::MongoExtended);
    let paths = settings.parse_json.iter().map(|text| parse_path(text)).collect::<Result<Vec<_>, _>>()?;
    Ok(paths.into_iter().filter(|path| columns || path.len() > 1).collect())
}

/// Returns true if the texts of a column are documents: it is listed under its own name, or under that of the source.
pub(super) fn has_documents(settings: &JsonSettings, naming: Naming<'_>, table: &TableSchema, column: &ColumnName) -> bool {
    settings.parse_json.iter().any(|text| match names(text).as_slice() {
        [name] => means(name, naming, table, column),
        _ => false,
    })
}

fn means(name: &str, naming: Naming<'_>, table: &TableSchema, column: &ColumnName) -> bool {
    name == column.as_str() || naming.column(name, table).as_ref() == Some(column)
}

/// Returns the names on a path, without its steps into arrays.
fn names(path: &str) -> Vec<String> {
    let names = parse_path(path).unwrap_or_default().into_iter().filter_map(|step| match step {
        PathStep::Member(name) => Some(name),
        PathStep::Items => None,
    });
    names.collect()
}

/// Returns notes about listed texts that the table does not have, or has as texts.
pub(super) fn notes(
    module: &Module,
    (collection, table): (&CollectionName, &TableName),
    naming: Naming<'_>,
    evolution: &Evolution,
) -> Vec<String> {
    let listed = module.source.json.as_ref().map(|json| json.parse_json.as_slice()).unwrap_or_default();
    let is_shared = module.collections.values().filter(|settings| settings.child_of.is_none()).count() > 1;
    let mut others = module.collections.keys().filter(|name| *name != collection);
    let has_children = others.any(|name| root(module, name) == collection);
    let (mut missing, mut texts) = (Vec::new(), Vec::new());
    for path in listed {
        let Some(names) = within(module, collection, names(path)) else { continue };
        match found(&names, naming, &evolution.after) {
            // Other tables may have it.
            None if is_shared && evolution.before.is_some() || has_children && names.len() == 1 => {}
            None => missing.push(path.as_str()),
            Some((column, ColumnType::String)) => texts.push((path.as_str(), column)),
            Some(_) => {}
        }
    }
    let missing = (!missing.is_empty()).then(|| {
        format!("`source.json.parse_json` in the module file lists what the table does not have: {}", missing.join(", "))
    });
    let texts = texts.into_iter().map(|(path, column)| {
        format!(
            "`{path}` of `source.json.parse_json` stays text, as its values were no documents, or of several kinds, \
             when it became a column: `adg retype {table} {column} TYPE` gives it another type, such as 'map<string,string>'"
        )
    });
    missing.into_iter().chain(texts).collect()
}

/// Returns the names on a path in the records of a collection; `None` if it leads to another one's.
fn within(module: &Module, collection: &CollectionName, path: Vec<String>) -> Option<Vec<String>> {
    let array = array(module, collection);
    if !array.is_empty() {
        return path.strip_prefix(array.as_slice()).filter(|rest| !rest.is_empty()).map(<[String]>::to_vec);
    }
    let mut children = module.collections.values().filter_map(|settings| settings.child_of.as_ref());
    let is_elsewhere = children.any(|child| child.parent == *collection && path.starts_with(&names(&child.path)));
    (!is_elsewhere).then_some(path)
}

/// Returns the names on the path to the array of which a collection is the table; none if its records are whole.
fn array(module: &Module, collection: &CollectionName) -> Vec<String> {
    let mut path = Vec::new();
    let mut settings = module.collections.get(collection);
    while let Some(child) = settings.and_then(|settings| settings.child_of.as_ref()) {
        path = [names(&child.path), path].concat();
        settings = module.collections.get(&child.parent);
    }
    path
}

/// Returns the column of a path, and the type at its end; `None` if the table does not have it.
fn found(names: &[String], naming: Naming<'_>, table: &TableSchema) -> Option<(ColumnName, ColumnType)> {
    let (first, rest) = names.split_first()?;
    let column = table.columns().iter().find(|column| means(first, naming, table, &column.name))?;
    let mut ty = item(&column.ty);
    for name in rest {
        ty = item(match ty {
            ColumnType::Struct(fields) => &fields[naming.rule.field(name, fields.iter().map(|field| &field.name))?].ty,
            ColumnType::Map(_, value) => value,
            _ => return None,
        });
    }
    Some((column.name.clone(), ty.clone()))
}

/// Returns the type of the items of arrays.
fn item(mut ty: &ColumnType) -> &ColumnType {
    while let ColumnType::Array(items) = ty {
        ty = items;
    }
    ty
}
