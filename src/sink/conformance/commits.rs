//! Staged writes and their commits.

use std::collections::BTreeSet;

use crate::identity::{ErrorKind, Explain};
use crate::sink::{Commit, StagedRows, TableSink};

use super::World;
use super::values::{batch, evolution, first, name, published, replaced, sees, slice, staged};

pub(super) fn readers_see_a_commit_whole_and_nothing_before<W: World>(world: &W) {
    let lease = world.next_run();
    let sink = world.sink(&lease);
    let rows: Vec<(i64, &str)> = (0..1000).map(|id| (id, "x")).collect();
    let written = staged(&sink, &slice(world), &first(), &rows);
    let table = sink.evolve(&evolution(None, &first()), &BTreeSet::new()).unwrap();
    sees(world, &slice(world), &[]);
    assert_eq!(sink.count(&slice(world)).unwrap(), None);
    let location = sink.commit(&table, &written, &Commit::Replace).unwrap();
    assert_eq!(world.rows(&slice(world)).len(), 1000);
    assert_eq!(sink.count(&slice(world)).unwrap().unwrap().rows, 1000);
    // The reply was lost, and the commit is repeated.
    assert_eq!(sink.commit(&table, &written, &Commit::Replace).unwrap(), location);
    assert_eq!(world.rows(&slice(world)).len(), 1000);
}

pub(super) fn a_commit_replaces_its_slice_only<W: World>(world: &W) {
    let lease = world.next_run();
    let sink = world.sink(&lease);
    let other = world.slice(2);
    replaced(&sink, &slice(world), &[(1, "a"), (2, "b")]).unwrap();
    if let Some(other) = &other {
        replaced(&sink, other, &[(3, "c")]).unwrap();
    }
    published(world, &slice(world), &[(4, "d")]);
    sees(world, &slice(world), &["4,d"]);
    if let Some(other) = &other {
        sees(world, other, &["3,c"]);
    }
}

pub(super) fn a_commit_of_no_rows_is_an_empty_slice<W: World>(world: &W) {
    published(world, &slice(world), &[(1, "a")]);
    let (lease, _) = published(world, &slice(world), &[]);
    sees(world, &slice(world), &[]);
    assert_eq!(world.sink(&lease).count(&slice(world)).unwrap().map(|extent| extent.rows), Some(0));
    if let Some(other) = world.slice(2) {
        assert_eq!(world.sink(&lease).count(&other).unwrap(), None);
    }
}

pub(super) fn an_aborted_or_forgotten_write_changes_nothing<W: World>(world: &W) {
    let (_, before) = published(world, &slice(world), &[(1, "a")]);
    let lease = world.next_run();
    let sink = world.sink(&lease);
    let stored = world.stored();
    staged(&sink, &slice(world), &first(), &[(2, "b")]).abort();
    assert_eq!(world.stored(), stored);
    let mut begun = sink.begin(&slice(world), &first()).unwrap();
    begun.write(&batch(&[(3, "c")])).unwrap();
    drop(begun);
    sees(world, &slice(world), &["1,a"]);
    assert_eq!(sink.count(&slice(world)).unwrap(), before.extent);
    published(world, &slice(world), &[(4, "d")]);
    sees(world, &slice(world), &["4,d"]);
}

pub(super) fn rows_are_added_or_the_commit_is_refused<W: World>(world: &W) {
    commits_or_refuses(world, &Commit::Append, &["1,a", "2,b", "2,x", "3,y"]);
}

pub(super) fn rows_are_merged_or_the_commit_is_refused<W: World>(world: &W) {
    commits_or_refuses(world, &Commit::Merge { keys: &[name("id")] }, &["1,a", "2,x", "3,y"]);
}

/// Commits rows to a slice that has others. A sink that does not support the commit says so, and leaves the slice as it is.
fn commits_or_refuses<W: World>(world: &W, commit: &Commit<'_>, rows: &[&str]) {
    published(world, &slice(world), &[(1, "a"), (2, "b")]);
    let lease = world.next_run();
    let sink = world.sink(&lease);
    let table = sink.state().unwrap().unwrap();
    let written = staged(&sink, &slice(world), &first(), &[(2, "x"), (3, "y")]);
    match sink.commit(&table, &written, commit) {
        Ok(_) => {
            assert!(sink.supports(commit));
            sees(world, &slice(world), rows);
        }
        Err(error) => {
            assert!(!sink.supports(commit), "{error}");
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.hint().is_some(), "{error}");
            sees(world, &slice(world), &["1,a", "2,b"]);
        }
    }
}
