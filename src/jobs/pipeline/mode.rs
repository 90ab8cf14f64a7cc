//! The effect of a sink's rows on those that its table has.

use crate::config::{DeleteRule, SinkMode, SinkPartitions, SinkSettings, TieRule};
use crate::schema::{ColumnName, ColumnType, TableSchema};
use crate::sink::Missing;

/// Mode of a sink.
#[derive(Debug)]
pub(super) enum Mode {
    /// The rows replace a slice.
    Replace,
    /// Each row replaces the one with the same keys, or is added.
    Merge(Merge),
    /// The rows are added, in the place of those from the first value of the source's cursor on.
    Append,
}

/// Settings of a merge.
#[derive(Debug)]
pub(super) struct Merge {
    pub(super) keys: Vec<ColumnName>,
    /// Column by which the newest of several rows with the same key is taken.
    pub(super) order_by: Option<ColumnName>,
    pub(super) on_tie: TieRule,
    /// Boolean column that is true in rows whose keys are to be deleted.
    pub(super) marked_by: Option<ColumnName>,
    /// Treatment of rows of the table whose keys no row has.
    pub(super) missing: Missing,
}

impl Mode {
    /// Reads the mode of a sink.
    ///
    /// # Errors
    /// The setting that makes no sense, and the reason.
    pub(super) fn of(settings: &SinkSettings) -> Result<Self, (&'static str, String)> {
        let column = |what: &'static str, name: &String| ColumnName::new(name).map_err(|error| (what, error.to_string()));
        match settings.mode {
            mode @ (SinkMode::Replace | SinkMode::Append) => {
                if !settings.keys.is_empty() {
                    return Err(("keys", "they are for `mode: merge`".to_owned()));
                }
                if settings.deletes != DeleteRule::None {
                    return Err(("deletes", "it is for `mode: merge`".to_owned()));
                }
                if settings.order_by.is_some() {
                    return Err(("order_by", "it is for `mode: merge`".to_owned()));
                }
                if mode == SinkMode::Replace {
                    return Ok(Self::Replace);
                }
                must_be_of_all_runs(settings, "added to")?;
                Ok(Self::Append)
            }
            SinkMode::Merge => {
                if settings.keys.is_empty() {
                    return Err(("keys", "`mode: merge` needs the columns that identify a row".to_owned()));
                }
                must_be_of_all_runs(settings, "merged into")?;
                let keys = settings.keys.iter().map(|name| column("keys", name)).collect::<Result<_, _>>()?;
                let order_by = settings.order_by.as_ref().map(|name| column("order_by", name)).transpose()?;
                let (marked_by, missing) = match &settings.deletes {
                    DeleteRule::None => (None, Missing::Keep),
                    DeleteRule::ByColumn(name) => (Some(column("deletes", name)?), Missing::Keep),
                    DeleteRule::KeyDiff if (0.0..=1.0).contains(&settings.most_deleted) => {
                        (None, Missing::Delete { most: settings.most_deleted })
                    }
                    DeleteRule::KeyDiff => return Err(("most_deleted", "it is a share, from 0 to 1".to_owned())),
                };
                Ok(Self::Merge(Merge { keys, order_by, on_tie: settings.on_tie, marked_by, missing }))
            }
        }
    }

    /// Returns the columns that identify a row; none if the mode does not need them.
    pub(super) fn keys(&self) -> &[ColumnName] {
        match self {
            Self::Merge(merge) => &merge.keys,
            Self::Replace | Self::Append => &[],
        }
    }

    /// Returns true if rows that are none leave a table without rows.
    pub(super) fn may_empty(&self) -> bool {
        match self {
            Self::Replace => true,
            Self::Merge(merge) => merge.missing != Missing::Keep,
            Self::Append => false,
        }
    }

    /// Returns true if rows of the table stay.
    pub(super) fn adds(&self) -> bool {
        matches!(self, Self::Merge(_) | Self::Append)
    }

    /// Checks that rows have the columns that the mode needs.
    ///
    /// # Errors
    /// The reason if not.
    pub(super) fn must_fit(&self, rows: &TableSchema) -> Result<(), String> {
        let Self::Merge(Merge { keys, order_by, marked_by, .. }) = self else { return Ok(()) };
        for name in keys {
            match rows.type_of(name) {
                None => return Err(format!("its rows have no column `{name}`, which is one of its `keys`")),
                Some(ColumnType::Float | ColumnType::Double | ColumnType::Map(..)) => {
                    return Err(format!("`{name}` is one of its `keys`, and values of its type are not the same everywhere"));
                }
                Some(_) => {}
            }
        }
        match marked_by.as_ref().map(|name| (name, rows.type_of(name))) {
            Some((name, None)) => return Err(format!("its rows have no column `{name}`, which marks deleted rows")),
            Some((name, Some(ty))) if *ty != ColumnType::Boolean => {
                return Err(format!("`{name}` marks deleted rows, and is {ty}: it has to be boolean"));
            }
            _ => {}
        }
        match order_by.as_ref().map(|name| (name, rows.type_of(name))) {
            Some((name, None)) => Err(format!("its rows have no column `{name}`, which is its `order_by`")),
            Some((name, Some(ColumnType::Map(..)))) => Err(format!("`{name}` is its `order_by`, and maps have no order")),
            _ => Ok(()),
        }
    }
}

fn must_be_of_all_runs(settings: &SinkSettings, added: &str) -> Result<(), (&'static str, String)> {
    let Some(SinkPartitions::Date(name)) = &settings.partition_by else { return Ok(()) };
    let instead = format!("leave it out, or partition by the day of each row: `{{ {name}: created_at }}`");
    Err(("partition_by", format!("rows are not {added} the partition of a run's date; {instead}")))
}
