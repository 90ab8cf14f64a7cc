"""The scripts that are not yet cases: modules that print their checks and end with 1 where one fails."""

from pathlib import Path

DATA = Path(__file__).parents[4] / "shared/data/real"
SCRIPTS: dict[str, tuple[str, ...]] = {
    "cases.lake.readers_matrix": (),
    "cases.lake.test_row_hash": (),
    "cases.metastore.test_hive_readers": (),
    "cases.metastore.test_adopt_spark_table": (),
    "cases.metastore.test_migration": (),
    "cases.metastore.test_nested_growth": (),
    "cases.ledger.test_shards": (),
    "cases.telemetry.test_telemetry": (),
    "cases.engine.comparison": (),
    "cases.engine.test_s3": (),
    "cases.engine.test_staging": (),
    "cases.engine.test_trouble": (),
    "cases.cluster.test_config": (),
}
