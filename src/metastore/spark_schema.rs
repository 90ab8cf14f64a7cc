//! The copy of a table's schema that Spark keeps in its properties, and believes more than the table's own columns.
//!
//! Spark reads a table that it created by `saveAsTable` with the columns of `spark.sql.sources.schema`, a JSON text in one
//! property, or in parts of 4,000 characters as `spark.sql.sources.schema.part.0` and so on
//! (`org.apache.spark.sql.hive.HiveExternalCatalog`). So whoever changes the columns changes the copy too.

use serde_json::{Value, json};

use crate::schema::{ColumnType, TableSchema};

use super::Parameters;

const WHOLE: &str = "spark.sql.sources.schema";
const PART_COUNT: &str = "spark.sql.sources.schema.numParts";
const PART: &str = "spark.sql.sources.schema.part.";
const KEY_COUNT: &str = "spark.sql.sources.schema.numPartCols";
/// Largest part, in characters: `spark.sql.sources.schemaStringLengthThreshold`, the size of a column of the metastore's own
/// database.
const PART_CHARS: usize = 4000;

/// Updates Spark's copy from `before` to `after`. A table without a copy is left alone.
///
/// # Errors
/// The copy is not as Spark writes it.
pub(super) fn follow(properties: &mut Parameters, before: &TableSchema, after: &TableSchema) -> Result<(), String> {
    let Some(copy) = read(properties) else { return Ok(()) };
    let not_sparks = || format!("a property `{WHOLE}` that is not as Spark writes it");
    let mut schema: Value = serde_json::from_str(&copy).map_err(|_| not_sparks())?;
    let fields = schema.get_mut("fields").and_then(Value::as_array_mut).ok_or_else(not_sparks)?;
    let keys = properties.get(KEY_COUNT).and_then(|count| count.parse::<usize>().ok()).unwrap_or(0).min(fields.len());
    for column in after.columns() {
        let is_it = |field: &&mut Value| {
            field.get("name").and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case(column.name.as_str()))
        };
        match fields.iter_mut().find(is_it) {
            Some(field) if before.type_of(&column.name) != Some(&column.ty) => retype(field, &column.ty),
            Some(_) => {}
            // Spark has the partition's columns last.
            None => {
                let end = fields.len() - keys;
                fields.insert(end, spark_field(column.name.as_str(), &column.ty));
            }
        }
    }
    write(properties, &schema.to_string());
    Ok(())
}

fn read(properties: &Parameters) -> Option<String> {
    if let Some(whole) = properties.get(WHOLE) {
        return Some(whole.clone());
    }
    let parts: usize = properties.get(PART_COUNT)?.parse().ok()?;
    (0..parts).map(|i| properties.get(&format!("{PART}{i}")).map(String::as_str)).collect()
}

/// Writes the schema in one property if it was in one and fits, else in parts.
fn write(properties: &mut Parameters, schema: &str) {
    if properties.contains_key(WHOLE) && schema.chars().count() <= PART_CHARS {
        properties.insert(WHOLE.to_owned(), schema.to_owned());
        return;
    }
    properties.remove(WHOLE);
    properties.retain(|key, _| !key.starts_with(PART));
    let chars: Vec<char> = schema.chars().collect();
    let parts = chars.chunks(PART_CHARS).map(|part| part.iter().collect::<String>());
    let count = parts.enumerate().map(|(i, part)| properties.insert(format!("{PART}{i}"), part)).count();
    properties.insert(PART_COUNT.to_owned(), count.to_string());
}

/// The key under which Spark keeps the bound of a text beside its own type, which is string.
const BOUND: &str = "__CHAR_VARCHAR_TYPE_STRING";

/// Returns a column in Spark's JSON form.
fn spark_field(name: &str, ty: &ColumnType) -> Value {
    let mut field = json!({"name": name, "type": null, "nullable": true, "metadata": {}});
    retype(&mut field, ty);
    field
}

/// Changes only the type: the spelling of the name and the comment are those of Spark's users.
fn retype(field: &mut Value, ty: &ColumnType) {
    field["type"] = spark_type(ty);
    if let Some(metadata) = field.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove(BOUND);
        if matches!(ty, ColumnType::Varchar(_) | ColumnType::Char(_)) {
            metadata.insert(BOUND.to_owned(), json!(ty.to_string()));
        }
    }
}

