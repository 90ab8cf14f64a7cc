//! The crash matrix: each call of a job, disturbed in each way there is, and then the same command again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

use crate::catchup::{Counts, Requested, RunLog, Status, Unit};
use crate::identity::{Clock, ProcessingDate, RunId};
use crate::jobs::{IngestRequest, undo};
use crate::report::ExitCode;

use super::call::{Call, Fate, Gate, Open, Process};
use super::readers::{Day, Readers, orphans, table_name};
use super::rows::EXTRA;
use super::world::{self, COLLECTIONS, FIRST, Place, RETENTION, World, nightly, with_clean_up};
use crate::metastore::Metastore;

/// A delay that is longer than a lease lasts.
const STALL: SignedDuration = SignedDuration::from_mins(10);

/// Counts calls, disturbs one of them, and has readers look after each that may have changed something.
struct Numbered {
    world: Arc<World>,
    readers: Arc<Readers>,
    hit: Option<(usize, Fate)>,
    next: AtomicUsize,
    calls: Mutex<Vec<Call>>,
}

impl std::fmt::Debug for Numbered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the gate that disturbs {:?}", self.hit)
    }
}

impl Gate for Numbered {
    fn enter(&self, _: usize, call: &Call) -> Fate {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        self.calls.lock().unwrap().push(call.clone());
        let fate = self.hit.filter(|(hit, _)| *hit == number).map_or(Fate::Pass, |(_, fate)| fate);
        if fate == Fate::Timeout {
            self.world.clock.advance(STALL);
        }
        fate
    }

    fn leave(&self, _: usize, call: &Call, fate: Fate) {
        if call.is_seen() {
            self.readers.look(&self.world, self.world.clock.now(), &format!("{call} ({fate:?})"));
        }
    }
}

/// A job, and the state in which it finds the world.
struct Scenario {
    place: Place,
    found: fn(&World),
    request: IngestRequest,
    /// True if it undoes the last run instead.
    undoes: bool,
    /// True if tables have a partition for each day of the rows.
    by_day: bool,
}

pub(super) fn day(offset: u32) -> ProcessingDate {
    FIRST.parse::<ProcessingDate>().unwrap().plus_days(offset)
}

pub(super) fn asked_for(first: u32, last: u32) -> IngestRequest {
    world::asked_for(Requested { start: Some(day(first)), end: Some(day(last)) })
}

fn undisturbed(world: &World, request: &IngestRequest) {
    let report = world.run(&Process::new(0, Arc::new(Open)), request).unwrap();
    assert_eq!(report.exit_code(), ExitCode::Done, "{report:?}");
}

/// The state of the world after all runs.
#[derive(Debug, PartialEq, Eq)]
struct End {
    generations: BTreeMap<Day, u32>,
    columns: BTreeMap<&'static str, Vec<String>>,
    ledger: BTreeMap<Day, (Status, Counts)>,
    quarantined: BTreeMap<String, u64>,
}

impl End {
    fn of(world: &World, readers: &Readers) -> Self {
        let (ledger, metastore) = (world.ledger(), world.metastore());
        let columns = |collection| {
            let table = metastore.table(&table_name(collection)).unwrap()?;
            Some((collection, table.schema.columns().iter().map(|column| format!("{column:?}")).collect()))
        };
        let mut days = BTreeMap::new();
        let module = "shop".parse().unwrap();
        for (collection, history) in ledger.days(&module).unwrap() {
            let name = COLLECTIONS.into_iter().find(|name| *name == collection.as_str()).unwrap();
            for (date, status) in history {
                let last = ledger.attempts(&Unit::new(module.clone(), collection.clone(), date)).unwrap().pop().unwrap();
                days.insert((name, date), (status, last.counts));
            }
        }
        // Without the run's own folder.
        let quarantine = world.published("").into_iter().filter(|(key, _)| key.contains("_quarantine"));
        let quarantined = quarantine.map(|(key, size)| (key.rsplitn(3, '/').last().unwrap().to_owned(), size)).collect();
        Self {
            generations: readers.generations(),
            columns: COLLECTIONS.into_iter().filter_map(columns).collect(),
            ledger: days,
            quarantined,
        }
    }
}

