//! Staged writes and their commits.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};

use crate::identity::{ErrorKind, Explain};
use crate::sink::{Changes, Commit, Extent, Missing, Reverted, StagedRows, TableSink};

use super::World;
use super::values::{batch, evolution, first, grown, name, published, replaced, sees, slice, staged};

pub(super) fn readers_see_a_commit_whole_and_nothing_before<W: World>(world: &W) {
    let lease = world.next_run();
    let sink = world.sink(&lease);
    let rows: Vec<(i64, &str)> = (0..1000).map(|id| (id, "x")).collect();
    let written = staged(&sink, &slice(world), &first(), &rows);
    let table = sink.evolve(&evolution(None, &first()), &BTreeSet::new()).unwrap();
    sees(world, &slice(world), &[]);
    assert_eq!(sink.count(&slice(world)).unwrap(), None);
    let location = sink.commit(&table, &written, &Commit::Replace).unwrap().location;
    assert_eq!(world.rows(&slice(world)).len(), 1000);
    assert_eq!(sink.count(&slice(world)).unwrap().unwrap().rows, 1000);
    // The reply was lost, and the commit is repeated.
    assert_eq!(sink.commit(&table, &written, &Commit::Replace).unwrap().location, location);
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
    let inserted = Changes { inserted: 2, ..Changes::default() };
    commits_or_refuses(world, &Commit::Append, &["1,a", "2,b", "2,x", "3,y"], inserted);
}

pub(super) fn rows_are_merged_or_the_commit_is_refused<W: World>(world: &W) {
    let changes = Changes { inserted: 1, updated: 1, ..Changes::default() };
    commits_or_refuses(world, &Commit::Merge { keys: &[name("id")], missing: Missing::Keep }, &["1,a", "2,x", "3,y"], changes);
}

/// Commits rows to a slice that has others. A sink that does not support the commit says so, and leaves the slice as it is.
fn commits_or_refuses<W: World>(world: &W, commit: &Commit<'_>, rows: &[&str], changes: Changes) {
    let (_, before) = published(world, &slice(world), &[(1, "a"), (2, "b")]);
    let lease = world.next_run();
    let sink = world.sink(&lease);
    let table = sink.state().unwrap().unwrap();
    let written = staged(&sink, &slice(world), &first(), &[(2, "x"), (3, "y")]);
    match sink.commit(&table, &written, commit) {
        Ok(committed) => {
            assert!(sink.supports(commit));
            assert_eq!(committed.changes, changes);
            sees(world, &slice(world), rows);
            assert_eq!(sink.count(&slice(world)).unwrap().unwrap().rows, rows.len() as u64);
            // The reply was lost, and the commit is repeated.
            assert_eq!(sink.commit(&table, &written, commit).unwrap().location, committed.location);
            sees(world, &slice(world), rows);
            let reverted = sink.revert(&slice(world), Some(&before)).unwrap();
            if sink.retains(commit) {
                assert_eq!(reverted, Reverted::Done(before.extent.unwrap()));
                sees(world, &slice(world), &["1,a", "2,b"]);
            } else {
                assert_eq!(reverted, Reverted::Refused(Extent::default()));
                sees(world, &slice(world), rows);
            }
        }
        Err(error) => {
            assert!(!sink.supports(commit), "{error}");
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.hint().is_some(), "{error}");
            sees(world, &slice(world), &["1,a", "2,b"]);
        }
    }
}

pub(super) fn rows_from_a_value_on_are_replaced<W: World>(world: &W) {
    let (column, first): (_, ArrayRef) = (name("id"), Arc::new(Int64Array::from(vec![2])));
    let changes = Changes { inserted: 2, deleted: 1, ..Changes::default() };
    commits_or_refuses(world, &Commit::ReplaceFrom { column: &column, first: &first }, &["1,a", "2,x", "3,y"], changes);
}

pub(super) fn rows_are_merged_into_a_new_table_and_one_that_grows<W: World>(world: &W) {
    let (lease, keys) = (world.next_run(), [name("id")]);
    let (sink, commit) = (world.sink(&lease), Commit::Merge { keys: &keys, missing: Missing::Keep });
    if !sink.supports(&commit) {
        return;
    }
    let table = sink.evolve(&evolution(None, &first()), &BTreeSet::new()).unwrap();
    let written = staged(&sink, &slice(world), &first(), &[(1, "a"), (2, "b"), (3, "c")]);
    assert_eq!(sink.commit(&table, &written, &commit).unwrap().changes, Changes { inserted: 3, ..Changes::default() });
    let lease = world.next_run();
    let sink = world.sink(&lease);
    let before = sink.state().unwrap();
    let written = staged(&sink, &slice(world), &grown(), &[(4, "d"), (2, "x")]);
    let table = sink.evolve(&evolution(before.as_ref(), &grown()), &BTreeSet::new()).unwrap();
    let changes = Changes { inserted: 1, updated: 1, ..Changes::default() };
    assert_eq!(sink.commit(&table, &written, &commit).unwrap().changes, changes);
    sees(world, &slice(world), &["1,a,null", "2,x,null", "3,c,null", "4,d,null"]);
}

