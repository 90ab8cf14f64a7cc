//! Evolution of a table by the columns of a date, computed before anything is changed.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::{ErrorKind, Explain};

use super::{Column, ColumnName, ColumnType, Flat, SourceNames, TableSchema};

/// Rules for differences between the columns of the source and of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvolutionPolicy {
    /// Handling of a column that the table does not have, or a member that a struct of the table does not have.
    pub new_column: NewColumn,
    /// Handling of a column of the table that the source does not have.
    pub missing_column: MissingColumn,
    /// Handling of a column whose values no longer fit its type.
    pub type_change: TypeChange,
}

/// Handling of a column that the table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewColumn {
    /// Add it at the end, with the type of its values.
    #[default]
    Add,
    /// Leave it out, and name it in the report.
    Ignore,
    /// Refuse the date.
    Fail,
}

/// Handling of a column that the source no longer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingColumn {
    /// Fill it with nulls.
    #[default]
    Fill,
    /// Refuse the date.
    Fail,
}

/// Handling of values that do not fit their column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TypeChange {
    /// Keep the type; each such value becomes null and is kept in `error_desc`.
    #[default]
    Keep,
    /// Widen the column where every reader still reads the old files (int to bigint, float to double, longer text);
    /// otherwise as `keep`. Reads the date's files twice.
    Widen,
    /// Refuse the date. Reads the date's files twice.
    Fail,
}

/// Reason why a date's columns were refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaRefused {
    /// The policy says `new_column: fail`.
    #[error("the source has columns that the table does not have: {}", list(.0))]
    NewColumns(Vec<ColumnName>),
    /// The policy says `missing_column: fail`.
    #[error("the source lacks columns of the table: {}", list(.0))]
    MissingColumns(Vec<ColumnName>),
    /// The policy says `type_change: fail`.
    #[error("values of these columns do not fit their type: {}", list(.0))]
    TypeChanges(Vec<Column>),
}

impl Explain for SchemaRefused {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Schema
    }

    fn hint(&self) -> Option<String> {
        Some("correct the source, or change `evolution` of the table".into())
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A column of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Name in the table.
    pub name: ColumnName,
    /// Type of its values. None: it has no value, or its type was not inferred.
    pub ty: Option<ColumnType>,
    /// True if its values were examined for their type.
    pub examined: bool,
    /// Type of the table's column with the additional members that the values have. None: the values were not examined for
    /// members.
    pub grown: Option<ColumnType>,
    /// True if it is text because its numbers may be others: `1.000` is one, or a thousand.
    pub is_ambiguous: bool,
}

/// A column whose type becomes wider or gets more members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widening {
    /// The column.
    pub name: ColumnName,
    /// Type in older files.
    pub from: ColumnType,
    /// Type from now on.
    pub to: ColumnType,
}

/// The change from a table's present columns to its next ones: a value that can be printed, tested and then applied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evolution {
    /// Present schema of the table, if it exists.
    pub before: Option<TableSchema>,
    /// Next schema of the table.
    pub after: TableSchema,
    /// Columns added at the end of an existing table.
    pub added: Vec<Column>,
    /// Columns whose type becomes wider or gets more members.
    pub widened: Vec<Widening>,
    /// Columns of the table that the source lacks, filled with nulls.
    pub filled: Vec<ColumnName>,
    /// Columns of the source, and members of them, left out by the policy.
    pub ignored: Vec<ColumnName>,
    /// New columns of the source that are not added because they have no value yet.
    pub without_value: Vec<ColumnName>,
    /// New columns that are text because their numbers may be others.
    pub ambiguous: Vec<ColumnName>,
    /// Columns and fields of objects that are text, or lack members.
    pub flat: Vec<Flat>,
    /// Names in the source that fill the columns; `None` if they are not known.
    pub source_names: Option<SourceNames>,
}

impl Evolution {
    /// Computes the evolution of `table` by the columns `incoming`. None: the table is to be created, beginning with `declared`.
    /// `system` are the columns that adg writes itself.
    ///
    /// # Errors
    /// The policy says `fail`, and the source has new columns or members, lacks columns, or has values that do not fit the type
    /// of their column.
    pub fn compute(
        table: Option<&TableSchema>,
        declared: &TableSchema,
        incoming: &[Incoming],
        policy: EvolutionPolicy,
        system: &[Column],
    ) -> Result<Self, SchemaRefused> {
        let first = table.unwrap_or(declared);
        let is_system = |name: &ColumnName| system.iter().any(|column| column.name == *name);
        let mut evolution = Self { before: table.cloned(), after: first.clone(), ..Self::default() };
        // The first schema is inferred where none is declared: then no column counts as new, until one has had a value.
        let inferring_first = first.columns().iter().all(|column| is_system(&column.name));
        evolution.take_new(first, declared, incoming, policy.new_column, inferring_first)?;
        evolution.fill_missing(first, incoming, policy.missing_column, is_system)?;
        evolution.grow(first, incoming, policy.new_column)?;
        evolution.change_types(first, incoming, policy.type_change)?;
        evolution.apply_widened();
        for column in system {
            evolution.after.push(column.clone());
        }
        evolution.added = match table {
            None => Vec::new(),
            Some(before) => evolution.after.columns().iter().filter(|column| !before.has(&column.name)).cloned().collect(),
        };
        Ok(evolution)
    }

