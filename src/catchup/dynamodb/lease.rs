//! Leases, by conditional writes. That a holder is dead can't be known: its lease expires.

use std::sync::PoisonError;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

use crate::identity::{FencingToken, ModuleName};

use super::super::stored::{StoredHolder, live_shards, parsed};
use super::super::{Holder, Lease, LeaseName, LedgerError, Shard};
use super::DynamoDbLedger;
use super::items::{Key, LeaseItem};

const TAKE: &str = "take the lease";
/// Somebody else takes or renews it between our reading and our writing: then it is read again.
const TRIES: usize = 5;

pub(super) fn acquire(
    ledger: &DynamoDbLedger,
    name: &LeaseName,
    holder: &Holder,
    now: Timestamp,
    ttl: SignedDuration,
) -> Result<Lease, LedgerError> {
    for _ in 0..TRIES {
        let found: Option<LeaseItem> = ledger.get(TAKE, &Key::lease(name))?;
        if let Some(lease) = &found {
            let until: Timestamp = parsed("end of a lease", &lease.expires).map_err(|what| ledger.corrupt(what))?;
            // Taken by this very run: the reply was lost, and the library asked again.
            if lease.holder.run_id == holder.run_id.to_string() && !lease.released {
                return Ok(Lease { name: name.clone(), token: FencingToken(lease.token), expires: until });
            }
            if !lease.released && until > now {
                let holder = lease.holder.clone().restore().map_err(|what| ledger.corrupt(what))?;
                return Err(LedgerError::Held { name: name.clone(), holder, until });
            }
        }
        let token = FencingToken::after(found.as_ref().map_or(0, |lease| lease.token), now);
        let expires = now + ttl;
        let Key { hash, range } = Key::lease(name);
        let (holder, at) = (StoredHolder::of(holder), expires.to_string());
        let taken = LeaseItem { hash, range, token: token.0, holder, expires: at, released: false };
        if put(ledger, &taken, found.as_ref())? {
            return Ok(Lease { name: name.clone(), token, expires });
        }
    }
    Err(ledger.unavailable(TAKE, "several runs try to take it at the same time".to_owned()))
}

/// Whether the lease was still as it was read.
pub(super) fn put(ledger: &DynamoDbLedger, taken: &LeaseItem, found: Option<&LeaseItem>) -> Result<bool, LedgerError> {
    let request = ledger.client.put_item().table_name(&ledger.table).set_item(Some(ledger.item(taken)?));
    let request = match found {
        None => request.condition_expression("attribute_not_exists(Correlation_Id)"),
        Some(found) => request
            .condition_expression("#token = :token and #expires = :expires")
            .expression_attribute_names("#token", "token")
            .expression_attribute_names("#expires", "expires")
            .expression_attribute_values(":token", AttributeValue::N(found.token.to_string()))
            .expression_attribute_values(":expires", AttributeValue::S(found.expires.clone())),
    };
    match ledger.wait(TAKE, request.send())? {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => Ok(false),
        Err(error) => Err(ledger.failed(TAKE, &error)),
    }
}

pub(super) fn renew(ledger: &DynamoDbLedger, lease: &Lease, now: Timestamp, ttl: SignedDuration) -> Result<Lease, LedgerError> {
    let expires = now + ttl;
    match update(ledger, "renew the lease", lease, "expires", AttributeValue::S(expires.to_string()))? {
        true => Ok(Lease { expires, ..lease.clone() }),
        false => Err(LedgerError::LeaseLost { name: lease.name.clone() }),
    }
}

pub(super) fn release(ledger: &DynamoDbLedger, lease: &Lease) -> Result<(), LedgerError> {
    update(ledger, "release the lease", lease, "released", AttributeValue::Bool(true)).map(drop)
}

/// The shares of a module's dates that somebody works on.
pub(super) fn shards(ledger: &DynamoDbLedger, module: &ModuleName, now: Timestamp) -> Result<Vec<Shard>, LedgerError> {
    let found: Vec<LeaseItem> = ledger.below("look for shards", &Key::shards(module))?;
    let found = found.into_iter().filter(|lease| !lease.released);
    let found = found.map(|lease| (format!("{module}{}", lease.range.trim_start_matches("lease")), lease.expires));
    live_shards(found, now).map_err(|what| ledger.corrupt(what))
}

/// Sets an attribute of the lease; whether it was still ours.
fn update(
    ledger: &DynamoDbLedger,
    action: &'static str,
    lease: &Lease,
    name: &str,
    value: AttributeValue,
) -> Result<bool, LedgerError> {
    let request = ledger
        .client
        .update_item()
        .table_name(&ledger.table)
        .set_key(Some(ledger.item(&Key::lease(&lease.name))?))
        .update_expression("set #name = :value")
        .condition_expression("#token = :token")
        .expression_attribute_names("#name", name)
        .expression_attribute_names("#token", "token")
        .expression_attribute_values(":value", value)
        .expression_attribute_values(":token", AttributeValue::N(lease.token.0.to_string()));
    let _one = ledger.lease.lock().unwrap_or_else(PoisonError::into_inner);
    match ledger.wait(action, request.send())? {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => Ok(false),
        Err(error) => Err(ledger.failed(action, &error)),
    }
}
