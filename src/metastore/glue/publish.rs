//! Registering of partitions: in parallel batches, until Glue has accepted all.

use aws_sdk_glue::types::{StorageDescriptor, Table as GlueTable};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::aws::{Said, SaidKind};
use crate::identity::FencingToken;
use crate::metastore::{MetastoreError, Partition, TableName};
use crate::runtime;

use super::change::pause;
use super::client::GlueMetastore;
use super::convert;
use super::refused::{Refused, Task, may_pass};
use super::requests::Rejected;

/// Largest number of partitions that Glue accepts in one request.
const BATCH: usize = 100;
/// Batches sent in parallel. More would only be throttled: the rate limit applies to the account, not the client.
const UNDER_WAY: usize = 4;
/// Rounds of sending partitions that Glue did not accept.
const ROUNDS: u32 = 6;

/// Kind of request for a partition: Glue has no request that adds or replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Create,
    Update,
}

/// Next step for a partition that Glue did not accept.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// Send it with the other kind of request: it exists already, or does not exist.
    OtherWay,
    /// Send it again with the same kind of request.
    Again,
    /// Give up: it will never be accepted.
    Failed,
}

impl Way {
    fn fate(self, code: &str) -> Fate {
        match (self, code) {
            (Self::Create, "AlreadyExistsException") | (Self::Update, "EntityNotFoundException") => Fate::OtherWay,
            _ if may_pass(code) => Fate::Again,
            _ => Fate::Failed,
        }
    }
}

/// The partitions that Glue did not accept.
#[derive(Default)]
struct Left<'p> {
    other_way: Vec<&'p Partition>,
    again: Vec<&'p Partition>,
    /// Glue's error for one of the partitions to send again.
    why: Option<Refused>,
}

impl<'p> Left<'p> {
    fn merge(&mut self, more: Left<'p>) {
        self.other_way.extend(more.other_way);
        self.again.extend(more.again);
        self.why = more.why.or_else(|| self.why.take());
    }
}

/// A table to register partitions in.
struct Target<'a> {
    metastore: &'a GlueMetastore,
    name: &'a TableName,
    descriptor: StorageDescriptor,
    fence: FencingToken,
}

impl GlueMetastore {
    /// Adds the partitions to the table as it was read, and swaps existing ones.
    pub(super) fn register(
        &self,
        name: &TableName,
        table: GlueTable,
        partitions: &[Partition],
        fence: FencingToken,
    ) -> Result<(), MetastoreError> {
        let descriptor = table.storage_descriptor.unwrap_or_else(|| StorageDescriptor::builder().build());
        let before = self.calls();
        Target { metastore: self, name, descriptor, fence }.take(partitions)?;
        let (partitions, calls) = (partitions.len(), self.calls() - before);
        tracing::debug!(event = "partitions_registered", table = %name, partitions, calls, "registered partitions");
        Ok(())
    }
}

