//! What is told of datasets, each fact by the version of its own schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::catchup::{Counts, SourceFile};
use crate::identity::{ProcessingDate, RunId};
use crate::schema::{ColumnName, ColumnType, ERROR_DESC, ROW_HASH_ID, TableSchema};

use super::DatasetName;

/// Files that are named one by one.
const MOST_FILES: usize = 100;

/// A field of the source, and the column that it becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceField {
    /// As the source calls it.
    pub name: String,
    /// The column.
    pub column: ColumnName,
}

/// What is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Input<'e> {
    /// The files of all days.
    pub dataset: &'e DatasetName,
    /// Those of this one.
    pub files: &'e [SourceFile],
    /// The fields that they have, where that is known.
    pub fields: &'e [SourceField],
    /// How many records they have, where that is known.
    pub rows: Option<u64>,
}

/// What is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Output<'e> {
    /// Where the table is.
    pub dataset: &'e DatasetName,
    /// What the metastore calls it.
    pub table: &'e DatasetName,
    /// What is read for it.
    pub source: &'e DatasetName,
    /// The columns that come from the source's fields.
    pub fields: &'e [SourceField],
    /// The table.
    pub schema: &'e TableSchema,
    /// Whether it was made by this, or its columns changed.
    pub change: Option<&'static str>,
    /// The column that says the day.
    pub partition_by: &'e ColumnName,
    /// The day.
    pub date: ProcessingDate,
    /// The run that wrote it.
    pub run: RunId,
    /// What was counted.
    pub counts: Counts,
}

/// The producer of the events.
pub(super) fn producer() -> String {
    format!("urn:adg:{}", env!("CARGO_PKG_VERSION"))
}

/// A fact, with what says how it is written.
pub(super) fn facet(name: &str, version: &str, body: Value) -> Value {
    facet_of(name, version, name, body)
}

fn facet_of(file: &str, version: &str, name: &str, mut body: Value) -> Value {
    body["_producer"] = producer().into();
    body["_schemaURL"] = format!("https://openlineage.io/spec/facets/{version}/{file}.json#/$defs/{name}").into();
    body
}

/// Those of which something is known.
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

/// Which part of a dataset it is about. Inputs' and outputs' have one file.
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
        let day = json!({ "outputCondition": { "type": "partition", "partitions": [{ "dimensions": { self.partition_by.as_str(): self.date.to_string() } }] } });
        let subset = subset("OutputSubsetOutputDatasetFacet", day);
        self.dataset
            .with([("facets", known), ("outputFacets", facets([("outputStatistics", counted), ("subset", Some(subset))]))])
    }

    fn columns(&self) -> Vec<Value> {
        let day = (self.partition_by.as_str(), &ColumnType::Date);
        let columns = self.schema.columns().iter().map(|column| (column.name.as_str(), &column.ty)).chain([day]);
        columns.map(|(name, ty)| field(name, ty)).collect()
    }

    /// A column is what its field says, or that made another type; what adg adds itself is made of all of them.
    fn column_lineage(&self) -> Value {
        let of = |field: &SourceField, how: Value| json!({ "namespace": self.source.namespace, "name": self.source.name, "field": field.name, "transformations": [how] });
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

/// A column with its members.
fn field(name: &str, ty: &ColumnType) -> Value {
    let members: Vec<Value> = match ty {
        ColumnType::Struct(fields) => fields.iter().map(|member| field(member.name.as_str(), &member.ty)).collect(),
        ColumnType::Array(element) => vec![field("_element", element)],
        ColumnType::Map(key, value) => vec![field("key", key), field("value", value)],
        _ => return json!({ "name": name, "type": ty.to_string() }),
    };
    json!({ "name": name, "type": ty.to_string(), "fields": members })
}
