//! Hints for a day above its limits: settings and commands with which its values or records fit.

use std::collections::BTreeMap;

use crate::config::ChildKeys;
use crate::engine::FileCounts;
use crate::jobs::ingest::flat;
use crate::schema::{ColumnName, ColumnType, Evolution};

use super::attempt::Day;

impl Day<'_> {
    /// Returns what to type where columns of the table have other values than so far: their first fraction, say, is no error of
    /// the source. Objects that can't be structs are explained too.
    pub(super) fn type_hints(&self, found: &FileCounts, evolution: &Evolution) -> String {
        let table = &self.collection.table;
        let is_wrong = |path: &str| {
            let column = path.split('.').next().unwrap_or(path);
            found.value_errors.keys().any(|name| name.as_str() == column)
        };
        let flat = evolution.flat.iter().chain(&found.alike).filter(|flat| !flat.is_text && is_wrong(&flat.path));
        let flat = flat.map(|flat| flat::explained(&table.to_string(), flat, evolution));
        let wider = wider(&found.value_errors, &found.wider, evolution);
        let wider = wider
            .into_iter()
            .map(|(column, what, ty)| format!("if {what} from now on, `adg retype {table} {column} {}`", in_shell(&ty)));
        wider.chain(flat).map(|hint| format!("; {hint}")).collect()
    }

    /// Returns what to set where records have names of their own which they also get from around them.
    pub(super) fn names_hint(&self) -> String {
        let module = self.run.context.module;
        let child = module.collections.get(&self.collection.name).and_then(|settings| settings.child_of.as_ref());
        let Some(child) = child else {
            return "give the values under `source.json.envelope` in the module file names that no record has".to_owned();
        };
        let keys: Vec<(&String, &String)> = match &child.keys {
            ChildKeys::Paths(paths) => paths.iter().map(|path| (path, path)).collect(),
            ChildKeys::Named(named) => named.iter().collect(),
        };
        let keys = keys.into_iter().map(|(name, path)| {
            let last = name.rsplit(['.', '/']).next().unwrap_or(name);
            format!("{}_{last}: {path}", child.parent)
        });
        format!(
            "give the keys names that no item has, under `children` in the module file: `keys: {{ {} }}`",
            keys.collect::<Vec<_>>().join(", ")
        )
    }
}

/// Maximum number of columns for which a type is proposed.
const MOST_PROPOSED: usize = 3;

/// Returns columns of the table whose values a wider type would hold, those values in words, and the type.
fn wider(
    errors: &BTreeMap<ColumnName, u64>,
    wider: &BTreeMap<ColumnName, ColumnType>,
    evolution: &Evolution,
) -> Vec<(ColumnName, String, ColumnType)> {
    let before = |column: &ColumnName| evolution.before.as_ref()?.type_of(column);
    let proposed = errors.keys().filter_map(|column| {
        let known = before(column)?;
        // A cluster tells no types; mostly it is the first fraction.
        let unknown = || known.is_integer().then_some(ColumnType::Double);
        let wider = wider.get(column).cloned().or_else(unknown)?;
        let (path, ty) = known.first_wider(&wider, column)?;
        let what = match ty {
            ColumnType::Double => format!("`{path}` has fractions"),
            ColumnType::BigInt => format!("`{path}` has greater numbers"),
            ColumnType::Decimal { .. } => format!("`{path}` has numbers of more than 64 bits"),
            _ => format!("`{path}` has texts, or numbers that no type holds exactly,"),
        };
        Some((column.clone(), what, wider))
    });
    proposed.take(MOST_PROPOSED).collect()
}

/// Returns a type as an argument in a shell.
fn in_shell(ty: &ColumnType) -> String {
    let text = ty.to_string();
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) { text } else { format!("'{text}'") }
}
