"""The policies of `terraform/aws_policies`: adg runs with these rights, its doctor finds nothing to ask for, and none is there
for nothing.

moto checks the resources of S3 and of roles; elsewhere it knows none but `*`, which is put in their place.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import pytest

from cases.cluster.files import ROOT
from cases.cluster.terraform import applied, has_terraform
from world.aws import Account, Statement, User, accounts, allow, trusts
from world.checks import Checks
from world.kickstart import MODULE, SECRET, today
from world.moto import Moto
from world.scene import READ_AND_WRITE, SESSION, TABLE, People, Scene

pytestmark = pytest.mark.skipif(not has_terraform(), reason="terraform is not installed")
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
    """The users and roles of a run, with these policies and no others."""

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


@dataclass
class Site:
    """The runner, and a scene with today's files."""

    runner: Runner
    scene: Scene


@pytest.fixture(scope="module")
def site(moto: Moto, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The policies, with moto checking them."""
    runner = Runner(*accounts(moto))
    scene = Scene.set(runner, REGION, tmp_path_factory.mktemp("rights"), "JSON")
    scene.land(today())
    return Site(runner, scene)


def test_rights_are_those_that_adg_calls_for(checks: Checks, site: Site) -> None:
    """By adg's own code, and by what the other cases need."""
    statements = site.runner.statements["runner"]
    actions = {action for statement in statements for action in statement["Action"]}
    calls = re.findall(r"self\.client\.(\w+)\(\)", (ROOT / "src/metastore/glue/requests.rs").read_text())
    wanted = {f"glue:{''.join(word.title() for word in call.split('_'))}" for call in calls}
    checks.same("Glue, as adg calls it", sorted(found for found in actions if found.startswith("glue:")), sorted(wanted))
    # moto lets tags be written without a right to it: here it is what the hints of a store ask for.
    wanted = set(re.findall(r'"(s3:\w+)"', (ROOT / "src/store/denied.rs").read_text()))
    checks.same("S3, as adg asks for it", sorted(found for found in actions if found.startswith("s3:")), sorted(wanted))
    wanted = {f"dynamodb:{action}" for action in READ_AND_WRITE}
    checks.same("DynamoDB", sorted(found for found in actions if found.startswith("dynamodb:")), sorted(wanted))


def test_no_right_is_for_everything(checks: Checks, site: Site, moto: Moto) -> None:
    """Neither for all of a service, nor in another account."""
    statements, account = site.runner.statements["runner"], moto.account
    wide = [
        statement["Sid"]
        for statement in statements
        if "*" in statement["Resource"] or any("*" in action for action in statement["Action"])
    ]
    checks.same("none for everything", wide, [])
    ours = f":{account}:"
    foreign = [arn for statement in statements for arn in statement["Resource"] if ":s3:" not in arn and ours not in arn]
    checks.same("none in another account", foreign, [])


def test_all_rights_are_enough(site: Site) -> None:
    """For the doctor, a run, and a clean-up."""
    assert codes(site.scene, today()) == [0] * len(WAYS)


@pytest.mark.timeout(400)
def test_each_right_is_needed(checks: Checks, site: Site) -> None:
    """Without it the doctor does not pass."""
    runner = site.runner
    for statement in runner.statements["runner"] + runner.statements["source_reader"]:
        with runner.without(statement["Sid"]):
            found = codes(site.scene, today())
        checks.same(f"without {statement['Sid']}; doctor, run, clean-up: {found}", found[0], 20)
