//! Requests to Glue. Callers interpret the answers, except for missing objects.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::atomic::Ordering;

use aws_sdk_glue::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_glue::operation::get_databases::GetDatabasesOutput;
use aws_sdk_glue::operation::get_partitions::GetPartitionsOutput;
use aws_sdk_glue::operation::get_tables::GetTablesOutput;
use aws_sdk_glue::types::{
    BatchUpdatePartitionRequestEntry, Database as GlueDatabase, DatabaseInput, ErrorDetail, Partition as GluePartition,
    PartitionInput, Table as GlueTable, TableInput,
};

use crate::identity::CollectionName;
use crate::metastore::{Database, PartitionValue, Table, TableName};
use crate::runtime;

use super::client::GlueMetastore;
use super::convert;
use super::refused::Refused;

type Answer<T> = Result<T, Refused>;

/// Largest number of partitions that Glue returns in one answer.
const PAGE: i32 = 1000;

/// A partition of a batch that Glue rejected.
pub(super) struct Rejected {
    pub(super) value: PartitionValue,
    pub(super) code: String,
    pub(super) message: String,
}

impl Rejected {
    fn new(values: Option<Vec<String>>, detail: Option<ErrorDetail>) -> Self {
        let (code, message) = detail.map(|detail| (detail.error_code, detail.error_message)).unwrap_or_default();
        let value = PartitionValue::new(values.unwrap_or_default());
        Self { value, code: code.unwrap_or_default(), message: message.unwrap_or_default() }
    }
}

fn unless_missing<T>(answer: Answer<Option<T>>) -> Answer<Option<T>> {
    match answer {
        Err(refused) if refused.is_not_found() => Ok(None),
        answer => answer,
    }
}

