"""JSON and CSV that are written to be misread: deep nesting, numbers and texts that are none, NUL bytes, names twice."""

import json
from dataclasses import dataclass

import pyarrow.parquet as pq
import pytest

from cases.hostile.trial import CSV, ENVELOPE, LINES, MIB, Trial, calm, names_place, next_day_works, trial
from world.checks import Checks

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


def deep_files(kind: str) -> dict[str, tuple[str, bytes, list[int] | None]]:
    """Gives files with a deep value, and how many rows and records set aside they make; none where the file is refused."""
    deep = nested(kind)
    return {
        "deep at the top": (LINES, deep, [0, 1]),
        "deep in a record of an array": (LINES, b'[{"id":1},{"x":' + deep + b'},{"id":2}]', [2, 1]),
        "deep in a record of lines": (LINES, GOOD + b'\n{"x":' + deep + b"}\n" + GOOD + b"\n", [2, 1]),
        "deep and not closed": (LINES, GOOD + b'\n{"x":' + deep[: len(deep) // 2] + b"\n" + GOOD + b"\n", [2, 1]),
        "deep in what is ignored": (ENVELOPE, b'{"x":' + deep + b',"data":[{"id":1}]}', None),
        "deep in a record of an envelope": (ENVELOPE, b'{"data":[{"id":1},{"x":' + deep + b"}]}", [1, 1]),
    }


@pytest.mark.parametrize("what", deep_files("arrays"))
@pytest.mark.parametrize("kind", ["arrays", "objects", "both"])
def test_deep_nesting_is_set_aside_alone_or_ends_the_file(checks: Checks, kind: str, what: str) -> None:
    """A deep record is set aside; outside of records it ends the file."""
    way, content, counted = deep_files(kind)[what]
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


def broken_files() -> dict[str, bytes]:
    """Gives files whose broken parts come hundreds of thousands of times."""
    count = 400_000
    return {
        "brackets that are closed by others": b"[" + b"[" * count + b"}" * count + b'{"id":1}]',
        "broken items on one line": b"[" + b"{x}," * count + b'{"id":1}]',
        "broken items on lines of their own": b"[" + b"\n{x}," * count + b'\n{"id":1}]',
        "items that are no objects, on lines of their own": b"[" + b"\n1," * count + b'\n{"id":1}]',
        "quotes that are not closed": b"[" + b'\n{"x":",' * count + b'\n{"id":1}]',
    }


@pytest.mark.parametrize("what", broken_files())
def test_end_of_a_broken_part_is_found_in_linear_time(checks: Checks, what: str) -> None:
    """Not in time that grows with the square of its length."""
    with trial(LINES) as at:
        at.land(broken_files()[what])
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


@pytest.mark.parametrize("odd", odd_values(), ids=lambda odd: odd.what)
def test_odd_value_is_kept_or_its_record_set_aside(checks: Checks, odd: Odd) -> None:
    """Its neighbours are rows in any case."""
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


DOCUMENTS = {
    "a number of a megabyte for a document": (LINES, b"7" * MIB, (13,)),
    "two byte order marks": (LINES, "\ufeff\ufeff".encode() + GOOD, (13,)),
    "a NUL byte in front": (LINES, b"\0" + GOOD, (13,)),
    "an empty name": (LINES, b'{"id":1,"":2}\n', (12,)),
    "the records twice": (ENVELOPE, b'{"data":[{"id":1}],"data":[{"id":2}]}', (13,)),
    "a NUL byte in a header": (CSV, b"id,no\0te\n1,x\n", (12,)),
    "bytes that are not UTF-8 in a header": (CSV, b"id,\xff\xfe\n1,x\n", (12,)),
    "two byte order marks before a header": (CSV, "\ufeff\ufeffid\n1\n".encode(), (0, 12)),
}
"""Files that are no documents of their kind, or have names that are none, and the exit codes."""


@pytest.mark.parametrize("what", DOCUMENTS)
def test_file_that_is_no_document_is_refused_whole(checks: Checks, what: str) -> None:
    """The message names the file."""
    way, content, codes = DOCUMENTS[what]
    with trial(way) as at:
        at.land(content)
        ended = at.ingest()
        calm(checks, what, ended, codes)
        if ended.code:
            names_place(checks, what, ended)
        next_day_works(checks, what, at)


def test_nul_bytes_in_fields_are_kept(checks: Checks) -> None:
    """Bytes that are not UTF-8 are set aside."""
    with trial(CSV) as at:
        at.land(b'id,x\n1,a\0b\n2,"\0"\n3,\xff\n4,\xed\xa0\x80\n5,t\n')
        calm(checks, "NUL bytes in fields", at.ingest(), (0,))
        checks.gives("NUL bytes in fields: values", lambda: values(at), ["a\0b", "\0", "t"])
