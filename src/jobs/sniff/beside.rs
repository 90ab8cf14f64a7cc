//! Names of other files of a source, as evidence for the pattern of one.

use std::collections::BTreeSet;

use crate::identity::{CollectionName, ProcessingDate};
use crate::source::{DayKeys, KeyPattern, Slicing};
use crate::store::ObjectInfo;

use super::file_name::{NameDoubt, NamePattern, Settled};

/// Maximum number of names that are compared.
pub(super) const MOST_NAMES: usize = 10_000;

/// Name of a collection whose files do not name it.
pub(super) const NAMELESS: &str = "records";

/// Other names, each as a pattern.
pub(super) type Others = [(String, NamePattern)];

impl NamePattern {
    /// Returns the files among these keys that the pattern finds, by their dates; `None` if it is no pattern of a date.
    pub(super) fn finds<'k>(&self, keys: impl Iterator<Item = &'k str>) -> Option<DayKeys> {
        let name: CollectionName = self.collection.as_deref().unwrap_or(NAMELESS).parse().ok()?;
        let text = self.file_name.clone().unwrap_or_else(|| name.to_string());
        let pattern = KeyPattern::new(&self.pattern, &[(name, text)], Slicing::default()).ok()?;
        let object = |key: &str| ObjectInfo { key: key.to_owned(), size: 1, etag: None, modified: jiff::Timestamp::UNIX_EPOCH };
        Some(pattern.assign(keys.map(object).collect()))
    }

    /// Drops doubts that other names settle, and adds those that they raise. `key`: the file's own.
    pub(super) fn weigh(&mut self, key: &str, others: &Others) {
        let others = &others[..others.len().min(MOST_NAMES)];
        let Some(found) = self.finds(std::iter::once(key)) else { return };
        if found.is_empty() && self.date.is_some() {
            let text = format!("`{}` does not find `{key}`: correct `source.files`", self.pattern);
            self.doubts.push(NameDoubt { text, settled_by: Settled::Never });
        }
        let keys = others.iter().map(|(other, _)| other.as_str()).filter(|other| *other != key);
        let Some(found) = self.finds(keys.chain([key])) else { return };
        self.settle(&found);
        self.tell_strangers(&found, others);
    }

    fn settle(&mut self, found: &DayKeys) {
        let several: Option<(&ProcessingDate, usize)> =
            found.iter().map(|((_, date), keys)| (date, keys.len())).find(|(_, count)| *count > 1);
        let has_dates = found.len() > 1;
        let is_settled = |doubt: &NameDoubt| match doubt.settled_by {
            Settled::Never => false,
            Settled::ByOtherDates => has_dates,
            Settled::BySingleFiles => has_dates && several.is_none(),
        };
        self.doubts.retain(|doubt| !is_settled(doubt));
        let Some((date, count)) = several else { return };
        for doubt in self.doubts.iter_mut().filter(|doubt| doubt.settled_by == Settled::BySingleFiles) {
            doubt.text = format!("{date} has {count} such files; {}", doubt.text);
        }
    }

    /// Adds doubts about files of other names that the pattern finds, or should find.
    fn tell_strangers(&mut self, found: &DayKeys, others: &Others) {
        let keys: BTreeSet<&str> = found.values().flatten().map(|key| key.object.key.as_str()).collect();
        let dates: BTreeSet<ProcessingDate> = found.keys().map(|(_, date)| *date).collect();
        let is_found = |key: &String| keys.contains(key.as_str());
        let stranger = others.iter().find(|(key, name)| is_found(key) && name.collection != self.collection);
        let is_lost = |(key, name): &&(String, NamePattern)| {
            let has_dates =
                || others.iter().filter(|(_, other)| other.pattern == name.pattern).filter_map(|(_, other)| other.date);
            let is_alike = name.collection == self.collection && name.date.is_some() && name.pattern != self.pattern;
            !is_found(key) && is_alike && !has_dates().any(|date| dates.contains(&date))
        };
        let lost = others.iter().find(is_lost);
        let pattern = &self.pattern;
        let texts = [
            stranger.map(|(key, _)| format!("`{pattern}` finds `{key}` too: is it of the same table?")),
            lost.map(|(key, _)| format!("`{key}` has another name, which `{pattern}` does not find: is it of the same table?")),
        ];
        let doubts = texts.into_iter().flatten().map(|text| NameDoubt { text, settled_by: Settled::Never }).collect::<Vec<_>>();
        self.doubts.extend(doubts);
    }
}
