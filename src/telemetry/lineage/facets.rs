//! Facets of datasets, each in the version of its own schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::catchup::{Counts, SourceFile};
use crate::identity::RunId;
use crate::metastore::PartitionValue;
use crate::schema::{Column, ColumnName, ColumnType, ERROR_DESC, ROW_HASH_ID, TableSchema};

use super::DatasetName;

/// Maximum number of files that are named one by one.
const MOST_FILES: usize = 100;

/// A field of the source and its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceField {
    /// Name in the source.
    pub name: String,
    /// The column.
    pub column: ColumnName,
}

/// The input of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Input<'e> {
    /// Dataset of the files of all dates.
    pub dataset: &'e DatasetName,
    /// Files of this date.
    pub files: &'e [SourceFile],
    /// Fields of the files; empty if unknown.
    pub fields: &'e [SourceField],
    /// Number of records in the files, if known.
    pub rows: Option<u64>,
}

/// The output of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Output<'e> {
    /// Dataset at the table's location.
    pub dataset: &'e DatasetName,
    /// Name of the table in the metastore.
    pub table: &'e DatasetName,
    /// Dataset that it is read from.
    pub source: &'e DatasetName,
    /// The columns that come from the source's fields.
    pub fields: &'e [SourceField],
    /// Schema of the table.
    pub schema: &'e TableSchema,
    /// `CREATE` if the table is created, `ALTER` if its columns change, else none.
    pub change: Option<&'static str>,
    /// Partition columns.
    pub partition_by: &'e [Column],
    /// Partition that is written.
    pub value: PartitionValue,
    /// The run that wrote it.
    pub run: RunId,
    /// Counts of rows, files and bytes.
    pub counts: Counts,
}

/// Returns the URI of the producer of the events.
pub(super) fn producer() -> String {
    format!("urn:adg:{}", env!("CARGO_PKG_VERSION"))
}

/// Returns a facet with its producer and the URL of its schema.
pub(super) fn facet(name: &str, version: &str, body: Value) -> Value {
    facet_of(name, version, name, body)
}

fn facet_of(file: &str, version: &str, name: &str, mut body: Value) -> Value {
    body["_producer"] = producer().into();
    body["_schemaURL"] = format!("https://openlineage.io/spec/facets/{version}/{file}.json#/$defs/{name}").into();
    body
}

/// Returns the facets that have a value.
pub(super) fn facets<const N: usize>(facets: [(&str, Option<Value>); N]) -> Map<String, Value> {
    facets.into_iter().filter_map(|(key, facet)| Some((key.to_owned(), facet?))).collect()
}

impl Input<'_> {
    pub(super) fn to_json(&self) -> Value {
        let fields: Vec<_> = self.fields.iter().map(|field| json!({ "name": field.name })).collect();
        let schema = (!fields.is_empty()).then(|| facet("SchemaDatasetFacet", "1-2-0", json!({ "fields": fields })));
        let bytes: u64 = self.files.iter().map(|file| file.size).sum();
        let mut counted = json!({ "size": bytes, "fileCount": self.files.len() });
        if let Some(rows) = self.rows {
            counted["rowCount"] = rows.into();
        }
        let locations: Vec<_> = self.files.iter().take(MOST_FILES).map(|file| file.key.as_str()).collect();
        let part = json!({ "inputCondition": { "type": "location", "locations": locations } });
        self.dataset.with([
            ("facets", facets([("schema", schema)])),
            (
                "inputFacets",
                facets([
                    ("inputStatistics", Some(facet("InputStatisticsInputDatasetFacet", "1-0-0", counted))),
                    ("subset", Some(subset("InputSubsetInputDatasetFacet", part))),
                ]),
            ),
        ])
    }
}

/// Returns the facet that names a part of a dataset. Those of inputs and outputs share one schema file.
fn subset(name: &str, body: Value) -> Value {
    facet_of("BaseSubsetDatasetFacet", "1-0-0", name, body)
}