fn gate(world: &Arc<World>, readers: &Arc<Readers>, hit: Option<(usize, Fate)>) -> Arc<Numbered> {
    let (world, readers) = (Arc::clone(world), Arc::clone(readers));
    Arc::new(Numbered { world, readers, hit, next: AtomicUsize::new(0), calls: Mutex::default() })
}

struct Ran {
    world: Arc<World>,
    readers: Arc<Readers>,
    gate: Arc<Numbered>,
    code: Option<ExitCode>,
    /// Last run that was done before the scenario.
    last: RunId,
}

impl Scenario {
    /// Runs the job with one call disturbed.
    fn run(&self, world: &Arc<World>, hit: Option<(usize, Fate)>) -> Ran {
        let world = Arc::clone(world);
        let readers = Arc::new(Readers::of(&world).undoing(self.undoes));
        readers.look(&world, world.clock.now(), "the beginning");
        let code = None;
        let gate = gate(&world, &readers, hit);
        let last = last_run(&world);
        let mut ran = Ran { world, readers, gate, code, last };
        ran.again(self);
        ran
    }

    /// Disturbs each call in each way.
    fn survives(&self) {
        let world = World::new(self.place, true, self.place == Place::Folder);
        if self.by_day {
            world.by_day();
        }
        (self.found)(&world);
        let found = world.keep();
        let mut whole = self.run(&world, None);
        whole.readers.assert_whole("undisturbed");
        let end = End::of(&whole.world, &whole.readers);
        assert_eq!(orphans(&whole.world, &whole.readers), Vec::<String>::new());
        let calls = whole.gate.calls.lock().unwrap().clone();
        let mut codes = vec![whole.code];
        whole.again(self);
        codes.push(whole.code);
        drop(whole);
        let mut tried = 0;
        for (number, call) in calls.iter().enumerate() {
            for fate in call.fates() {
                let context = format!("{:?}, call {number} ({call}) {fate:?}", self.place);
                world.back_to(&found);
                self.converges(&world, (number, fate), &end, &codes, &context);
                tried += 1;
            }
        }
        println!("{:?}: {} calls, {tried} disturbed runs", self.place, calls.len());
    }

    fn converges(&self, world: &Arc<World>, hit: (usize, Fate), end: &End, codes: &[Option<ExitCode>], context: &str) {
        let mut ran = self.run(world, Some(hit));
        ran.readers.assert_whole(context);
        assert!(ran.gate.next.load(Ordering::SeqCst) > hit.0, "{context}: the call was not made");
        if ran.code == Some(ExitCode::Done) && !hit.1.kills() {
            assert_eq!(End::of(&ran.world, &ran.readers), *end, "{context}: said to be done");
        }
        ran.gate = gate(&ran.world, &ran.readers, None);
        ran.again(self);
        ran.readers.assert_whole(&format!("{context}, and again"));
        assert!(codes.contains(&ran.code), "{context}, and again: {:?}", ran.code);
        assert_eq!(End::of(&ran.world, &ran.readers), *end, "{context}, and again");
        assert_eq!(orphans(&ran.world, &ran.readers), Vec::<String>::new(), "{context}, and again");
        assert_eq!(ran.world.left_behind(), Vec::<std::path::PathBuf>::new(), "{context}, and again");
    }
}

impl Ran {
    fn again(&mut self, scenario: &Scenario) {
        let (world, process) = (&self.world, Process::new(0, Arc::<Numbered>::clone(&self.gate)));
        self.code = if scenario.undoes {
            world
                .services(&process)
                .and_then(|services| undo(&services, &scenario.request.scope, self.last))
                .map(|_| ExitCode::Done)
                .ok()
        } else {
            world.run(&process, &scenario.request).map(|report| report.exit_code()).ok()
        };
    }
}

/// Sets up two days; the first has no file for one collection.
fn landed(world: &World) {
    for (collection, offset) in [("items", 0), ("items", 1), ("orders", 1)] {
        world.land(collection, day(offset));
    }
    world.clock.advance(SignedDuration::from_hours(24));
}

/// Sets up a day that was published long ago and again since, and newer files of it with another column.
fn published(world: &World) {
    for collection in COLLECTIONS {
        world.land(collection, day(0));
    }
    undisturbed(world, &nightly());
    undisturbed(world, &asked_for(0, 0));
    world.clock.advance(SignedDuration::from_hours(RETENTION + 1));
    for _ in 0..EXTRA {
        for collection in COLLECTIONS {
            world.land(collection, day(0));
        }
    }
}

