//! Checks of the files that readers see through the metastore, after every effect: promises 1, 4 and 6.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use crate::catchup::{self, RetiredPaths, RunLog, SqliteLedger, Status, Unit};
use crate::identity::{CollectionName, ProcessingDate, SliceLength};
use crate::lake::{PartitionKeys, RowDay, by_date};
use crate::metastore::{Metastore, SqliteMetastore, TableName};
use crate::schema::{ColumnName, TableSchema};
use crate::store::normal_location;

use super::rows;
use super::world::{COLLECTIONS, DAY, RETENTION, World};

/// A table and one of its dates.
pub(super) type Day = (&'static str, ProcessingDate);

/// The files of a partition with their sizes, and their generation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Content {
    generation: u32,
    files: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
struct Seen {
    schemas: BTreeMap<&'static str, TableSchema>,
    /// The location of each partition.
    current: BTreeMap<Day, String>,
    /// Contents ever found, by location. Published files never change, so each is read once.
    contents: BTreeMap<String, Content>,
    /// Replaced locations, and the time until which they must stay: readers may have been sent there before.
    replaced: BTreeMap<String, Timestamp>,
    /// Locations that others unregistered; readers may be sent back there as long as the ledger says that they are published.
    forgotten: Vec<(Day, String)>,
    /// Dates of which some partitions are swapped and others are not.
    partly: BTreeSet<Day>,
    /// Locations that others keep by tables of their own.
    kept: Vec<String>,
}

/// All readers of the tables.
pub(super) struct Readers {
    metastore: SqliteMetastore,
    ledger: SqliteLedger,
    seen: Mutex<Seen>,
    /// True while a run is undone, which the ledger is told of at the end: a date that is completed may be in between.
    undoing: bool,
    pub broken: Mutex<Option<String>>,
}

pub(super) fn table_name(collection: &str) -> TableName {
    format!("test.{collection}").parse().unwrap()
}

/// The partition columns of tables with a partition for each day of the rows; other tables lack the last.
fn keys() -> PartitionKeys {
    let name = |name| ColumnName::new(name).unwrap();
    let date = vec![(name("date_uploaded"), "%Y-%m-%d".to_owned())];
    PartitionKeys::new(date, SliceLength::Day).unwrap().with_row_day(Some(RowDay { name: name(DAY), of: name("at") }))
}

impl Readers {
    pub(super) fn of(world: &World) -> Self {
        Self {
            metastore: world.metastore(),
            ledger: world.ledger(),
            seen: Mutex::default(),
            undoing: false,
            broken: Mutex::default(),
        }
    }

    /// Returns readers of a world in which a run is undone.
    pub(super) fn undoing(self, undoing: bool) -> Self {
        Self { undoing, ..self }
    }

    /// Checks all promises; the first breach is noted with `after`. Only partitions of dates that the source has lost may be
    /// dropped.
    pub(super) fn look(&self, world: &World, now: Timestamp, after: &str) {
        let mut seen = self.seen.lock().unwrap();
        if let Err(what) =
            self.tables(world, &mut seen, now).and_then(|()| self.forgotten(world, &mut seen)).and_then(|()| self.ledger(&seen))
        {
            // What follows from it says nothing new.
            self.broken.lock().unwrap().get_or_insert_with(|| format!("{what}, after {after}"));
        }
    }

    /// Panics if any promise was broken.
    pub(super) fn assert_whole(&self, context: &str) {
        let broken = self.broken.lock().unwrap().clone();
        assert_eq!(broken, None, "{context}");
    }

    /// Returns the generation that each partition shows.
    pub(super) fn generations(&self) -> BTreeMap<Day, u32> {
        let seen = self.seen.lock().unwrap();
        seen.current.iter().map(|(day, location)| (*day, seen.contents[location].generation)).collect()
    }

    /// Returns the locations that readers are sent to, that others unregistered, or that others keep.
    pub(super) fn locations(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let forgotten = seen.forgotten.iter().map(|(_, location)| location);
        seen.current.values().chain(forgotten).chain(&seen.kept).cloned().collect()
    }

    /// Returns true if others keep the files at a location.
    pub(super) fn is_kept(&self, location: &str) -> bool {
        self.seen.lock().unwrap().kept.iter().any(|kept| normal_location(kept) == location)
    }

    /// Accepts a change of the catalog by others: readers now see the changed partitions, and the files that they saw before must
    /// stay.
    pub(super) fn see_hands(&self, world: &World) {
        let mut seen = self.seen.lock().unwrap();
        for collection in COLLECTIONS {
            let name = table_name(collection);
            let now: BTreeMap<Day, String> = match self.metastore.table(&name).unwrap() {
                Some(table) => {
                    seen.schemas.insert(collection, table.schema);
                    let day = |value: &str| (collection, value.parse().unwrap());
                    self.metastore
                        .partitions(&name)
                        .unwrap()
                        .into_iter()
                        .map(|one| (day(&one.value.to_string()), normal_location(&one.location)))
                        .collect()
                }
                None => {
                    seen.schemas.remove(collection);
                    BTreeMap::new()
                }
            };
            let before: Vec<_> =
                seen.current.iter().filter(|((of, _), _)| *of == collection).map(|(d, l)| (*d, l.clone())).collect();
            for (day, location) in before {
                if now.get(&day) != Some(&location) {
                    seen.current.remove(&day);
                    seen.forgotten.push((day, location));
                }
            }
            for location in now.values() {
                content(world, &mut seen, location).unwrap();
            }
            seen.current.extend(now);
        }
    }

    /// Notes that others keep the files at these locations.
    pub(super) fn keep_for_ever(&self, locations: impl Iterator<Item = String>) {
        self.seen.lock().unwrap().kept.extend(locations);
    }

    /// Returns true if the files that were seen at a location must stay.
    pub(super) fn is_to_stay(&self, location: &str) -> bool {
        let seen = self.seen.lock().unwrap();
        let is_forgotten = seen.forgotten.iter().any(|(_, forgotten)| forgotten == location);
        is_forgotten || seen.current.values().any(|current| current == location) || seen.replaced.contains_key(location)
    }

    /// Checks that unregistered files exist as long as the ledger says that they are published, and through their retention once
    /// they are replaced.
    fn forgotten(&self, world: &World, seen: &mut Seen) -> Result<(), String> {
        let mut still = Vec::new();
        for (day, location) in std::mem::take(&mut seen.forgotten) {
            if seen.current.get(&day) == Some(&location) {
                continue;
            }
            let unit = Unit::new("shop".parse().unwrap(), day.0.parse().unwrap(), day.1);
            let attempts = self.ledger.attempts(&unit).map_err(|error| error.to_string())?;
            let is_done = attempts.last().is_some_and(|attempt| attempt.status == Status::Completed);
            let known = catchup::Seen::after(&attempts).rows().and_then(|attempt| attempt.location.clone());
            let is_known = known.as_deref() == Some(normal_location(&location).as_str());
            if is_done && is_known && world.published(&world.key_at(&location)) != seen.contents[&location].files {
                return Err(format!("{} of {} is done at {location}, which others forgot, and its files are gone", day.0, day.1));
            }
            if is_known || !is_done {
                still.push((day, location));
            } else if let Some(note) = self.ledger.retired(&location).map_err(|error| error.to_string())?.first() {
                seen.replaced.insert(location, note.at + SignedDuration::from_hours(RETENTION));
            }
        }
        seen.forgotten = still;
        match seen.kept.iter().find(|location| world.published(&world.key_at(location)) != seen.contents[*location].files) {
            Some(location) => Err(format!("others keep {location}, and its files are gone")),
            None => Ok(()),
        }
    }

    fn tables(&self, world: &World, seen: &mut Seen, now: Timestamp) -> Result<(), String> {
        for collection in COLLECTIONS {
            let name = table_name(collection);
            let Some(table) = self.metastore.table(&name).map_err(|error| error.to_string())? else {
                if seen.schemas.contains_key(collection) {
                    return Err(format!("{name} is gone"));
                }
                continue;
            };
            if let Some(before) = seen.schemas.insert(collection, table.schema.clone())
                && !table.schema.columns().starts_with(before.columns())
            {
                return Err(format!("the columns of {name} were {before:?} and are {:?}", table.schema));
            }
            self.partitions(world, seen, now, collection)?;
        }
        // What was over once is over, though the clock is put back.
        seen.replaced.retain(|_, until| now < *until);
        for (location, until) in &seen.replaced {
            if world.published(&world.key_at(location)) != seen.contents[location].files {
                return Err(format!("{location} was replaced lately, and its files are gone before {until}"));
            }
        }
        Ok(())
    }

    fn partitions(&self, world: &World, seen: &mut Seen, now: Timestamp, collection: &'static str) -> Result<(), String> {
        let partitions = self.metastore.partitions(&table_name(collection)).map_err(|error| error.to_string())?;
        let mut current = BTreeMap::new();
        seen.partly.retain(|(of, _)| *of != collection);
        for (value, published) in by_date(&keys(), partitions) {
            let date: ProcessingDate = value.to_string().parse().map_err(|_| "a partition that is no date")?;
            for location in published.locations() {
                let content = content(world, seen, location).map_err(|what| format!("{collection} of {date}: {what}"))?;
                let said = published.rows();
                if published.is_whole() && said != Some(rows::count(content.generation)) {
                    return Err(format!(
                        "{collection} of {date} has {said:?} rows by its parameters, of generation {}",
                        content.generation
                    ));
                }
            }
            let day = (collection, date);
            if !published.is_whole() {
                seen.partly.insert(day);
            }
            // As long as some of its partitions are still to be swapped, the files of the others must stay.
            let is_still_there = |before: &&String| !published.is_whole() && published.locations().contains(*before);
            let before = seen.current.get(&day).filter(is_still_there).cloned();
            current.insert(day, before.unwrap_or_else(|| published.location().to_owned()));
        }
        let before: Vec<_> = seen.current.iter().filter(|((of, _), _)| *of == collection).map(|(d, l)| (*d, l.clone())).collect();
        for (day, location) in before {
            if current.get(&day) != Some(&location) {
                // By the note that was written before the swap.
                let noted = self.ledger.retired(&location).map_err(|error| error.to_string())?;
                let at = noted.first().map_or(now, |note| note.at);
                seen.replaced.insert(location, at + SignedDuration::from_hours(RETENTION));
            }
            if !current.contains_key(&day) && !world.lost.lock().unwrap().contains(&day.1) {
                return Err(format!("{} of {} is gone", day.0, day.1));
            }
            seen.current.remove(&day);
        }
        for location in current.values() {
            seen.replaced.remove(location);
        }
        seen.current.extend(current);
        Ok(())
    }

    /// Checks that every date that the ledger calls completed has a partition.
    fn ledger(&self, seen: &Seen) -> Result<(), String> {
        let history = self.ledger.days(&"shop".parse().unwrap()).map_err(|error| error.to_string())?;
        for collection in COLLECTIONS {
            let name: CollectionName = collection.parse().unwrap();
            for (date, status) in history.get(&name).into_iter().flatten() {
                let day = (collection, *date);
                if *status == Status::Completed && !self.undoing && seen.partly.contains(&day) {
                    return Err(format!("{collection} of {date} is completed by the ledger, and published in part"));
                }
                let is_forgotten = seen.forgotten.iter().any(|(forgotten, _)| *forgotten == day);
                if *status == Status::Completed && !seen.current.contains_key(&day) && !is_forgotten {
                    return Err(format!("{collection} of {date} is completed by the ledger, and has no partition"));
                }
            }
        }
        Ok(())
    }
}

/// Returns the content of a location, which must be whole and as it was when it was first seen.
fn content(world: &World, seen: &mut Seen, location: &str) -> Result<Content, String> {
    let files = world.published(&world.key_at(location));
    if let Some(content) = seen.contents.get(location) {
        return if content.files == files {
            Ok(content.clone())
        } else {
            Err(format!("{location} had {:?} and has {files:?}", content.files))
        };
    }
    let generation = rows::generation(&files.keys().map(|key| world.get(key)).collect::<Vec<_>>());
    let generation = generation.map_err(|what| format!("{location}: {what}"))?;
    let content = Content { generation, files };
    seen.contents.insert(location.to_owned(), content.clone());
    Ok(content)
}

/// Returns the files that no reader is sent to and that the ledger does not know.
pub(super) fn orphans(world: &World, readers: &Readers) -> Vec<String> {
    let ledger = world.ledger();
    let noted = ledger.retired("").unwrap().into_iter().map(|note| note.location);
    let known: Vec<String> = readers.locations().into_iter().chain(noted).map(|at| world.key_at(&normal_location(&at))).collect();
    // What a run set aside stays as long as its rows.
    let rows_of = |key: &String| key.replace("_quarantine/", "");
    let is_known = |key: &String| known.iter().any(|folder| rows_of(key).starts_with(folder.as_str()));
    world.published("").into_keys().filter(|key| !is_known(key)).collect()
}