impl Output<'_> {
    pub(super) fn to_json(&self) -> Value {
        let identifiers = json!([{ "namespace": self.table.namespace, "name": self.table.name, "type": "TABLE" }]);
        let storage = json!({ "storageLayer": "hive", "fileFormat": "parquet" });
        let known = facets([
            ("symlinks", Some(facet("SymlinksDatasetFacet", "1-0-1", json!({ "identifiers": identifiers })))),
            ("storage", Some(facet("StorageDatasetFacet", "1-0-1", storage))),
            ("schema", Some(facet("SchemaDatasetFacet", "1-2-0", json!({ "fields": self.columns() })))),
            ("columnLineage", Some(self.column_lineage())),
            ("version", Some(facet("DatasetVersionDatasetFacet", "1-0-1", json!({ "datasetVersion": self.run })))),
            (
                "lifecycleStateChange",
                self.change
                    .map(|change| facet("LifecycleStateChangeDatasetFacet", "1-0-1", json!({ "lifecycleStateChange": change }))),
            ),
        ]);
        let Counts { rows_written, bytes, files, .. } = self.counts;
        let counted = json!({ "rowCount": rows_written, "size": bytes, "fileCount": files });
        let counted = Some(facet("OutputStatisticsOutputDatasetFacet", "1-0-2", counted));
        let names = self.partition_by.iter().map(|column| column.name.to_string());
        let dimensions: Map<String, Value> = names.zip(self.value.texts().iter().map(|text| text.as_str().into())).collect();
        let partition = json!({ "dimensions": dimensions });
        let day = json!({ "outputCondition": { "type": "partition", "partitions": [partition] } });
        let subset = subset("OutputSubsetOutputDatasetFacet", day);
        self.dataset
            .with([("facets", known), ("outputFacets", facets([("outputStatistics", counted), ("subset", Some(subset))]))])
    }

    fn columns(&self) -> Vec<Value> {
        let columns = self.schema.columns().iter().chain(self.partition_by);
        columns.map(|column| field(column.name.as_str(), &column.ty)).collect()
    }

    /// Returns the lineage of columns: a column is its field's text or a conversion of it; a column that adg adds comes from all
    /// fields.
    fn column_lineage(&self) -> Value {
        let DatasetName { namespace, name } = self.source;
        let of = |field: &SourceField, how: Value| {
            let field = &field.name;
            json!({ "namespace": namespace, "name": name, "field": field, "transformations": [how] })
        };
        let mut columns: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for column in self.schema.columns() {
            let fields: Vec<_> = self.fields.iter().filter(|field| field.column == column.name).collect();
            let how = match column.ty {
                ColumnType::String => json!({ "type": "DIRECT", "subtype": "IDENTITY" }),
                _ => json!({ "type": "DIRECT", "subtype": "TRANSFORMATION", "description": format!("as {}", column.ty) }),
            };
            let inputs = match (fields.is_empty(), column.name.as_str()) {
                (false, _) => fields.into_iter().map(|field| of(field, how.clone())).collect(),
                (true, ERROR_DESC | ROW_HASH_ID) => {
                    let masking = column.name.as_str() == ROW_HASH_ID;
                    let how = json!({ "type": "DIRECT", "subtype": "TRANSFORMATION", "masking": masking });
                    self.fields.iter().map(|field| of(field, how.clone())).collect()
                }
                // The source has it no more, or not yet.
                (true, _) => continue,
            };
            columns.insert(column.name.as_str(), inputs);
        }
        let fields: Map<_, _> =
            columns.into_iter().map(|(name, inputs)| (name.to_owned(), json!({ "inputFields": inputs }))).collect();
        facet("ColumnLineageDatasetFacet", "1-2-0", json!({ "fields": fields }))
    }
}

/// Returns a column with its nested fields.
fn field(name: &str, ty: &ColumnType) -> Value {
    let members: Vec<Value> = match ty {
        ColumnType::Struct(fields) => fields.iter().map(|member| field(member.name.as_str(), &member.ty)).collect(),
        ColumnType::Array(element) => vec![field("_element", element)],
        ColumnType::Map(key, value) => vec![field("key", key), field("value", value)],
        _ => return json!({ "name": name, "type": ty.to_string() }),
    };
    json!({ "name": name, "type": ty.to_string(), "fields": members })
}
