"""JSON and CSV that are written to be misread: deep nesting, numbers and texts that are none, NUL bytes, names twice."""

import json
from dataclasses import dataclass

import pyarrow.parquet as pq

from world.checks import Checks
from cases.hostile.trial import CSV, ENVELOPE, LINES, MIB, Trial, calm, names_place, next_day_works, trial

DEEP = 100_000
GOOD = b'{"id":1}'


@dataclass(frozen=True)
class Odd:
    """A file between whose good records stands one that is odd, and what must become of that: its value, or a reason."""

    what: str
    record: bytes
    value: str | None = None
    reason: str | None = None


def nested(kind: str, depth: int = DEEP) -> bytes:
    """A value so deep."""
    begin, middle, end = {"arrays": (b"[", b"", b"]"), "objects": (b'{"a":', b"1", b"}"), "both": (b'[{"a":', b"1", b"}]")}[kind]
    return begin * depth + middle + end * depth


def check_deep(checks: Checks) -> None:
    """What is nested too deep is set aside alone; outside of records it ends the file."""
    for kind in ("arrays", "objects", "both"):
        deep = nested(kind)
        files = {
            f"{kind}, deep at the top": (LINES, deep, [0, 1]),
            f"{kind}, deep in a record of an array": (LINES, b'[{"id":1},{"x":' + deep + b'},{"id":2}]', [2, 1]),
            f"{kind}, deep in a record of lines": (LINES, GOOD + b'\n{"x":' + deep + b"}\n" + GOOD + b"\n", [2, 1]),
            f"{kind}, deep and not closed": (LINES, GOOD + b'\n{"x":' + deep[: len(deep) // 2] + b"\n" + GOOD + b"\n", [2, 1]),
            f"{kind}, deep in what is ignored": (ENVELOPE, b'{"x":' + deep + b',"data":[{"id":1}]}', None),
            f"{kind}, deep in a record of an envelope": (ENVELOPE, b'{"data":[{"id":1},{"x":' + deep + b"}]}", [1, 1]),
        }
        for what, (way, content, counted) in files.items():
            with trial(way) as at:
                at.land(content)
                ended = at.ingest()
                calm(checks, what, ended, (0,) if counted else (13,))
                if counted:
                    found = [at.report()[name] for name in ("rows_written", "rows_quarantined")]
                    checks.same(f"{what}: rows, and set aside", found, counted)
                else:
                    names_place(checks, what, ended, "at byte 1 of", "nested too deep")
                next_day_works(checks, what, at)


def check_brackets(checks: Checks) -> None:
    """The end of what is broken is found in time that grows with it, not with its square."""
    count = 400_000
    files = {
        "brackets that are closed by others": b"[" + b"[" * count + b"}" * count + b'{"id":1}]',
        "broken items on one line": b"[" + b"{x}," * count + b'{"id":1}]',
        "broken items on lines of their own": b"[" + b"\n{x}," * count + b'\n{"id":1}]',
        "items that are no objects, on lines of their own": b"[" + b"\n1," * count + b'\n{"id":1}]',
        "quotes that are not closed": b"[" + b'\n{"x":",' * count + b'\n{"id":1}]',
    }
    for what, content in files.items():
        with trial(LINES) as at:
            at.land(content)
            ended = at.ingest(memory=512)
            calm(checks, what, ended, (0, 13), 512)
            next_day_works(checks, what, at, 512)


def odd_values() -> list[Odd]:
    """Values, in records of the form `{"id":1,"x":…}`."""
    x = b'{"id":1,"x":%s}'
    return [
        Odd("an exponent without bounds", x % b"1e999999999", value="1e999999999"),
        Odd("an exponent of a megabyte", x % (b"1e" + b"9" * MIB), value="1e" + "9" * MIB),
        Odd("a number of a megabyte", x % (b"7" * MIB), value="7" * MIB),
        Odd("a fraction of a megabyte", x % (b"0." + b"3" * MIB), value="0." + "3" * MIB),
        Odd("half a pair of surrogates", x % rb'"\ud800"', reason="half a character"),
        Odd("the other half", x % rb'"\udc00\ud800"', reason="half a character"),
        Odd("bytes that are not UTF-8", x % b'"\xff\xfe"', reason="not text"),
        Odd("surrogates in UTF-8", x % b'"\xed\xa0\x80"', reason="not text"),
        Odd("an overlong slash", x % b'"\xc0\xaf"', reason="not text"),
        Odd("a NUL byte in a text", x % b'"a\0b"', reason="control character"),
        Odd("an escaped NUL", x % rb'"a\u0000b"', value="a\0b"),
        Odd("a byte order mark in a text", x % '"\ufeffb"'.encode(), value="\ufeffb"),
        Odd("a NUL byte between values", b'{"id":1,\0"x":1}', reason="is missing"),
        Odd("a name twice", b'{"id":1,"x":"1","x":"2"}', reason="stands twice"),
        Odd("a name twice, once escaped", rb'{"id":1,"x":"1","\u0078":"2"}', reason="stands twice"),
        Odd("an escaped line end", x % rb'"a\nb"', value="a\nb"),
    ]


def check_odd_values(checks: Checks) -> None:
    """A value is kept as it is, or its record is set aside with a reason; its neighbours are rows in any case."""
    for odd in odd_values():
        with trial(LINES) as at:
            at.land(b'{"id":0,"x":"t"}\n' + odd.record + b'\n{"id":2,"x":"t"}\n')
            calm(checks, odd.what, at.ingest(), (0,))
            wanted = ["t", "t"] if odd.value is None else ["t", odd.value, "t"]
            checks.gives(f"{odd.what}: values", lambda: values(at), wanted)
            reasons = [json.loads(line)["reason"] for file in at.quarantined() for line in file.read_text().split("\n") if line]
            found = [odd.reason in reason for reason in reasons] if odd.reason else reasons
            checks.same(f"{odd.what}: set aside for the reason, of {reasons}", found, [True] if odd.reason else [])
            next_day_works(checks, odd.what, at)


def values(at: Trial) -> list[str]:
    """The column `x`, in order."""
    return [value for file in at.table("trial", "things").files() for value in pq.read_table(file)["x"].to_pylist()]


def check_documents(checks: Checks) -> None:
    """Files that are no documents of the kind, or have names that are none: refused whole, with the file named."""
    wrong = {
        "a number of a megabyte for a document": (LINES, b"7" * MIB, (13,)),
        "two byte order marks": (LINES, "\ufeff\ufeff".encode() + GOOD, (13,)),
        "a NUL byte in front": (LINES, b"\0" + GOOD, (13,)),
        "an empty name": (LINES, b'{"id":1,"":2}\n', (12,)),
        "the records twice": (ENVELOPE, b'{"data":[{"id":1}],"data":[{"id":2}]}', (13,)),
        "a NUL byte in a header": (CSV, b"id,no\0te\n1,x\n", (12,)),
        "bytes that are not UTF-8 in a header": (CSV, b"id,\xff\xfe\n1,x\n", (12,)),
        "two byte order marks before a header": (CSV, "\ufeff\ufeffid\n1\n".encode(), (0, 12)),
    }
    for what, (way, content, codes) in wrong.items():
        with trial(way) as at:
            at.land(content)
            ended = at.ingest()
            calm(checks, what, ended, codes)
            if ended.code:
                names_place(checks, what, ended)
            next_day_works(checks, what, at)
    with trial(CSV) as at:
        at.land(b'id,x\n1,a\0b\n2,"\0"\n3,\xff\n4,\xed\xa0\x80\n5,t\n')
        calm(checks, "NUL bytes in fields", at.ingest(), (0,))
        checks.gives("NUL bytes in fields: values", lambda: values(at), ["a\0b", "\0", "t"])
