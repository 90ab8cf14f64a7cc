//! Changed tables, built from the existing ones: fields that adg does not know stay.

use aws_sdk_glue::error::BuildError;
use aws_sdk_glue::types::{
    Column as GlueColumn, StorageDescriptor, Table as GlueTable, TableInput, ViewDefinition, ViewDefinitionInput,
    ViewRepresentation, ViewRepresentationInput,
};

use crate::identity::FencingToken;
use crate::metastore::{Parameters, Partition, spark_statistics};
use crate::schema::{Column, TableSchema};

use super::convert;

/// Returns the table with these columns, and with these parameters set.
pub(super) fn altered(table: &GlueTable, after: &TableSchema, parameters: &Parameters) -> Result<TableInput, BuildError> {
    let mut input = unchanged(table.clone())?;
    let descriptor = input.storage_descriptor.get_or_insert_with(|| StorageDescriptor::builder().build());
    let before = descriptor.columns.take().unwrap_or_default();
    let columns: Result<Vec<GlueColumn>, BuildError> = after.columns().iter().map(|column| renewed(&before, column)).collect();
    let mut columns = columns?;
    convert::mark_personal(&mut columns, parameters);
    descriptor.columns = Some(columns);
    let parameters = parameters.iter().map(|(key, value)| (key.clone(), value.clone()));
    input.parameters.get_or_insert_default().extend(parameters);
    Ok(input)
}

/// Returns the table with this fence, and without Spark's statistics.
pub(super) fn fenced(table: &GlueTable, fence: FencingToken) -> Result<TableInput, BuildError> {
    let mut input = unchanged(table.clone())?;
    let parameters = input.parameters.get_or_insert_default();
    parameters.retain(|key, _| !spark_statistics::is_one(key));
    parameters.insert(convert::FENCE.to_owned(), fence.0.to_string());
    Ok(input)
}

/// Returns a table without partition columns whose readers are sent to the folder of that partition, with this fence.
pub(super) fn moved(table: &GlueTable, to: &Partition, fence: FencingToken) -> Result<TableInput, BuildError> {
    let mut input = fenced(table, fence)?;
    if let Some(descriptor) = &mut input.storage_descriptor {
        descriptor.location = Some(to.location.clone());
        if let Some(path) = descriptor.serde_info.as_mut().and_then(|serde| serde.parameters.as_mut()?.get_mut("path")) {
            // Spark reads its own tables there.
            path.clone_from(&to.location);
        }
    }
    input.parameters.get_or_insert_default().extend(to.parameters.clone());
    Ok(input)
}

/// Returns the column with its existing comment and, if its type is the same, the existing spelling of the type.
fn renewed(before: &[GlueColumn], column: &Column) -> Result<GlueColumn, BuildError> {
    let same = |was: &&GlueColumn| convert::read_column(was).is_ok_and(|was| was.name == column.name);
    let Some(was) = before.iter().find(same) else { return convert::column(column) };
    let mut renewed = was.clone();
    if convert::read_column(was).is_ok_and(|was| was.ty != column.ty) {
        renewed.r#type = Some(column.ty.to_string());
    }
    Ok(renewed)
}

/// Copies all fields of a table that a request can set.
fn unchanged(table: GlueTable) -> Result<TableInput, BuildError> {
    TableInput::builder()
        .name(table.name)
        .set_description(table.description)
        .set_owner(table.owner)
        .set_last_access_time(table.last_access_time)
        .set_last_analyzed_time(table.last_analyzed_time)
        .retention(table.retention)
        .set_storage_descriptor(table.storage_descriptor)
        .set_partition_keys(table.partition_keys)
        .set_view_original_text(table.view_original_text)
        .set_view_expanded_text(table.view_expanded_text)
        .set_table_type(table.table_type)
        .set_parameters(table.parameters)
        .set_target_table(table.target_table)
        .set_federated_table(table.federated_table)
        .set_view_definition(table.view_definition.map(view))
        .build()
}

