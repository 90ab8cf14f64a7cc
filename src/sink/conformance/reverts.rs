//! Reverts to earlier revisions, and their end.

use jiff::SignedDuration;

use crate::sink::{Extent, Reverted, Revision, TableSink};

use super::World;
use super::values::{published, sees, slice};

const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn a_revert_restores_replaced_rows_and_can_be_reverted<W: World>(world: &W) {
    let (_, before) = published(world, &slice(world), &[(1, "a"), (2, "b")]);
    let (_, after) = published(world, &slice(world), &[(3, "c")]);
    let lease = world.next_run();
    let sink = world.sink(&lease);
    for _ in 0..2 {
        assert_eq!(sink.revert(&slice(world), Some(&before)).unwrap(), Reverted::Done(before.extent.unwrap()));
        sees(world, &slice(world), &["1,a", "2,b"]);
    }
    assert_eq!(sink.revert(&slice(world), Some(&after)).unwrap(), Reverted::Done(after.extent.unwrap()));
    sees(world, &slice(world), &["3,c"]);
}

pub(super) fn an_unpublished_slice_is_gone_and_comes_back<W: World>(world: &W) {
    let (_, revision) = published(world, &slice(world), &[(1, "a")]);
    let lease = world.next_run();
    let sink = world.sink(&lease);
    for _ in 0..2 {
        sink.revert(&slice(world), None).unwrap();
        sees(world, &slice(world), &[]);
        assert_eq!(sink.count(&slice(world)).unwrap(), None);
    }
    assert_eq!(sink.revert(&slice(world), Some(&revision)).unwrap(), Reverted::Done(revision.extent.unwrap()));
    sees(world, &slice(world), &["1,a"]);
}

pub(super) fn unpublished_rows_expire_like_replaced_ones<W: World>(world: &W) {
    let (lease, revision) = published(world, &slice(world), &[(1, "a")]);
    let sink = world.sink(&lease);
    sink.revert(&slice(world), None).unwrap();
    assert_eq!(sink.expire(DAY).unwrap(), 0);
    assert_eq!(sink.revert(&slice(world), Some(&revision)).unwrap(), Reverted::Done(revision.extent.unwrap()));
    sink.revert(&slice(world), None).unwrap();
    world.pass(DAY * 2);
    let lease = world.next_run();
    let sink = world.sink(&lease);
    assert!(sink.expire(DAY).unwrap() > 0);
    assert_eq!(sink.revert(&slice(world), Some(&revision)).unwrap(), Reverted::Refused(Extent::default()));
    assert_eq!(world.stored(), 0);
}

pub(super) fn a_revision_of_another_extent_is_refused<W: World>(world: &W) {
    let (_, before) = published(world, &slice(world), &[(1, "a"), (2, "b")]);
    published(world, &slice(world), &[(3, "c")]);
    let lease = world.next_run();
    let sink = world.sink(&lease);
    let extent = before.extent.unwrap();
    let more = Revision { extent: Some(Extent { rows: extent.rows + 1, ..extent }), ..before };
    assert_eq!(sink.revert(&slice(world), Some(&more)).unwrap(), Reverted::Refused(extent));
    sees(world, &slice(world), &["3,c"]);
}

pub(super) fn expired_rows_are_gone_and_present_ones_stay<W: World>(world: &W) {
    let (_, before) = published(world, &slice(world), &[(1, "a")]);
    published(world, &slice(world), &[(2, "b")]);
    world.pass(DAY - SignedDuration::from_secs(1));
    let lease = world.next_run();
    let sink = world.sink(&lease);
    sink.expire(DAY * 2).unwrap();
    assert_eq!(sink.revert(&slice(world), Some(&before)).unwrap(), Reverted::Done(before.extent.unwrap()));
    let (_, present) = published(world, &slice(world), &[(3, "c")]);
    world.pass(DAY * 3);
    let lease = world.next_run();
    let sink = world.sink(&lease);
    assert!(sink.expire(DAY * 2).unwrap() > 0);
    assert_eq!(sink.expire(DAY * 2).unwrap(), 0);
    sees(world, &slice(world), &["3,c"]);
    assert_eq!(sink.count(&slice(world)).unwrap(), present.extent);
    assert_eq!(sink.revert(&slice(world), Some(&before)).unwrap(), Reverted::Refused(Extent::default()));
    sees(world, &slice(world), &["3,c"]);
}
