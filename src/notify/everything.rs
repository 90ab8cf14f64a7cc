//! The events that a channel is told by default.

use std::collections::BTreeSet;

use crate::report::Event;

/// All events.
pub(super) fn everything() -> BTreeSet<Event> {
    BTreeSet::from(Event::ALL)
}
