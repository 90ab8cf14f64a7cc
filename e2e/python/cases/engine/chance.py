"""Texts and files by the throw of a seed, near to what is a number, a moment, or a line: every engine is to make the same of them."""

from collections.abc import Callable
from random import Random

from cases.engine.inputs import SMALL, TEXTS, TYPES, Case, one_by_one

SHORT = [text for text in TEXTS if len(text) < 60]
CHARACTERS = [
    *"0123456789+-.eE:/ TZ,\"'\\\tnNaAfFyYtTiI_",
    "\u00a0",
    "é",
    "٣",
    "\u200b",
    "\x0b",
    "\x85",
    "İ",
    "\u212a",
    "ſ",
    "🙂",
]
TAME = [b"", b"1", b"abc", b"true", b'"q"', b'"a,b"', b'"a""b"', b'""']
WILD = [
    b"a",
    b"7",
    b",",
    b'"',
    b'""',
    b" ",
    b"\r",
    b"\r\n",
    b"\n",
    b"\xc3\xa9",
    b"\xff",
    b"\xef\xbf\xbd",
    b"\x00",
    b"\\",
    b"'",
    b"\t",
    b"\xef\xbb\xbf",
    b"id,note,paid",
    b"NULL",
    b" x ",
    b"\xe2\x80\xa8",
    b"\x85",
    b"\x0b",
    b"\x0c",
    b"\x1c",
]


def number(rng: Random) -> str:
    """Makes a number, or nearly one."""
    digits = str(rng.randrange(10 ** rng.randrange(1, 25)))
    size = repr(rng.random() * 10.0 ** rng.randrange(-10, 40))
    scientific = f"{rng.randrange(1, 10 ** rng.randrange(1, 18))}e{rng.randrange(-340, 330)}"
    padded = (
        "0" * rng.randrange(12) + str(rng.randrange(10 ** rng.randrange(1, 12))) + rng.choice(["", "."]) + "0" * rng.randrange(8)
    )
    fraction = f"{digits[: rng.randrange(1, 20)]}.{rng.randrange(10 ** rng.randrange(1, 14)):0{rng.randrange(1, 14)}}"
    return rng.choice(["", "", "-", "+"]) + rng.choice([digits, size, scientific, padded, fraction])


def moment(rng: Random) -> str:
    """A day, or an instant, or nearly."""
    year = rng.choice([f"{rng.randrange(10000):04}", str(rng.randrange(12000)), "2024"])
    month, day = f"{rng.randrange(14):02}", f"{rng.randrange(33):02}"
    clock = ":".join(f"{rng.randrange(most):02}" for most in (26, 62, 62))
    fraction = rng.choice(["", "." + "".join(rng.choices("0123456789", k=rng.randrange(1, 10)))])
    whole = f"{year}-{month}-{day}{rng.choice(['T', ' ', ' ', 't', '  '])}{clock}{fraction}{rng.choice(['', '', 'Z', '+01:00', ' UTC'])}"
    customary = [
        f"{day}/{month}/{year}",
        f"{month}/{day}/{year} {clock[:5]}",
        f"{day}.{month}.{year} {clock}",
        f"{year}{month}{day}",
    ]
    return rng.choice([f"{year}-{month}-{day}", whole, whole, *customary])


def changed(rng: Random, text: str) -> str:
    """A text with a few characters more, fewer, or others."""
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(text) + 1)
        more = rng.choice([rng.choice(CHARACTERS), "", rng.choice(SHORT)[: rng.randrange(6)]])
        text = text[:at] + more + text[at + rng.randrange(2) :]
    return text


def texts(rng: Random, count: int) -> list[str]:
    """So many."""
    ways: list[Callable[[Random], str]] = [
        number,
        moment,
        lambda rng: changed(rng, number(rng)),
        lambda rng: changed(rng, moment(rng)),
        lambda rng: changed(rng, rng.choice(SHORT)),
    ]
    return [rng.choice(ways)(rng) for _ in range(count)]


def file(rng: Random) -> bytes:
    """A file of a few lines, more or less well written."""
    tameness = rng.random()

    def field() -> bytes:
        return rng.choice(TAME) if rng.random() < tameness else b"".join(rng.choices(WILD, k=rng.randrange(4)))

    def line() -> bytes:
        width = 3 if rng.random() < 0.8 else rng.randrange(1, 6)
        return b",".join(field() for _ in range(width)) + rng.choice([b"\n", b"\n", b"\r\n"])

    header = rng.choice([b"", b"", b"\xef\xbb\xbf", b"\n", b"\r\n"]) + rng.choice([b"id,note,paid", b'"id",note,paid'])
    content = header + rng.choice([b"\n", b"\r\n"]) + b"".join(line() for _ in range(rng.randrange(1, 12)))
    return content.rstrip(b"\r\n") if rng.random() < 0.3 else content


def cases(seed: int, count: int) -> list[Case]:
    """Each of so many texts in each type, in three ways of writing; and a day of a few files."""
    rng, typed = Random(seed), {"id": "bigint"} | TYPES
    found = texts(rng, count)
    fixed = {"date_formats": ["%d/%m/%Y", "%m/%d/%Y", "%Y%m%d"], "timestamp_formats": ["%d.%m.%Y %T", "%d/%m/%Y %H:%M"]}
    iso = {"timestamp_formats": ["%Y-%m-%d %H:%M:%S"], "delimiter": "\t", "null_values": []}
    odd = fixed | {"delimiter": ";", "null_values": ["", "NULL", "0"], "keep_quoted_empty": True}
    files = [file(rng) for _ in range(rng.choice([1, 3, 12]))]
    choices: list[dict[str, object]] = [{}, {"null_values": ["NULL", 'a"b']}, {"keep_quoted_empty": True}]
    words = rng.choice(choices)
    return [
        Case(f"seed {seed}", [[one_by_one(texts=found)]], typed, more="row_hash: v1"),
        Case(f"seed {seed}, formats", [[one_by_one(";", "\r\n", found)]], typed, csv=odd, more="row_hash: v2"),
        Case(f"seed {seed}, ISO", [[one_by_one("\t", texts=found)]], typed, csv=iso),
        Case(
            f"seed {seed}, {len(files)} files",
            [files],
            SMALL,
            csv=words,
            pick="all",
            more=rng.choice(["row_hash: v1", "row_hash: v2", ""]),
        ),
    ]
