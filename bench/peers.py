"""The same job by others: every column read as text, cast, what does not fit kept in `error_desc`, one typed Parquet dataset out.

Usage: peers.py ENGINE FORM PATTERN OUT COLUMNS, where COLUMNS is JSON of names and types. `plain` instead of `duckdb` casts and
captures nothing, which fails at the first value that does not fit.
"""

import json
import re
import sys
from collections.abc import Callable

Columns = dict[str, str]


def told(name: str) -> str:
    """What `error_desc` says before the value."""
    return f"Type Conversion for column {name}. The source value is: "


def duckdb(form: str, pattern: str, out: str, columns: Columns, capture: bool = True) -> None:
    """SQL with TRY_CAST and a list of errors."""
    import duckdb

    nested = any("<" in kind for kind in columns.values())
    types = {name: _duckdb_type(kind) for name, kind in columns.items()}
    read = {name: types[name] if nested else "varchar" for name in columns}
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in read.items())
    if form == "csv":
        source = f"read_csv('{pattern}', columns={{{listed}}}, header=true, quote='\"', escape='\"', auto_detect=false)"
    else:
        source = f"read_json('{pattern}', columns={{{listed}}}, format='newline_delimited')"
    cast = [name for name in columns if read[name] != types[name]]
    words = "try_cast" if capture else "cast"
    selected = [f"{words}({name} as {types[name]}) as {name}" if name in cast else name for name in columns]
    errors = [
        f"case when {name} is not null and try_cast({name} as {types[name]}) is null then concat('{told(name)}', {name}) end"
        for name in cast
    ]
    if capture and errors:
        selected.append(f"list_filter([{', '.join(errors)}], lambda x: x is not null) as error_desc")
    with duckdb.connect() as db:
        db.execute("set threads = 2; set preserve_insertion_order = false; set enable_progress_bar = false")
        db.execute(f"copy (select {', '.join(selected)} from {source}) to '{out}/0.parquet' (format parquet, codec 'zstd')")


def plain(form: str, pattern: str, out: str, columns: Columns) -> None:
    """SQL with CAST, and nothing captured."""
    duckdb(form, pattern, out, columns, capture=False)


def _duckdb_type(kind: str) -> str:
    if array := re.fullmatch(r"array<(.*)>", kind):
        return _duckdb_type(array[1]) + "[]"
    if struct := re.fullmatch(r"struct<(.*)>", kind):
        return f"struct({', '.join(f'{name} {_duckdb_type(inner)}' for name, inner in _members(struct[1]))})"
    return {"string": "varchar"}.get(kind, kind)


def _members(text: str) -> list[tuple[str, str]]:
    parts, depth, begin = [], 0, 0
    for at, letter in enumerate(text + ","):
        depth += (letter in "<(") - (letter in ">)")
        if letter == "," and not depth:
            name, _, kind = text[begin:at].partition(":")
            parts.append((name, kind))
            begin = at + 1
    return parts


