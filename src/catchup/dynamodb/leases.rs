//! Leases, by conditional writes. A dead holder can't be detected: its lease expires.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde_dynamo::to_attribute_value;

use crate::catchup::stored::{StoredHolder, live_shards, parsed};
use crate::catchup::{Access, Holder, Lease, LeaseScope, LeaseStore, LedgerError, Shard};
use crate::identity::{FencingToken, JobName, RunId};

use super::DynamoDbLedger;
use super::items::{Key, LeaseItem, SharedHolder};

const TAKE: &str = "take the lease";
/// Tries to take a lease. Another run may take or renew it between our read and our write; then it is read again.
const TRIES: usize = 5;

/// A requested lease.
struct Wanted<'w> {
    scope: &'w LeaseScope,
    access: Access,
    run_id: RunId,
    holder: StoredHolder,
    now: Timestamp,
    ttl: SignedDuration,
}

impl Wanted<'_> {
    fn lease(&self, token: u64, expires: Timestamp) -> Lease {
        Lease { scope: self.scope.clone(), access: self.access, token: FencingToken(token), run_id: self.run_id, expires }
    }

    fn item(&self, token: u64) -> LeaseItem {
        let Key { hash, range } = Key::lease(self.scope);
        let (holder, expires) = (self.holder.clone(), (self.now + self.ttl).to_string());
        let shared = match self.access {
            Access::Exclusive => BTreeMap::new(),
            Access::Shared => BTreeMap::from([(holder.run_id.clone(), self.shared(token))]),
        };
        LeaseItem { hash, range, token, holder, expires, released: self.access == Access::Shared, shared }
    }

    fn shared(&self, token: u64) -> SharedHolder {
        SharedHolder { token, holder: self.holder.clone(), expires: (self.now + self.ttl).to_string() }
    }
}

impl DynamoDbLedger {
    /// Returns the lease if this run already holds it: the reply was lost, and the SDK sent the request again.
    fn had(&self, wanted: &Wanted<'_>, found: &LeaseItem) -> Result<Option<Lease>, LedgerError> {
        let (token, expires) = match wanted.access {
            Access::Exclusive if found.holder.run_id == wanted.holder.run_id && !found.released => (found.token, &found.expires),
            Access::Shared if let Some(shared) = found.shared.get(&wanted.holder.run_id) => (shared.token, &shared.expires),
            _ => return Ok(None),
        };
        Ok(Some(wanted.lease(token, self.end(expires)?)))
    }

    fn end(&self, expires: &str) -> Result<Timestamp, LedgerError> {
        parsed("end of a lease", expires).map_err(|what| self.corrupt(what))
    }

    /// Refuses a lease that conflicts with that of a living holder.
    fn must_be_free(&self, wanted: &Wanted<'_>, found: &LeaseItem) -> Result<(), LedgerError> {
        let exclusive = (!found.released).then_some((&found.holder, &found.expires));
        let shared = found.shared.values().filter(|_| wanted.access == Access::Exclusive);
        for (holder, expires) in exclusive.into_iter().chain(shared.map(|shared| (&shared.holder, &shared.expires))) {
            let until = self.end(expires)?;
            if until > wanted.now {
                let holder = holder.clone().restore().map_err(|what| self.corrupt(what))?;
                return Err(LedgerError::Held { scope: wanted.scope.clone(), holder, until });
            }
        }
        Ok(())
    }

    /// Writes the lease's item. Returns false if the item had changed since it was read.
    pub(super) fn put_lease(&self, taken: &LeaseItem, found: Option<&LeaseItem>) -> Result<bool, LedgerError> {
        let request = self.client.put_item().table_name(&self.table).set_item(Some(self.item(taken)?));
        let request = match found {
            None => request.condition_expression("attribute_not_exists(Correlation_Id)"),
            Some(found) => request
                .condition_expression("#token = :token and #expires = :expires")
                .expression_attribute_names("#token", "token")
                .expression_attribute_names("#expires", "expires")
                .expression_attribute_values(":token", AttributeValue::N(found.token.to_string()))
                .expression_attribute_values(":expires", AttributeValue::S(found.expires.clone())),
        };
        match self.wait(TAKE, request.send())? {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => Ok(false),
            Err(error) => Err(self.failed(TAKE, &error)),
        }
    }

    /// Adds a holder to those that share a lease, and leaves the others as they are now. Returns false if another run has changed
    /// the lease since it was read.
    fn share(&self, wanted: &Wanted<'_>, token: u64, found: &LeaseItem) -> Result<bool, LedgerError> {
        let is_alive = |shared: &SharedHolder| self.end(&shared.expires).is_ok_and(|end| end > wanted.now);
        if !found.shared.values().any(is_alive) {
            return self.put_lease(&wanted.item(token), Some(found));
        }
        let holder = to_attribute_value(wanted.shared(token)).map_err(|error| self.corrupt(error.to_string()))?;
        let request = self
            .lease_update(wanted.scope)?
            .update_expression("set #token = :new, #expires = :end, #shared.#run = :holder")
            .condition_expression("#token = :token and #expires = :expires")
            .expression_attribute_names("#token", "token")
            .expression_attribute_names("#expires", "expires")
            .expression_attribute_names("#shared", "shared")
            .expression_attribute_names("#run", &wanted.holder.run_id)
            .expression_attribute_values(":token", AttributeValue::N(found.token.to_string()))
            .expression_attribute_values(":expires", AttributeValue::S(found.expires.clone()))
            .expression_attribute_values(":new", AttributeValue::N(token.to_string()))
            .expression_attribute_values(":end", AttributeValue::S((wanted.now + wanted.ttl).to_string()))
            .expression_attribute_values(":holder", holder);
        self.was_ours(TAKE, request)
    }

