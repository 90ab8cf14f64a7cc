//! Creation and evolution of the table.

use std::collections::BTreeSet;

use crate::sink::TableSink;

use super::World;
use super::values::{evolution, first, grown, name, published, schema, sees, slice};

pub(super) fn a_table_is_created_once_and_grows<W: World>(world: &W) {
    let lease = world.next_run();
    let sink = world.sink(&lease);
    assert_eq!(sink.state().unwrap(), None);
    let personal = BTreeSet::from([name("name")]);
    let created = sink.evolve(&evolution(None, &first()), &personal).unwrap();
    assert_eq!((&created.schema, &created.personal), (&first(), &personal));
    // The reply to the first call was lost.
    assert_eq!(sink.evolve(&evolution(None, &first()), &personal).unwrap(), created);
    assert_eq!(sink.state().unwrap().unwrap(), created);
    published(world, &slice(world), &[(1, "a")]);
    let lease = world.next_run();
    let sink = world.sink(&lease);
    let before = sink.state().unwrap();
    let added = evolution(before.as_ref(), &grown());
    assert_eq!(sink.evolve(&added, &personal).unwrap().schema, grown());
    assert_eq!(sink.state().unwrap().unwrap().schema, grown());
    sees(world, &slice(world), &["1,a,null"]);
    let other = world.slice(2).unwrap_or(slice(world));
    published(world, &other, &[(2, "b")]);
    sees(world, &other, &["2,b,null"]);
}

pub(super) fn an_evolution_of_columns_that_are_gone_is_refused<W: World>(world: &W) {
    let lease = world.next_run();
    let sink = world.sink(&lease);
    sink.evolve(&evolution(None, &first()), &BTreeSet::new()).unwrap();
    let before = sink.state().unwrap();
    sink.evolve(&evolution(before.as_ref(), &grown()), &BTreeSet::new()).unwrap();
    // Computed before the table grew.
    let late = evolution(before.as_ref(), &schema(&[("id", "bigint"), ("name", "string"), ("at", "date"), ("street", "string")]));
    assert!(sink.evolve(&late, &BTreeSet::new()).is_err());
    assert_eq!(sink.state().unwrap().unwrap().schema, grown());
}