pub(super) fn a_merge_of_rows_that_are_there_changes_nothing<W: World>(world: &W) {
    let (_, before) = published(world, &slice(world), &[(1, "a"), (2, "b")]);
    let (lease, keys) = (world.next_run(), [name("id")]);
    let (sink, commit) = (world.sink(&lease), Commit::Merge { keys: &keys, missing: Missing::Keep });
    if !sink.supports(&commit) {
        return;
    }
    let (table, stored) = (sink.state().unwrap().unwrap(), world.stored());
    let written = staged(&sink, &slice(world), &first(), &[(2, "b")]);
    let committed = sink.commit(&table, &written, &commit).unwrap();
    assert_eq!(committed.changes, Changes { unchanged: 1, ..Changes::default() });
    assert_eq!((committed.location, world.stored()), (before.location, stored));
    sees(world, &slice(world), &["1,a", "2,b"]);
}

pub(super) fn rows_with_the_same_key_are_not_merged<W: World>(world: &W) {
    published(world, &slice(world), &[(1, "a"), (2, "b")]);
    let (lease, keys) = (world.next_run(), [name("id")]);
    let (sink, commit) = (world.sink(&lease), Commit::Merge { keys: &keys, missing: Missing::Keep });
    if !sink.supports(&commit) {
        return;
    }
    let (table, stored) = (sink.state().unwrap().unwrap(), world.stored());
    let written = staged(&sink, &slice(world), &first(), &[(1, "x"), (3, "y"), (1, "z")]);
    let error = sink.commit(&table, &written, &commit).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert!(error.hint().is_some());
    assert_eq!(world.stored(), stored);
    sees(world, &slice(world), &["1,a", "2,b"]);
}

pub(super) fn marked_rows_are_deleted<W: World>(world: &W) {
    let (_, before) = published(world, &slice(world), &[(1, "a"), (2, "b"), (3, "c")]);
    let (lease, keys) = (world.next_run(), [name("id")]);
    let (sink, commit) = (world.sink(&lease), Commit::Merge { keys: &keys, missing: Missing::Keep });
    if !sink.supports(&commit) {
        return;
    }
    let table = sink.state().unwrap().unwrap();
    let marked = |ids: &[i64]| {
        let ids: ArrayRef = Arc::new(Int64Array::from(ids.to_vec()));
        RecordBatch::try_from_iter([("id", ids)]).unwrap()
    };
    let mut written = sink.begin(&slice(world), &first()).unwrap();
    written.write(&batch(&[(3, "c"), (4, "d")])).unwrap();
    // The last one is not there.
    written.delete(&marked(&[2, 9])).unwrap();
    assert_eq!(written.finish().unwrap().rows, 2);
    let committed = sink.commit(&table, &written, &commit).unwrap();
    assert_eq!(committed.changes, Changes { inserted: 1, unchanged: 1, deleted: 1, ..Changes::default() });
    assert_ne!(committed.location, before.location);
    sees(world, &slice(world), &["1,a", "3,c", "4,d"]);
    // Again, by a run that finds nothing to do.
    let lease = world.next_run();
    let sink = world.sink(&lease);
    let mut written = sink.begin(&slice(world), &first()).unwrap();
    written.delete(&marked(&[2])).unwrap();
    written.finish().unwrap();
    let again = sink.commit(&table, &written, &commit).unwrap();
    assert_eq!((again.changes, again.location), (Changes::default(), committed.location));
    sees(world, &slice(world), &["1,a", "3,c", "4,d"]);
    // A key that is written, too.
    let mut written = sink.begin(&slice(world), &first()).unwrap();
    written.write(&batch(&[(1, "x")])).unwrap();
    written.delete(&marked(&[1])).unwrap();
    written.finish().unwrap();
    assert_eq!(sink.commit(&table, &written, &commit).unwrap_err().kind(), ErrorKind::Limit);
    sees(world, &slice(world), &["1,a", "3,c", "4,d"]);
}

pub(super) fn rows_without_a_staged_one_are_deleted_up_to_a_share<W: World>(world: &W) {
    published(world, &slice(world), &[(1, "a"), (2, "b"), (3, "c"), (4, "d")]);
    let (lease, keys) = (world.next_run(), [name("id")]);
    let sink = world.sink(&lease);
    let commit = |most| Commit::Merge { keys: &keys, missing: Missing::Delete { most } };
    if !sink.supports(&commit(0.5)) {
        return;
    }
    let (table, rows) = (sink.state().unwrap().unwrap(), [(1, "a"), (2, "x"), (5, "e")]);
    let error = sink.commit(&table, &staged(&sink, &slice(world), &first(), &rows), &commit(0.4)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert!(error.hint().unwrap().contains("most_deleted"), "{error}");
    sees(world, &slice(world), &["1,a", "2,b", "3,c", "4,d"]);
    let changes = Changes { inserted: 1, updated: 1, unchanged: 1, deleted: 2 };
    let committed = sink.commit(&table, &staged(&sink, &slice(world), &first(), &rows), &commit(0.5)).unwrap();
    assert_eq!(committed.changes, changes);
    sees(world, &slice(world), &["1,a", "2,x", "5,e"]);
}