    fn take_new(
        &mut self,
        first: &TableSchema,
        declared: &TableSchema,
        incoming: &[Incoming],
        policy: NewColumn,
        inferring_first: bool,
    ) -> Result<(), SchemaRefused> {
        let new: Vec<&Incoming> = incoming.iter().filter(|column| !first.has(&column.name)).collect();
        match policy {
            NewColumn::Fail if !inferring_first && !new.is_empty() => {
                return Err(SchemaRefused::NewColumns(new.iter().map(|column| column.name.clone()).collect()));
            }
            NewColumn::Ignore if !inferring_first => {
                self.ignored = new.iter().map(|column| column.name.clone()).collect();
                return Ok(());
            }
            _ => {}
        }
        for column in new {
            match declared.type_of(&column.name).or(column.ty.as_ref()) {
                Some(ty) => {
                    if column.is_ambiguous {
                        self.ambiguous.push(column.name.clone());
                    }
                    self.after.push(Column::new(column.name.clone(), ty.clone()));
                }
                None => self.without_value.push(column.name.clone()),
            }
        }
        Ok(())
    }

    fn fill_missing(
        &mut self,
        first: &TableSchema,
        incoming: &[Incoming],
        policy: MissingColumn,
        is_system: impl Fn(&ColumnName) -> bool,
    ) -> Result<(), SchemaRefused> {
        let missing: Vec<ColumnName> = first
            .columns()
            .iter()
            .map(|column| &column.name)
            .filter(|name| !is_system(name) && !incoming.iter().any(|column| column.name == **name))
            .cloned()
            .collect();
        if policy == MissingColumn::Fail && !missing.is_empty() {
            return Err(SchemaRefused::MissingColumns(missing));
        }
        self.filled = missing;
        Ok(())
    }

