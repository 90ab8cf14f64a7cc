"""The inputs: made by DuckDB, the same for the same size, and kept."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

CACHE = Path(os.environ.get("BENCH_DATA", Path.home() / ".cache/adg/bench-data"))
DAY = "2024-05-01"

MIXED = {
    "id": "bigint",
    "i1": "int",
    "i2": "int",
    "i3": "bigint",
    "f1": "double",
    "f2": "double",
    "f3": "double",
    "d1": "decimal(18,2)",
    "d2": "decimal(18,2)",
    "dt1": "date",
    "dt2": "date",
    "ts1": "timestamp",
    "ts2": "timestamp",
    "b1": "boolean",
    "b2": "boolean",
    "s1": "string",
    "s2": "string",
    "s3": "string",
    "country": "string",
    "day": "string",
}
"""Twenty columns of all kinds; a row has some 320 bytes."""

VALUES = {
    "id": "i",
    "i1": "(i * 7919) % 2000000 - 1000000",
    "i2": "case when i % 50 = 0 then null else hash(i) % 100000 end",
    "i3": "hash(i * 3) >> 1",
    "f1": "round((hash(i * 19) % 1000000007) / 1000003.0, 6)",
    "f2": "(hash(i * 23) % 4294967291) / 4295.1",
    "f3": "(hash(i * 29) % 4294967291) / 4294967291.0",
    "d1": "cast((hash(i * 31) % 1000000) / 100.0 as decimal(18,2))",
    "d2": "cast((hash(i * 37) % 10000) / -100.0 as decimal(18,2))",
    "dt1": "date '2015-01-01' + cast(hash(i) % 3650 as int)",
    "dt2": "case when i % 20 = 0 then null else date '2000-01-01' + cast(hash(i * 5) % 8000 as int) end",
    "ts1": "strftime(timestamp '2024-01-01' + to_microseconds(cast(hash(i) % 2592000000000 as bigint)), '%Y-%m-%d %H:%M:%S.%f')",
    "ts2": "strftime(timestamp '2023-01-01' + to_microseconds(cast(hash(i * 11) % 31536000000000 as bigint)), '%Y-%m-%d %H:%M:%S.%f')",
    "b1": "i % 3 = 0",
    "b2": "i % 7 <> 0",
    "s1": "substr(md5(cast(i as varchar)), 1, 8)",
    "s2": "md5(cast(i as varchar)) || '-' || (i % 997)",
    "s3": "'Lorem ipsum, dolor \"sit\" amet no. ' || i || ' consectetur, adipiscing'",
    "country": "['ES','FR','PT','DE','IT','US','MX','BR'][cast(1 + hash(i * 13) % 8 as int)]",
    "day": "cast(date '2024-01-01' + cast(hash(i * 17) % 30 as int) as varchar)",
}
BYTES = {"csv": 322, "json": 520, "nested": 560}
"""Of a row, about."""


@dataclass(frozen=True)
class Input:
    """A day's files, and what is in them."""

    name: str
    columns: dict[str, str]
    files: list[Path]
    rows: int
    """Of all files. The first column numbers them, and its values fit."""
    form: str = "csv"
    """Or `json`: an object on each line."""
    times: int = 1
    """How often each file is there."""

    def repeated(self, times: int) -> "Input":
        """So many days' files as one day's."""
        return replace(self, files=self.files * times, rows=self.rows * times, times=self.times * times)

    @property
    def ids(self) -> int:
        """The sum of the first column."""
        once = self.rows // self.times
        return self.times * once * (once - 1) // 2

    @property
    def mb(self) -> float:
        """How large it is."""
        return sum(file.stat().st_size for file in self.files) / 1e6


def mixed(gigabytes: float, bad: float = 0.01) -> Input:
    """Twenty columns, where so many of the values do not fit."""
    values = {name: _spoilt(name, kind, bad) for name, kind in MIXED.items()}
    name = f"mixed-{gigabytes:g}-{bad:g}"
    return _csv(name, MIXED, values, int(gigabytes * 1e9 / BYTES["csv"]))


def rows(count: int) -> Input:
    """So many rows of twenty columns, one value in a hundred bad."""
    return _csv(f"rows-{count}", MIXED, {name: _spoilt(name, kind, 0.01) for name, kind in MIXED.items()}, count)


def wide(gigabytes: float) -> Input:
    """Five hundred columns: the twenty, again and again."""
    columns = {f"{name}_{number}": kind for number in range(25) for name, kind in MIXED.items()}
    values = {name: VALUES[name.rpartition("_")[0]] for name in columns}
    return _csv(f"wide-{gigabytes:g}", columns, values, int(gigabytes * 1e9 / BYTES["csv"] / 25))


def narrow(gigabytes: float) -> Input:
    """Three columns."""
    columns = {name: MIXED[name] for name in ("id", "f2", "country")}
    return _csv(f"narrow-{gigabytes:g}", columns, VALUES, int(gigabytes * 1e9 / 27))


def long_texts(gigabytes: float) -> Input:
    """Texts of four kilobytes."""
    columns = {"id": "bigint", "text": "string", "day": "string"}
    values = VALUES | {"text": "repeat(md5(cast(i as varchar)) || ' ', 124)"}
    return _csv(f"long-{gigabytes:g}", columns, values, int(gigabytes * 1e9 / 4115))


