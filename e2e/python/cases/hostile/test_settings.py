"""Module files, environments and flags that are written to harm: names that lead out of the store, YAML bombs, patterns, garbage."""

from functools import cache

import pytest

from cases.hostile.said import ESCAPE, check_said
from cases.hostile.trial import CSV, DAY, GOOD, MIB, Trial, calm, next_day_works, trial
from world.checks import Checks

DATES = ["2024-13-45", "2024-02-30", "../../x", "0000-00-00", "-2024-05-01", "2024-05-01\nx", ESCAPE, "٢٠٢٤", "9" * 400]
LAUGHS = "\n".join([f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9) if i else 'lol'}]" for i in range(20)])


def replaced(**changed: str) -> str:
    """The module file, some of its text replaced: by keys of `PLACES`."""
    text = MODULE
    for place, new in changed.items():
        text = text.replace(PLACES[place], new)
    return text


MODULE = """\
version: 1
module: trial
source: { files: "{date}_{collection}.data", csv: {} }
target: { database: trial, location: "data/{database}/{collection}/" }
collections: { things: { columns: { id: bigint } } }
"""
PLACES = {
    "name": "module: trial",
    "files": '"{date}_{collection}.data"',
    "database": "database: trial",
    "location": '"data/{database}/{collection}/"',
    "collection": "things",
    "column": "id: bigint",
    "target": "target:",
}