    fn lease_update(&self, scope: &LeaseScope) -> Result<UpdateItemFluentBuilder, LedgerError> {
        Ok(self.client.update_item().table_name(&self.table).set_key(Some(self.item(&Key::lease(scope))?)))
    }

    /// Sends an update. Returns true if its condition held.
    fn was_ours(&self, action: &'static str, request: UpdateItemFluentBuilder) -> Result<bool, LedgerError> {
        let _one = self.lease.lock().unwrap_or_else(PoisonError::into_inner);
        match self.wait(action, request.send())? {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => {
                Ok(false)
            }
            Err(error) => Err(self.failed(action, &error)),
        }
    }

    /// Returns an update of a lease, on condition that the lease is still ours.
    fn update_of(&self, lease: &Lease, exclusive: &str, shared: &str) -> Result<UpdateItemFluentBuilder, LedgerError> {
        let request = self
            .lease_update(&lease.scope)?
            .update_expression(if lease.access == Access::Exclusive { exclusive } else { shared })
            .condition_expression(ours(lease))
            .expression_attribute_names("#token", "token")
            .expression_attribute_values(":token", AttributeValue::N(lease.token.0.to_string()));
        Ok(match lease.access {
            Access::Exclusive => request,
            Access::Shared => request
                .expression_attribute_names("#shared", "shared")
                .expression_attribute_names("#run", lease.run_id.to_string()),
        })
    }
}

/// Returns the condition that no later lease has replaced a lease. Its names are `#token`, and for a shared lease also `#shared`
/// and `#run`.
pub(super) fn ours(lease: &Lease) -> &'static str {
    match lease.access {
        Access::Exclusive => "#token = :token",
        Access::Shared => "#shared.#run.#token = :token",
    }
}

impl LeaseStore for DynamoDbLedger {
    fn acquire(
        &self,
        scope: &LeaseScope,
        access: Access,
        holder: &Holder,
        now: Timestamp,
        ttl: SignedDuration,
    ) -> Result<Lease, LedgerError> {
        self.mark()?;
        let wanted = Wanted { scope, access, run_id: holder.run_id, holder: StoredHolder::of(holder), now, ttl };
        for _ in 0..TRIES {
            let found: Option<LeaseItem> = self.get(TAKE, &Key::lease(scope))?;
            if let Some(found) = &found {
                if let Some(lease) = self.had(&wanted, found)? {
                    return Ok(lease);
                }
                self.must_be_free(&wanted, found)?;
            }
            let token = FencingToken::after(found.as_ref().map_or(0, |lease| lease.token), now).0;
            let is_taken = match (&found, access) {
                (Some(found), Access::Shared) => self.share(&wanted, token, found)?,
                _ => self.put_lease(&wanted.item(token), found.as_ref())?,
            };
            if is_taken {
                return Ok(wanted.lease(token, now + ttl));
            }
        }
        Err(self.unavailable(TAKE, "several runs try to take it at the same time".to_owned()))
    }

    fn renew(&self, lease: &Lease, now: Timestamp, ttl: SignedDuration) -> Result<Lease, LedgerError> {
        let expires = now + ttl;
        let request = self.update_of(lease, "set #expires = :value", "set #shared.#run.#expires = :value")?;
        let request = request
            .expression_attribute_names("#expires", "expires")
            .expression_attribute_values(":value", AttributeValue::S(expires.to_string()));
        if self.was_ours("renew the lease", request)? {
            Ok(Lease { expires, ..lease.clone() })
        } else {
            Err(LedgerError::LeaseLost { scope: lease.scope.clone() })
        }
    }

    fn release(&self, lease: &Lease) -> Result<(), LedgerError> {
        let request = self.update_of(lease, "set #released = :value", "remove #shared.#run")?;
        let request = match lease.access {
            Access::Exclusive => request
                .expression_attribute_names("#released", "released")
                .expression_attribute_values(":value", AttributeValue::Bool(true)),
            Access::Shared => request,
        };
        self.was_ours("release the lease", request).map(drop)
    }

    fn shards(&self, job: &JobName, now: Timestamp) -> Result<Vec<Shard>, LedgerError> {
        let found: Vec<LeaseItem> = self.below("look for shards", &Key::shards(job))?;
        let found = found.into_iter().filter(|lease| !lease.released);
        let found = found.map(|lease| (format!("{job}{}", lease.range.trim_start_matches("lease")), lease.expires));
        live_shards(found, now).map_err(|what| self.corrupt(what))
    }
}
