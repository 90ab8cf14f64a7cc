"""Traces and metrics over OTLP, as the standard's variables ask for them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from cases.telemetry.told import Place, two_days
from world.checks import Checks
from world.post_server import Server, listening

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def server() -> Iterator[Server]:
    """A collector."""
    with listening() as started:
        yield started


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Two days' files, of which the second is half a failure."""
    made = Place(tmp_path.resolve() / "work", "")
    two_days(made)
    return made


def at(server: Server) -> dict[str, str]:
    """The variables that name the collector."""
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": server.url, "OTEL_EXPORTER_OTLP_HEADERS": "x-key=secret", "OTEL_SERVICE_NAME": "night"}


def spans_of(messages: list[Any]) -> list[Any]:
    """Gives all spans that were sent."""
    requests = [ExportTraceServiceRequest.FromString(message.body) for message in messages if message.path == "/v1/traces"]
    return [span for one in requests for resource in one.resource_spans for scope in resource.scope_spans for span in scope.spans]


def test_traces_and_metrics_tell_of_the_run(checks: Checks, server: Server, place: Place) -> None:
    """A day of which half fails, as a part of the scheduler's trace."""
    variables = at(server)
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
    rows = {
        attribute.value.string_value: point.as_double
        for point in points
        for attribute in point.attributes
        if attribute.key == "collection"
    }
    checks.same("rows measured", dict(sorted(rows.items())), {"items": 0.0, "orders": 1.0})
    checks.same("in what", measured["adg.last_run.duration"].unit, "s")


def test_traces_come_as_json_where_that_is_asked_for(checks: Checks, server: Server, place: Place) -> None:
    """Without metrics, where these are switched off."""
    variables = at(server)
    place.run("2024-05-01", OTEL_EXPORTER_OTLP_PROTOCOL="http/json", OTEL_METRICS_EXPORTER="none", **variables)
    sent = server.take()
    checks.same(
        "as JSON, and no metrics", {(m.path, m.headers["content-type"]) for m in sent}, {("/v1/traces", "application/json")}
    )
    checks.same("which is JSON", all("resourceSpans" in message.json() for message in sent), True)


def test_protocol_that_adg_does_not_have_is_told(checks: Checks, server: Server, place: Place) -> None:
    """The run is done all the same."""
    variables = at(server)
    refused = place.run("2024-05-01", OTEL_EXPORTER_OTLP_PROTOCOL="grpc", **variables)
    told = [event["error"] for event in refused.events if event.get("event") == "telemetry_not_sent"]
    checks.same("exit code, and a hint at the port", (refused.code, "port 4318" in told[0]), (0, True))


def test_absent_collector_is_not_waited_for_long(checks: Checks, place: Place) -> None:
    """Neither one of traces nor one of lineage."""
    dead = place.run("2024-05-01", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OPENLINEAGE_URL="http://127.0.0.1:9")
    told = sorted(event["event"] for event in dead.events if event["level"] == "WARN")
    checks.same("nobody there, and done all the same", (dead.code, told), (0, ["lineage_not_sent", "telemetry_not_sent"]))
    checks.same("it is not waited for long", dead.seconds < 45, True)
