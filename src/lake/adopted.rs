//! Checks of tables that another tool created: adg refuses those whose partitions it can't register for every reader.

use crate::metastore::{MetastoreError, Partition, Table};
use crate::schema::ColumnType;

use super::parameters::OWNER;
use super::{LakeError, PartitionKeys};
use crate::metastore::HIVE_DEFAULT;

/// Athena's partition projection: with it Athena computes the locations of partitions and ignores registered ones, so it would
/// read the folders of all attempts. <https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html>
const PROJECTION: &str = "projection.enabled";

/// Refuses a table that is not partitioned by dates as adg writes them. `partitions` are requested only if no run of adg has
/// published to the table yet.
///
/// # Errors
/// [`LakeError::Unsupported`] with a hint; or the metastore fails.
pub fn must_be_partitioned_by_dates(
    table: &Table,
    keys: &PartitionKeys,
    partitions: impl FnOnce() -> Result<Vec<Partition>, MetastoreError>,
) -> Result<(), LakeError> {
    let unsupported = |reason: String, hint: String| LakeError::Unsupported { table: table.name.to_string(), reason, hint };
    if table.parameters.get(PROJECTION).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err(unsupported(
            format!("it has partition projection (`{PROJECTION}`), by which Athena ignores the partitions that adg registers"),
            format!(
                "ALTER TABLE {} SET TBLPROPERTIES ('{PROJECTION}' = 'false'), or give the module a table of its own",
                table.name
            ),
        ));
    }
    let own_table = || {
        "say in `target.partition_by` how it writes dates (`{ dt: \"%Y%m%d\" }`), or give the module a table of its own \
         (`target.database`)"
            .to_owned()
    };
    if let Some(column) = keys.misfit(&table.partition_by) {
        let reason =
            format!("its partition column `{}` is {}, and adg writes dates such as {}", column.name, column.ty, keys.example());
        return Err(unsupported(reason, own_table()));
    }
    let are_dates = table.partition_by.iter().all(|column| column.ty == ColumnType::Date);
    if table.parameters.contains_key(OWNER) || are_dates {
        return Ok(());
    }
    let is_other = |partition: &Partition| {
        keys.date(&partition.value).is_none() && !partition.value.texts().iter().any(|text| text == HIVE_DEFAULT)
    };
    match partitions()?.into_iter().find(is_other) {
        Some(other) => {
            let reason = format!("it has the partition `{}`, and adg writes dates such as {}", other.value, keys.example());
            Err(unsupported(reason, own_table()))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::SliceLength;
    use crate::metastore::{Parameters, PartitionValue};
    use crate::schema::{Column, ColumnName, TableSchema};

    fn check(ty: &str, parameters: &[(&str, &str)], values: &[&str]) -> Result<(), String> {
        check_as("%Y-%m-%d", ty, parameters, values)
    }

    fn check_as(format: &str, ty: &str, parameters: &[(&str, &str)], values: &[&str]) -> Result<(), String> {
        let dt = ColumnName::new("dt").unwrap();
        let keys = PartitionKeys::new(vec![(dt.clone(), format.to_owned())], SliceLength::Day).unwrap();
        let parameters = parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let table = Table {
            name: "db.t".parse().unwrap(),
            location: "s3://lake/t".into(),
            schema: TableSchema::default(),
            partition_by: vec![Column::new(dt, ty.parse().unwrap())],
            parameters,
        };
        let partition = |value: &&str| Partition {
            value: PartitionValue::from(*value),
            location: format!("s3://lake/t/dt={value}"),
            parameters: Parameters::new(),
        };
        must_be_partitioned_by_dates(&table, &keys, || Ok(values.iter().map(partition).collect()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn keys_that_are_dates_are_taken() {
        assert!(check("date", &[], &["2024-05-01"]).is_ok());
        assert!(check("string", &[], &["2024-05-01", "__HIVE_DEFAULT_PARTITION__"]).is_ok());
        assert!(check("varchar(10)", &[], &[]).is_ok());
        assert!(check("date", &[("projection.enabled", "false")], &[]).is_ok());
        // Who has published there by now has said so already.
        assert!(check("string", &[(OWNER, "shop")], &["20240501"]).is_ok());
    }

    #[test]
    fn keys_in_another_form_are_taken_where_the_module_says_so() {
        assert!(check_as("%Y%m%d", "int", &[], &["20240501"]).is_ok());
        assert!(check_as("%Y/%m/%d", "string", &[], &["2024/05/01"]).is_ok());
        for (format, ty, value) in
            [("%Y%m%d", "date", "2024-05-01"), ("%Y%m%d", "string", "2024-05-01"), ("%Y/%m/%d", "int", "1")]
        {
            assert!(check_as(format, ty, &[], &[value]).unwrap_err().contains("dates such as dt "), "{format} {ty}");
        }
    }

    #[test]
    fn keys_that_are_none_and_projection_are_refused_by_name() {
        for (ty, parameters, values, reason) in [
            ("int", &[][..], &["20240501"][..], "`dt` is int"),
            ("timestamp", &[], &[], "`dt` is timestamp"),
            ("varchar(8)", &[], &[], "`dt` is varchar(8)"),
            ("string", &[], &["2024-05-01", "20240502"], "the partition `20240502`"),
            ("date", &[("projection.enabled", "TRUE"), (OWNER, "shop")], &[], "partition projection"),
        ] {
            let error = check(ty, parameters, values).unwrap_err();
            assert!(error.contains(reason) && error.contains("db.t"), "{error}");
        }
    }
}
