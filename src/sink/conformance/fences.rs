//! Runs that slept past their lease.

use crate::sink::{Commit, TableSink};

use super::World;
use super::values::{first, published, sees, slice, staged};

pub(super) fn a_run_that_slept_past_its_lease_commits_nothing<W: World>(world: &W) {
    published(world, &slice(world), &[(1, "a")]);
    let asleep = world.next_run();
    let sleeper = world.sink(&asleep);
    let table = sleeper.state().unwrap().unwrap();
    let written = staged(&sleeper, &slice(world), &first(), &[(2, "old")]);
    published(world, &slice(world), &[(3, "new")]);
    assert!(sleeper.commit(&table, &written, &Commit::Replace).is_err());
    sees(world, &slice(world), &["3,new"]);
}

pub(super) fn a_run_that_slept_past_its_lease_reverts_nothing<W: World>(world: &W) {
    let (_, before) = published(world, &slice(world), &[(1, "a")]);
    let (asleep, _) = published(world, &slice(world), &[(2, "b")]);
    published(world, &slice(world), &[(3, "new")]);
    let sleeper = world.sink(&asleep);
    assert!(sleeper.revert(&slice(world), Some(&before)).is_err());
    assert!(sleeper.revert(&slice(world), None).is_err());
    sees(world, &slice(world), &["3,new"]);
}
