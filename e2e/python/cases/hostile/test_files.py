"""Files that are too long or damaged: bombs of gzip and zstd, records without an end, fields of megabytes, archives that are cut.

`ADG_LARGE` makes the bombs ten times as large.
"""

import gzip
import os
import zlib
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cases.hostile.trial import CSV, ENVELOPE, LEAST, LINES, MIB, Trial, block, calm, members, names_place, next_day_works, trial
from world.checks import Checks

TIMES = 10 if os.environ.get("ADG_LARGE") else 1
"""How often a bomb of a gibibyte is made of itself."""
pytestmark = pytest.mark.timeout(180 * TIMES)


@dataclass(frozen=True)
class Bomb:
    """A small file that is a large text."""

    what: str
    way: str
    pieces: list[tuple[bytes, int]]
    """Each so many times, where the text is to have a gibibyte."""
    codes: tuple[int, ...]
    place: list[str] = field(default_factory=list)
    """Words that the message has."""
    patience: int = 30


def bombs() -> list[Bomb]:
    """Lists those of which nothing but the size is wrong, and those that never end."""
    head, first, eighth = b"id,note\n", "line 1 of", 128
    return [
        *(
            Bomb(f"{name} and no more", CSV, [(block(byte), eighth)], (13,), ["NUL bytes" if name == "zeros" else first])
            for name, byte in BYTES.items()
        ),
        Bomb("a header without an end", CSV, [(block(b"name,"), eighth)], (12, 13), [first]),
        Bomb("a record without an end", CSV, [(head, 1), (block(b"x"), eighth)], (13,), ["line 2 of"]),
        Bomb("a record of commas without an end", CSV, [(head, 1), (block(b","), eighth)], (13,), ["line 2 of"]),
        Bomb("a quoted field without an end", CSV, [(head + b'1,"', 1), (block(b"1,x\n"), 2)], (0,)),
        Bomb("quotes without an end", CSV, [(head, 1), (block(b'"'), eighth)], (13,), ["line 2 of"]),
        Bomb("empty lines", CSV, [(head + b"1,x\n", 1), (block(b"\n"), 32)], (0,)),
        Bomb("a record that comes again", CSV, [(head, 1), (block(b"1,x\n"), 2)], (0,)),
        Bomb("a text without an end", LINES, [(b'{"id":"', 1), (block(b"x"), eighth)], (13,), ["byte 0"]),
        Bomb("a number without an end", LINES, [(b'{"id":', 1), (block(b"1"), eighth)], (13,), ["byte 0"]),
        Bomb("an array without an end", LINES, [(b'{"id":[', 1), (block(b"1,"), eighth)], (13,), ["byte 0"]),
        Bomb("an object without an end", LINES, [(b"{", 1), (block(b'"id":1,'), eighth)], (13,), ["byte 0"]),
        Bomb("what is ignored has no end", ENVELOPE, [(b'{"other":"', 1), (block(b"x"), eighth)], (13,), ["byte 1"]),
        Bomb("empty objects", LINES, [(b"[", 1), (block(b"{},"), 2), (b'{"id":1}]', 1)], (0,)),
    ]


BYTES = {"zeros": b"\0", "commas": b",", "line ends": b"\n", "quotes": b'"'}


def zstd(text: bytes) -> bytes:
    """A frame of zstd."""
    packed: bytes = pa.Codec("zstd").compress(text, asbytes=True)
    return packed


@pytest.mark.parametrize("bomb", bombs(), ids=lambda bomb: bomb.what)
def test_bomb_ends_with_a_plain_error_or_is_read_in_little_memory(checks: Checks, bomb: Bomb) -> None:
    """A small file that is a large text."""
    pieces = [(piece, times * (TIMES if times > 1 else 1)) for piece, times in bomb.pieces]
    with trial(bomb.way) as at:
        at.land(members(*pieces))
        ended = at.ingest(patience=bomb.patience * TIMES)
        if calm(checks, bomb.what, ended, bomb.codes) and bomb.place:
            names_place(checks, bomb.what, ended, *bomb.place)
        next_day_works(checks, bomb.what, at)


def test_bomb_of_zstd_ends_with_a_plain_error(checks: Checks) -> None:
    """A record without an end."""
    with trial(CSV) as at:
        at.land(members((b"id,note\n", 1), (block(b"x"), 128 * TIMES), pack=zstd))
        ended = at.ingest()
        calm(checks, "zstd, a record without an end", ended, (13,))
        names_place(checks, "zstd, a record without an end", ended, "line 2 of")


