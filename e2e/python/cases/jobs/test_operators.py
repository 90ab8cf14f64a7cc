"""The work of whoever operates the job in AWS: plan, history, verify, report, undo and clean-up on S3, Glue and DynamoDB, with no
right but the job's own.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from world.checks import Checks
from world.kickstart import MODULE, ROWS, TEMPLATE, WRITTEN, key, today
from world.scene import People, Scene

RUN = ("--module", MODULE)


@dataclass
class Work:
    """A scene, and the two days whose files are in the source."""

    scene: Scene
    days: list[date]


@pytest.fixture
def work(tmp_path: Path, people: People, region: str) -> Work:
    """Two days of which none is done."""
    scene = Scene.set(people, region, tmp_path, next(iter(WRITTEN)))
    days = [today() - timedelta(1), today()]
    scene.land(*days)
    return Work(scene, days)


@pytest.fixture
def done(work: Work) -> Work:
    """Two days that are done."""
    work.scene.job.expect(0, *named(*work.days))
    return work


def named(first: date, last: date) -> tuple[str, ...]:
    """Dates by name."""
    return (*RUN, "--start-dt", str(first), "--end-dt", str(last))


def told(scene: Scene, *args: str, code: int = 0) -> Any:
    """The JSON that a command prints."""
    return json.loads(scene.job.expect(code, *args).stdout)


def all_rows(scene: Scene, day: date) -> dict[str, bool]:
    """For each table whether a day is as in the source."""
    return {name: scene.rows(name, day) == scene.wanted(name, day) for name in TEMPLATE}


def test_plan_is_done_as_it_was_made(checks: Checks, work: Work) -> None:
    """A plan is done as it was made; the history says so."""
    scene, days = work.scene, work.days
    out = scene.job.folder / "plan.json"
    scene.job.expect(0, "plan", *named(days[0], days[1]), "--out", str(out))
    checks.same("planned: nothing is there", [name for name in TEMPLATE if scene.published.keys()], [])
    planned = json.loads(out.read_text())["days"]
    checks.same("planned", sorted({(day["date"], day["effect"]) for day in planned}), [(str(day), "added") for day in days[:2]])
    scene.job.expect(0, "--plan", str(out))
    checks.same("done as planned", [all_rows(scene, day) for day in days[:2]], [dict.fromkeys(TEMPLATE, True)] * 2)
    scene.job.expect(11, "--plan", str(out))
    history = told(scene, "history", *named(days[0], days[1]), "--json")
    done = {str(day): dict.fromkeys(sorted(TEMPLATE), "done") for day in days[:2]}
    checks.same("history", {day: dict(sorted(marks.items())) for day, marks in history["days"].items()}, done)


def test_verify_finds_a_file_that_is_gone(checks: Checks, done: Work) -> None:
    """All is the same; then a file is gone from the bucket."""
    scene, days = done.scene, done.days
    found = told(scene, "verify", *named(days[0], days[1]), "--json")
    checks.same("verified", [one for one in found if {one["metastore"], one["files"], one["source"]} != {"same"}], [])
    name = next(iter(TEMPLATE))
    lost = scene.keys(name, days[0])[0]
    content = scene.published.get(lost)
    scene.published.delete(lost)
    found = told(scene, "verify", *named(days[0], days[1]), "--json", code=4)
    wrong = [(one["date"], one["collection"]) for one in found if one["files"] != "same"]
    checks.same("verified, with a file gone", wrong, [(str(days[0]), name)])
    scene.published.put(lost, content)


def test_page_has_every_date(checks: Checks, done: Work) -> None:
    """The page has every date."""
    scene, days = done.scene, done.days
    html = scene.job.expect(0, "report", *named(days[0], days[1])).stdout
    marks = re.findall(r'data-mark="([^"]+)"', html)
    checks.same("the page", sorted(marks), sorted(f"{day} {name} done" for day in days[:2] for name in TEMPLATE))
    rows = re.findall(r'data-day="\S+ \S+"><td>\S+</td><td>done</td><td class="number">(\d+)</td>', html)
    checks.same("the page: rows", rows, [str(ROWS)] * len(TEMPLATE) * 2)


def test_undo_takes_a_wrong_file_back(checks: Checks, done: Work) -> None:
    """A wrong file is published, and taken back."""
    scene, days = done.scene, done.days
    before = {name: scene.rows(name, days[1]) for name in TEMPLATE}
    name = next(iter(TEMPLATE))
    scene.source.put(key(days[1], name), scene.source.get(key(days[0], name)))
    scene.job.expect(0, *named(days[1], days[1]))
    checks.same("a wrong file is published", scene.rows(name, days[1]) == before[name], False)
    command = scene.job.report()["undo"].split()[1:]
    scene.job.expect(0, *command)
    checks.same("undone", {name: scene.rows(name, days[1]) for name in TEMPLATE} == before, True)
    scene.land(days[1])


def test_clean_up_can_be_undone(checks: Checks, done: Work) -> None:
    """Dates that the source can't rebuild are kept, then lost by force, then had back."""
    scene, days = done.scene, done.days
    name = next(iter(TEMPLATE))
    for one in scene.source.keys(f"{days[0]}_{name}_"):
        scene.source.delete(one)
    keys = scene.published.keys()
    everything = (*RUN, "--clean-up-flg", "true", "--end-dt", str(days[1]))
    refused = scene.job.expect(11, *everything)
    checks.same("refused", [str(days[0]) in one.message for one in refused.complaints()], [True])
    forced = scene.job.expect(0, *everything, "--force-clean-up")
    checks.same("lost", list(scene.partitions(name)), [str(days[1])])
    checks.same("built anew", all_rows(scene, days[1]), dict.fromkeys(TEMPLATE, True))
    checks.same("nothing is deleted", [one for one in keys if one not in scene.published.keys()], [])
    commands = {event["undo"] for event in forced.events() if event.get("event") == "cleaned_up"}
    checks.same("one command", len(commands), 1)
    scene.job.expect(0, *commands.pop().split()[1:])
    checks.same("had back", [all_rows(scene, day) for day in days[:2]], [dict.fromkeys(TEMPLATE, True)] * 2)
    checks.same("no gap", told(scene, "history", *named(days[0], days[1]), "--json")["rerun"], [])
