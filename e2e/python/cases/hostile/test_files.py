"""Files that are too long or damaged: bombs of gzip and zstd, records without an end, fields of megabytes, archives that are cut."""

import gzip
import zlib
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from world.checks import Checks
from cases.hostile.trial import CSV, ENVELOPE, LEAST, LINES, MIB, Trial, block, calm, members, names_place, next_day_works, trial


@dataclass(frozen=True)
class Bomb:
    """A small file that is a large text."""

    what: str
    way: str
    pieces: list[tuple[bytes, int]]
    """Each so many times, where the text is to have a gibibyte."""
    codes: tuple[int, ...]
    place: list[str] = field(default_factory=list)
    """What the message names."""
    patience: int = 30


def bombs() -> list[Bomb]:
    """Those of which nothing but the size is wrong, and those that never end."""
    head, first, eighth = b"id,note\n", "line 1 of", 128
    return [
        *(Bomb(f"{name} and no more", CSV, [(block(byte), eighth)], (13,), [first]) for name, byte in BYTES.items()),
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


def check_bombs(checks: Checks, large: bool) -> None:
    """Each ends with a plain error, or is read in little memory; where they are to be large, ten times as large."""
    for bomb in bombs():
        pieces = [(piece, times * (10 if large and times > 1 else 1)) for piece, times in bomb.pieces]
        with trial(bomb.way) as at:
            at.land(members(*pieces))
            ended = at.ingest(patience=bomb.patience * (10 if large else 1))
            if calm(checks, bomb.what, ended, bomb.codes) and bomb.place:
                names_place(checks, bomb.what, ended, *bomb.place)
            next_day_works(checks, bomb.what, at)
    with trial(CSV) as at:
        at.land(members((b"id,note\n", 1), (block(b"x"), 128 * (10 if large else 1)), pack=zstd))
        ended = at.ingest()
        calm(checks, "zstd, a record without an end", ended, (13,))
        names_place(checks, "zstd, a record without an end", ended, "line 2 of")


def zstd(text: bytes) -> bytes:
    """A frame of zstd."""
    packed: bytes = pa.Codec("zstd").compress(text, asbytes=True)
    return packed


def check_set_aside(checks: Checks) -> None:
    """Records that are none take more room set aside than in their file: neither memory nor disk goes with that."""
    for what, way, first, piece in (("lines", CSV, b"id,note\n", b"x\n"), ("items", LINES, b"[", b"1,")):
        with trial(way, 0.01) as at:
            at.land(members((first, 1), (block(piece, MIB), 4), (b'{"id":1}]' if way == LINES else b"", 1)))
            ended = at.ingest(patience=30)
            calm(checks, f"two million {what} that are no records", ended, (11, 13))
            size = sum(file.stat().st_size for file in at.quarantined()) // MIB
            checks.same(f"two million {what} that are no records: MiB set aside, {size}, are few", size <= 64, True)
            next_day_works(checks, f"two million {what} that are no records", at)


def check_damaged(checks: Checks) -> None:
    """Archives that are cut, or whose sum is wrong, publish nothing; those of several members are one text."""
    text = b"id,note\n" + b"".join(b"%d,note %d\n" % (number, number) for number in range(50_000))
    packed = gzip.compress(text, mtime=0)
    wrong = {
        "a cut archive": packed[: len(packed) // 2],
        "an archive without its sum": packed[:-8],
        "an archive with a wrong sum": packed[:-8] + (zlib.crc32(text) ^ 1).to_bytes(4, "little") + packed[-4:],
        "an archive with a wrong length": packed[:-4] + b"\1\2\3\4",
        "an archive and something else": packed + b"something else",
        "a cut frame of zstd": zstd(text)[:-9],
        "a frame of zstd and something else": zstd(text) + b"something else",
    }
    for what, content in wrong.items():
        with trial(CSV) as at:
            at.land(content)
            ended = at.ingest()
            calm(checks, what, ended, (13,))
            names_place(checks, what, ended, "bytes of text")
            checks.same(f"{what}: files published", list(at.folder.glob("warehouse/data/**/*.parquet")), [])
            next_day_works(checks, what, at)
    with trial(CSV) as at:
        at.land(gzip.compress(text[:1000], mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(text[1000:], mtime=0))
        calm(checks, "an archive of three members", at.ingest(), (0,))
        checks.same("an archive of three members: rows", at.report()["rows_written"], 50_000)


def check_long(checks: Checks) -> None:
    """A field of a megabyte is written whole; one that a run can't hold ends it with its place."""
    sizes = [(MIB, (0,), LEAST), (10 * MIB, (13,), LEAST), (10 * MIB, (0,), 1024), (200 * MIB, (13,), 1024)]
    for way, around in ((CSV, (b"id,note\n1,", b"\n2,x\n")), (LINES, (b'{"id":1,"note":"', b'"}\n{"id":2,"note":"x"}\n'))):
        for size, codes, memory in sizes:
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
