import sys
import tempfile
from pathlib import Path

from world import every_type, spark
from world.adg import Workspace
from world.every_type import HIVE
from world.readers import *  # noqa: F403
from world.readers import as_json, by_duckdb, by_polars, by_pyarrow, Reader, without_padding, matrix, show, failures, module


def run(folder: Path) -> int:
    """Publishes, reads and compares; gives the number of wrong cells."""
    workspace = Workspace(folder)
    files, expected = every_type.days()
    for day, text in files.items():
        (workspace.source / f"{day}_every_type.csv").write_text(text, newline="")
    session = spark.session(folder)
    readers = [
        Reader("DuckDB", by_duckdb),
        Reader("PyArrow", by_pyarrow),
        Reader("Polars", by_polars(workspace), as_json),
        Reader("Spark", spark.reader(session, convert=True), without_padding),
        Reader("SerDe", spark.reader(session, convert=False), without_padding),
    ]
    wrong = 0
    for encoding in ("int96", "micros"):
        workspace.module(encoding, module(encoding, encoding))
        for day in files:
            workspace.run("--module", encoding, "--start-dt", day, "--end-dt", day)
        table = workspace.table(encoding, "every_type")
        if list(table.columns.items()) != list(HIVE.items()) or list(table.partitions) != list(files):
            raise RuntimeError(f"the metastore has {table}, not the columns {HIVE}")
        spark.register(session, table)
        cells = matrix(readers, table, expected)
        show(f"timestamps: {encoding}", readers, cells)
        wrong += failures(encoding, readers, cells)
    session.stop()
    return wrong


def main() -> None:
    """Runs in the folder given, which is kept, or in a temporary one."""
    if len(sys.argv) > 1:
        wrong = run(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as folder:
            wrong = run(Path(folder))
    print(f"\n{wrong} differences")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