/// Sets up two published days; the source has deleted the first.
fn lost(world: &World) {
    for date in [day(0), day(1)] {
        for collection in COLLECTIONS {
            world.land(collection, date);
        }
    }
    undisturbed(world, &asked_for(0, 1));
    world.lose(day(0));
}

/// Sets up a day that is published for the first time, and that readers may miss.
fn published_first(world: &World) {
    for collection in COLLECTIONS {
        world.land(collection, day(0));
    }
    undisturbed(world, &nightly());
    world.lost.lock().unwrap().insert(day(0));
}

/// Sets up a day that is published with rows of four days, and newer files of it with rows of three of them.
fn published_more(world: &World) {
    let land = |count: u32| (0..count).for_each(|_| COLLECTIONS.into_iter().for_each(|name| world.land(name, day(0))));
    land(EXTRA + 1);
    undisturbed(world, &nightly());
    world.clock.advance(SignedDuration::from_hours(RETENTION + 1));
    land(1);
}

/// Sets up that day, and publishes its newer files.
fn published_less(world: &World) {
    published_more(world);
    undisturbed(world, &asked_for(0, 0));
}

fn last_run(world: &World) -> RunId {
    let attempts = world.ledger().attempts(&Unit::new("shop".parse().unwrap(), "items".parse().unwrap(), day(0))).unwrap();
    attempts.last().map_or_else(|| RunId::new(Timestamp::UNIX_EPOCH), |attempt| attempt.run_id)
}

fn catch_up(place: Place) {
    Scenario { place, found: landed, request: nightly(), undoes: false, by_day: false }.survives();
}

fn rerun(place: Place) {
    Scenario { place, found: published, request: asked_for(0, 0), undoes: false, by_day: false }.survives();
}

fn clean_up(place: Place) {
    let request = with_clean_up(asked_for(0, 0));
    Scenario { place, found: published, request, undoes: false, by_day: false }.survives();
}

fn lose(place: Place) {
    let mut request = with_clean_up(asked_for(1, 1));
    request.options.force_clean_up = true;
    Scenario { place, found: lost, request, undoes: false, by_day: false }.survives();
}

fn take_back(place: Place) {
    Scenario { place, found: published, request: asked_for(0, 0), undoes: true, by_day: false }.survives();
}

fn unpublish(place: Place) {
    Scenario { place, found: published_first, request: asked_for(0, 0), undoes: true, by_day: false }.survives();
}

fn by_day(place: Place, found: fn(&World), request: IngestRequest, undoes: bool) {
    Scenario { place, found, request, undoes, by_day: true }.survives();
}

#[test]
fn catching_up_by_day_of_the_rows() {
    by_day(Place::Folder, landed, nightly(), false);
}

#[test]
fn doing_days_again_by_day_of_the_rows() {
    by_day(Place::Bucket, published_more, asked_for(0, 0), false);
}

#[test]
fn undoing_a_run_by_day_of_the_rows() {
    by_day(Place::Bucket, published_less, asked_for(0, 0), true);
}

#[test]
fn catching_up_in_folders() {
    catch_up(Place::Folder);
}

#[test]
fn catching_up_in_buckets() {
    catch_up(Place::Bucket);
}

#[test]
fn doing_days_again_in_folders() {
    rerun(Place::Folder);
}

#[test]
fn doing_days_again_in_buckets() {
    rerun(Place::Bucket);
}

#[test]
fn cleaning_up_in_folders() {
    clean_up(Place::Folder);
}

#[test]
fn cleaning_up_in_buckets() {
    clean_up(Place::Bucket);
}

#[test]
fn cleaning_up_what_the_source_has_lost_in_folders() {
    lose(Place::Folder);
}

#[test]
fn cleaning_up_what_the_source_has_lost_in_buckets() {
    lose(Place::Bucket);
}

#[test]
fn undoing_a_run_in_folders() {
    take_back(Place::Folder);
}

#[test]
fn undoing_a_run_in_buckets() {
    take_back(Place::Bucket);
}

#[test]
fn undoing_a_first_run_in_folders() {
    unpublish(Place::Folder);
}

#[test]
fn undoing_a_first_run_in_buckets() {
    unpublish(Place::Bucket);
}