@pytest.mark.parametrize(
    ("what", "way", "first", "piece"),
    [("lines", CSV, b"id,note\n", b"x\n"), ("items", LINES, b"[", b"1,")],
    ids=["lines", "items"],
)
def test_records_that_are_none_take_little_room(checks: Checks, what: str, way: str, first: bytes, piece: bytes) -> None:
    """They take more room set aside than in their file: neither memory nor disk goes with that."""
    with trial(way, 0.01) as at:
        at.land(members((first, 1), (block(piece, MIB), 4), (b'{"id":1}]' if way == LINES else b"", 1)))
        ended = at.ingest(patience=30)
        calm(checks, f"two million {what} that are no records", ended, (11, 13))
        size = sum(file.stat().st_size for file in at.quarantined()) // MIB
        checks.same(f"two million {what} that are no records: MiB set aside, {size}, are few", size <= 64, True)
        next_day_works(checks, f"two million {what} that are no records", at)


TEXT = b"id,note\n" + b"".join(b"%d,note %d\n" % (number, number) for number in range(50_000))
PACKED = gzip.compress(TEXT, mtime=0)
DAMAGED = {
    "a cut archive": PACKED[: len(PACKED) // 2],
    "an archive without its sum": PACKED[:-8],
    "an archive with a wrong sum": PACKED[:-8] + (zlib.crc32(TEXT) ^ 1).to_bytes(4, "little") + PACKED[-4:],
    "an archive with a wrong length": PACKED[:-4] + b"\1\2\3\4",
    "an archive and something else": PACKED + b"something else",
    "a cut frame of zstd": zstd(TEXT)[:-9],
    "a frame of zstd and something else": zstd(TEXT) + b"something else",
}


@pytest.mark.parametrize("what", DAMAGED)
def test_damaged_archive_publishes_nothing(checks: Checks, what: str) -> None:
    """The message has the place in the text."""
    with trial(CSV) as at:
        at.land(DAMAGED[what])
        ended = at.ingest()
        calm(checks, what, ended, (13,))
        names_place(checks, what, ended, "bytes of text")
        checks.same(f"{what}: files published", list(at.folder.glob("warehouse/data/**/*.parquet")), [])
        next_day_works(checks, what, at)


def test_archive_of_several_members_is_one_text(checks: Checks) -> None:
    """One of them is empty."""
    with trial(CSV) as at:
        at.land(gzip.compress(TEXT[:1000], mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(TEXT[1000:], mtime=0))
        calm(checks, "an archive of three members", at.ingest(), (0,))
        checks.same("an archive of three members: rows", at.report()["rows_written"], 50_000)


@pytest.mark.parametrize(
    ("size", "codes", "memory"), [(MIB, (0,), LEAST), (10 * MIB, (13,), LEAST), (10 * MIB, (0,), 1024), (200 * MIB, (13,), 1024)]
)
@pytest.mark.parametrize(
    ("way", "around"),
    [(CSV, (b"id,note\n1,", b"\n2,x\n")), (LINES, (b'{"id":1,"note":"', b'"}\n{"id":2,"note":"x"}\n'))],
    ids=["csv", "json"],
)
def test_long_field_is_written_whole_or_ends_the_run_with_its_place(
    checks: Checks, way: str, around: tuple[bytes, bytes], size: int, codes: tuple[int, ...], memory: int
) -> None:
    """A field that the run's memory holds, and one that it does not hold."""
    what = f"{way}, a field of {size // MIB} MiB in {memory} MiB"
    with trial(way) as at:
        at.land(b"x".join([around[0], b"x" * (size - 2), around[1]]))
        ended = at.ingest(memory=memory)
        calm(checks, what, ended, codes, memory)
        if codes == (13,):
            names_place(checks, what, ended, "line 2 of" if way == CSV else "byte 0")
        else:
            checks.gives(f"{what}: lengths", lambda: lengths(at), [1, size])
        next_day_works(checks, what, at, memory)


def lengths(at: Trial) -> list[int]:
    """Of the notes, as a reader has them."""
    tables = [pq.read_table(file, columns=["note"]) for file in at.table("trial", "things").files()]
    return sorted(len(note) for table in tables for note in table["note"].to_pylist())