@cache
def refused() -> dict[str, str]:
    """Gives module files that must be refused before anything is read."""
    paths = ["../x", "/etc/x", "a/b", ".", "..", "%2e%2e", "a'b", 'a\\"b', "a`b", "a;drop"]
    paths += ["a\\nb", "a b", "", "A", "\\u202ea", "a" * 129]
    outside = ["../x", "data/../../x", "/../x", "data/..", "./x", "a//b", "%2e%2e/x", "data\\\\..\\\\x", "~/x"]
    outside += ["data/\\n", "data/it's"]
    deep = "array<" * 500 + "int" + ">" * 500
    types = ["struct<a:int>>", "decimal(99,9)", deep, "x" * MIB, "struct<a`b:int>", "struct<a:int,a:int>"]
    return {
        **{f"a collection named {name!r:.30}": replaced(collection=f'"{name}"') for name in paths},
        **{f"a database named {name!r:.30}": replaced(database=f'database: "{name}"') for name in paths},
        **{f"the location {place!r:.30}": replaced(location=f'"{place}"') for place in outside},
        **{f"a column of the type {word!r:.30}": replaced(column=f'id: "{word}"') for word in types},
        "a column with a path for a name": replaced(column='"../id": bigint'),
        "a column with SQL for a name": replaced(column='"id` bigint); --": bigint'),
        "another module's name": replaced(name="module: other"),
        "a key twice": replaced(target="target: { database: other }\ntarget:"),
        "a column twice": replaced(column="id: bigint, id: string"),
        "aliases of aliases": LAUGHS + "\n" + MODULE,
        "an alias of itself": replaced(target="x: &x [*x]\ntarget:"),
        "lists deep in each other": replaced(target="x: " + "[" * MIB + "\ntarget:"),
        "maps deep in each other": replaced(target="x: " + "{a: " * (MIB // 4) + "\ntarget:"),
        "a key of a megabyte": replaced(target=f"{'k' * MIB}: 1\ntarget:"),
        "a tag": replaced(target='x: !!python/object/apply:os.system ["true"]\ntarget:'),
        "two documents": MODULE + "---\n" + MODULE,
        "a NUL byte": MODULE + "\0",
    }


@pytest.mark.parametrize("what", refused())
def test_hostile_module_is_a_mistake_in_the_config(checks: Checks, what: str) -> None:
    """It is refused at once, and nothing is written."""
    with trial(CSV) as at:
        at.land(GOOD[CSV])
        at.module("trial", refused()[what])
        ended = at.ingest(log="human", patience=10)
        calm(checks, what, ended, (10,))
        check_said(checks, what, ended)
        checks.same(f"{what}: published", published(at), [])


@pytest.mark.parametrize("pattern", ["(.*)+$", "[^x]+", "(a+)+b", "\\\\d+|", ".^$", "x{{1,9}}", "?*"])
def test_pattern_of_files_is_no_regular_expression(checks: Checks, pattern: str) -> None:
    """Signs that mean something in a regular expression, or in a path, mean nothing there."""
    with trial(CSV) as at:
        at.module("trial", replaced(files=f'"{{date}}{pattern}{{collection}}.data"'))
        at.land(GOOD[CSV])
        ended = at.ingest(patience=10)
        # A text that is no pattern is a mistake in the config, and the file of no pattern is missing.
        calm(checks, f"the pattern {pattern}", ended, (10, 13))


def test_pattern_of_two_hundred_stars_ends_in_time(checks: Checks) -> None:
    """A name that it may match in very many ways."""
    with trial(CSV) as at:
        at.module("trial", replaced(files='"{date}_{collection}*' + "*a" * 200 + '.data"'))
        (at.source / f"{DAY}_things{'a' * 200}.data").write_bytes(GOOD[CSV])
        calm(checks, "a pattern of two hundred stars", at.ingest(patience=10), (0, 10, 13))


FLAGS = ("--module", "--profile", "--collection", "--config", "--memory", "--load-type", "--end-dt")
LEVELS = {
    "one that is": "trace",
    "none": "nonsense",
    "equals": "a=b=c",
    "escape": f"{ESCAPE}=x",
    "long": "x" * 100_000,
    "open": "[{",
}
each_log = pytest.mark.parametrize("log", ["human", "json"])


@each_log
@pytest.mark.parametrize("text", DATES)
def test_garbage_for_a_date_is_a_mistake_of_usage(checks: Checks, text: str, log: str) -> None:
    """It is shown harmless."""
    with trial(CSV) as at:
        at.land(GOOD[CSV])
        what = f"START_DT {text!r:.30}, {log}"
        ended = at.measured("--module", "trial", "--log-format", log, START_DT=text)
        calm(checks, what, ended, (2,))
        check_said(checks, what, ended)
        next_day_works(checks, what, at)


@each_log
@pytest.mark.parametrize("text", ["../../etc/passwd", ESCAPE, "two\nlines", "9" * 400], ids=["path", "escape", "lines", "long"])
@pytest.mark.parametrize("flag", FLAGS)
def test_garbage_for_a_flag_is_a_mistake_of_usage(checks: Checks, flag: str, text: str, log: str) -> None:
    """It is shown harmless."""
    with trial(CSV) as at:
        at.land(GOOD[CSV])
        given = ("--module", "trial") if flag != "--module" else ()
        ended = at.measured(*given, flag, text, "--log-format", log)
        calm(checks, f"{flag} {text!r:.30}, {log}", ended, (2, 10))
        check_said(checks, f"{flag} {text!r:.30}, {log}", ended)
        next_day_works(checks, flag, at)


@pytest.mark.parametrize("name", LEVELS)
def test_garbage_for_the_log_level_stops_nothing(checks: Checks, name: str) -> None:
    """The run is done."""
    level = LEVELS[name]
    with trial(CSV) as at:
        at.land(GOOD[CSV])
        ended = at.measured("--module", "trial", "--start-dt", DAY, "--end-dt", DAY, ADG_LOG_LEVEL=level)
        calm(checks, f"ADG_LOG_LEVEL {level!r:.30}", ended, (0,))
        check_said(checks, f"ADG_LOG_LEVEL {level!r:.30}", ended)
        next_day_works(checks, name, at)


def test_location_with_a_slash_in_front_is_below_the_store(checks: Checks) -> None:
    """Not at the machine's root."""
    with trial(CSV) as at:
        at.module("trial", replaced(location='"/etc/{collection}"'))
        at.land(GOOD[CSV])
        calm(checks, "a location with a slash in front", at.ingest(), (0,))
        checks.same("a location with a slash in front: below the store", published(at), [f"etc/things/date_uploaded={DAY}"])


def published(at: Trial) -> list[str]:
    """Lists folders of partitions with files, below the store."""
    warehouse = at.folder / "warehouse"
    return [str(file.parent.parent.relative_to(warehouse)) for file in warehouse.rglob("*.parquet")]
