//! Requests to the table: their common parts, and the meaning of their errors.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::future::Future;
use std::sync::PoisonError;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use crate::aws::{AwsError, SaidKind, principal_of, said, statement};
use crate::identity::{self, Explain};
use crate::runtime;

use super::DynamoDbLedger;
use super::items::Key;
use super::leases::ours;
use super::retries::reasons;
use crate::catchup::{Access, Lease, LedgerError};

pub(super) type Item = HashMap<String, AttributeValue>;

/// Actions that the ledger needs. The policy of the replaced job may lack some.
const ACTIONS: [&str; 6] = [
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:Query",
    "dynamodb:ConditionCheckItem",
];

impl DynamoDbLedger {
    pub(super) fn corrupt(&self, what: String) -> LedgerError {
        LedgerError::Corrupt { ledger: self.table.clone(), what }
    }

    pub(super) fn unavailable(&self, action: &'static str, reason: String) -> LedgerError {
        LedgerError::Unavailable { action, ledger: self.table.clone(), reason }
    }

    pub(super) fn wait<F: Future>(&self, action: &'static str, request: F) -> Result<F::Output, LedgerError> {
        runtime::wait(request).map_err(|error| self.unavailable(action, error.to_string()))
    }

    /// Converts the error of a request to a ledger error.
    pub(super) fn failed<E>(&self, action: &'static str, error: &SdkError<E, HttpResponse>) -> LedgerError
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let denied = |reason, hint| LedgerError::Denied { action, ledger: self.table.clone(), reason, hint };
        if let Some(error) = AwsError::below(error) {
            return if error.kind() == identity::ErrorKind::Access {
                denied(error.to_string(), error.hint().unwrap_or_default())
            } else {
                self.unavailable(action, error.to_string())
            };
        }
        let said = said(error);
        match said.kind {
            SaidKind::Denied => {
                let who = self.wait(action, self.identity.arn()).ok().and_then(Result::ok).unwrap_or_default();
                let needed = statement(&ACTIONS, &format!("arn:aws:dynamodb:*:*:table/{}", self.table));
                denied(said.to_string(), format!("the policy of {} needs {needed}", principal_of(&who)))
            }
            _ if said.code.as_deref() == Some("ResourceNotFoundException") => LedgerError::Missing {
                ledger: self.table.clone(),
                hint: "correct the table or its region in adg.yaml, or make it with the text keys Correlation_Id (hash) and \
                    DataProduct (range)"
                    .to_owned(),
            },
            _ => self.unavailable(action, said.to_string()),
        }
    }

    pub(super) fn item<T: Serialize>(&self, value: &T) -> Result<Item, LedgerError> {
        to_item(value).map_err(|error| self.corrupt(error.to_string()))
    }

    fn value<T: DeserializeOwned>(&self, item: Item) -> Result<T, LedgerError> {
        from_item(item).map_err(|error| self.corrupt(format!("an item that is not as adg writes it ({error})")))
    }

    /// Returns the item of a key, by a consistent read.
    pub(super) fn get<T: DeserializeOwned>(&self, action: &'static str, key: &Key) -> Result<Option<T>, LedgerError> {
        self.get_item(action, key)?.map(|item| self.value(item)).transpose()
    }

    pub(super) fn get_item(&self, action: &'static str, key: &Key) -> Result<Option<Item>, LedgerError> {
        let request = self.client.get_item().table_name(&self.table).set_key(Some(self.item(key)?)).consistent_read(true);
        let answer = self.wait(action, request.send())?.map_err(|error| self.failed(action, &error))?;
        Ok(answer.item)
    }

    /// Returns all items whose range key begins with that of `key`, in the order of their range keys.
    pub(super) fn below<T: DeserializeOwned>(&self, action: &'static str, key: &Key) -> Result<Vec<T>, LedgerError> {
        let range = [(":range", key.range.clone())];
        self.query(action, "Correlation_Id = :hash and begins_with(DataProduct, :range)", &key.hash, range)
    }

    /// Returns all items whose range key begins with that of `first` or that of `last`, or lies between them, in the order of
    /// their range keys. Both have the same hash key.
    pub(super) fn between<T: DeserializeOwned>(
        &self,
        action: &'static str,
        first: &Key,
        last: &Key,
    ) -> Result<Vec<T>, LedgerError> {
        let range = [(":first", first.range.clone()), (":last", format!("{}{}", last.range, char::MAX))];
        self.query(action, "Correlation_Id = :hash and DataProduct between :first and :last", &first.hash, range)
    }

    fn query<T: DeserializeOwned>(
        &self,
        action: &'static str,
        condition: &str,
        hash: &str,
        range: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<Vec<T>, LedgerError> {
        let mut values = std::collections::HashMap::from([(":hash".to_owned(), AttributeValue::S(hash.to_owned()))]);
        values.extend(range.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value))));
        let pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(condition)
            .set_expression_attribute_values(Some(values))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let items = self.wait(action, pages.collect::<Result<Vec<Item>, _>>())?;
        items.map_err(|error| self.failed(action, &error))?.into_iter().map(|item| self.value(item)).collect()
    }

    pub(super) fn put<T: Serialize>(&self, value: &T) -> Result<TransactWriteItem, LedgerError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(self.item(value)?)).build();
        Ok(TransactWriteItem::builder().put(put.map_err(|error| self.corrupt(error.to_string()))?).build())
    }

    /// Writes an item without a check of the lease, for items for which runs do not compete.
    pub(super) fn put_alone<T: Serialize>(&self, action: &'static str, value: &T) -> Result<(), LedgerError> {
        let request = self.client.put_item().table_name(&self.table).set_item(Some(self.item(value)?));
        self.wait(action, request.send())?.map_err(|error| self.failed(action, &error))?;
        Ok(())
    }

    pub(super) fn delete(&self, key: &Key) -> Result<TransactWriteItem, LedgerError> {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(self.item(key)?)).build();
        Ok(TransactWriteItem::builder().delete(delete.map_err(|error| self.corrupt(error.to_string()))?).build())
    }

    /// Writes all of `items`, or none if the lease is no longer ours.
    pub(super) fn fenced(&self, action: &'static str, lease: &Lease, items: Vec<TransactWriteItem>) -> Result<(), LedgerError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(self.item(&Key::lease(&lease.scope))?))
            .condition_expression(ours(lease))
            .expression_attribute_names("#token", "token")
            .expression_attribute_values(":token", AttributeValue::N(lease.token.0.to_string()));
        let check = match lease.access {
            Access::Exclusive => check,
            Access::Shared => {
                check.expression_attribute_names("#shared", "shared").expression_attribute_names("#run", lease.run_id.to_string())
            }
        };
        let check = check.build().map_err(|error| self.corrupt(error.to_string()))?;
        let check = TransactWriteItem::builder().condition_check(check).build();
        let all = std::iter::once(check).chain(items).collect();
        let request = self.client.transact_write_items().set_transact_items(Some(all));
        let _one = self.lease.lock().unwrap_or_else(PoisonError::into_inner);
        match self.wait(action, request.send())? {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error().map(reasons) {
                // The lease's check is the first.
                Some(reasons) if reasons.first() == Some(&"ConditionalCheckFailed") => {
                    Err(LedgerError::LeaseLost { scope: lease.scope.clone() })
                }
                _ => Err(self.failed(action, &error)),
            },
        }
    }
}
