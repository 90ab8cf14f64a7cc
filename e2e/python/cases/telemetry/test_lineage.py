"""OpenLineage's events, in a file and at a server that fails."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cases.telemetry.lineage_schemas import Schemas
from cases.telemetry.told import Events, Place, two_days
from world.checks import Checks
from world.post_server import Server, listening

TO_FILE = "    telemetry: { openlineage: { namespace: night, to: { file: { path: lineage.jsonl } } } }\n"
PARENT = "airflow/nightly.adg/018f0000-0000-7000-8000-000000000000"


@dataclass
class Told:
    """The events of two days, of which the second is half a failure."""

    folder: Path
    good: Events
    bad: Events
    codes: tuple[int, int]
    days: dict[str, dict[str, Any]]
    """The good day's report by collection."""

    def done(self) -> dict[str, Any]:
        """The event of a collection that was done."""
        jobs = (event for event in self.good if event["job"]["name"] == "adg.shop.orders")
        return next(event for event in jobs if event["eventType"] == "COMPLETE")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Both days are run, each into a file of its own."""
    place = Place(tmp_path_factory.mktemp("lineage").resolve() / "work", TO_FILE)
    two_days(place)
    path = place.workspace.folder / "lineage.jsonl"
    first = place.run("2024-05-01", OPENLINEAGE_PARENT_ID=PARENT)
    good, days = events_of(path), place.days()
    path.unlink()
    second = place.run("2024-05-02")
    return Told(place.workspace.folder, good, events_of(path), (first.code, second.code), days)


def events_of(path: Path) -> Events:
    """The events of a file, one a line."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def of(events: Events, job: str) -> list[str]:
    """Lists the kinds of a job's events."""
    return [event["eventType"] for event in events if event["job"]["name"] == job]


def test_each_job_of_a_good_day_starts_and_completes(checks: Checks, told: Told) -> None:
    """The module's run, and one of each collection."""
    events = told.good
    checks.same("exit code", told.codes[0], 0)
    checks.same("of the run", of(events, "adg.shop"), ["START", "COMPLETE"])
    for collection in ("orders", "items"):
        checks.same(f"of {collection}", of(events, f"adg.shop.{collection}"), ["START", "COMPLETE"])
    ids = {event["job"]["name"]: event["run"]["runId"] for event in events}
    checks.same("a run of each job", len(set(ids.values())), 3)
    checks.same("ids", [uuid.UUID(one).version for one in ids.values()], [7, 7, 7])


def test_run_is_a_part_of_the_run_that_started_it(checks: Checks, told: Told) -> None:
    """A collection's of the module's, and that of the scheduler's."""
    ids = {event["job"]["name"]: event["run"]["runId"] for event in told.good}
    checks.same("a collection's parent", told.done()["run"]["facets"]["parent"]["run"]["runId"], ids["adg.shop"])
    parent = next(event for event in told.good if event["job"]["name"] == "adg.shop")["run"]["facets"]["parent"]
    checks.same("the scheduler's run", parent["run"]["runId"], PARENT.rsplit("/", 1)[1])
    checks.same("the scheduler's job", (parent["job"]["namespace"], parent["job"]["name"]), ("airflow", "nightly.adg"))


