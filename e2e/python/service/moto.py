"""AWS: S3, STS, IAM, Secrets Manager, DynamoDB and Glue in one server, which checks signatures and policies."""

import http.client
import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from service.process import HOST, Command, free_port, listens, running, temporary

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
PARTNER = "210987654321"
"""Another account, with a role `admin` for the user who may do everything."""


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


@contextmanager
def moto(unchecked: bool = False) -> Iterator[Moto]:
    """A server that refuses whoever is not known to it, unless it is to check nobody."""
    port = free_port()
    with temporary("moto") as folder:
        command = Command([sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)], folder)
        with running(command, lambda: listens(port)) as pid:
            url = f"http://{HOST}:{port}"
            key, secret = _admin(url)
            if not unchecked:
                _enforce(port)
            yield Moto(url, key, secret, folder, pid)


def _admin(url: str) -> tuple[str, str]:
    """Makes the user, and the role in the other account, while any keys will do."""
    session = boto3.Session("any", "any", region_name=Moto.region)
    iam = session.client("iam", endpoint_url=url)
    iam.create_user(UserName="admin")
    iam.put_user_policy(UserName="admin", PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))
    key = iam.create_access_key(UserName="admin")["AccessKey"]

    role = f"arn:aws:iam::{PARTNER}:role/admin"
    keys = session.client("sts", endpoint_url=url).assume_role(RoleArn=role, RoleSessionName="admin")["Credentials"]
    there = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], Moto.region)
    iam = there.client("iam", endpoint_url=url)
    iam.create_role(RoleName="admin", AssumeRolePolicyDocument=json.dumps(EVERYTHING))
    iam.put_role_policy(RoleName="admin", PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))
    return key["AccessKeyId"], key["SecretAccessKey"]


def _enforce(port: int) -> None:
    """Checks whoever calls from now on: `0` is the number of calls that still go unchecked."""
    with closing(http.client.HTTPConnection(HOST, port)) as connection:
        connection.request("POST", "/moto-api/reset-auth", b"0")
        if (status := connection.getresponse().status) != 200:
            raise RuntimeError(f"moto answered {status} where it was to check its callers")
