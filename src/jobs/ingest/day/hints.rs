//! Hints for a day above its limits: settings and commands with which its values or records fit.

use std::collections::BTreeMap;

use crate::config::ChildKeys;
use crate::engine::FileCounts;
use crate::jobs::ingest::flat;
use crate::schema::{ColumnName, ColumnType, Evolution};
use crate::source::{Format, TypedFormat, TypedKind};

use super::attempt::Day;

impl Day<'_> {
    /// Returns what to type where columns of the table have other values than so far: their first fraction, say, is no error of
    /// the source. Objects that can't be structs are explained too.
    pub(super) fn type_hints(&self, found: &FileCounts, evolution: &Evolution) -> String {
        let table = &self.collection.table;
        let is_wrong = |path: &str| found.value_errors.keys().any(|column| is_in(path, column));
        let flat: Vec<_> =
            evolution.flat.iter().chain(&found.alike).filter(|flat| !flat.is_text && is_wrong(&flat.path)).collect();
        let wider = wider(&found.value_errors, &found.wider, evolution);
        let of_another_kind =
            of_another_kind(found, evolution).filter(|column| !flat.iter().any(|flat| is_in(&flat.path, column)));
        let drop = of_another_kind.map(|column| {
            format!(
                "values of `{column}` are of another kind than {}, and no type holds both: for texts of both write `columns: {{ \
                 {column}: string }}` into the module file, drop the table `{table}`, and run its dates again",
                evolution.before.as_ref().and_then(|before| before.type_of(column)).map_or("its type", kind)
            )
        });
        let drop: Vec<String> = drop.take(1).collect();
        let flat = flat.iter().map(|flat| flat::explained(&table.to_string(), flat, evolution));
        let notation = self.notation_hint(found, evolution).map(|hint| format!("; {hint}")).unwrap_or_default();
        let checked = if wider.is_empty() { "" } else { CHECKED };
        let wider = wider
            .into_iter()
            .map(|(column, what, ty)| format!("if {what} from now on, `adg retype {table} {column} {}`", in_shell(&ty)));
        let wider: String = wider.map(|hint| format!("; {hint}")).collect();
        let others: String = flat.chain(drop).map(|hint| format!("; {hint}")).collect();
        format!("{wider}{checked}{others}{notation}")
    }

    /// Returns the settings by which values of the columns with the most errors may be read in another notation.
    fn notation_hint(&self, found: &FileCounts, evolution: &Evolution) -> Option<String> {
        let format = match &self.run.context.format {
            Format::Json(_) => "json",
            Format::Csv(_) => "csv",
            Format::Typed(TypedFormat { kind: TypedKind::Excel(_), .. }) => "excel",
            Format::Typed(_) => return None,
        };
        let (column, _) = found.value_errors.iter().max_by_key(|(_, count)| **count)?;
        let settings = match evolution.after.type_of(column)? {
            ColumnType::Date => "`date_formats`",
            ColumnType::Timestamp => {
                "`timestamp_formats` (strptime notation, or `epoch_s` and the like), `nanoseconds` or `time_zone`"
            }
            ty if format != "json" && (ty.is_integer() || matches!(ty, ColumnType::Double | ColumnType::Decimal { .. })) => {
                "`decimal` and `thousands`, or `currency`"
            }
            _ => return None,
        };
        Some(format!("if values of `{column}` are written in another notation, set {settings} under `source.{format}`"))
    }

    /// Returns notes about identifiers that lose their zeros: integers of columns whose type is that of their first values.
    pub(super) fn zero_led(&self, found: &FileCounts, evolution: &Evolution) -> Vec<String> {
        let undeclared = found.zero_led.iter().filter(|(column, _)| self.collection.declared.type_of(column).is_none());
        let notes = undeclared.filter_map(|(column, count)| {
            let (table, ty) = (&self.collection.table, evolution.after.type_of(column)?);
            Some(format!(
                "{count} values of `{column}` begin with zeros, which its type {ty} does not keep: if they are identifiers, \
                 `adg retype {table} {column} string` keeps those of later runs; if they are numbers, declare `columns: {{ \
                 {column}: {ty} }}` in the module file, and this note goes"
            ))
        });
        notes.collect()
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

/// Proposals are made by the values of one date alone.
const CHECKED: &str = ", which checks the values of all dates first, and changes nothing if one does not fit";

/// Returns true if a path leads into a column.
fn is_in(path: &str, column: &ColumnName) -> bool {
    path.split('.').next() == Some(column.as_str())
}

/// Returns the columns of structs whose values no other type would hold.
fn of_another_kind<'f>(found: &'f FileCounts, evolution: &'f Evolution) -> impl Iterator<Item = &'f ColumnName> {
    let is_nested = |column: &ColumnName| {
        let known = evolution.before.as_ref().and_then(|before| before.type_of(column));
        known.is_some_and(ColumnType::is_nested)
    };
    found.value_errors.keys().filter(move |column| is_nested(column) && !found.wider.contains_key(*column))
}

/// Returns the kind of values of a type in words.
fn kind(ty: &ColumnType) -> &'static str {
    match ty {
        ColumnType::Array(_) => "its lists",
        ColumnType::Map(..) => "its maps",
        _ => "its objects",
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
        let (path, from, to) = known.first_wider(&wider, column)?;
        let what = match (from, to) {
            (_, ColumnType::Double) => "fractions",
            (_, ColumnType::BigInt) => "greater numbers",
            (ColumnType::Decimal { .. }, ColumnType::Decimal { .. }) => "more digits",
            (_, ColumnType::Decimal { .. }) => "numbers of more than 64 bits",
            (_, ColumnType::Timestamp) => "clock times",
            (ColumnType::Varchar(_) | ColumnType::Char(_), _) => "longer texts",
            _ if from.is_integer() => "texts, or numbers that no type holds exactly,",
            _ if from.is_nested() => "other values than those of its type",
            _ => "texts",
        };
        let what = format!("`{path}` has {what}");
        Some((column.clone(), what, wider))
    });
    proposed.take(MOST_PROPOSED).collect()
}

/// Returns a type as an argument in a shell.
fn in_shell(ty: &ColumnType) -> String {
    let text = ty.to_string();
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) { text } else { format!("'{text}'") }
}
