//! Rows that become part of those of a table, by the table's own statements.

use arrow_array::ArrayRef;
use arrow_cast::display::{ArrayFormatter, FormatOptions};

use crate::batch::BatchError;
use crate::database::DatabaseError;
use crate::schema::ColumnName;
use crate::sink::{Changes, Missing, TooManyMissing};

use super::super::reading::quoted;
use super::column::StagedColumn;
use super::staged::{DELETED, STAGED, StagedCopy};
use super::table::listed;

const MERGE: &str = "merge rows";

/// First version with MERGE: <https://www.postgresql.org/docs/15/release-15.html>.
pub(super) const HAS_MERGE: i32 = 150_000;

/// Staged rows, and the table that they become part of.
pub(super) struct Merging<'m> {
    pub(super) staged: &'m StagedCopy,
    /// Table, as it stands in a statement.
    pub(super) table: &'m str,
    /// Number of the server's version.
    pub(super) version: i32,
}

impl Merging<'_> {
    /// Returns the names of the columns in the table.
    fn names(&self) -> Vec<String> {
        self.staged.columns.iter().map(|column| column.in_table.clone()).collect()
    }

    fn in_table(&self, name: &ColumnName) -> String {
        let column = self.staged.columns.iter().find(|column| column.name == *name);
        column.map_or_else(|| name.to_string(), |column| column.in_table.clone())
    }

    /// Returns the query of the staged rows, in the types of the table.
    pub(super) fn rows(&self) -> String {
        self.of_staged(&format!("where not {DELETED}"))
    }

    fn of_staged(&self, condition: &str) -> String {
        let column = |StagedColumn { name, in_table, stored }: &StagedColumn| {
            format!("{} as {}", stored.expression(name.as_str()), quoted(in_table))
        };
        format!("select {} from {STAGED} {condition}", self.staged.columns.iter().map(column).collect::<Vec<_>>().join(", "))
    }

    /// Adds the rows.
    pub(super) fn append(&self) -> Result<Changes, DatabaseError> {
        let statement = format!("insert into {} ({}) {}", self.table, listed(&self.names()), self.rows());
        let inserted = self.staged.session.execute("add rows", &statement, &[])?;
        self.must_be_all(inserted)?;
        Ok(Changes { inserted, ..Changes::default() })
    }

    /// Replaces the rows from a value of a column on.
    pub(super) fn replace_from(&self, column: &ColumnName, first: &ArrayRef) -> Result<Changes, DatabaseError> {
        let format = ArrayFormatter::try_new(first, &FormatOptions::default()).map_err(BatchError::from)?;
        // In the table's type: the server reads a literal as the other side of the comparison.
        let value = format.value(0).to_string().replace('\'', "''");
        let statement = format!("delete from {} where {} >= '{value}'", self.table, quoted(&self.in_table(column)));
        let deleted = self.staged.session.execute("replace rows", &statement, &[])?;
        Ok(Changes { deleted, ..self.append()? })
    }

    /// Merges the rows by keys. Rows that the table has as they are stay untouched.
    pub(super) fn merge(&self, keys: &[ColumnName], missing: Missing) -> Result<Changes, DatabaseError> {
        let keys: Vec<String> = keys.iter().map(|key| self.in_table(key)).collect();
        let keys = keys.as_slice();
        self.must_be_unique(keys)?;
        let changes = self.compare(keys)?;
        // Before rows are added, which the share of those that are gone is not of.
        let deleted = self.delete(keys, missing)?;
        if !changes.is_nothing() {
            let rows = if self.version >= HAS_MERGE { self.by_merge(keys)? } else { self.by_update_and_insert(keys)? };
            self.must_be(rows, changes.inserted + changes.updated)?;
        }
        Ok(Changes { deleted, ..changes })
    }

    /// Deletes rows that are marked, and those that no staged row has the keys of.
    fn delete(&self, keys: &[String], missing: Missing) -> Result<u64, DatabaseError> {
        let (table, is_same, session) = (self.table, joined(keys), &self.staged.session);
        let delete = |condition: &str| session.execute(MERGE, &format!("delete from {table} as t where {condition}"), &[]);
        let mut deleted = 0;
        if self.staged.deleted > 0 {
            let marked = self.of_staged(&format!("where {DELETED}"));
            deleted += delete(&format!("exists (select from ({marked}) as s where {is_same})"))?;
        }
        if missing != Missing::Keep {
            let rows = self.count(&format!("select count(*) from {table}"))?;
            let gone = delete(&format!("not exists (select from ({}) as s where {is_same})", self.rows()))?;
            if !missing.allows(gone, rows) {
                return Err(TooManyMissing { table: self.table.to_owned(), missing: gone, rows }.into());
            }
            deleted += gone;
        }
        Ok(deleted)
    }

    /// Refuses to go on if the table did not take all rows.
    pub(super) fn must_be_all(&self, count: u64) -> Result<(), DatabaseError> {
        self.must_be(count, self.staged.rows)
    }

    fn must_be(&self, count: u64, expected: u64) -> Result<(), DatabaseError> {
        if count == expected {
            return Ok(());
        }
        Err(DatabaseError::Rows {
            server: self.staged.session.address().to_owned(),
            reason: format!("{} took {count} rows, and {expected} were expected", self.table),
            hint: "look at the triggers and rules of the table, which leave rows out or send them elsewhere".to_owned(),
        })
    }

    fn refused(&self, reason: String) -> DatabaseError {
        DatabaseError::Keys { table: self.table.to_owned(), reason }
    }

    fn count(&self, statement: &str) -> Result<u64, DatabaseError> {
        let row = self.staged.session.row(MERGE, statement, &[])?;
        let count: i64 = row.try_get(0).map_err(|error| self.staged.session.failed(MERGE, &error))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn must_be_unique(&self, keys: &[String]) -> Result<(), DatabaseError> {
        let (rows, listed) = (self.of_staged(""), listed(keys));
        let is_null = keys.iter().map(|key| format!("{} is null", quoted(key))).collect::<Vec<_>>().join(" or ");
        let nulls = self.count(&format!("select count(*) from ({rows}) s where {is_null}"))?;
        if nulls > 0 {
            return Err(self.refused(format!("{nulls} rows have a null in their keys ({listed})")));
        }
        // As the server compares them: it may hold two texts to be equal.
        let repeated =
            format!("select count(*) from (select 1 from ({rows}) s group by {listed} having count(*) > 1) as repeated");
        match self.count(&repeated)? {
            0 => Ok(()),
            repeated => Err(self.refused(format!("{repeated} keys ({listed}) stand in more than one row"))),
        }
    }

    /// Counts what becomes of the rows.
    fn compare(&self, keys: &[String]) -> Result<Changes, DatabaseError> {
        let (table, rows, is_same) = (self.table, self.rows(), joined(keys));
        let differs = self.differs(keys).unwrap_or_else(|| "false".to_owned());
        let statement = format!(
            "select count(*), count(*) filter (where t.tableoid is null), \
             count(*) filter (where t.tableoid is not null and {differs}) \
             from ({rows}) s left join {table} t on {is_same}"
        );
        let session = &self.staged.session;
        let row = session.row(MERGE, &statement, &[])?;
        let count = |at: usize| -> Result<u64, DatabaseError> {
            let count: i64 = row.try_get(at).map_err(|error| session.failed(MERGE, &error))?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        let (all, inserted, updated) = (count(0)?, count(1)?, count(2)?);
        if all != self.staged.rows {
            let reason = format!("the table has keys ({}) in more than one row", listed(keys));
            return Err(self.refused(reason));
        }
        Ok(Changes { inserted, updated, unchanged: all - inserted - updated, deleted: 0 })
    }

    /// Returns the condition by which a staged row and that of the table differ; `None` if they are their keys. It compares the
    /// bytes of values, since the server holds some different ones to be equal, and can't compare others.
    fn differs(&self, keys: &[String]) -> Option<String> {
        let others: Vec<String> = self.names().iter().filter(|name| !keys.contains(name)).map(|name| quoted(name)).collect();
        let row = |of: &str| others.iter().map(|name| format!("{of}.{name}")).collect::<Vec<_>>().join(", ");
        (!others.is_empty()).then(|| format!("row({})::record *<> row({})::record", row("t"), row("s")))
    }

    fn by_merge(&self, keys: &[String]) -> Result<u64, DatabaseError> {
        let (table, rows, is_same, names) = (self.table, self.rows(), joined(keys), self.names());
        let values = names.iter().map(|name| format!("s.{}", quoted(name))).collect::<Vec<_>>().join(", ");
        let update = self.differs(keys).map(|differs| format!("when matched and {differs} then update set {}", self.set(keys)));
        let statement = format!(
            "merge into {table} as t using ({rows}) as s on {is_same} {} when not matched then insert ({}) values ({values})",
            update.unwrap_or_default(),
            listed(&names)
        );
        self.staged.session.execute(MERGE, &statement, &[])
    }

    /// The same, for servers without MERGE.
    fn by_update_and_insert(&self, keys: &[String]) -> Result<u64, DatabaseError> {
        let (table, rows, is_same, session) = (self.table, self.rows(), joined(keys), &self.staged.session);
        let mut changed = 0;
        if let Some(differs) = self.differs(keys) {
            let set = self.set(keys);
            let statement = format!("update {table} as t set {set} from ({rows}) as s where {is_same} and {differs}");
            changed += session.execute(MERGE, &statement, &[])?;
        }
        let names = listed(&self.names());
        let statement = format!(
            "insert into {table} ({names}) select {names} from ({rows}) as s \
             where not exists (select from {table} as t where {is_same})"
        );
        Ok(changed + session.execute(MERGE, &statement, &[])?)
    }

    fn set(&self, keys: &[String]) -> String {
        let others = self.names().into_iter().filter(|name| !keys.contains(name));
        let set = others.map(|name| format!("{0} = s.{0}", quoted(&name)));
        set.collect::<Vec<_>>().join(", ")
    }
}

/// Returns the condition by which a staged row and that of the table have the same keys.
fn joined(keys: &[String]) -> String {
    keys.iter().map(|key| format!("t.{0} = s.{0}", quoted(key))).collect::<Vec<_>>().join(" and ")
}
