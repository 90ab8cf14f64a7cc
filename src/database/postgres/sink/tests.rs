//! The sink against the sinks' conformance suite, with a real server.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::super::tests::connection;
use super::records::Records;
use super::{PostgresSink, PostgresTable};
use crate::catchup::{Access, Holder, Lease, LeaseStore, Slice, SqliteLedger};
use crate::identity::{Clock, FixedClock, JobName, RunId};
use crate::sink::conformance::{self, World};
use crate::stop::Stop;

const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// A table of the server that tests share, with an embedded ledger.
struct PostgresWorld {
    at: PostgresTable,
    ledger: SqliteLedger,
    clock: FixedClock,
    job: JobName,
    _folder: tempfile::TempDir,
}

impl PostgresWorld {
    /// Creates a world; `further` is run in the database once the table is there, with its name.
    fn new() -> Self {
        static WORLDS: AtomicU32 = AtomicU32::new(0);
        let folder = tempfile::TempDir::new().unwrap();
        let name = format!("\"sinks\".\"People {}\"", WORLDS.fetch_add(1, Ordering::Relaxed));
        let at = PostgresTable::open(&connection(), &name.parse().unwrap(), &Stop::default()).unwrap();
        let _ = at.session.run("make a schema", "create schema if not exists sinks");
        Self {
            at,
            ledger: SqliteLedger::open(&folder.path().join("ledger.db")).unwrap(),
            clock: FixedClock(Mutex::new(Timestamp::from_second(1_714_550_400).unwrap())),
            job: "people".parse().unwrap(),
            _folder: folder,
        }
    }
}

impl World for PostgresWorld {
    type Sink<'w> = PostgresSink<'w>;

    fn next_run(&self) -> Lease {
        self.pass(LEASE * 2);
        let now = self.clock.now();
        let holder = Holder { run_id: RunId::new(now), host: "host".into(), process: 7 };
        self.ledger.acquire(&self.job.clone().into(), Access::Exclusive, &holder, now, LEASE).unwrap()
    }

    fn sink<'w>(&'w self, lease: &'w Lease) -> PostgresSink<'w> {
        PostgresSink { at: &self.at, job: &self.job, lease, keys: &[], adopt: false, clock: &self.clock }
    }

    fn slice(&self, number: u8) -> Option<Slice> {
        (number == 1).then_some(Slice::Whole)
    }

    fn rows(&self, _: &Slice) -> Vec<String> {
        let table = self.at.name.in_statement();
        let Some(traits) = self.at.traits(&self.at.session).unwrap() else { return Vec::new() };
        let shown = |name: &str| {
            let name = super::super::reading::quoted(name);
            format!("coalesce({name}::text, 'null')")
        };
        // The tests do not look at days.
        let columns = traits.columns.iter().filter(|column| column.name != "at").map(|column| shown(&column.name));
        let statement = format!("select concat_ws(',', {}) from {table}", columns.collect::<Vec<_>>().join(", "));
        self.at.session.rows("read", &statement, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    }

    fn stored(&self) -> usize {
        let name = self.at.name.in_statement();
        let records = Records { session: &self.at.session, name: &name };
        let current = records.table().unwrap().is_some_and(|record| record.current.is_some());
        usize::try_from(records.kept().unwrap()).unwrap() + usize::from(current)
    }

    fn pass(&self, time: SignedDuration) {
        let mut now = self.clock.0.lock().unwrap();
        *now += time;
    }
}

#[test]
fn the_sink_conforms() {
    conformance::suite(PostgresWorld::new);
}
