"""AWS: S3, STS, IAM, Secrets Manager, DynamoDB and Glue in one server, which checks signatures and policies."""

import http.client
import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from world.process import HOST, Command, free_port, listens, running, temporary

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
FIRST_TENANT = 300_000_000_000
"""The number of the first account that a tenant has; its partner's follows."""


@dataclass(frozen=True)
class Tenant:
    """An account with a user who may do everything, and the account of a partner with a role `admin` for that user."""

    account: str
    partner: str
    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True)
class Moto:
    """A running server, and the keys of a user who may do everything."""

    url: str
    access_key_id: str
    secret_access_key: str
    folder: Path
    pid: int
    region: str = "eu-west-2"
    account: str = "123456789012"
    partner: str = "210987654321"
    tenants: tuple[Tenant, ...] = ()
    """Further accounts, so that several suites use the server and none sees anything of another."""

    def of(self, tenant: Tenant) -> "Moto":
        """The same server as a tenant sees it."""
        own = replace(self, account=tenant.account, partner=tenant.partner, tenants=())
        return replace(own, access_key_id=tenant.access_key_id, secret_access_key=tenant.secret_access_key)


@contextmanager
def moto(unchecked: bool = False, tenants: int = 0) -> Iterator[Moto]:
    """A server that refuses whoever is not known to it, unless it is to check nobody."""
    port = free_port()
    with temporary("moto") as folder:
        command = Command([sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)], folder)
        with running(command, lambda: listens(port)) as pid:
            url = f"http://{HOST}:{port}"
            own = _tenant(url, Moto.account, Moto.partner)
            numbers = [FIRST_TENANT + 2 * number for number in range(tenants)]
            others = tuple(_tenant(url, str(number), str(number + 1)) for number in numbers)
            if not unchecked:
                _enforce(port)
            yield Moto(url, own.access_key_id, own.secret_access_key, folder, pid, tenants=others)


def _tenant(url: str, account: str, partner: str) -> Tenant:
    """Makes the user, and the role in the partner's account, while any keys will do."""
    iam = _iam(url, account)
    iam.create_user(UserName="admin")
    iam.put_user_policy(UserName="admin", PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))
    key = iam.create_access_key(UserName="admin")["AccessKey"]
    iam = _iam(url, partner)
    iam.create_role(RoleName="admin", AssumeRolePolicyDocument=json.dumps(EVERYTHING))
    iam.put_role_policy(RoleName="admin", PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))
    return Tenant(account, partner, key["AccessKeyId"], key["SecretAccessKey"])


def _iam(url: str, account: str) -> Any:
    """A client of an account's users and roles, for as long as nobody is checked."""
    session = _anybody()
    role = f"arn:aws:iam::{account}:role/admin"
    keys = session.client("sts", endpoint_url=url).assume_role(RoleArn=role, RoleSessionName="admin")["Credentials"]
    there = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"]}
    return session.client("iam", endpoint_url=url, aws_session_token=keys["SessionToken"], **there)


@cache
def _anybody() -> Any:
    """One session for all clients: each session reads the services' models anew."""
    return boto3.Session("any", "any", region_name=Moto.region)


def _enforce(port: int) -> None:
    """Checks whoever calls from now on: `0` is the number of calls that still go unchecked."""
    with closing(http.client.HTTPConnection(HOST, port)) as connection:
        connection.request("POST", "/moto-api/reset-auth", b"0")
        if (status := connection.getresponse().status) != 200:
            raise RuntimeError(f"moto answered {status} where it was to check its callers")
