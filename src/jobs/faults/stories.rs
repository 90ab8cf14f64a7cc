//! Scripted conflicts of processes, step by step: cases that the simulation found, and cases that must hold in any event.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use jiff::SignedDuration;

use crate::catchup::{RunLog, Status};
use crate::identity::{Clock, ErrorKind, Explain, RunId};
use crate::jobs::{IngestRequest, JobError};
use crate::report::{ExitCode, RunReport};

use super::call::{Fate, Process};
use super::matrix::{asked_for, day};
use super::readers::{Readers, orphans};
use super::schedule::Schedule;
use super::world::{COLLECTIONS, Place, RETENTION, World, nightly, with_clean_up};

type Ran = Result<RunReport, JobError>;

/// Some processes that move one at a time, as the test says.
struct Story {
    world: Arc<World>,
    readers: Arc<Readers>,
    schedule: Arc<Schedule>,
    threads: BTreeMap<usize, JoinHandle<Ran>>,
}

impl Story {
    /// Begins a story on a day whose files have come. `in_one_step` is as for [`World::new`].
    fn begin(in_one_step: bool) -> Self {
        let world = World::new(Place::Folder, false, in_one_step);
        for collection in COLLECTIONS {
            world.land(collection, day(0));
        }
        let readers = Arc::new(Readers::of(&world));
        let watcher = {
            let (world, readers) = (Arc::clone(&world), Arc::clone(&readers));
            move |process: usize, call: &super::call::Call, _: Fate| {
                if call.is_seen() {
                    readers.look(&world, world.clock.now(), &format!("process {process}: {call}"));
                }
            }
        };
        let schedule = Arc::new(Schedule::new(Box::new(watcher)));
        Self { world, readers, schedule, threads: BTreeMap::new() }
    }

    fn start(&mut self, id: usize, request: IngestRequest) {
        let (world, schedule) = (Arc::clone(&self.world), Arc::clone(&self.schedule));
        let process = Process::new(id, Arc::<Schedule>::clone(&schedule));
        schedule.begin(id);
        let run = move || {
            let ran = world.run(&process, &request);
            schedule.end(id);
            ran
        };
        self.threads.insert(id, std::thread::spawn(run));
    }

    /// Lets a process go on until it is about to make a call of that text.
    fn until(&self, id: usize, text: &str) {
        loop {
            let waiting = self.schedule.waiting();
            let call = waiting.get(&id).unwrap_or_else(|| panic!("process {id} has ended without `{text}`")).to_string();
            if call.contains(text) {
                return;
            }
            self.schedule.grant(id, Fate::Pass);
        }
    }

    /// Lets a process go on to its end.
    fn finish(&mut self, id: usize) -> Ran {
        while self.schedule.waiting().contains_key(&id) {
            self.schedule.grant(id, Fate::Pass);
        }
        self.threads.remove(&id).unwrap().join().unwrap()
    }

    /// Advances the clock by more than a lease lasts.
    fn lease_ends(&self) {
        self.world.clock.advance(SignedDuration::from_mins(10));
    }

    fn assert_whole(&self) {
        self.readers.assert_whole("in the story");
        assert_eq!(orphans(&self.world, &self.readers), Vec::<String>::new());
    }

    fn code(&mut self, id: usize) -> ExitCode {
        self.finish(id).map_or_else(|error| error.kind().into(), |report| report.exit_code())
    }
}

/// Puts a run to sleep before the call `before` and wakes it at each moment of the next run; it finishes its work, and the next
/// run goes on.
fn a_sleeper_wakes_at_each_moment_of(next: &IngestRequest, before: &str, in_one_step: bool) {
    for moment in 0.. {
        let mut story = Story::begin(in_one_step);
        story.start(1, nightly());
        story.until(1, before);
        story.lease_ends();
        story.start(2, next.clone());
        for _ in 0..moment {
            if story.schedule.waiting().contains_key(&2) {
                story.schedule.grant(2, Fate::Pass);
            }
        }
        let is_over = !story.schedule.waiting().contains_key(&2);
        let context = format!("woken at {moment}: {:?}", story.schedule.waiting().get(&2));
        drop(story.finish(1));
        match story.code(2) {
            ExitCode::Done => {}
            // It sees that readers were sent elsewhere behind its back.
            ExitCode::Error(ErrorKind::Partial) if !in_one_step => {}
            other @ ExitCode::Error(_) => panic!("{other:?}: {context}"),
        }
        story.readers.assert_whole(&context);
        // What neither could remove goes with the next attempt.
        story.start(3, asked_for(0, 0));
        assert_eq!(story.code(3), ExitCode::Done, "{context}");
        story.assert_whole();
        if is_over {
            return;
        }
    }
}

/// The files of a partition that was registered only for a moment are retained too.
#[test]
fn a_sleeper_about_to_publish_harms_no_moment_of_the_next_run() {
    a_sleeper_wakes_at_each_moment_of(&nightly(), "metastore: publish test.items 2024-05-01", true);
}

