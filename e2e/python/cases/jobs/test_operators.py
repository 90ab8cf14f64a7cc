"""Whoever operates the job in AWS: plan, history, verify, report, undo and clean-up on S3, Glue and DynamoDB, with no right but the job's own.

Usage: ADG_BIN=… operators.py. Prints each check; exits 1 where one fails.
"""

import json
import re
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from world.aws import accounts
from world.checks import Checks
from world.kickstart import MODULE, ROWS, TEMPLATE, WRITTEN, key
from cases.jobs.test_kickstart_scenario import today
from world.scene import People, Scene
from world.moto import moto

RUN = ("--module", MODULE)


def named(first: date, last: date) -> tuple[str, ...]:
    """Dates by name."""
    return (*RUN, "--start-dt", str(first), "--end-dt", str(last))


def told(scene: Scene, *args: str, code: int = 0) -> Any:
    """What a command prints as JSON."""
    return json.loads(scene.job.expect(code, *args).stdout)


def all_rows(scene: Scene, day: date) -> dict[str, bool]:
    """Of which tables a day is as in the source."""
    return {name: scene.rows(name, day) == scene.wanted(name, day) for name in TEMPLATE}


def plan_and_history(checks: Checks, scene: Scene, days: list[date]) -> None:
    """A plan is done as it was made; the history says so."""
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


def verify(checks: Checks, scene: Scene, days: list[date]) -> None:
    """All is the same; then a file is gone from the bucket."""
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


def page(checks: Checks, scene: Scene, days: list[date]) -> None:
    """The page has every date."""
    html = scene.job.expect(0, "report", *named(days[0], days[1])).stdout
    marks = re.findall(r'data-mark="([^"]+)"', html)
    checks.same("the page", sorted(marks), sorted(f"{day} {name} done" for day in days[:2] for name in TEMPLATE))
    rows = re.findall(r'data-day="\S+ \S+"><td>\S+</td><td>done</td><td class="number">(\d+)</td>', html)
    checks.same("the page: rows", rows, [str(ROWS)] * len(TEMPLATE) * 2)


def undo(checks: Checks, scene: Scene, days: list[date]) -> None:
    """A wrong file is published, and taken back."""
    before = {name: scene.rows(name, days[1]) for name in TEMPLATE}
    name = next(iter(TEMPLATE))
    scene.source.put(key(days[1], name), scene.source.get(key(days[0], name)))
    scene.job.expect(0, *named(days[1], days[1]))
    checks.same("a wrong file is published", scene.rows(name, days[1]) == before[name], False)
    command = scene.job.report()["undo"].split()[1:]
    scene.job.expect(0, *command)
    checks.same("undone", {name: scene.rows(name, days[1]) for name in TEMPLATE} == before, True)
    scene.land(days[1])


def clean_up(checks: Checks, scene: Scene, days: list[date]) -> None:
    """What the source can't rebuild is kept, then lost, then had back."""
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


def main() -> int:
    """One day's work."""
    checks = Checks()
    with moto() as server, tempfile.TemporaryDirectory() as temporary:
        scene = Scene.set(People(*accounts(server)), "eu-west-2", Path(temporary), next(iter(WRITTEN)))
        days = [today() - timedelta(1), today()]
        scene.land(*days)
        for part in (plan_and_history, verify, page, undo, clean_up):
            part(checks, scene, days)
    return 1 if checks.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
