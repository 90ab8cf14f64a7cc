//! Statistics that Spark keeps in a table's properties (`ANALYZE TABLE … COMPUTE STATISTICS`), and believes: a table of 250,000
//! rows that once had 3 is sent whole to every task of a join. A change of the table's files removes them, as Spark's own inserts
//! do (`org.apache.spark.sql.execution.command.CommandUtils.updateTableStats`).

/// The beginning of the properties' names (`org.apache.spark.sql.hive.HiveExternalCatalog.STATISTICS_PREFIX`).
const PREFIX: &str = "spark.sql.statistics.";

/// Returns true if a property is one of these statistics.
pub(super) fn is_one(property: &str) -> bool {
    property.starts_with(PREFIX)
}
