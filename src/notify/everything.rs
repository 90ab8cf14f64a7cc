//! Events that are sent to a channel by default.

use std::collections::BTreeSet;

use crate::report::Event;

/// Returns all events.
pub(super) fn everything() -> BTreeSet<Event> {
    BTreeSet::from(Event::ALL)
}
