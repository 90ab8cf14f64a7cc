"""What machines are told of runs: OpenLineage's events in a file and at a server, traces and metrics over OTLP, a file for node-exporter.

Usage: ADG_BIN=… telemetry.py. Prints each check; exits 1 where one fails.
"""

import json
import os
import stat
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from world.adg import VARIABLES, Workspace
from world.checks import Checks
from cases.telemetry.lineage_schemas import Schemas
from world.post_server import Server, listening

MODULE = """\
version: 1
module: shop
source: { files: "{date}_{collection}_{seq}.csv" }
limits: { error_rate: 1, quarantine_rate: 1 }
catchup: { start: 2024-05-01 }
row_hash: v2
target: { database: test }
collections:
  orders: { columns: { id: bigint, note: string, at: timestamp } }
  items: { columns: { id: bigint, price: "decimal(9,2)" } }
"""
TELEMETRY = """\
    telemetry:
      prometheus: { folder: metrics }
"""
PARENT = "airflow/nightly.adg/018f0000-0000-7000-8000-000000000000"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

Events = list[dict[str, Any]]


@dataclass
class Ran:
    """How a run ended."""

    code: int
    seconds: float
    events: Events
    """What it logged."""


class Place:
    """A workspace whose runs are told."""

    def __init__(self, folder: Path, telemetry: str) -> None:
        self.workspace = Workspace(folder)
        self.workspace.module("shop", MODULE)
        with (folder / "adg.yaml").open("a") as file:
            file.write(telemetry)

    def land(self, day: str, orders: str, items: str) -> None:
        """A file of each collection."""
        for collection, text in (("orders", orders), ("items", items)):
            (self.workspace.source / f"{day}_{collection}_1.csv").write_text(text)

    def run(self, day: str, **variables: str) -> Ran:
        """Runs the module for a day."""
        clean = {name: value for name, value in os.environ.items() if name not in VARIABLES and not name.startswith(("OTEL", "OPENL"))}
        command = [os.environ["ADG_BIN"], "--module", "shop", "--start-dt", day, "--end-dt", day, "--log-format", "json"]
        begun = time.monotonic()
        ran = subprocess.run(command, cwd=self.workspace.folder, env=clean | variables, capture_output=True, text=True, check=False)
        return Ran(ran.returncode, time.monotonic() - begun, [json.loads(line) for line in ran.stderr.splitlines()])

    def days(self, run: Ran) -> dict[str, dict[str, Any]]:
        """The run's report by collection."""
        newest = max((self.workspace.folder / "reports").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return {day["collection"]: day for day in json.loads(newest.read_text())["days"]}


def two_days(place: Place) -> None:
    """A good day, and one of which a collection fails."""
    place.land("2024-05-01", "Id,Note,At,Extra\n1,x,2024-01-01 00:00:00,5\n2,y,never,6\n", "id,price\n1,2.50\n")
    place.land("2024-05-02", "id,note,at\n3,z,2024-01-01 00:00:00\n", "")


def of(events: Events, job: str) -> list[str]:
    """What is told of a job."""
    return [event["eventType"] for event in events if event["job"]["name"] == job]


def lineage_checks(checks: Checks, events: Events, days: dict[str, dict[str, Any]], folder: Path) -> None:
    """What is told of the good day."""
    checks.same("of the run", of(events, "adg.shop"), ["START", "COMPLETE"])
    for collection in ("orders", "items"):
        checks.same(f"of {collection}", of(events, f"adg.shop.{collection}"), ["START", "COMPLETE"])
    ids = {event["job"]["name"]: event["run"]["runId"] for event in events}
    checks.same("a run of each job", len(set(ids.values())), 3)
    checks.same("ids", [uuid.UUID(one).version for one in ids.values()], [7, 7, 7])
    done = next(event for event in events if event["job"]["name"] == "adg.shop.orders" and event["eventType"] == "COMPLETE")
    checks.same("of what it is a part", done["run"]["facets"]["parent"]["run"]["runId"], ids["adg.shop"])
    nominal = done["run"]["facets"]["nominalTime"]
    checks.same("its day", (nominal["nominalStartTime"], nominal["nominalEndTime"]), ("2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z"))
    (read,), (written,) = done["inputs"], done["outputs"]
    checks.same("what is read", (read["namespace"], read["name"]), ("file", f"{folder}/source/*_orders_*.csv"))
    checks.same("its fields", [field["name"] for field in read["facets"]["schema"]["fields"]], ["Id", "Note", "At", "Extra"])
    read_facts, written_facts = read["inputFacets"], written["outputFacets"]
    checks.same("records read", read_facts["inputStatistics"]["rowCount"], days["orders"]["rows_read"])
    checks.same("the files", read_facts["subset"]["inputCondition"]["locations"], days["orders"]["sources"])
    checks.same("what is written", (written["namespace"], written["name"]), ("file", f"{folder}/warehouse/data/test/orders"))
    counted = {key: written_facts["outputStatistics"][key] for key in ("rowCount", "size", "fileCount")}
    reported = {key: days["orders"][name] for key, name in (("rowCount", "rows_written"), ("size", "bytes"), ("fileCount", "files"))}
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


def lineage(checks: Checks, server: Server) -> None:
    """Events in a file, and at a server that fails once."""
    schemas = Schemas()
    with TemporaryDirectory() as folder:
        place = Place(Path(folder).resolve(), "    telemetry: { openlineage: { namespace: night, to: { file: { path: lineage.jsonl } } } }\n")
        two_days(place)
        checks.same("a good day", place.run("2024-05-01", OPENLINEAGE_PARENT_ID=PARENT).code, 0)
        path = place.workspace.folder / "lineage.jsonl"
        events = [json.loads(line) for line in path.read_text().splitlines()]
        lineage_checks(checks, events, place.days(Ran(0, 0, [])), place.workspace.folder)
        parent = next(event for event in events if event["job"]["name"] == "adg.shop")["run"]["facets"]["parent"]
        checks.same("the scheduler's run", parent["run"]["runId"], PARENT.rsplit("/", 1)[1])
        checks.same("the scheduler's job", (parent["job"]["namespace"], parent["job"]["name"]), ("airflow", "nightly.adg"))
        path.unlink()
        checks.same("a day of which half fails", place.run("2024-05-02").code, 4)
        failing = [json.loads(line) for line in path.read_text().splitlines()]
        checks.same("of the run that fails", of(failing, "adg.shop"), ["START", "FAIL"])
        checks.same("of what fails", of(failing, "adg.shop.items"), ["START", "FAIL"])
        failed = next(event for event in failing if event["eventType"] == "FAIL" and event["job"]["name"] == "adg.shop.items")
        checks.same("why", "is empty" in failed["run"]["facets"]["errorMessage"]["message"], True)
        checks.same("nothing was written", failed["outputs"], [])
        wrong = [error for event in [*events, *failing] for error in schemas.errors(event)]
        checks.same("what is wrong by the published schemas", wrong, [])
        mutated = json.loads(json.dumps(events[-1])) | {"eventTime": "now"}
        checks.same("that the schemas tell what is wrong", len(schemas.errors(mutated)) > 0, True)
    with TemporaryDirectory() as folder:
        place = Place(Path(folder).resolve(), "")
        two_days(place)
        server.answers["/lineage/here"] = [503]
        variables = {"OPENLINEAGE_URL": server.url, "OPENLINEAGE_ENDPOINT": "lineage/here", "OPENLINEAGE_API_KEY": "key"}
        checks.same("by variables", place.run("2024-05-01", **variables).code, 0)
        sent = server.take()
        # One came twice.
        checks.same("events sent", len(sent), 7)
        checks.same("with which key", {message.headers["authorization"] for message in sent}, {"Bearer key"})
        checks.same("in which order", [of([message.json() for message in sent], "adg.shop")][0][-1], "COMPLETE")
        place.run("2024-05-01", OPENLINEAGE_DISABLED="True", **variables)
        checks.same("switched off", server.take(), [])
        server.answers["/lineage/here"] = [400]
        refused = place.run("2024-05-01", **variables)
        told = [event for event in refused.events if event.get("event") == "lineage_not_told"]
        checks.same("refused, and done all the same", (refused.code, len(told)), (0, 1))
        checks.same("what is said of it", "lineage events were not taken" in told[0]["error"] and "status 400" in told[0]["error"], True)


def spans_of(messages: list[Any]) -> list[Any]:
    """All spans that were sent."""
    requests = [ExportTraceServiceRequest.FromString(message.body) for message in messages if message.path == "/v1/traces"]
    return [span for one in requests for resource in one.resource_spans for scope in resource.scope_spans for span in scope.spans]


def otlp(checks: Checks, server: Server) -> None:
    """Traces and metrics, as the standard's variables ask for them."""
    with TemporaryDirectory() as folder:
        place = Place(Path(folder).resolve(), "")
        two_days(place)
        server.take()
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": server.url, "OTEL_EXPORTER_OTLP_HEADERS": "x-key=secret", "OTEL_SERVICE_NAME": "night"}
        ran = place.run("2024-05-02", TRACEPARENT=f"00-{TRACE}-{SPAN}-01", **variables)
        checks.same("a day of which half fails, traced", ran.code, 4)
        checks.same("log lines are as ever", {key for event in ran.events for key in event if key.startswith("span")}, set())
        messages = server.take()
        checks.same("where it is sent", sorted({message.path for message in messages}), ["/v1/metrics", "/v1/traces"])
        checks.same("with which headers", {message.headers.get("x-key") for message in messages}, {"secret"})
        spans = {span.name: span for span in spans_of(messages)}
        run = spans["adg shop"]
        checks.same("a part of the scheduler's trace", (run.trace_id.hex(), run.parent_span_id.hex()), (TRACE, SPAN))
        checks.same("one trace", {span.trace_id.hex() for span in spans.values()}, {TRACE})
        good, bad = spans["orders 2024-05-02"], spans["items 2024-05-02"]
        checks.same("dates are parts of the run", {good.parent_span_id, bad.parent_span_id}, {run.span_id})
        checks.same("how they ended", (good.status.code, bad.status.code), (1, 2))
        checks.same("why", "is empty" in bad.status.message, True)
        stages = {span.name for span in spans_of(messages) if span.parent_span_id == good.span_id}
        checks.same("stages of a date", stages, {"look", "write", "publish", "sweep"})
        metrics = [ExportMetricsServiceRequest.FromString(message.body) for message in messages if message.path == "/v1/metrics"]
        resource = metrics[0].resource_metrics[0]
        names = {attribute.key: attribute.value.string_value for attribute in resource.resource.attributes}
        checks.same("of whom", names["service.name"], "night")
        measured = {metric.name: metric for metric in resource.scope_metrics[0].metrics}
        points = measured["adg.last_run.rows_written"].gauge.data_points
        rows = {attribute.value.string_value: point.as_double for point in points for attribute in point.attributes if attribute.key == "collection"}
        checks.same("rows measured", dict(sorted(rows.items())), {"items": 0.0, "orders": 1.0})
        checks.same("in what", measured["adg.last_run.duration"].unit, "s")
        place.run("2024-05-01", OTEL_EXPORTER_OTLP_PROTOCOL="http/json", OTEL_METRICS_EXPORTER="none", **variables)
        sent = server.take()
        checks.same("as JSON, and no metrics", {(m.path, m.headers["content-type"]) for m in sent}, {("/v1/traces", "application/json")})
        checks.same("which is JSON", all("resourceSpans" in message.json() for message in sent), True)
        refused = place.run("2024-05-01", OTEL_EXPORTER_OTLP_PROTOCOL="grpc", **variables)
        told = [event["error"] for event in refused.events if event.get("event") == "telemetry_not_sent"]
        checks.same("what adg can't", (refused.code, "port 4318" in told[0]), (0, True))
        dead = place.run("2024-05-01", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OPENLINEAGE_URL="http://127.0.0.1:9")
        told = sorted(event["event"] for event in dead.events if event["level"] == "WARN")
        checks.same("nobody there, and done all the same", (dead.code, told), (0, ["lineage_not_told", "telemetry_not_sent"]))
        checks.same("it is not waited for long", dead.seconds < 45, True)


def prometheus(checks: Checks) -> None:
    """The file that node-exporter reads."""
    with TemporaryDirectory() as folder:
        place = Place(Path(folder).resolve(), TELEMETRY)
        two_days(place)
        path = place.workspace.folder / "metrics" / "adg_shop.prom"

        def numbers() -> dict[tuple[str, ...], float]:
            families = list(text_string_to_metric_families(path.read_text()))
            checks.same("each has a text", [family.name for family in families if not family.documentation], [])
            samples = [sample for family in families for sample in family.samples]
            return {(sample.name, *sorted(sample.labels.values())): float(sample.value) for sample in samples}

        checks.same("a good day, measured", place.run("2024-05-01").code, 0)
        good = numbers()
        checks.same("that it went well", good["adg_last_run_success", "shop"], 1.0)
        checks.same("rows", good["adg_last_run_rows_written", "orders", "shop"], 2.0)
        checks.same("values that did not fit", good["adg_last_run_value_errors", "orders", "shop"], 1.0)
        checks.same("bytes", good["adg_last_run_written_bytes", "items", "shop"] > 0, True)
        checks.same("stages", good["adg_last_run_stage_duration_seconds", "shop", "write"] > 0, True)
        checks.same("whoever may read it", stat.S_IMODE(path.stat().st_mode), 0o644)
        checks.same("nothing else in the folder", [one.name for one in path.parent.iterdir()], ["adg_shop.prom"])
        checks.same("a day of which half fails, measured", place.run("2024-05-02").code, 4)
        bad = numbers()
        checks.same("that it did not", bad["adg_last_run_success", "shop"], 0.0)
        checks.same("dates that failed", bad["adg_last_run_dates", "failed", "shop"], 1.0)
        success = ("adg_last_success_timestamp_seconds", "shop")
        checks.same("when it last did", bad[success], good[success])
        checks.same("the file is still one", path.read_text().count("# TYPE adg_last_success_timestamp_seconds gauge"), 1)


def main() -> int:
    """All of it."""
    checks = Checks()
    with listening() as server:
        lineage(checks, server)
        otlp(checks, server)
    prometheus(checks)
    return 1 if checks.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