fn view(view: ViewDefinition) -> ViewDefinitionInput {
    let representations = view.representations.map(|all| all.into_iter().map(representation).collect());
    ViewDefinitionInput::builder()
        .set_is_protected(view.is_protected)
        .set_is_managed(view.is_managed)
        .set_definer(view.definer)
        .set_representations(representations)
        .view_version_id(view.view_version_id)
        .set_view_version_token(view.view_version_token)
        .set_refresh_seconds(view.refresh_seconds)
        .set_last_refresh_type(view.last_refresh_type)
        .set_sub_objects(view.sub_objects)
        .set_sub_object_version_ids(view.sub_object_version_ids)
        .set_sub_objects_statistics(view.sub_objects_statistics)
        .set_spark_pipeline_info(view.spark_pipeline_info)
        .build()
}

fn representation(representation: ViewRepresentation) -> ViewRepresentationInput {
    ViewRepresentationInput::builder()
        .set_dialect(representation.dialect)
        .set_dialect_version(representation.dialect_version)
        .set_view_original_text(representation.view_original_text)
        .set_view_expanded_text(representation.view_expanded_text)
        .set_validation_connection(representation.validation_connection)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ColumnName;

    fn found() -> GlueTable {
        let column = |name: &str, ty: &str| GlueColumn::builder().name(name).r#type(ty).comment(format!("of {name}"));
        let descriptor = StorageDescriptor::builder()
            .columns(column("id", "int").build().unwrap())
            .columns(column("cost", "DECIMAL(18, 2)").build().unwrap())
            .location("s3://lake/bids")
            .sort_columns(aws_sdk_glue::types::Order::builder().column("id").sort_order(1).build().unwrap())
            .build();
        GlueTable::builder()
            .name("bids")
            .description("all bids")
            .owner("hadoop")
            .retention(3)
            .table_type("EXTERNAL_TABLE")
            .view_original_text("/* as it was */")
            .parameters("projection.enabled", "true")
            .partition_keys(column("day", "date").build().unwrap())
            .storage_descriptor(descriptor)
            .build()
            .unwrap()
    }

    fn columns(list: &[(&str, &str)]) -> TableSchema {
        TableSchema::new(list.iter().map(|(name, ty)| Column::new(ColumnName::new(name).unwrap(), ty.parse().unwrap())).collect())
    }

    #[test]
    fn columns_change_and_all_else_stays() {
        let after = columns(&[("id", "bigint"), ("cost", "decimal(18,2)"), ("note", "string")]);
        let input = altered(&found(), &after, &Parameters::from([("adg.module".into(), "vacancy".into())])).unwrap();
        let mut expected = unchanged(found()).unwrap();
        let descriptor = expected.storage_descriptor.as_mut().unwrap();
        let all = descriptor.columns.as_mut().unwrap();
        all[0].r#type = Some("bigint".into());
        all.push(GlueColumn::builder().name("note").r#type("string").build().unwrap());
        expected.parameters.as_mut().unwrap().insert("adg.module".into(), "vacancy".into());
        assert_eq!(input, expected);
        let kept = (input.description(), input.owner(), input.retention(), input.view_original_text());
        assert_eq!(kept, (Some("all bids"), Some("hadoop"), 3, Some("/* as it was */")));
        assert_eq!(input.storage_descriptor().unwrap().columns()[1].comment(), Some("of cost"));
        assert_eq!(input.storage_descriptor().unwrap().columns()[1].r#type(), Some("DECIMAL(18, 2)"));
    }

    #[test]
    fn columns_are_marked_as_personal_data() {
        let after = columns(&[("id", "int"), ("cost", "decimal(18,2)"), ("note", "string")]);
        let input = altered(&found(), &after, &Parameters::from([("adg.pii".into(), "id,note".into())])).unwrap();
        let columns = input.storage_descriptor().unwrap().columns();
        let marks = columns.iter().map(|column| column.parameters().and_then(|all| all.get("pii")).map(String::as_str));
        assert_eq!(marks.collect::<Vec<_>>(), [Some("true"), None, Some("true")]);
        assert_eq!(columns[0].comment(), Some("of id"));
    }

    #[test]
    fn a_fence_is_one_parameter_more() {
        let input = fenced(&found(), FencingToken(7)).unwrap();
        let mut expected = unchanged(found()).unwrap();
        expected.parameters.as_mut().unwrap().insert("adg.fence".into(), "7".into());
        assert_eq!(input, expected);
    }
}
