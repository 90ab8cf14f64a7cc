//! Migrations of the file: the statements that turn each version into the next.

/// All migrations. The n-th creates version n. A released one is never changed.
pub(super) const MIGRATIONS: [&str; 2] = [VERSION_1, VERSION_2];

const VERSION_1: &str = "
create table if not exists attempts (
    module text not null, collection text not null, date text not null, run_id text not null, attempt integer not null,
    status text not null, rows_read integer not null, rows_written integer not null, rows_quarantined integer not null,
    value_errors integer not null, files integer not null, bytes integer not null, schema_fingerprint text,
    sources text not null, location text, started text not null, ended text, error text,
    primary key (module, collection, date, run_id)
) without rowid;
create table if not exists leases (
    module text primary key, token integer not null, run_id text not null, host text not null, process integer not null,
    expires text not null, locked integer not null, released integer not null
) without rowid;
create table if not exists superseded (location text primary key, at text not null) without rowid;
";

/// The index has all columns that queries over all dates read, without the lists of sources: ten years of 300 collections are a
/// million attempts. Version 0.1 of adg may have created it already.
const VERSION_2: &str = "
alter table attempts add column metrics text not null default '{}';
create index if not exists attempts_in_short on attempts (
    module, collection, date, run_id, status, rows_read, rows_written, rows_quarantined, value_errors, files, bytes
);
create table shared_leases (
    scope text not null, token integer not null, run_id text not null, host text not null, process integer not null,
    expires text not null, locked integer not null,
    primary key (scope, token)
) without rowid;
";
