"""Faults between adg and a service, and the calls at which they come."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """Answered by the proxy; the service never hears of it."""

    status: int
    body: bytes
    kind: str = "application/xml"


@dataclass(frozen=True)
class Reset:
    """The connection is reset when so many bytes of the request's body were read; the service never hears of it."""

    read: int = 0


@dataclass(frozen=True)
class Lost:
    """The service acts; its reply is lost, and the connection is reset."""


@dataclass(frozen=True)
class Cut:
    """The service acts; of its reply's body only so much comes, though all of it was announced."""

    after: int
    reset: bool = True
    """Else the connection is closed as if that were the end."""


@dataclass(frozen=True)
class Flip:
    """The service acts; one bit of its reply's body is another."""

    at: int


@dataclass(frozen=True)
class Stall:
    """The service acts; after so many bytes of its reply's body nothing comes for a while."""

    seconds: float
    after: int = 0


@dataclass(frozen=True)
class Delay:
    """The call waits before the service hears of it."""

    seconds: float


@dataclass(frozen=True)
class Gate:
    """The call waits before the service hears of it, until somebody lets it go on."""

    answer: Answer | None = None
    """The answer then. None: that of the service."""
    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)


Fault = Answer | Reset | Lost | Cut | Flip | Stall | Delay | Gate


@dataclass
class Rule:
    """A fault for some of the calls that a pattern is found in."""

    calls: str
    """A regular expression. Of HTTP it sees `METHOD /path?query bytes=RANGE` or `METHOD service.Operation`, of thrift
    the method, of PostgreSQL a simple query."""
    fault: Fault
    times: int | None = 1
    """How often it happens. None: each time."""
    skip: int = 0
    """How many such calls pass before."""
    body: bytes = b""
    """Bytes that the request's body must have."""
    seen: int = 0
    hits: int = 0

    def matches(self, call: str, body: Callable[[], bytes]) -> bool:
        """Whether it is one of its calls; counts it."""
        if not re.search(self.calls, call) or (self.body and self.body not in body()):
            return False
        self.seen += 1
        due = self.seen > self.skip and (self.times is None or self.hits < self.times)
        self.hits += due
        return due


class Rules:
    """Those that hold now, and the calls so far."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self.calls: list[str] = []

    @contextmanager
    def during(self, *rules: Rule) -> Iterator[None]:
        """These hold for a while, beside those that do already."""
        with self._lock:
            self._rules += rules
        try:
            yield
        finally:
            with self._lock:
                self._rules = [one for one in self._rules if not any(one is ended for ended in rules)]
            for rule in rules:
                if isinstance(rule.fault, Gate):
                    rule.fault.opened.set()

    def fault(self, call: str, body: Callable[[], bytes] = lambda: b"") -> Fault | None:
        """Gives the fault of a call: the first that is due."""
        with self._lock:
            self.calls.append(call)
            return next((rule.fault for rule in self._rules if rule.matches(call, body)), None)


SLOW_DOWN = "Please reduce your request rate."


def xml(status: int, code: str, message: str = SLOW_DOWN) -> Answer:
    """An error of S3."""
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(status, text.encode())


def aws_json(code: str, message: str = "try later", **more: object) -> Answer:
    """An error of DynamoDB or Glue."""
    said = {"__type": f"com.amazonaws.service#{code}", "message": message, "Message": message, **more}
    return Answer(400, json.dumps(said).encode(), "application/x-amz-json-1.0")


def canceled(*codes: str) -> Answer:
    """A transaction of DynamoDB that was not done, with the reason for each of its items."""
    reasons = [{"Code": code} if code == "None" else {"Code": code, "Message": f"because of {code}"} for code in codes]
    what = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{', '.join(codes)}]"
    return aws_json("TransactionCanceledException", what, CancellationReasons=reasons)
