"""Notifications: a server that takes what Slack, Pub/Sub and webhooks are sent, as it is told to; and moto's SNS, whose messages
come into a queue.
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from world.adg import EMBEDDED, ENVIRONMENTS, VARIABLES, Workspace
from world.checks import Checks
from world.moto import Moto
from world.post_server import Server, listening

SECRET = "a secret of ours"
HOOK = "T0/B0/not-to-be-told"
MODULE = """\
version: 1
module: shop
source: { files: "{date}_{collection}.csv" }
catchup: { start: 2024-05-01, retention_days: 7 }
target: { database: test }
collections:
  orders: { columns: { id: bigint } }
"""
NOTIFY = """\
    aws: { region: eu-west-2 }
    notify:
      - slack: { webhook: "URL/slack/HOOK", on: [completed] }
      - slack: { webhook: "URL/errors/HOOK", on: [failed, partial, lost], template: "[{severity}] {title}\\n{rerun}" }
      - webhook: { url: "URL/hook", secret: "${env:HOOK_SECRET}" }
      - pubsub: { topic: projects/p/topics/runs, endpoint: "URL", on: [completed, nothing_to_do] }
      - sns: { topic: "TOPIC", endpoint: "AWS" }
"""
PUBSUB = "/v1/projects/p/topics/runs:publish"


class Topic:
    """A topic of SNS, with a queue that has what it was sent."""

    def __init__(self, aws: Moto) -> None:
        session = boto3.Session(aws.access_key_id, aws.secret_access_key, region_name=aws.region)
        sns, self.sqs = (session.client(name, endpoint_url=aws.url) for name in ("sns", "sqs"))
        name = f"runs-{uuid.uuid4()}"
        self.queue = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = sns.create_topic(Name=name)["TopicArn"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=arn)

    def take(self) -> list[dict[str, Any]]:
        """Takes all that came since the last time."""
        found = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=3).get("Messages", [])
        for message in found:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found]


@dataclass
class Place:
    """A workspace whose runs are told."""

    workspace: Workspace
    aws: Moto
    server: Server
    topic: Topic
    seconds: float = 0
    """The time of the last run."""
    said: str = ""

    def run(self, *args: str) -> int:
        """Runs the module; gives the exit code."""
        return self.command("--module", "shop", *args)

    def doctor(self) -> int:
        """Walks the way of a run."""
        return self.command("doctor", "--module", "shop")

    def command(self, *args: str) -> int:
        """Runs adg."""
        keys = {"AWS_ACCESS_KEY_ID": self.aws.access_key_id, "AWS_SECRET_ACCESS_KEY": self.aws.secret_access_key}
        clean = {name: value for name, value in os.environ.items() if name not in VARIABLES} | keys | {"HOOK_SECRET": SECRET}
        begun = time.monotonic()
        command = [os.environ["ADG_BIN"], *args, "--log-format", "json"]
        ran = subprocess.run(command, cwd=self.workspace.folder, env=clean, capture_output=True, text=True, check=False)
        self.seconds, self.said = time.monotonic() - begun, ran.stdout + ran.stderr
        return ran.returncode

    def land(self, day: str) -> None:
        """A good file."""
        (self.workspace.source / f"{day}_orders.csv").write_text("id\n1\n2\n")

    def report(self) -> dict[str, Any]:
        """The newest."""
        newest = max((self.workspace.folder / "reports").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        found: dict[str, Any] = json.loads(newest.read_text())
        return found


@contextmanager
def place(folder: Path, aws: Moto, notify: str = NOTIFY) -> Iterator[Place]:
    """A place, until its block ends."""
    with listening() as server:
        workspace, topic = Workspace(folder / "work"), Topic(aws)
        workspace.module("shop", MODULE)
        filled = (
            notify.replace("URL", server.url)
            .replace('HOOK"', f'{HOOK}"')
            .replace("TOPIC", topic.arn)
            .replace('AWS"', f'{aws.url}"')
        )
        (workspace.folder / "adg.yaml").write_text(ENVIRONMENTS.replace("METASTORE", EMBEDDED) + filled)
        yield Place(workspace, aws, server, topic)


@pytest.fixture
def at(tmp_path: Path, unchecked_moto: Moto) -> Iterator[Place]:
    """A place with all channels.

    moto is unchecked: it writes a form's spaces as botocore does before it compares signatures, and other libraries' are refused then.
    """
    with place(tmp_path, unchecked_moto) as made:
        yield made


def day(number: int) -> tuple[str, ...]:
    """The arguments for a day of May."""
    return ("--start-dt", f"2024-05-0{number}", "--end-dt", f"2024-05-0{number}")


def test_completed_run_is_told_once_by_each_channel(checks: Checks, at: Place) -> None:
    """Each channel gets its own form of the message, and the doctor sends none."""
    at.land("2024-05-01")
    checks.same("exit code", at.run(*day(1)), 0)
    told = at.server.take()
    checks.same("who is told", sorted(one.path for one in told), sorted([f"/slack/{HOOK}", "/hook", PUBSUB]))
    title = "adg shop (local): completed"
    text = "dates: 1 done; 2 rows written, 0 quarantined, 0 invalid values"
    by_path = {one.path: one for one in told}
    checks.same("Slack", by_path[f"/slack/{HOOK}"].json(), {"text": f"{title}\n{text}"})
    hook = by_path["/hook"]
    report = at.report()
    body = hook.json()
    checks.same("the webhook's id", (body["id"], hook.headers["x-adg-id"]), (report["run_id"],) * 2)
    checks.same("the webhook's run", body["run"]["days"], report["days"])
    signed = f"{hook.headers['x-adg-timestamp']}.".encode() + hook.body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    checks.same("the webhook's signature", hook.headers["x-adg-signature"], f"sha256={digest}")
    sent = by_path[PUBSUB].json()["messages"][0]
    data = json.loads(base64.b64decode(sent["data"]))
    checks.same("Pub/Sub", (data["title"], sent["attributes"]["event"]), (title, "completed"))
    [mail] = at.topic.take()
    attributes = {name: value["Value"] for name, value in mail["MessageAttributes"].items()}
    checks.same("SNS", (mail["Subject"], mail["Message"]), (title, f"{title}\n{text}"))
    wanted = {"event": "completed", "notification_type": "Information", "severity": "Critical"}
    wanted |= {"environment": "local", "module": "shop"}
    checks.same("the attributes that subscriptions filter by", sorted(attributes.items()), sorted(wanted.items()))
    checks.same("the report names all", [one["error"] for one in report["notified"]], [None] * 4)
    at.doctor()
    checks.same("the doctor sends nothing", at.server.take(), [])


def test_lost_date_is_told_as_an_error(checks: Checks, at: Place) -> None:
    """A run over a date whose file the source has deleted by now."""
    at.land("2024-05-01")
    at.run(*day(1))
    at.server.take()
    at.topic.take()
    at.land("2024-05-02")
    checks.same("exit code", at.run("--start-dt", "2024-05-02", "--end-dt", "2024-05-03"), 4)
    told = {one.path: one for one in at.server.take()}
    checks.same("who is told", sorted(told), sorted([f"/errors/{HOOK}", "/hook"]))
    checks.same("the event", told["/hook"].json()["event"], "lost")
    checks.same("SNS", [one["MessageAttributes"]["notification_type"]["Value"] for one in at.topic.take()], ["Error"])
    check_secrets(checks, at)


def test_failed_run_is_told_by_its_template(checks: Checks, at: Place) -> None:
    """The message has the command that runs the date again."""
    (at.workspace.source / "2024-05-04_orders.csv").write_text("date_uploaded\n1\n")
    checks.same("exit code", at.run(*day(4)), 12)
    told = {one.path: one for one in at.server.take()}
    checks.same("who is told", sorted(told), sorted([f"/errors/{HOOK}", "/hook"]))
    lines = told[f"/errors/{HOOK}"].json()["text"].split("\n")
    checks.same("the title", lines[0], "[Error] adg shop (local): failed")
    checks.same("the command", lines[1].endswith("--module shop --start-dt 2024-05-04 --end-dt 2024-05-04"), True)
    check_secrets(checks, at)


def test_unreadable_module_is_told(checks: Checks, at: Place) -> None:
    """A run that can't begin tells the same channels."""
    (at.workspace.folder / "modules" / "shop.yaml").write_text(MODULE.replace("bigint", "no type"))
    checks.same("exit code", at.run(*day(4)), 10)
    checks.same("who is told", sorted(one.path for one in at.server.take()), sorted([f"/errors/{HOOK}", "/hook"]))
    check_secrets(checks, at)