def polars(form: str, pattern: str, out: str, columns: Columns) -> None:
    """A closure over batches that looks for errors only where nulls were added by the cast."""
    import polars as pl

    kinds = {"string": pl.String, "bigint": pl.Int64, "int": pl.Int32, "double": pl.Float64, "date": pl.Date, "boolean": pl.Boolean}

    def dtype(kind: str, decimals: bool = True) -> pl.DataType:
        if kind.startswith("decimal"):
            precision, scale = map(int, re.findall(r"\d+", kind))
            return pl.Decimal(precision, scale) if decimals else pl.Float64
        if array := re.fullmatch(r"array<(.*)>", kind):
            return pl.List(dtype(array[1], decimals))
        if struct := re.fullmatch(r"struct<(.*)>", kind):
            return pl.Struct({name: dtype(inner, decimals) for name, inner in _members(struct[1])})
        return pl.Datetime("us") if kind == "timestamp" else kinds[kind]

    def typed(text: pl.Series, kind: str) -> pl.Series:
        match kind:
            case "timestamp":
                return text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
            case "date":
                return text.str.to_date("%Y-%m-%d", strict=False)
            case "boolean":
                return pl.select(pl.when(text == "true").then(True).when(text == "false").then(False)).to_series()
        return text.cast(dtype(kind), strict=False)

    def batch(frame: pl.DataFrame) -> pl.DataFrame:
        made, wrong = [], []
        for name, kind in columns.items():
            text = frame[name]
            column = text if text.dtype == dtype(kind) else typed(text, kind)
            made.append(column.alias(name))
            if column.null_count() != text.null_count():
                lost = column.is_null() & text.is_not_null()
                wrong.append(pl.select(pl.when(lost).then(told(name) + text)).to_series().alias(name))
        if wrong:
            errors = pl.DataFrame(wrong).select(pl.concat_list(pl.all()).list.drop_nulls()).to_series()
        else:
            errors = pl.Series([None], dtype=pl.List(pl.String)).new_from_index(0, len(frame))
        return pl.DataFrame([*made, errors.alias("error_desc")])

    nested = any("<" in kind for kind in columns.values())
    if form == "csv":
        frame = pl.scan_csv(pattern, schema=dict.fromkeys(columns, pl.String))
    else:
        # As text, its JSON reader writes numbers anew; what is nested it reads typed, but for instants and decimals.
        texts = {name: dtype(kind, False) if nested and kind != "timestamp" else pl.String for name, kind in columns.items()}
        frame = pl.scan_ndjson(pattern, schema=texts)
    schema = {name: dtype(kind) for name, kind in columns.items()} | {"error_desc": pl.List(pl.String)}
    frame.map_batches(batch, schema=schema, streamable=True, projection_pushdown=False).sink_parquet(
        f"{out}/0.parquet", compression="zstd", compression_level=1, engine="streaming"
    )


def spark(form: str, pattern: str, out: str, columns: Columns) -> None:
    """PySpark in one process with its JVM."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.memory": "4g",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    _spark_job(session, form, pattern, out, columns)
    session.stop()


def sail(form: str, pattern: str, out: str, columns: Columns) -> None:
    """The same through Spark Connect, on pysail."""
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    session = SparkSession.builder.remote(f"sc://127.0.0.1:{server.listening_address[1]}").getOrCreate()
    _spark_job(session, form, pattern, out, columns)
    session.stop()
    server.stop()


def _spark_job(session: object, form: str, pattern: str, out: str, columns: Columns) -> None:
    from pyspark.sql import functions as F

    nested = any("<" in kind for kind in columns.values())
    schema = ", ".join(f"{name} {kind if nested else 'string'}" for name, kind in columns.items())
    reader = session.read.schema(schema)
    if form == "csv":
        frame = reader.option("header", True).option("escape", '"').option("multiLine", "line-ends" in pattern).csv(pattern)
    else:
        frame = reader.json(pattern)
    cast = [] if nested else [name for name, kind in columns.items() if kind != "string"]
    selected = [F.col(name).try_cast(columns[name]).alias(name) if name in cast else F.col(name) for name in columns]
    errors = [
        F.when(F.col(name).isNotNull() & F.col(name).try_cast(columns[name]).isNull(), F.concat(F.lit(told(name)), F.col(name)))
        for name in cast
    ]
    if errors:
        # Of which Sail 0.7.2 has no `array_compact`.
        selected.append(F.filter(F.array(*errors), lambda error: error.isNotNull()).alias("error_desc"))
    frame.select(*selected).write.mode("overwrite").option("compression", "zstd").parquet(out)


ENGINES: dict[str, Callable[[str, str, str, Columns], None]] = {
    "duckdb": duckdb,
    "plain": plain,
    "polars": polars,
    "spark": spark,
    "sail": sail,
}

if __name__ == "__main__":
    engine, form, pattern, out, columns = sys.argv[1:]
    ENGINES[engine](form, pattern, out, json.loads(columns))
