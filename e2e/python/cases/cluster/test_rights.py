"""The policies of `terraform/aws_policies`: adg runs with these rights, its doctor finds nothing to ask for, and none is there
for nothing.

moto checks the resources of S3 and of roles; elsewhere it knows none but `*`, which is put in their place.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from world.aws import Account, Statement, User, accounts, allow, trusts
from world.checks import Checks
from cases.cluster.files import ROOT, skip
from cases.cluster.terraform import applied, has_terraform
from world.kickstart import MODULE, SECRET, today
from world.scene import READ_AND_WRITE, SESSION, TABLE, People, Scene
from world.moto import moto

REGION = "eu-west-2"
RESOURCES = ("s3:", "sts:")
"""Of these moto knows the resources."""
WAYS = (
    ("doctor", "--module", MODULE),
    ("--module", MODULE),
    ("--module", MODULE, "--clean_up_flg", "true"),
)


def planned(account: str, first_hop: str) -> dict[str, list[Statement]]:
    """The statements that Terraform makes of these names."""
    outputs = applied(
        "aws_policies",
        account_id=account,
        region=REGION,
        published_bucket=f"published-{REGION}-{account}",
        ledger_table=TABLE,
        glue_databases=["uc_kickstart"],
        secret_arns=[f"arn:aws:secretsmanager:{REGION}:{account}:secret:{SECRET}-??????"],
        first_hop_arns=[first_hop],
        source_buckets=[f"landing-{REGION}-{account}"],
    )
    return {output: json.loads(policy)["Statement"] for output, policy in outputs.items()}


def as_moto_knows(statement: Statement) -> Statement:
    """The same, with resources only where moto looks at them, and with what moto calls a right of its own."""
    actions = list(statement["Action"])
    if "dynamodb:PutItem" in actions:
        actions.append("dynamodb:TransactWriteItems")
    if not all(action.startswith(RESOURCES) for action in actions):
        return allow(actions, "*")
    resources = list(statement["Resource"])
    if "s3:DeleteObject" in actions:
        # Where several objects are deleted by one request, moto looks at the bucket.
        resources += [resource.removesuffix("/*") for resource in resources]
    return allow(actions, resources)


class Runner(People):
    """Whoever runs adg, with these policies and no others."""

    def __init__(self, home: Account, partner: Account) -> None:
        self.home, self.partner = home, partner
        self.job: User = home.user("adg-runner")
        self.tester = self.job
        inside = home.role("adg-source", trusts(self.job.arn))
        outside = partner.role("adg-reader", trusts(inside.session(SESSION)))
        self.roles = [inside, outside]
        self.statements = planned(home.number, inside.arn)
        inside.allow("hop 2", allow("sts:AssumeRole", outside.arn))
        for who, output in ((self.job, "runner"), (outside, "source_reader")):
            for statement in self.statements[output]:
                who.allow(statement["Sid"], as_moto_knows(statement))

    @contextmanager
    def without(self, sid: str) -> Iterator[None]:
        """Without one of the statements."""
        holder = self.job if any(statement["Sid"] == sid for statement in self.statements["runner"]) else self.roles[-1]
        with holder.without(sid):
            yield


def codes(scene: Scene, day: date) -> list[int]:
    """How each way ends."""
    dates = ("--start-dt", str(day), "--end-dt", str(day))
    return [scene.job.run(*way, *(() if way[0] == "doctor" else dates)).code for way in WAYS]


def check_calls(checks: Checks, statements: list[Statement]) -> None:
    """The actions are those that adg's code and the tests know."""
    actions = {action for statement in statements for action in statement["Action"]}
    calls = re.findall(r"self\.client\.(\w+)\(\)", (ROOT / "src/metastore/glue/requests.rs").read_text())
    wanted = {f"glue:{''.join(word.title() for word in call.split('_'))}" for call in calls}
    checks.same("rights: Glue, as adg calls it", sorted(found for found in actions if found.startswith("glue:")), sorted(wanted))
    # moto lets tags be written without a right to it: here it is what the hints of a store ask for.
    wanted = set(re.findall(r'"(s3:\w+)"', (ROOT / "src/store/denied.rs").read_text()))
    checks.same("rights: S3, as adg asks for it", sorted(found for found in actions if found.startswith("s3:")), sorted(wanted))
    wanted = {f"dynamodb:{action}" for action in READ_AND_WRITE}
    checks.same("rights: DynamoDB", sorted(found for found in actions if found.startswith("dynamodb:")), sorted(wanted))


def check_narrow(checks: Checks, statements: list[dict[str, Any]], account: str) -> None:
    """No statement is for everything of a service."""
    wide = [
        statement["Sid"]
        for statement in statements
        if "*" in statement["Resource"] or any("*" in action for action in statement["Action"])
    ]
    checks.same("rights: none for everything", wide, [])
    ours = f":{account}:"
    foreign = [arn for statement in statements for arn in statement["Resource"] if ":s3:" not in arn and ours not in arn]
    checks.same("rights: none in another account", foreign, [])


def check_rights(checks: Checks) -> None:
    """With all statements, and without each in turn."""
    if not has_terraform():
        skip("what adg may do with Terraform's policies", "terraform is not installed")
        return
    with moto() as server, tempfile.TemporaryDirectory() as temporary:
        runner, day = Runner(*accounts(server)), today()
        scene = Scene.set(runner, REGION, Path(temporary), "JSON")
        scene.land(day)
        check_calls(checks, runner.statements["runner"])
        check_narrow(checks, runner.statements["runner"], server.account)
        checks.same("rights: the doctor, a run, and a clean-up with them", codes(scene, day), [0] * len(WAYS))
        for statement in runner.statements["runner"] + runner.statements["source_reader"]:
            with runner.without(statement["Sid"]):
                found = codes(scene, day)
            checks.same(
                f"rights: without {statement['Sid']} the doctor does not pass; doctor, run, clean-up: {found}", found[0], 20
            )