impl GlueMetastore {
    async fn counted<T, E>(&self, request: impl Future<Output = Result<T, SdkError<E>>>) -> Answer<T>
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        self.calls.fetch_add(1, Ordering::Relaxed);
        request.await.map_err(|error| Refused::of(&error))
    }

    fn ask<T, E>(&self, request: impl Future<Output = Result<T, SdkError<E>>>) -> Answer<T>
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        runtime::wait(self.counted(request))?
    }

    /// Returns the items of all pages. A page may be empty and not be the last.
    fn all<P, T, E, F>(&self, page: impl Fn(Option<String>) -> F, read: impl Fn(P) -> (Vec<T>, Option<String>)) -> Answer<Vec<T>>
    where
        F: Future<Output = Result<P, SdkError<E>>>,
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let (items, next) = read(self.ask(page(token))?);
            found.extend(items);
            token = next.filter(|next| !next.is_empty());
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// Requests one database: the cheapest request.
    pub(super) fn ask_for_a_database(&self) -> Answer<()> {
        let request = self.client.get_databases().set_catalog_id(self.catalog_id.clone()).max_results(1);
        self.ask(request.send()).map(drop)
    }

    pub(super) fn databases(&self) -> Answer<Vec<GlueDatabase>> {
        let request = self.client.get_databases().set_catalog_id(self.catalog_id.clone());
        let page = |token| request.clone().set_next_token(token).send();
        self.all(page, |page: GetDatabasesOutput| (page.database_list, page.next_token))
    }

    pub(super) fn has_database(&self, name: &CollectionName) -> bool {
        let request = self.client.get_database().set_catalog_id(self.catalog_id.clone()).name(name.as_str());
        self.ask(request.send()).is_ok()
    }

    pub(super) fn add_database(&self, database: &Database) -> Answer<()> {
        let input = DatabaseInput::builder().name(database.name.as_str()).location_uri(&database.location).build()?;
        let request = self.client.create_database().set_catalog_id(self.catalog_id.clone()).database_input(input);
        self.ask(request.send()).map(drop)
    }

    /// Returns a database's tables; none if it was dropped in the meantime.
    pub(super) fn tables_of(&self, database: &str) -> Answer<Vec<GlueTable>> {
        let request = self.client.get_tables().set_catalog_id(self.catalog_id.clone()).database_name(database);
        let page = |token| request.clone().set_next_token(token).send();
        let found = self.all(page, |page: GetTablesOutput| (page.table_list.unwrap_or_default(), page.next_token));
        Ok(unless_missing(found.map(Some))?.unwrap_or_default())
    }

    pub(super) fn find(&self, name: &TableName) -> Answer<Option<GlueTable>> {
        let request = self.client.get_table().set_catalog_id(self.catalog_id.clone());
        let request = request.database_name(name.database.as_str()).name(name.table.as_str());
        unless_missing(self.ask(request.send()).map(|answer| answer.table))
    }

    pub(super) fn add_table(&self, table: &Table) -> Answer<()> {
        let request = self.client.create_table().set_catalog_id(self.catalog_id.clone());
        let request = request.database_name(table.name.database.as_str()).table_input(convert::table_input(table)?);
        self.ask(request.send()).map(drop)
    }

    /// Replaces the table, unless its version has changed. Old versions are not kept: their number is limited.
    pub(super) fn replace_table(&self, name: &TableName, input: TableInput, version: Option<&str>) -> Answer<()> {
        let request = self.client.update_table().set_catalog_id(self.catalog_id.clone()).skip_archive(true);
        let request = request.database_name(name.database.as_str()).table_input(input);
        self.ask(request.set_version_id(version.map(str::to_owned)).send()).map(drop)
    }

    /// Returns all partitions, without their columns, which would be most of the answer.
    pub(super) fn partitions_of(&self, name: &TableName) -> Answer<Vec<GluePartition>> {
        self.all_partitions_of(name.database.as_str(), name.table.as_str())
    }

    /// Returns the partitions of a table of any name; none if it was dropped in the meantime.
    pub(super) fn partitions_in(&self, database: &str, table: &str) -> Answer<Vec<GluePartition>> {
        Ok(unless_missing(self.all_partitions_of(database, table).map(Some))?.unwrap_or_default())
    }

    fn all_partitions_of(&self, database: &str, table: &str) -> Answer<Vec<GluePartition>> {
        let request = self.client.get_partitions().set_catalog_id(self.catalog_id.clone());
        let request = request.database_name(database).table_name(table);
        let request = request.exclude_column_schema(true).max_results(PAGE);
        let page = |token| request.clone().set_next_token(token).send();
        self.all(page, |page: GetPartitionsOutput| (page.partitions.unwrap_or_default(), page.next_token))
    }

    pub(super) fn find_partition(&self, name: &TableName, value: &PartitionValue) -> Answer<Option<GluePartition>> {
        let request = self.client.get_partition().set_catalog_id(self.catalog_id.clone());
        let request = request.database_name(name.database.as_str()).table_name(name.table.as_str());
        unless_missing(self.ask(request.set_partition_values(Some(value.texts().to_vec())).send()).map(|answer| answer.partition))
    }

    pub(super) fn remove_partition(&self, name: &TableName, value: &PartitionValue) -> Answer<()> {
        let request = self.client.delete_partition().set_catalog_id(self.catalog_id.clone());
        let request = request.database_name(name.database.as_str()).table_name(name.table.as_str());
        self.ask(request.set_partition_values(Some(value.texts().to_vec())).send()).map(drop)
    }

    /// Adds partitions. Returns those that were not added.
    pub(super) async fn create_batch(&self, name: &TableName, inputs: Vec<PartitionInput>) -> Answer<Vec<Rejected>> {
        let request = self.client.batch_create_partition().set_catalog_id(self.catalog_id.clone());
        let request = request.database_name(name.database.as_str()).table_name(name.table.as_str());
        let answer = self.counted(request.set_partition_input_list(Some(inputs)).send()).await?;
        let errors = answer.errors.unwrap_or_default().into_iter();
        Ok(errors.map(|error| Rejected::new(error.partition_values, error.error_detail)).collect())
    }

    /// Replaces partitions, each in one step. Returns those that were not replaced.
    pub(super) async fn update_batch(&self, name: &TableName, inputs: Vec<PartitionInput>) -> Answer<Vec<Rejected>> {
        let entry = |input: PartitionInput| {
            let entry = BatchUpdatePartitionRequestEntry::builder().set_partition_value_list(input.values.clone());
            entry.partition_input(input).build()
        };
        let entries: Vec<BatchUpdatePartitionRequestEntry> = inputs.into_iter().map(entry).collect::<Result<_, _>>()?;
        let request = self.client.batch_update_partition().set_catalog_id(self.catalog_id.clone());
        let request = request.database_name(name.database.as_str()).table_name(name.table.as_str());
        let answer = self.counted(request.set_entries(Some(entries)).send()).await?;
        let errors = answer.errors.unwrap_or_default().into_iter();
        Ok(errors.map(|error| Rejected::new(error.partition_value_list, error.error_detail)).collect())
    }
}
