"""AWS as moto plays it: two accounts, their users and roles with policies that can be taken away, and their buckets."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from boto3.session import Session
from botocore.client import BaseClient

from world.moto import Moto

Statement = dict[str, Any]
"""One of a policy."""


def allow(actions: str | list[str], resource: str | list[str] = "*") -> Statement:
    """A statement of an identity policy. Outside S3 and `sts:AssumeRole` moto knows no resource but `*`."""
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def document(*statements: Statement) -> str:
    """A policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@dataclass
class Principal:
    """A user or a role, and its policies of one statement each."""

    kind: str
    """`user` or `role`."""
    name: str
    arn: str
    iam: BaseClient
    policies: dict[str, Statement] = field(default_factory=dict)

    def allow(self, policy: str, statement: Statement) -> None:
        """Adds a policy."""
        self._put(policy, statement)
        self.policies[policy] = statement

    @contextmanager
    def without(self, policy: str) -> Iterator[None]:
        """Takes a policy away for a while."""
        self._delete(policy)
        try:
            yield
        finally:
            self._put(policy, self.policies[policy])

    @contextmanager
    def granted(self, *statements: Statement) -> Iterator[None]:
        """Grants more for a while."""
        self._put("granted", *statements)
        try:
            yield
        finally:
            self._delete("granted")

    def _put(self, policy: str, *statements: Statement) -> None:
        put = getattr(self.iam, f"put_{self.kind}_policy")
        put(**self._named(), PolicyName=policy, PolicyDocument=document(*statements))

    def _delete(self, policy: str) -> None:
        getattr(self.iam, f"delete_{self.kind}_policy")(**self._named(), PolicyName=policy)

    def _named(self) -> dict[str, str]:
        return {f"{self.kind.title()}Name": self.name}


@dataclass
class User(Principal):
    """A user, with keys of its own."""

    keys: dict[str, str] = field(default_factory=dict)
    """As environment variables."""


@dataclass
class Role(Principal):
    """A role, which those that it trusts may take."""

    trust: Statement = field(default_factory=dict)

    def session(self, name: str) -> str:
        """Gives the ARN of a session of it, by which moto's trust policies know it; AWS's know it by the role too."""
        return f"{self.arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/{name}"

    @contextmanager
    def trusting(self, *statements: Statement) -> Iterator[None]:
        """Trusts whom the statements say, and nobody else, for a while."""
        self._trust(*statements)
        try:
            yield
        finally:
            self._trust(self.trust)

    def _trust(self, *statements: Statement) -> None:
        self.iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=document(*statements))


def trusts(principal: str, **condition: Any) -> Statement:
    """A statement of a trust policy."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return statement | ({"Condition": condition} if condition else {})


class Account:
    """An account, as whoever may do everything in it sees it."""

    def __init__(self, url: str, number: str, session: Session) -> None:
        self.url = url
        self.number = number
        self.session = session
        self.iam = self.client("iam")

    def client(self, service: str, region: str | None = None) -> BaseClient:
        """A client of a service."""
        found: BaseClient = self.session.client(service, region_name=region, endpoint_url=self.url)
        return found

    def user(self, name: str) -> User:
        """A new user, who may do nothing."""
        arn = self.iam.create_user(UserName=name)["User"]["Arn"]
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        return User("user", name, arn, self.iam, keys=keys)

    def role(self, name: str, trust: Statement) -> Role:
        """A new role, which may do nothing."""
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        return Role("role", name, arn, self.iam, trust=trust)

    def bucket(self, name: str) -> "Bucket":
        """A new bucket."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": self.session.region_name})
        return Bucket(name, s3)


@dataclass(frozen=True)
class Bucket:
    """A bucket of S3."""

    name: str
    s3: BaseClient

    @property
    def arn(self) -> str:
        """Its ARN, to which those of its objects are below."""
        return f"arn:aws:s3:::{self.name}"

    def put(self, key: str, content: bytes, metadata: dict[str, str] | None = None) -> None:
        """Writes an object."""
        self.s3.put_object(Bucket=self.name, Key=key, Body=content, Metadata=metadata or {})

    def keys(self, prefix: str = "") -> list[str]:
        """The keys that begin so, in order."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def get(self, key: str) -> bytes:
        """Reads an object."""
        content: bytes = self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        return content

    def delete(self, key: str) -> None:
        """Deletes an object."""
        self.s3.delete_object(Bucket=self.name, Key=key)

    def metadata(self, key: str) -> dict[str, str]:
        """An object's own metadata."""
        found: dict[str, str] = self.s3.head_object(Bucket=self.name, Key=key)["Metadata"]
        return found

    def tags(self, key: str) -> dict[str, str]:
        """An object's tags."""
        found = self.s3.get_object_tagging(Bucket=self.name, Key=key)["TagSet"]
        return {tag["Key"]: tag["Value"] for tag in found}


def accounts(server: Moto) -> tuple[Account, Account]:
    """The account that the job is in, and its partner's."""
    own = Session(server.access_key_id, server.secret_access_key, region_name=server.region)
    sts = own.client("sts", endpoint_url=server.url)
    keys = sts.assume_role(RoleArn=f"arn:aws:iam::{server.partner}:role/admin", RoleSessionName="tests")["Credentials"]
    partner = Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], server.region)
    return Account(server.url, server.account, own), Account(server.url, server.partner, partner)


def issued(server: Moto) -> set[str]:
    """All secret keys and session tokens that there are by now, as moto itself knows them."""
    # moto asks each object of S3 for its state too, and stumbles over those that it has taken out of the archive.
    still = {"model_name": "s3::keyrestore", "transition": {"progression": "manual", "times": 1_000_000}}
    _api(server, "state-manager/set-transition", json.dumps(still).encode())
    data = _data(server)
    entries = data["iam"]["AccessKey"] + data["sts"]["AssumedRole"]
    return {entry[name] for entry in entries for name in ("secret_access_key", "session_token") if entry.get(name)}


def _data(server: Moto) -> Any:
    """Asks for all that moto has. It fails where another suite changes anything meanwhile, and is asked again."""
    for pause in (0.1, 0.3, 1, 3, 5, 10):
        try:
            return json.loads(_api(server, "data.json"))
        except urllib.error.HTTPError as error:
            if error.code != 500:
                raise
            time.sleep(pause)
    return json.loads(_api(server, "data.json"))


def _api(server: Moto, path: str, body: bytes | None = None) -> bytes:
    with urllib.request.urlopen(f"{server.url}/moto-api/{path}", body) as answer:
        content: bytes = answer.read()
    return content