/// No fence stops the sleeper before the table exists.
#[test]
fn a_sleeper_about_to_make_the_table_harms_no_moment_of_a_clean_up() {
    let clean_up = with_clean_up(asked_for(0, 0));
    a_sleeper_wakes_at_each_moment_of(&clean_up, "metastore: create table test.items", true);
}

/// As in Hive and Glue: the sleeper publishes old but whole files, and the next attempt replaces them.
#[test]
fn a_sleeper_behind_the_fence_leaves_no_gap() {
    a_sleeper_wakes_at_each_moment_of(&nightly(), "metastore: publish test.items 2024-05-01", false);
}

#[test]
fn a_sleeper_that_wakes_after_the_next_run_publishes_nothing() {
    let mut story = Story::begin(true);
    story.start(1, nightly());
    story.until(1, "metastore: publish test.items 2024-05-01");
    story.lease_ends();
    story.start(2, nightly());
    assert_eq!(story.code(2), ExitCode::Done);
    let shown = story.readers.locations();
    let woken = story.finish(1).unwrap();
    assert!(woken.ended_by.is_some() || woken.days.iter().any(|day| day.failure.is_some()), "{woken:?}");
    assert_eq!(story.readers.locations(), shown);
    story.readers.assert_whole("after the sleeper woke");
    let history = story.world.ledger().days(&"shop".parse().unwrap()).unwrap();
    assert!(history.values().flat_map(BTreeMap::values).all(|status| *status == Status::Completed), "{history:?}");
    // What it wrote itself goes with the next attempt.
    story.start(3, asked_for(0, 0));
    assert_eq!(story.code(3), ExitCode::Done);
    story.assert_whole();
}

/// The sleeper read the note of a run that died long ago before it replaced anything; now another run has replaced the files.
#[test]
fn a_sleeper_that_wakes_as_it_sweeps_leaves_what_was_replaced_meanwhile_its_retention() {
    let mut story = Story::begin(true);
    for collection in COLLECTIONS {
        story.world.land(collection, day(1));
    }
    story.start(1, asked_for(0, 0));
    assert_eq!(story.code(1), ExitCode::Done);
    story.start(2, asked_for(0, 0));
    story.until(2, "metastore: publish test.items 2024-05-01");
    story.schedule.grant(2, Fate::CrashBefore);
    drop(story.finish(2));
    story.world.clock.advance(SignedDuration::from_hours(RETENTION + 1));
    story.start(3, asked_for(1, 1));
    story.until(3, "metastore: partition test.items 2024-05-01");
    story.lease_ends();
    story.start(4, asked_for(0, 0));
    assert_eq!(story.code(4), ExitCode::Done);
    drop(story.finish(3));
    story.assert_whole();
}

#[test]
fn of_two_runs_one_works() {
    let mut story = Story::begin(true);
    story.start(1, nightly());
    story.until(1, "put data/test/items");
    story.start(2, nightly());
    assert_eq!(story.code(2), ExitCode::Error(ErrorKind::Held));
    assert_eq!(story.code(1), ExitCode::Done);
    story.assert_whole();
}

/// Run ids must order runs: sweeps delete leftovers of earlier ids, and the latest attempt counts.
#[test]
fn a_run_after_another_is_later_whatever_the_clock_says() {
    let story = Story::begin(true);
    let run = |request: &IngestRequest| {
        let open = Arc::new(super::call::Open);
        story.world.run(&Process::new(0, open), request).unwrap().run_id
    };
    let mut before: RunId = run(&nightly());
    for _ in 0..3 {
        story.world.clock.advance(SignedDuration::from_mins(-7));
        let now = run(&asked_for(0, 0));
        assert!(now > before, "{now} is not after {before}");
        before = now;
    }
    let mut clean_up = with_clean_up(asked_for(0, 0));
    clean_up.scope.collections = vec!["items".parse().unwrap()];
    assert!(run(&clean_up) > before);
}

/// No run checks a completed date again: leftovers of earlier attempts must be deleted by then.
#[test]
fn a_run_killed_at_any_moment_leaves_nothing_that_no_later_run_finds() {
    for moment in 0.. {
        let mut story = Story::begin(true);
        story.start(1, nightly());
        story.until(1, "ledger: record items 2024-05-01 Completed");
        story.schedule.grant(1, Fate::CrashBefore);
        drop(story.finish(1));
        story.start(2, nightly());
        for _ in 0..moment {
            if story.schedule.waiting().contains_key(&2) {
                story.schedule.grant(2, Fate::Pass);
            }
        }
        let is_over = !story.schedule.waiting().contains_key(&2);
        if !is_over {
            story.schedule.grant(2, Fate::CrashAfter);
        }
        drop(story.finish(2));
        story.start(3, nightly());
        assert_eq!(story.code(3), ExitCode::Done, "killed at {moment}");
        story.assert_whole();
        if is_over {
            return;
        }
    }
}
