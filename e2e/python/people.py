"""Whom runs tell how they ended: a server that takes what Slack, Pub/Sub and webhooks are sent, as it is told to; and moto's SNS, whose
messages come into a queue.

Usage: ADG_BIN=… people.py. Prints each check; exits 1 where one fails.
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from adg import ENVIRONMENTS, EMBEDDED, VARIABLES, Workspace
from checks import Checks
from post_server import Server, listening
from service.moto import Moto, moto

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
        self.queue = self.sqs.create_queue(QueueName="runs")["QueueUrl"]
        self.arn = sns.create_topic(Name="runs")["TopicArn"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=arn)

    def take(self) -> list[dict[str, Any]]:
        """What came since the last time."""
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
    """What the last run took."""
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
def place(notify: str = NOTIFY) -> Iterator[Place]:
    """A place, until its block ends."""
    # It writes a form's spaces as botocore does before it compares signatures, and other libraries' are refused then.
    with TemporaryDirectory(prefix="adg-people-") as folder, moto(unchecked=True) as aws, listening() as server:
        workspace, topic = Workspace(Path(folder) / "work"), Topic(aws)
        workspace.module("shop", MODULE)
        filled = notify.replace("URL", server.url).replace("HOOK\"", f'{HOOK}"').replace("TOPIC", topic.arn).replace("AWS\"", f'{aws.url}"')
        (workspace.folder / "adg.yaml").write_text(ENVIRONMENTS.replace("METASTORE", EMBEDDED) + filled)
        yield Place(workspace, aws, server, topic)


def day(number: int) -> tuple[str, ...]:
    """The arguments for a day of May."""
    return ("--start-dt", f"2024-05-0{number}", "--end-dt", f"2024-05-0{number}")


def check_routes(checks: Checks) -> None:
    """Each channel is told what it wants to know, once a run."""
    with place() as at:
        at.land("2024-05-01")
        checks.same("completed: exit code", at.run(*day(1)), 0)
        told = at.server.take()
        checks.same("completed: who is told", sorted(one.path for one in told), sorted([f"/slack/{HOOK}", "/hook", PUBSUB]))
        title = "adg shop (local): completed"
        text = "dates: 1 done; 2 rows written, 0 quarantined, 0 values that did not fit"
        by_path = {one.path: one for one in told}
        checks.same("completed: Slack", by_path[f"/slack/{HOOK}"].json(), {"text": f"{title}\n{text}"})
        hook = by_path["/hook"]
        report = at.report()
        body = hook.json()
        checks.same("completed: the webhook's id", (body["id"], hook.headers["x-adg-id"]), (report["run_id"],) * 2)
        checks.same("completed: the webhook's run", body["run"]["days"], report["days"])
        signed = f"{hook.headers['x-adg-timestamp']}.".encode() + hook.body
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        checks.same("completed: the webhook's signature", hook.headers["x-adg-signature"], f"sha256={digest}")
        sent = by_path[PUBSUB].json()["messages"][0]
        data = json.loads(base64.b64decode(sent["data"]))
        checks.same("completed: Pub/Sub", (data["title"], sent["attributes"]["event"]), (title, "completed"))
        [mail] = at.topic.take()
        attributes = {name: value["Value"] for name, value in mail["MessageAttributes"].items()}
        checks.same("completed: SNS", (mail["Subject"], mail["Message"]), (title, f"{title}\n{text}"))
        wanted = {"event": "completed", "notification_type": "Information", "severity": "Critical"}
        wanted |= {"environment": "local", "module": "shop"}
        checks.same("completed: what subscriptions filter by", sorted(attributes.items()), sorted(wanted.items()))
        checks.same("completed: the report names all", [one["error"] for one in report["notified"]], [None] * 4)
        check_others(checks, at)
        at.doctor()
        checks.same("doctor: nothing is sent", at.server.take(), [])


def check_others(checks: Checks, at: Place) -> None:
    """Runs that fail, have nothing to do, find a date lost, or can't begin."""
    checks.same("partial: exit code", (at.land("2024-05-02"), at.run("--start-dt", "2024-05-02", "--end-dt", "2024-05-03"))[1], 4)
    told = {one.path: one for one in at.server.take()}
    # Its source has deleted the file by now.
    checks.same("lost: who is told", sorted(told), sorted([f"/errors/{HOOK}", "/hook"]))
    checks.same("lost: the event", told["/hook"].json()["event"], "lost")
    checks.same("lost: SNS", [one["MessageAttributes"]["notification_type"]["Value"] for one in at.topic.take()], ["Error"])
    (at.workspace.source / "2024-05-04_orders.csv").write_text("date_uploaded\n1\n")
    checks.same("failed: exit code", at.run(*day(4)), 12)
    told = {one.path: one for one in at.server.take()}
    checks.same("failed: who is told", sorted(told), sorted([f"/errors/{HOOK}", "/hook"]))
    lines = told[f"/errors/{HOOK}"].json()["text"].split("\n")
    checks.same("failed: the title by its template", lines[0], "[Error] adg shop (local): failed")
    checks.same("failed: what to type next", lines[1].endswith("--module shop --start-dt 2024-05-04 --end-dt 2024-05-04"), True)
    at.topic.take()
    (at.workspace.folder / "modules" / "shop.yaml").write_text(MODULE.replace("bigint", "no type"))
    checks.same("a module that can't be read: exit code", at.run(*day(4)), 10)
    checks.same("a module that can't be read: who is told", sorted(one.path for one in at.server.take()), sorted([f"/errors/{HOOK}", "/hook"]))
    checks.same("secrets in what was said", [secret for secret in (SECRET, HOOK) if secret in at.said], [])


