//! Tables as statements that a person can read and run in Hive or Spark.

use std::fmt::Write as _;

use super::Table;

/// Returns the statement that creates this table.
pub fn create_table(table: &Table) -> String {
    let mut ddl = format!("CREATE EXTERNAL TABLE {} (", table.name);
    for (i, column) in table.schema.columns().iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        // Writing to a String does not fail.
        let _ = write!(ddl, "{comma}\n  {column:#}");
    }
    ddl.push_str("\n)\n");
    if !table.partition_by.is_empty() {
        let columns = table.partition_by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let _ = writeln!(ddl, "PARTITIONED BY ({columns})");
    }
    let location = table.location.replace('\\', "\\\\").replace('\'', "\\'");
    let _ = write!(ddl, "STORED AS PARQUET\nLOCATION '{location}'");
    ddl
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metastore::Parameters;
    use crate::schema::{Column, ColumnName, ColumnType, TableSchema};

    #[test]
    fn a_table_reads_as_its_statement() {
        let column = |name: &str, ty| Column::new(ColumnName::new(name).unwrap(), ty);
        let mut table = Table {
            name: "db.bids".parse().unwrap(),
            location: "file:///it's \\ here/".into(),
            schema: TableSchema::new(vec![column("id", ColumnType::BigInt), column("cost_$", ColumnType::Double)]),
            partition_by: vec![column("date_uploaded", ColumnType::Date), column("hour", ColumnType::String)],
            parameters: Parameters::new(),
        };
        assert_eq!(
            create_table(&table),
            "CREATE EXTERNAL TABLE db.bids (\n  `id` bigint,\n  `cost_$` double\n)\nPARTITIONED BY (`date_uploaded` \
             date, `hour` string)\nSTORED AS PARQUET\nLOCATION 'file:///it\\'s \\\\ here/'"
        );
        table.partition_by.clear();
        assert!(create_table(&table).contains("double\n)\nSTORED AS"));
    }
}