def line_ends(gigabytes: float) -> Input:
    """Quoted texts with quotes, commas and line ends in them."""
    columns = {"id": "bigint", "text": "string", "f2": "double", "note": "string"}
    text = "'first \"' || i || '\", and' || chr(10) || 'second' || chr(10) || s1 || ',' || chr(13) || chr(10)"
    values = VALUES | {"text": text.replace("s1", VALUES["s1"]), "note": "'a \"\"quoted\"\" note,' || chr(10) || i"}
    return _csv(f"line-ends-{gigabytes:g}", columns, values, int(gigabytes * 1e9 / 96))


def many_files(count: int) -> Input:
    """As many files of 300 rows."""
    folder = CACHE / f"files-{count}"
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        whole = _csv(f"files-of-{count}", MIXED, VALUES, 300 * count).files[0].read_text().splitlines(keepends=True)
        for number in range(count):
            (folder / f"{number:05}.csv").write_text("".join([whole[0], *whole[1 + 300 * number : 301 + 300 * number]]))
        (folder / "done").touch()
    return Input(f"files-{count}", MIXED, sorted(folder.glob("*.csv")), 300 * count)


def flat_json(gigabytes: float) -> Input:
    """The twenty columns as objects, numbers as numbers; one value in a hundred is a text that does not fit."""
    members = ", ".join(f"{name} := {_json_value(name, kind, 0.01)}" for name, kind in MIXED.items())
    name = f"flat-json-{gigabytes:g}"
    count = int(gigabytes * 1e9 / BYTES["json"])
    path = _made(name, "json", f"select to_json(struct_pack({members})) from range({count}) t(i)")
    return Input(name, MIXED, [path], count, "json")


NESTED = {
    "id": "bigint",
    "person": "struct<name:string,born:date,address:struct<street:string,town:string,post_code:string>>",
    "scores": "array<double>",
    "orders": "array<struct<number:bigint,price:decimal(9,2),tags:array<string>>>",
    "note": "string",
    "created_at": "timestamp",
}


def nested_json(gigabytes: float) -> Input:
    """Objects and arrays within each other."""
    v = VALUES
    address = f"{{street: {v['s3']}, town: {v['country']}, post_code: {v['s1']}}}"
    order = "{number: i * 10 + x, price: cast((hash(i * x) % 100000) / 100.0 as decimal(9,2)), tags: ['a', md5(cast(x as varchar))]}"
    members = {
        "id": "i",
        "person": f"{{name: {v['s1']}, born: {v['dt1']}, address: {address}}}",
        "scores": f"[{v['f1']}, {v['f3']}, null]",
        "orders": f"[{order} for x in range(1, 2 + cast(i % 4 as bigint))]",
        "note": v["s2"],
        "created_at": v["ts1"],
    }
    packed = ", ".join(f"{name} := {value}" for name, value in members.items())
    name = f"nested-json-{gigabytes:g}"
    count = int(gigabytes * 1e9 / BYTES["nested"])
    path = _made(name, "json", f"select to_json(struct_pack({packed})) from range({count}) t(i)")
    return Input(name, NESTED, [path], count, "json")


BAD = {"date": "'31/12/2020'", "timestamp": "'yesterday'", "boolean": "'perhaps'", "int": "'N/A'", "bigint": "'12x'", "double": "'1,5'"}


def _is_bad(name: str, kind: str, share: float) -> str:
    """When a value is one that does not fit: never of texts, which all fit, nor of what rows are known by."""
    if not share or kind == "string" or name == "id":
        return "false"
    return f"hash(i * 41 + {list(MIXED).index(name)}) % 1000000 < {int(share * 1e6)}"


def _spoilt(name: str, kind: str, share: float) -> str:
    bad = BAD.get(kind, "'12.3.4'")
    return f"case when {_is_bad(name, kind, share)} then {bad} else cast({VALUES[name]} as varchar) end"


def _json_value(name: str, kind: str, share: float) -> str:
    bad = BAD.get(kind, "'12.3.4'")
    value = f"to_json({VALUES[name]})"
    return f"case when {_is_bad(name, kind, share)} then to_json({bad}) else {value} end"


def _csv(name: str, columns: dict[str, str], values: dict[str, str], count: int) -> Input:
    listed = ", ".join(f"{values[column]} as {column}" for column in columns)
    return Input(name, columns, [_made(name, "csv", f"select {listed} from range({count}) t(i)")], count)


def _made(name: str, form: str, sql: str) -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    path, new = CACHE / f"{name}.{form}", CACHE / f"{name}.{form}.new"
    if not path.exists():
        # JSON is text already: as CSV without quotes it is one object on each line.
        options = "format csv, header, quote '\"', escape '\"'" if form == "csv" else "format csv, header false, quote '', escape '', delim E'\\x01'"
        with duckdb.connect() as db:
            db.execute(f"set enable_progress_bar = false; set threads = 2; copy ({sql}) to '{new}' ({options})")
        new.replace(path)
    return path