    /// Handles members that the table's structs do not have, by the rule for new columns.
    fn grow(&mut self, first: &TableSchema, incoming: &[Incoming], policy: NewColumn) -> Result<(), SchemaRefused> {
        let mut refused = Vec::new();
        for column in incoming {
            let (Some(from), Some(to)) = (first.type_of(&column.name), &column.grown) else { continue };
            let new = from.new_members(to, &column.name);
            match policy {
                _ if new.is_empty() => {}
                NewColumn::Add => {
                    self.widened.push(Widening { name: column.name.clone(), from: from.clone(), to: to.clone() });
                }
                NewColumn::Ignore => self.ignored.extend(new),
                NewColumn::Fail => refused.extend(new),
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(SchemaRefused::NewColumns(refused)) }
    }

    fn change_types(&mut self, first: &TableSchema, incoming: &[Incoming], policy: TypeChange) -> Result<(), SchemaRefused> {
        if policy == TypeChange::Keep {
            return Ok(());
        }
        let mut refused = Vec::new();
        for column in incoming.iter().filter(|column| column.examined) {
            let Some(from) = first.type_of(&column.name) else { continue };
            match (&column.ty, policy) {
                (Some(to), _) if to == from => {}
                (Some(to), TypeChange::Widen) if from.widens_to(to) => {
                    self.widened.push(Widening { name: column.name.clone(), from: from.clone(), to: to.clone() });
                }
                (_, TypeChange::Fail) => refused.push(Column::new(column.name.clone(), from.clone())),
                _ => {}
            }
        }
        if !refused.is_empty() {
            return Err(SchemaRefused::TypeChanges(refused));
        }
        Ok(())
    }

    fn apply_widened(&mut self) {
        let columns = self.after.columns().iter().map(|column| match self.widened.iter().find(|w| w.name == column.name) {
            Some(widening) => Column::new(column.name.clone(), widening.to.clone()),
            None => column.clone(),
        });
        self.after = TableSchema::new(columns.collect());
    }

    /// Returns true if an existing table must be altered.
    pub fn alters(&self) -> bool {
        !self.added.is_empty() || !self.widened.is_empty()
    }

    /// Returns the statements that apply this evolution to an existing table. Empty if nothing changes.
    pub fn ddl(&self, table: &str) -> Vec<String> {
        let mut statements = Vec::new();
        if !self.added.is_empty() {
            let mut columns = String::new();
            for column in &self.added {
                let comma = if columns.is_empty() { "" } else { ", " };
                // Writing to a String does not fail.
                let _ = write!(columns, "{comma}{column:#}");
            }
            statements.push(format!("ALTER TABLE {table} ADD COLUMNS ({columns})"));
        }
        for widening in &self.widened {
            statements.push(format!("ALTER TABLE {table} CHANGE COLUMN `{0}` `{0}` {1:#}", widening.name, widening.to));
        }
        statements
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> ColumnName {
        ColumnName::new(text).unwrap()
    }

    fn system() -> Vec<Column> {
        crate::schema::system_columns(false)
    }

    fn schema(columns: &[(&str, &str)]) -> TableSchema {
        TableSchema::new(columns.iter().map(|(n, t)| Column::new(name(n), t.parse().unwrap())).collect())
    }

    fn incoming(columns: &[(&str, Option<&str>)]) -> Vec<Incoming> {
        columns
            .iter()
            .map(|(n, t)| Incoming {
                name: name(n),
                ty: t.map(|t| t.parse().unwrap()),
                examined: true,
                grown: None,
                is_ambiguous: false,
            })
            .collect()
    }

    #[test]
    fn a_new_table_takes_the_declared_columns_then_the_new_ones_then_error_desc() {
        let declared = schema(&[("id", "bigint"), ("note", "string")]);
        let evolution = Evolution::compute(
            None,
            &declared,
            &incoming(&[("extra", Some("date")), ("id", None), ("empty", None)]),
            EvolutionPolicy::default(),
            &system(),
        )
        .unwrap();
        assert_eq!(
            evolution.after,
            schema(&[("id", "bigint"), ("note", "string"), ("extra", "date"), ("error_desc", "array<string>")])
        );
        assert_eq!(evolution.filled, [name("note")]);
        assert_eq!(evolution.without_value, [name("empty")]);
        assert!(!evolution.alters());
    }

    #[test]
    fn an_existing_table_grows_at_its_end() {
        let table = schema(&[("id", "int"), ("error_desc", "array<string>")]);
        let evolution = Evolution::compute(
            Some(&table),
            &TableSchema::default(),
            &incoming(&[("new", Some("double")), ("id", None)]),
            EvolutionPolicy::default(),
            &system(),
        )
        .unwrap();
        assert_eq!(evolution.ddl("db.t"), ["ALTER TABLE db.t ADD COLUMNS (`new` double)"]);
        assert_eq!(evolution.before, Some(table));
        assert!(evolution.alters());
        assert_eq!(evolution.after, schema(&[("id", "int"), ("error_desc", "array<string>"), ("new", "double")]));
    }

    #[test]
    fn policies_refuse_by_name() {
        let table = schema(&[("id", "int"), ("qty", "int")]);
        let seen = incoming(&[("id", Some("bigint")), ("x", Some("string"))]);
        let refuse =
            |policy| Evolution::compute(Some(&table), &TableSchema::default(), &seen, policy, &system()).unwrap_err().to_string();
        let base = EvolutionPolicy::default();
        assert_eq!(
            refuse(EvolutionPolicy { new_column: NewColumn::Fail, ..base }),
            "the source has columns that the table does not have: x"
        );
        assert_eq!(
            refuse(EvolutionPolicy { missing_column: MissingColumn::Fail, ..base }),
            "the source lacks columns of the table: qty"
        );
        assert_eq!(
            refuse(EvolutionPolicy { type_change: TypeChange::Fail, ..base }),
            "values of these columns do not fit their type: `id` int"
        );
        let widened = Evolution::compute(
            Some(&table),
            &TableSchema::default(),
            &seen,
            EvolutionPolicy { type_change: TypeChange::Widen, new_column: NewColumn::Ignore, ..base },
            &system(),
        )
        .unwrap();
        assert_eq!(
            widened.ddl("t"),
            ["ALTER TABLE t ADD COLUMNS (`error_desc` array<string>)", "ALTER TABLE t CHANGE COLUMN `id` `id` bigint"]
        );
        assert_eq!(widened.ignored, [name("x")]);
    }

    #[test]
    fn a_type_that_is_the_same_or_no_wider_changes_nothing() {
        let table = schema(&[("id", "bigint"), ("note", "string"), ("error_desc", "array<string>")]);
        let compute = |type_change, seen| {
            let policy = EvolutionPolicy { type_change, ..EvolutionPolicy::default() };
            Evolution::compute(Some(&table), &TableSchema::default(), &incoming(seen), policy, &system())
        };
        let same = compute(TypeChange::Fail, &[("id", Some("bigint")), ("note", Some("string"))]).unwrap();
        assert!(!same.alters());
        let narrower = compute(TypeChange::Widen, &[("id", Some("int")), ("note", Some("date"))]).unwrap();
        assert!(!narrower.alters() && narrower.after == table, "{narrower:?}");
    }

    #[test]
    fn a_type_alone_that_widens_alters_the_table() {
        let table = schema(&[("id", "int"), ("error_desc", "array<string>")]);
        let policy = EvolutionPolicy { type_change: TypeChange::Widen, ..EvolutionPolicy::default() };
        let seen = incoming(&[("id", Some("bigint"))]);
        assert!(Evolution::compute(Some(&table), &TableSchema::default(), &seen, policy, &system()).unwrap().alters());
    }

    #[test]
    fn a_first_schema_is_inferred_under_any_policy() {
        for new_column in [NewColumn::Fail, NewColumn::Ignore, NewColumn::Add] {
            let policy = EvolutionPolicy { new_column, ..EvolutionPolicy::default() };
            let seen = incoming(&[("id", Some("bigint"))]);
            let evolution = Evolution::compute(None, &TableSchema::default(), &seen, policy, &system()).unwrap();
            assert_eq!(evolution.after, schema(&[("id", "bigint"), ("error_desc", "array<string>")]));
        }
    }

    #[test]
    fn a_table_whose_first_day_had_no_values_is_still_inferred() {
        let table = schema(&[("error_desc", "array<string>")]);
        let policy = EvolutionPolicy { new_column: NewColumn::Fail, ..EvolutionPolicy::default() };
        let evolution =
            Evolution::compute(Some(&table), &TableSchema::default(), &incoming(&[("id", Some("bigint"))]), policy, &system())
                .unwrap();
        assert_eq!(evolution.ddl("t"), ["ALTER TABLE t ADD COLUMNS (`id` bigint)"]);
    }

    #[test]
    fn members_are_new_as_columns_are() {
        let table = schema(&[("s", "struct<a:int>"), ("error_desc", "array<string>")]);
        let grown = Some("struct<a:int,b:struct<c:string>>".parse().unwrap());
        let seen = [Incoming { name: name("s"), ty: None, examined: false, grown, is_ambiguous: false }];
        let compute = |new_column| {
            let policy = EvolutionPolicy { new_column, ..EvolutionPolicy::default() };
            Evolution::compute(Some(&table), &TableSchema::default(), &seen, policy, &system())
        };
        let added = compute(NewColumn::Add).unwrap();
        assert_eq!(added.ddl("t"), ["ALTER TABLE t CHANGE COLUMN `s` `s` struct<a:int,b:struct<c:string>>"]);
        assert_eq!(added.after.type_of(&name("s")), seen[0].grown.as_ref());
        let same = [Incoming { grown: table.type_of(&name("s")).cloned(), ..seen[0].clone() }];
        let evolution = Evolution::compute(Some(&table), &TableSchema::default(), &same, EvolutionPolicy::default(), &system());
        assert!(!evolution.unwrap().alters());
        let ignored = compute(NewColumn::Ignore).unwrap();
        assert_eq!((ignored.alters(), ignored.ignored), (false, vec![name("s.b")]));
        let refused = compute(NewColumn::Fail).unwrap_err().to_string();
        assert_eq!(refused, "the source has columns that the table does not have: s.b");
    }

    fn some_columns() -> impl Strategy<Value = Vec<(String, &'static str)>> {
        prop::collection::vec(("[a-e]", prop::sample::select(vec!["int", "bigint", "string", "date", "double"])), 0..6)
    }

    proptest! {
        /// Promise 6: columns keep their place and type, nothing is dropped, whatever arrives.
        #[test]
        fn the_tables_types_stand(table in some_columns(), days in prop::collection::vec(some_columns(), 1..6)) {
            let mut current = TableSchema::new(table.iter().map(|(n, t)| Column::new(name(n), t.parse().unwrap())).collect());
            for day in days {
                let columns = TableSchema::new(day.iter().map(|(n, t)| Column::new(name(n), t.parse().unwrap())).collect());
                let seen: Vec<Incoming> = columns
                    .columns()
                    .iter()
                    .map(|c| Incoming {
                        name: c.name.clone(),
                        ty: Some(c.ty.clone()),
                        examined: true,
                        grown: None,
                        is_ambiguous: false,
                    })
                    .collect();
                let (declared, policy) = (TableSchema::default(), EvolutionPolicy::default());
                let evolution = Evolution::compute(Some(&current), &declared, &seen, policy, &system()).unwrap();
                prop_assert_eq!(&evolution.after.columns()[..current.columns().len()], current.columns());
                for column in &seen {
                    prop_assert!(evolution.after.has(&column.name));
                }
                let again = Evolution::compute(Some(&evolution.after), &declared, &seen, policy, &system()).unwrap();
                prop_assert!(!again.alters());
                current = evolution.after;
            }
        }
    }
}
