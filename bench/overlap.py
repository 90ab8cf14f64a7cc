"""From one bucket to another: the whole beside its parts, of which the slowest is what it should take if they overlap."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import data
from home import Home
from measure import Cost, cost, cpu_seconds, median
from s3s import KEYS, S3, s3s
from table import Costs, Goal, remark, rows
from transfer import Client, timed

WHOLE = "adg"
STAGES = ("download", "transform", "upload")
TIMES = 1.15
"""What the whole may take of its slowest part."""
BUCKETS = ("source", "published", "uploaded")


def slowest(costs: Costs) -> str:
    """The part that takes longest."""
    return max(STAGES, key=lambda stage: costs[stage].wall)


def overlap() -> Goal:
    """That the parts are done side by side."""
    return Goal("wall / slowest stage", lambda costs: (costs[WHOLE].wall / costs[slowest(costs)].wall, TIMES))


def parts(whole: Home, local: Home, s3: S3) -> dict[str, Callable[[], Cost]]:
    """Each by itself. What is uploaded is what the transformation made before it."""
    client = Client(s3.url)

    def upload() -> Cost:
        bucket = s3.folder / "uploaded"
        shutil.rmtree(bucket)
        bucket.mkdir()
        made = {str(file.relative_to(local.published)): file for file in local.published.rglob("*.parquet")}
        return timed(lambda: client.upload(bucket.name, made))

    return {
        WHOLE: lambda: cost(whole.prepare()),
        "download": lambda: timed(lambda: client.download("source")),
        "transform": lambda: cost(local.prepare()),
        "upload": upload,
    }


def measured(binary: str, gigabytes: float, runs: int, folder: Path) -> tuple[float, Costs, Costs]:
    """How large the input is, in MB, and the medians of what each part took: of itself, and of the server while it ran."""
    made = data.mixed(gigabytes)
    with s3s(folder / "s3", *BUCKETS) as s3:
        stores = {name: f"s3://{name}" for name in ("source", "published")}
        aws = {"region": s3.region, "endpoint": s3.url}
        local = Home(binary, folder / "local", made)
        whole = Home(binary, folder / "adg", made, stores=stores, aws=aws, buckets=s3.folder, environment=KEYS)
        local.lay_out()
        whole.lay_out()
        # Not by way of the folder: the server would sum up the whole file for each range that is asked for.
        Client(s3.url).upload("source", whole.names())
        todo = parts(whole, local, s3)
        costs: dict[str, list[Cost]] = {name: [] for name in todo}
        server: dict[str, list[Cost]] = {name: [] for name in todo}
        for number in range(runs):
            for name, do in todo.items():
                before = cpu_seconds(s3.pid)
                costs[name].append(do())
                server[name].append(Cost(costs[name][-1].wall, cpu_seconds(s3.pid) - before, 0, 0))
                print(f"  S3: {name} {number + 1}/{runs}", file=sys.stderr)
            whole.check()
            local.check()
    medians = [{name: median(found) for name, found in each.items()} for each in (costs, server)]
    return made.mb, medians[0], medians[1]


def lines(binary: str, gigabytes: float, runs: int, folder: Path) -> Iterator[str]:
    """What the table says of it."""
    mb, costs, server = measured(binary, gigabytes, runs, folder)
    yield from rows(f"S3 {gigabytes:g} GB", f"{mb:.0f} MB, in and out", costs, [overlap()], first="")
    yield remark(f"the slowest stage: {slowest(costs)}")
    used = ", ".join(f"{part} {found.cpu:.1f}" for part, found in server.items() if part != "transform")
    yield remark(f"CPU s of the server, which has the same cores: {used}")
    cores = len(os.sched_getaffinity(0))
    least = (costs[WHOLE].cpu + server[WHOLE].cpu) / cores
    share = least / costs[slowest(costs)].wall
    yield remark(f"with both on {cores} cores adg can't take less than {least:.2f} s: {share:.2f} of that stage")
