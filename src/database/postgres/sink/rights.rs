//! Rights that a user needs to publish to a table, looked at before anything is read.

use crate::database::DatabaseError;

use super::super::reading::quoted;
use super::table::PostgresTable;

const LOOK: &str = "look at rights";

/// `$1` is the schema, `$2` the table. Null is what does not exist.
const RIGHTS: &str = "
select has_database_privilege(current_database(), 'temp') as temp,
       case when to_regnamespace('adg_records') is null then has_database_privilege(current_database(), 'create')
            else has_schema_privilege('adg_records', 'create') and has_schema_privilege('adg_records', 'usage') end as records,
       to_regnamespace('adg_records') is not null as has_records,
       to_regnamespace(quote_ident($1)) is not null as schema,
       has_schema_privilege(to_regnamespace(quote_ident($1))::oid, 'create') as create,
       has_table_privilege(to_regclass($2)::oid, 'select') and has_table_privilege(to_regclass($2)::oid, 'insert')
           and has_table_privilege(to_regclass($2)::oid, 'update') and has_table_privilege(to_regclass($2)::oid, 'delete')
           as change";

impl PostgresTable {
    /// Refuses a table that the user of the connection can't publish to. Rights of single columns are not looked at.
    pub(super) fn must_be_allowed(&self) -> Result<(), DatabaseError> {
        let schema = self.name.schema.clone().unwrap_or_default();
        let row = self.session.row(LOOK, RIGHTS, &[&schema, &self.name.in_statement()])?;
        let has = |right: &str| -> Result<Option<bool>, DatabaseError> {
            row.try_get(right).map_err(|error| self.session.failed(LOOK, &error))
        };
        let user = quoted(&self.connection.user);
        let refused = |reason: &str, statement: String| DatabaseError::Table {
            table: self.describe(),
            reason: reason.to_owned(),
            hint: format!("let an owner of the database run `{statement}`"),
        };
        let (database, schema) = (quoted(&self.connection.database), quoted(&schema));
        let table = self.name.in_statement();
        if has("temp")? != Some(true) {
            let statement = format!("grant temporary on database {database} to {user}");
            return Err(refused("the user may not create temporary tables, in which rows are staged", statement));
        }
        if has("records")? != Some(true) {
            let statement = match has("has_records")? {
                Some(true) => format!(
                    "grant usage, create on schema adg_records to {user}; \
                     grant select, insert, update, delete on all tables in schema adg_records to {user}"
                ),
                _ => format!("create schema adg_records authorization {user}"),
            };
            return Err(refused("the user may not create the schema adg_records, in which adg keeps its records", statement));
        }
        match (has("change")?, has("schema")?, has("create")?) {
            (Some(true), ..) | (None, _, Some(true)) => Ok(()),
            (None, Some(false) | None, _) => {
                Err(refused("its schema does not exist", format!("create schema {schema} authorization {user}")))
            }
            (None, ..) => {
                Err(refused("the user may not create tables in its schema", format!("grant create on schema {schema} to {user}")))
            }
            (Some(false), ..) => Err(refused(
                "the user may not read and change it",
                format!("grant select, insert, update, delete on {table} to {user}"),
            )),
        }
    }
}