def check_trouble(checks: Checks) -> None:
    """A channel that fails is tried again, reported, and neither fails the run nor holds it up for long."""
    with place() as at:
        at.land("2024-05-01")
        at.server.answers = {f"/slack/{HOOK}": [503, 429], "/hook": ["drop"], PUBSUB: [403]}
        checks.same("trouble: exit code", at.run(*day(1)), 0)
        told = at.server.take()
        count = {path: sum(one.path == path for one in told) for path in (f"/slack/{HOOK}", "/hook", PUBSUB)}
        checks.same("trouble: how often each was tried", list(count.values()), [3, 2, 1])
        checks.same("trouble: a message that comes twice has one id", len({one.headers["x-adg-id"] for one in told if one.path == "/hook"}), 1)
        errors = {one["channel"].split()[0]: one["error"] for one in at.report()["notified"]}
        checks.same("trouble: Pub/Sub's refusal is reported", errors.pop("pubsub"), "answers with status 403: ok")
        checks.same("trouble: the others", errors, {"slack": None, "webhook": None, "sns": None})
        at.server.answers = {"/hook": ["hang"] * 9}
        checks.same("a channel that hangs: exit code", at.run(*day(1)), 0)
        checks.same(f"a channel that hangs: {at.seconds:.0f} s", at.seconds < 40, True)
        errors = {one["channel"].split()[0]: one["error"] for one in at.report()["notified"]}
        checks.same("a channel that hangs: is reported", errors["webhook"], "it did not take the message within 30 s")
        # The next run is not kept waiting by that: the lease was given up before.
        at.server.answers = {"/hook": ["hang"]}
        thread = threading.Thread(target=at.run, args=day(1))
        thread.start()
        time.sleep(5)
        checks.same("a channel that hangs: another run's exit code", at.run(*day(1)), 0)
        thread.join()
        checks.same("secrets in what was said", [secret for secret in (SECRET, HOOK) if secret in at.said], [])
    with place(NOTIFY.replace("URL/slack", "no address").replace("TOPIC", "arn:aws:sns:eu-west-2:123456789012:nowhere")) as at:
        at.land("2024-05-01")
        checks.same("wrong settings: exit code", at.run(*day(1)), 0)
        errors = {one["channel"].split()[0]: one["error"] for one in at.report()["notified"]}
        checks.same("wrong settings: the address", errors["channel"].startswith("the webhook's address: "), True)
        checks.same("wrong settings: the topic", "NotFound" in str(errors["sns"]), True)
        at.doctor()
        channels = [line.split(":")[0][:4] for line in at.said.splitlines() if "notifications: channel" in line]
        checks.same("wrong settings: the doctor's findings", channels, ["FAIL", "ok  ", "ok  ", "ok  ", "ok  "])
        checks.same("wrong settings: the others", (errors["webhook"], errors["pubsub"]), (None, None))


def main() -> None:
    """Runs all checks."""
    checks = Checks()
    check_routes(checks)
    check_trouble(checks)
    sys.exit(checks.wrong > 0)


if __name__ == "__main__":
    main()
