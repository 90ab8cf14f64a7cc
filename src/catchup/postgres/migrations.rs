//! Migrations of the tables: the statements that turn each version into the next.

use postgres::Client;

/// All migrations. The n-th creates version n. A released one is never changed.
const MIGRATIONS: [&str; 2] = [VERSION_1, VERSION_2];

/// The tables as adg 0.1 created them, without a record of their version.
const VERSION_1: &str = "
create table if not exists adg_attempts (
    module text not null, collection text not null, date text not null, run_id text not null, attempt bigint not null,
    status text not null, rows_read bigint not null, rows_written bigint not null, rows_quarantined bigint not null,
    value_errors bigint not null, files bigint not null, bytes bigint not null, schema_fingerprint text,
    sources text not null, location text, started text not null, ended text, error text, token bigint not null,
    primary key (module, collection, date, run_id)
);
create table if not exists adg_leases (
    module text primary key, token bigint not null, run_id text not null, host text not null, process bigint not null,
    expires text not null, released boolean not null
);
create table if not exists adg_superseded (location text primary key, at text not null);
";

const VERSION_2: &str = "
alter table adg_attempts add column metrics text not null default '{}';
create table adg_shared_leases (
    scope text not null, token bigint not null, run_id text not null, host text not null, process bigint not null,
    expires text not null, primary key (scope, token)
);
";

/// Lock against concurrent migrations, until the end of the transaction: PostgreSQL's `if not exists` does not protect from them.
const ONE_AT_A_TIME: &str = "
select pg_advisory_xact_lock(72616467);
create table if not exists adg_ledger_version (version bigint not null);
";

/// Applies the migrations that the tables lack, all or none.
///
/// # Errors
/// The outer error is the server's; the inner one names the version of tables that are newer than this adg knows.
pub(super) fn migrate(client: &mut Client) -> Result<Result<(), String>, postgres::Error> {
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version(client)? == Some(newest) {
        return Ok(Ok(()));
    }
    let mut transaction = client.transaction()?;
    transaction.batch_execute(ONE_AT_A_TIME)?;
    let found = transaction.query_opt("select version from adg_ledger_version", &[])?.map_or(0, |row| row.get::<_, i64>(0));
    if found > newest {
        return Ok(Err(format!("tables of version {found}, made by a newer adg (this one reads up to version {newest})")));
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or_default()) {
        transaction.batch_execute(migration)?;
    }
    transaction.batch_execute("delete from adg_ledger_version")?;
    transaction.execute("insert into adg_ledger_version (version) values ($1)", &[&newest])?;
    transaction.commit()?;
    Ok(Ok(()))
}

/// Returns the version that the tables record; none if there are no tables, or they are of version 0.1.
fn version(client: &mut Client) -> Result<Option<i64>, postgres::Error> {
    let is_there = client.query_one("select to_regclass('adg_ledger_version') is not null", &[])?;
    if !is_there.get::<_, bool>(0) {
        return Ok(None);
    }
    Ok(client.query_opt("select version from adg_ledger_version", &[])?.map(|row| row.get(0)))
}