def check_secrets(checks: Checks, at: Place) -> None:
    """No secret is in the last command's output."""
    checks.same("secrets in the output", [secret for secret in (SECRET, HOOK) if secret in at.said], [])


def test_failing_channels_are_tried_again_and_reported(checks: Checks, at: Place) -> None:
    """A channel that fails does not fail the run."""
    at.land("2024-05-01")
    at.server.answers = {f"/slack/{HOOK}": [503, 429], "/hook": ["drop"], PUBSUB: [403]}
    checks.same("exit code", at.run(*day(1)), 0)
    told = at.server.take()
    count = {path: sum(one.path == path for one in told) for path in (f"/slack/{HOOK}", "/hook", PUBSUB)}
    checks.same("how often each was tried", list(count.values()), [3, 2, 1])
    checks.same("a message that comes twice has one id", len({one.headers["x-adg-id"] for one in told if one.path == "/hook"}), 1)
    errors = {one["channel"].split()[0]: one["error"] for one in at.report()["notified"]}
    checks.same("Pub/Sub's refusal is reported", errors.pop("pubsub"), "answers with status 403: ok")
    checks.same("the others", errors, {"slack": None, "webhook": None, "sns": None})
    check_secrets(checks, at)


def test_hanging_channel_holds_nobody_up_for_long(checks: Checks, at: Place) -> None:
    """Neither the run nor the next one."""
    at.land("2024-05-01")
    at.server.answers = {"/hook": ["hang"] * 9}
    checks.same("exit code", at.run(*day(1)), 0)
    checks.same(f"the run takes {at.seconds:.0f} s", at.seconds < 40, True)
    errors = {one["channel"].split()[0]: one["error"] for one in at.report()["notified"]}
    checks.same("it is reported", errors["webhook"], "it did not take the message within 30 s")
    # The next run is not kept waiting by that: the lease was given up before.
    at.server.answers = {"/hook": ["hang"]}
    thread = threading.Thread(target=at.run, args=day(1))
    thread.start()
    time.sleep(5)
    checks.same("another run's exit code", at.run(*day(1)), 0)
    thread.join()
    check_secrets(checks, at)


def test_wrong_settings_are_reported(checks: Checks, tmp_path: Path, unchecked_moto: Moto) -> None:
    """An address and a topic that are none; the other channels are told."""
    notify = NOTIFY.replace("URL/slack", "no address").replace("TOPIC", "arn:aws:sns:eu-west-2:123456789012:nowhere")
    with place(tmp_path, unchecked_moto, notify) as at:
        at.land("2024-05-01")
        checks.same("exit code", at.run(*day(1)), 0)
        errors = {one["channel"].split()[0]: one["error"] for one in at.report()["notified"]}
        checks.same("the address", errors["channel"].startswith("the webhook's address: "), True)
        checks.same("the topic", "NotFound" in str(errors["sns"]), True)
        at.doctor()
        channels = [line.split(":")[0][:4] for line in at.said.splitlines() if "notifications: channel" in line]
        checks.same("the doctor's findings", channels, ["FAIL", "ok  ", "ok  ", "ok  ", "ok  "])
        checks.same("the others", (errors["webhook"], errors["pubsub"]), (None, None))