def test_done_collection_tells_its_files_table_and_columns(checks: Checks, told: Told) -> None:
    """The event agrees with the report."""
    done, days, folder = told.done(), told.days, told.folder
    nominal = done["run"]["facets"]["nominalTime"]
    checks.same(
        "its day", (nominal["nominalStartTime"], nominal["nominalEndTime"]), ("2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z")
    )
    (read,), (written,) = done["inputs"], done["outputs"]
    checks.same("what is read", (read["namespace"], read["name"]), ("file", f"{folder}/source/*_orders_*.csv"))
    checks.same("its fields", [field["name"] for field in read["facets"]["schema"]["fields"]], ["Id", "Note", "At", "Extra"])
    read_facts, written_facts = read["inputFacets"], written["outputFacets"]
    checks.same("records read", read_facts["inputStatistics"]["rowCount"], days["orders"]["rows_read"])
    checks.same("the files", read_facts["subset"]["inputCondition"]["locations"], days["orders"]["sources"])
    checks.same("what is written", (written["namespace"], written["name"]), ("file", f"{folder}/warehouse/data/test/orders"))
    counted = {key: written_facts["outputStatistics"][key] for key in ("rowCount", "size", "fileCount")}
    reported = {
        key: days["orders"][name] for key, name in (("rowCount", "rows_written"), ("size", "bytes"), ("fileCount", "files"))
    }
    checks.same("its statistics", counted, reported)
    day = written_facts["subset"]["outputCondition"]["partitions"][0]["dimensions"]
    checks.same("its partition", day, {"date_uploaded": "2024-05-01"})
    facts = written["facets"]
    columns = [(field["name"], field["type"]) for field in facts["schema"]["fields"]]
    wanted = [("id", "bigint"), ("note", "string"), ("at", "timestamp"), ("extra", "bigint"), ("row_hash_id", "string")]
    checks.same("its columns", columns, [*wanted, ("error_desc", "array<string>"), ("date_uploaded", "date")])
    checks.same("its symlink", facts["symlinks"]["identifiers"][0]["name"], "test.orders")
    checks.same("that it is new", facts["lifecycleStateChange"]["lifecycleStateChange"], "CREATE")
    lineage = {column: [one["field"] for one in made["inputFields"]] for column, made in facts["columnLineage"]["fields"].items()}
    whole = ["Id", "Note", "At", "Extra"]
    made = {"at": ["At"], "error_desc": whole, "extra": ["Extra"], "id": ["Id"], "note": ["Note"], "row_hash_id": whole}
    checks.same("what its columns are made of", dict(sorted(lineage.items())), made)
    how = facts["columnLineage"]["fields"]["row_hash_id"]["inputFields"][0]["transformations"][0]
    checks.same("that a hash hides", how["masking"], True)


def test_failed_collection_tells_why(checks: Checks, told: Told) -> None:
    """The run fails too, and nothing was written."""
    failing = told.bad
    checks.same("exit code", told.codes[1], 4)
    checks.same("of the run that fails", of(failing, "adg.shop"), ["START", "FAIL"])
    checks.same("of the collection that fails", of(failing, "adg.shop.items"), ["START", "FAIL"])
    failed = next(event for event in failing if event["eventType"] == "FAIL" and event["job"]["name"] == "adg.shop.items")
    checks.same("why", "is empty" in failed["run"]["facets"]["errorMessage"]["message"], True)
    checks.same("nothing was written", failed["outputs"], [])


def test_events_are_as_the_published_schemas_say(checks: Checks, told: Told) -> None:
    """And the schemas notice an event that is wrong."""
    schemas = Schemas()
    wrong = [error for event in [*told.good, *told.bad] for error in schemas.errors(event)]
    checks.same("errors by the schemas", wrong, [])
    mutated = json.loads(json.dumps(told.good[-1])) | {"eventTime": "now"}
    checks.same("the schemas tell what is wrong", len(schemas.errors(mutated)) > 0, True)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server at `lineage/here`."""
    with listening() as started:
        yield started


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Both days' files, and no word of lineage in the settings."""
    made = Place(tmp_path.resolve() / "work", "")
    two_days(made)
    return made


def at(server: Server) -> dict[str, str]:
    """The variables that name the server."""
    return {"OPENLINEAGE_URL": server.url, "OPENLINEAGE_ENDPOINT": "lineage/here", "OPENLINEAGE_API_KEY": "key"}


def test_server_of_the_variables_is_sent_all_events(checks: Checks, server: Server, place: Place) -> None:
    """An event that it did not take comes again."""
    server.answers["/lineage/here"] = [503]
    checks.same("exit code", place.run("2024-05-01", **at(server)).code, 0)
    sent = server.take()
    # One came twice.
    checks.same("events sent", len(sent), 7)
    checks.same("with which key", {message.headers["authorization"] for message in sent}, {"Bearer key"})
    checks.same("in which order", of([message.json() for message in sent], "adg.shop")[-1], "COMPLETE")


def test_lineage_is_switched_off_by_its_variable(checks: Checks, server: Server, place: Place) -> None:
    """Nothing is sent."""
    place.run("2024-05-01", OPENLINEAGE_DISABLED="True", **at(server))
    checks.same("switched off", server.take(), [])


def test_refused_events_do_not_fail_the_run(checks: Checks, server: Server, place: Place) -> None:
    """The log tells of them."""
    server.answers["/lineage/here"] = [400]
    refused = place.run("2024-05-01", **at(server))
    told = [event for event in refused.events if event.get("event") == "lineage_not_sent"]
    checks.same("refused, and done all the same", (refused.code, len(told)), (0, 1))
    said = told[0]["error"]
    checks.same("the log's words", "lineage events were not taken" in said and "status 400" in said, True)