impl Target<'_> {
    fn take(&self, partitions: &[Partition]) -> Result<(), MetastoreError> {
        let all: Vec<&Partition> = partitions.iter().collect();
        // One alone is mostly a date that is done again, many are mostly new: so most need one request each.
        let (mut create, mut update) = if all.len() == 1 { (Vec::new(), all) } else { (all, Vec::new()) };
        let mut why = None;
        for round in 0..ROUNDS {
            if round > 0 {
                // What is there now may be a later run's.
                self.metastore.pass_fence(Task::PUBLISH, self.name, self.fence)?;
            }
            let updated = self.send(Way::Update, &update)?;
            create.extend(updated.other_way);
            let created = self.send(Way::Create, &create)?;
            let is_busy = !(created.again.is_empty() && updated.again.is_empty());
            (create, update) = (created.again, created.other_way);
            update.extend(updated.again);
            if create.is_empty() && update.is_empty() {
                return Ok(());
            }
            why = created.why.or(updated.why).or(why);
            if is_busy {
                pause(round);
            }
        }
        Err(self.gave_up(create.len() + update.len(), why))
    }

    fn send<'p>(&self, way: Way, partitions: &[&'p Partition]) -> Result<Left<'p>, MetastoreError> {
        let batches = stream::iter(partitions.chunks(BATCH).map(|batch| self.batch(way, batch))).buffer_unordered(UNDER_WAY);
        let left = batches.try_fold(Left::default(), |mut left, more| {
            left.merge(more);
            std::future::ready(Ok(left))
        });
        let sent = runtime::wait(left).map_err(Refused::from).flatten();
        sent.map_err(|refused| {
            if refused.is_not_found() {
                self.metastore.no_such_table(self.name)
            } else {
                self.metastore.error(Task::PUBLISH, Some(self.name), &refused)
            }
        })
    }

    async fn batch<'p>(&self, way: Way, batch: &[&'p Partition]) -> Result<Left<'p>, Refused> {
        let inputs = batch.iter().map(|partition| convert::partition_input(partition, &self.descriptor)).collect();
        let answer = match way {
            Way::Create => self.metastore.create_batch(self.name, inputs).await,
            Way::Update => self.metastore.update_batch(self.name, inputs).await,
        };
        match answer {
            Ok(rejected) => sort(way, batch, rejected),
            // Glue may also say of all what is true of one; each is told apart on the other way.
            Err(refused) if way == Way::Create && refused.already_exists() => {
                Ok(Left { other_way: batch.to_vec(), ..Left::default() })
            }
            Err(refused) if refused.may_pass() => Ok(Left { again: batch.to_vec(), why: Some(refused), ..Left::default() }),
            Err(refused) => Err(refused),
        }
    }

    fn gave_up(&self, left: usize, why: Option<Refused>) -> MetastoreError {
        let why = why.map_or_else(|| "they come and go".to_owned(), |why| why.to_string());
        MetastoreError::Unavailable {
            action: Task::PUBLISH.action,
            metastore: self.metastore.to_string(),
            reason: format!("{}: {left} partitions were refused {ROUNDS} times: {why}", self.name),
        }
    }
}

/// Sorts the rejected partitions of a batch by their next step.
fn sort<'p>(way: Way, batch: &[&'p Partition], rejected: Vec<Rejected>) -> Result<Left<'p>, Refused> {
    let mut left = Left::default();
    for Rejected { value, code, message } in rejected {
        let partition = batch.iter().copied().find(|partition| partition.value == value);
        let fate = way.fate(&code);
        let kind = if code.starts_with("AccessDenied") { SaidKind::Denied } else { SaidKind::Other };
        let said = Said { kind, code: Some(code), message: format!("{message} (the partition `{value}`)") };
        match (partition, fate) {
            (Some(partition), Fate::OtherWay) => left.other_way.push(partition),
            (Some(partition), Fate::Again) => {
                left.again.push(partition);
                left.why = Some(Refused::Said(said));
            }
            // Also one that we did not send, lest one that we did counts as done.
            (_, Fate::Failed) | (None, _) => return Err(Refused::Said(said)),
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metastore::{Parameters, PartitionValue};

    fn partition(value: &str) -> Partition {
        Partition { value: PartitionValue::from(value), location: String::new(), parameters: Parameters::new() }
    }

    fn rejected(value: &str, code: &str) -> Rejected {
        Rejected { value: PartitionValue::from(value), code: code.into(), message: "no".into() }
    }

    #[test]
    fn what_was_rejected_goes_the_other_way_or_again_or_fails() {
        let all = ["a", "b", "c"].map(partition);
        let batch: Vec<&Partition> = all.iter().collect();
        let errors = vec![rejected("c", "AlreadyExistsException"), rejected("a", "InternalServiceException")];
        let left = sort(Way::Create, &batch, errors).unwrap();
        assert_eq!((left.other_way, left.again), (vec![&all[2]], vec![&all[0]]));
        assert!(left.why.is_some());
        for wrong in [rejected("b", "InvalidInputException"), rejected("z", "AlreadyExistsException")] {
            let (value, code) = (wrong.value.clone(), wrong.code.clone());
            let error = sort(Way::Create, &batch, vec![wrong]).err().unwrap().to_string();
            assert!(error.contains(&value.to_string()) && error.contains(&code), "{error}");
        }
    }

    #[test]
    fn only_an_update_misses_a_partition() {
        assert_eq!(Way::Update.fate("EntityNotFoundException"), Fate::OtherWay);
        assert_eq!(Way::Create.fate("EntityNotFoundException"), Fate::Failed);
        assert_eq!(Way::Update.fate("AlreadyExistsException"), Fate::Failed);
    }
}
