"""The binary is killed again and again, at moments spread over its runs, against moto and the real Hive Metastore.

Days land, come again with other rows, are asked for by name, are wiped and built anew. After each kill every partition that is
registered must have the rows of one whole file, the one before or the one that is there now. After some kills the same command
runs to its end: then all rows are as the source has them, and no file is left that nothing speaks for.

Usage: ADG_BIN=… python -m tools.soak [--kills N] [--seed N]. Prints each round and what is wrong in it, then figures as JSON; exits 1
where something is wrong. The same seed makes the same choices, though no kill comes at quite the same moment.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from world.checks import Checks, cause, difference
from world.job import Ran
from world.soak_scene import Command, Pace, SoakScene, by_name, reached, world
from world.soak_source import TYPES, Cell, State, cell_of, folder_of

KILLS_OF_MODULE = 25
"""After so many there is another module, whose tables are not there yet."""
MOST_DAYS = 5
GOLDEN = 0.6180339887
"""The share of a run from one kill to the next: however many there are, they are spread evenly."""
WAY = 0.15
"""Seconds until what a dead run has asked of a service is done there."""


@dataclass
class Figures:
    """The figures that are printed at the end."""

    seed: int
    kills: int = 0
    rounds: int = 0
    undisturbed_runs: int = 0
    modules: int = 0
    rows_compared: int = 0
    rows_lost: int = 0
    rows_doubled: int = 0
    orphan_visible_files: int = 0
    orphan_quarantine_files: int = 0
    orphans_swept: int = 0
    replaced_files_swept: int = 0
    incomplete_uploads: int = 0
    kills_by_command: Counter[str] = field(default_factory=Counter)
    kills_by_phase: Counter[str] = field(default_factory=Counter)
    violations: int = 0
    seconds: float = 0.0


@dataclass
class Soak:
    """One module, from nothing to its end."""

    scene: SoakScene
    rng: random.Random
    checks: Checks
    figures: Figures
    pace: Pace
    state: State
    orphans: set[str] = field(default_factory=set)
    """Files that nothing spoke for when a run was killed."""
    left: set[str] = field(default_factory=set)
    """Those that the next run did not see to."""

    def run(self, kills: int) -> None:
        """Until so many runs were killed. In the end nothing has a retention any more."""
        last = self.figures.kills + kills
        while self.figures.kills < last:
            until = min(self.figures.kills + self.rng.randint(5, 10), last)
            while self.figures.kills < until:
                command = self.round()
            self.settle(command)
        self.scene.write_module(sweep_after_hours=0)
        self.undisturbed(self.catch_up())
        self.compare()
        self.check("replaced folders without a retention", sorted(self.state.noted), [])

    def round(self) -> Command:
        """One run that is killed, or was over before."""
        self.figures.rounds += 1
        command, before = self.next(), self.state
        share = (self.figures.rounds * GOLDEN + self.figures.seed / 7) % 1
        ran = self.scene.run_for(share * self.pace.of(len(command.days())), command)
        if ran.code != -9:
            self.ended(command, ran)
            return command
        time.sleep(WAY)
        self.look()
        phase = reached(before, self.state)
        print(f"round {self.figures.rounds}: {command}, killed after {ran.seconds:.2f} s: {phase}")
        self.figures.kills += 1
        self.figures.kills_by_command[command.kind] += 1
        self.figures.kills_by_phase[phase] += 1
        if self.state.lease and not self.state.lease["released"]:
            self.scene.expire_lease()
        return command

    def next(self) -> Command:
        """Chooses the next command."""
        source, roll = self.scene.source, self.rng.random()
        if not source.days() or (roll < 0.35 and len(source.days()) < MOST_DAYS):
            source.land(source.next_days(min(self.rng.randint(1, 2), MOST_DAYS - len(source.days()))))
            return self.catch_up()
        if roll > 0.94:
            self.scene.reader.wiping = True
            return Command("clean-up", {"CLEAN_UP_FLG": "true", "END_DT": str(source.days()[-1])}, set(source.cells()))
        if roll > 0.5 and (undone := self.catch_up()).cells:
            return undone
        first = self.rng.randrange(len(source.days()))
        days = source.days()[first : first + self.rng.randint(1, 3)]
        source.land(days)
        return by_name(days)

    def catch_up(self) -> Command:
        """All that is not done."""
        done = {cell for cell, status in self.state.statuses.items() if status == "Completed"}
        return Command("catch-up", {"END_DT": str(self.scene.source.days()[-1])}, set(self.scene.source.cells()) - done)

    def undisturbed(self, command: Command) -> None:
        """Runs it to its end."""
        self.ended(command, self.scene.job.run("--module", self.scene.module, **command.variables))

    def ended(self, command: Command, ran: Ran) -> None:
        """Compares the state after a run that nothing disturbed."""
        print(f"round {self.figures.rounds}: {command}, undisturbed in {ran.seconds:.2f} s")
        self.figures.undisturbed_runs += 1
        self.pace.learn(ran.seconds, len(command.days()))
        told = [event for event in ran.events() if event["level"] != "INFO" and event.get("event") != "cleaned_up"]
        self.check(f"{command}: exit code, warnings and errors", (ran.code, told), (0, []))
        self.check(f"{command}: local files", list((self.scene.job.folder / "scratch").iterdir()), [])
        done = {(day["collection"], date.fromisoformat(day["date"])) for day in self.scene.job.report()["days"]}
        self.check(f"{command}: what was done", done, command.cells)
        self.look()
        self.check(f"{command}: what is not as the source", sorted(self.scene.reader.stale() & command.cells), [])
        self.check_orphans(command)

    def check_orphans(self, command: Command) -> None:
        """Counts files that nothing speaks for. They would stay for ever: without being asked, no run looks at it again."""
        orphans = self.state.homeless()
        left = {key for key in orphans if self.state.statuses.get(cell_of(key)) == "Completed"}
        new = left - self.left
        self.check(f"{command}: files that nothing speaks for", sorted(new), [])
        self.figures.orphan_visible_files += sum("/_" not in key for key in new)
        self.figures.orphan_quarantine_files += sum("/_" in key for key in new)
        self.figures.orphans_swept += len(self.orphans - orphans)
        self.orphans, self.left = orphans, left

    def settle(self, command: Command) -> None:
        """The same command runs to its end, and then what it was not asked for."""
        self.undisturbed(self.catch_up() if command.kind == "catch-up" else command)
        if stale := [day for _, day in self.scene.reader.stale()]:
            self.undisturbed(by_name([day for day in self.scene.source.days() if min(stale) <= day <= max(stale)]))
        self.undisturbed(self.catch_up())
        self.scene.reader.wiping = False
        self.compare()
        self.figures.incomplete_uploads += len(self.state.uploads)
        self.scene.abort_uploads(self.state)
        if self.rng.random() < 0.5:
            self.scene.let_a_day_pass(self.state)

    def look(self) -> None:
        """As a reader does."""
        before, self.state = self.state, self.scene.look()
        self.orphans |= self.state.homeless()
        gone = before.objects.keys() - self.state.objects.keys()
        self.figures.replaced_files_swept += sum(folder_of(key) in before.noted for key in gone)
        for cell in self.scene.source.cells():
            with self.told(cell):
                self.scene.reader.see(cell, self.state)

    def compare(self) -> None:
        """All is done, and all rows are as the source has them."""
        for cell in self.scene.source.cells():
            with self.told(cell):
                wanted, counts = self.scene.source.newest(cell), self.state.attempts[cell]["counts"]
                counted = [int(counts[f"rows_{what}"]) for what in ("read", "written", "quarantined")]
                rows = wanted.rows.total()
                self.check(f"rows counted of {cell}", counted, [rows + wanted.quarantined, rows, wanted.quarantined])
                found = self.scene.reader.rows(cell, self.state) if cell in self.state.registered else Counter()
                lost, doubled = (wanted.rows - found).total(), (found - wanted.rows).total()
                self.check(f"rows lost and doubled of {cell}", (lost, doubled), (0, 0))
                self.figures.rows_compared += rows
                self.figures.rows_lost += lost
                self.figures.rows_doubled += doubled
        self.check("the ledger's statuses", set(self.state.statuses.values()), {"Completed"})
        line = [(line["Date"], line["Status"]) for line in self.scene.newest(self.scene.module)]
        self.check("the line for other readers", line, [(str(self.scene.source.days()[-1]), "Completed")])
        for name in TYPES:
            columns = sorted(self.scene.reader.types(name).items())
            self.check(f"the columns of {name}", columns, sorted(self.scene.source.columns(name).items()))

    @contextmanager
    def told(self, cell: Cell) -> Iterator[None]:
        """An error is something wrong with a partition."""
        try:
            yield
        except Exception as error:
            self.wrong(f"{cell[0]} of {cell[1]}", cause(error))

    def check(self, what: str, found: Any, wanted: Any) -> None:
        """Tells only what is wrong."""
        if found != wanted:
            self.wrong(what, difference(found, wanted))

    def wrong(self, what: str, why: str) -> None:
        """Where it is wrong too."""
        self.figures.violations += 1
        self.checks.fail(f"seed {self.figures.seed}, round {self.figures.rounds}: {what}", why)


def main() -> None:
    """Modules one after the other, with the same services."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300, help="how many runs are killed")
    parser.add_argument("--seed", type=int, default=1, help="of what is run, and when it is killed")
    options = parser.parse_args()
    checks, figures, begun = Checks(), Figures(options.seed), time.monotonic()
    with world() as services:
        with SoakScene.set(services, "soak0") as scene:
            pace = Pace.measured(scene)
        while figures.kills < options.kills:
            figures.modules += 1
            with SoakScene.set(services, f"soak{figures.modules}") as scene:
                soak = Soak(scene, random.Random(f"{options.seed} {scene.module}"), checks, figures, pace, scene.look())
                soak.run(min(KILLS_OF_MODULE, options.kills - figures.kills))
    figures.seconds = round(time.monotonic() - begun, 1)
    print(json.dumps(vars(figures), indent=2))
    sys.exit(checks.wrong > 0)


if __name__ == "__main__":
    main()
