//! Parts of keys that are hidden from readers.

/// The parts of a pattern between slashes. Hadoop, Spark and Hive take a file or folder whose name begins with `_` or `.` for no
/// data: attempts of writers that were killed, `_SUCCESS`, checksums. So a part may begin so only where the pattern spells it.
#[derive(Debug)]
pub(super) struct Parts {
    /// For each part, true if the pattern spells it with such a beginning.
    hidden: Vec<bool>,
    /// The first and the last part with `**`.
    deep: Option<(usize, usize)>,
}

impl Parts {
    pub(super) fn new(pattern: &str, file_name: &str) -> Self {
        let spelled = pattern.replace("{collection}", file_name);
        let parts: Vec<&str> = spelled.split('/').collect();
        let is_deep = |part: &&str| part.contains("**");
        let deep = parts.iter().position(is_deep).zip(parts.iter().rposition(is_deep));
        Self { hidden: parts.into_iter().map(is_hidden).collect(), deep }
    }

    /// Returns true if a part of a matching key is hidden although the pattern does not spell it so.
    pub(super) fn hides(&self, key: &str) -> bool {
        let count = key.split('/').count();
        key.split('/').enumerate().any(|(i, part)| is_hidden(part) && !self.spells(i, count))
    }

    /// Returns true if part `i` of a key of `count` parts is spelled as hidden; parts matched by `**` are never spelled.
    fn spells(&self, i: usize, count: usize) -> bool {
        let from_the_end = (self.hidden.len() + i).checked_sub(count);
        let place = match self.deep {
            Some((first, _)) if i < first => Some(i),
            Some((_, last)) => from_the_end.filter(|place| *place > last),
            None => Some(i),
        };
        place.and_then(|place| self.hidden.get(place)).is_some_and(|is_spelled| *is_spelled)
    }
}

fn is_hidden(part: &str) -> bool {
    part.starts_with(['_', '.'])
}