fn spark_type(ty: &ColumnType) -> Value {
    match ty {
        ColumnType::String | ColumnType::Varchar(_) | ColumnType::Char(_) => json!("string"),
        ColumnType::Boolean => json!("boolean"),
        ColumnType::TinyInt => json!("byte"),
        ColumnType::SmallInt => json!("short"),
        ColumnType::Int => json!("integer"),
        ColumnType::BigInt => json!("long"),
        ColumnType::Float => json!("float"),
        ColumnType::Double => json!("double"),
        ColumnType::Decimal { precision, scale } => json!(format!("decimal({precision},{scale})")),
        ColumnType::Date => json!("date"),
        ColumnType::Timestamp => json!("timestamp"),
        ColumnType::Array(element) => json!({"type": "array", "elementType": spark_type(element), "containsNull": true}),
        ColumnType::Map(key, value) => {
            json!({"type": "map", "keyType": spark_type(key), "valueType": spark_type(value), "valueContainsNull": true})
        }
        ColumnType::Struct(fields) => {
            let fields: Vec<Value> = fields.iter().map(|field| spark_field(field.name.as_str(), &field.ty)).collect();
            json!({"type": "struct", "fields": fields})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, ColumnName};

    fn schema(columns: &[(&str, &str)]) -> TableSchema {
        let column = |(name, ty): &(&str, &str)| Column::new(ColumnName::new(name).unwrap(), ty.parse().unwrap());
        TableSchema::new(columns.iter().map(column).collect())
    }

    /// As Spark 4.3 writes it.
    const COPY: &str = r#"{"type":"struct","fields":[{"name":"id","type":"integer","nullable":true,"metadata":{"comment":"key"}},{"name":"Note","type":"string","nullable":true,"metadata":{}},{"name":"date_uploaded","type":"string","nullable":true,"metadata":{}}]}"#;

    fn followed(mut properties: Parameters) -> Vec<(String, String)> {
        let before = schema(&[("id", "int"), ("note", "string")]);
        let after = schema(&[("id", "bigint"), ("note", "string"), ("tags", "array<struct<a:varchar(3)>>")]);
        follow(&mut properties, &before, &after).unwrap();
        let copy: Value = serde_json::from_str(&read(&properties).unwrap()).unwrap();
        assert_eq!(copy["fields"][0]["metadata"], json!({"comment": "key"}));
        let fields = copy["fields"].as_array().unwrap().clone();
        fields.iter().map(|field| (field["name"].as_str().unwrap().to_owned(), field["type"].to_string())).collect()
    }

    #[test]
    fn the_copy_has_new_columns_before_the_partitions_and_new_types() {
        let one: Parameters = [(WHOLE.to_owned(), COPY.to_owned()), (KEY_COUNT.to_owned(), "1".to_owned())].into_iter().collect();
        let fields = followed(one);
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["id", "Note", "tags", "date_uploaded"]);
        assert_eq!((fields[0].1.as_str(), fields[1].1.as_str()), ("\"long\"", "\"string\""));
        assert!(fields[2].1.contains("varchar(3)"));
        let (first, second) = COPY.split_at(100);
        let parts = [(PART_COUNT, "2"), ("spark.sql.sources.schema.part.0", first), ("spark.sql.sources.schema.part.1", second)];
        let parts: Parameters = parts
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into_iter()
            .chain([(KEY_COUNT.to_owned(), "1".to_owned())])
            .collect();
        assert_eq!(followed(parts), fields);
    }

    #[test]
    fn a_long_copy_is_in_parts_and_a_table_without_one_stays_so() {
        let mut properties: Parameters = [(WHOLE.to_owned(), COPY.to_owned())].into_iter().collect();
        let names: Vec<String> = (0..200).map(|i| format!("column_{i}")).collect();
        let wide = schema(&names.iter().map(|name| (name.as_str(), "double")).collect::<Vec<_>>());
        follow(&mut properties, &TableSchema::default(), &wide).unwrap();
        assert!(!properties.contains_key(WHOLE));
        assert!(properties.values().all(|value| value.chars().count() <= PART_CHARS));
        assert_eq!(serde_json::from_str::<Value>(&read(&properties).unwrap()).unwrap()["fields"].as_array().unwrap().len(), 203);
        let mut without = Parameters::default();
        follow(&mut without, &TableSchema::default(), &wide).unwrap();
        assert!(without.is_empty());
    }
}
