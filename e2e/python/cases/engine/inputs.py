"""Input of which every engine is to make the same table: each type with each odd text, lines of all kinds, columns that come and go."""

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MODULE = """\
version: 1
module: shop
source: {{ files: "{{date}}_{{collection}}_{{seq}}.csv", pick: {pick}, csv: {csv} }}
{more}
limits: {{ error_rate: 1, quarantine_rate: 1 }}
target: {{ database: shop, timestamps: {timestamps} }}
collections: {{ things: {{ columns: {columns} }} }}
"""

DAYS = ["2024-05-01", "2024-05-02", "2024-05-03", "2024-05-04"]


@dataclass(frozen=True)
class Case:
    """A module, and the files of its days."""

    name: str
    days: list[list[bytes]]
    columns: dict[str, str]
    csv: Mapping[str, object] = field(default_factory=dict)
    more: str = ""
    pick: str = "newest"
    timestamps: str = "int96"
    by_cluster: int | None = None
    """How many rows the cluster must decide by itself, where that is known."""

    def module(self) -> str:
        """Its file."""
        csv, columns = json.dumps(dict(self.csv)), json.dumps(self.columns)
        return MODULE.format(pick=self.pick, csv=csv, more=self.more, timestamps=self.timestamps, columns=columns)


TYPES = {
    "tiny": "tinyint",
    "small": "smallint",
    "whole": "int",
    "big": "bigint",
    "single": "float",
    "double": "double",
    "money": "decimal(9,2)",
    "large": "decimal(38,10)",
    "share": "decimal(2,2)",
    "count": "decimal(5,0)",
    "flag": "boolean",
    "day": "date",
    "moment": "timestamp",
    "text": "string",
    "short": "varchar(3)",
    "fixed": "char(2)",
}

NUMBERS = """
0 -0 1 -1 +1 7 127 128 -128 -129 32767 32768 -32768 -32769 2147483647 2147483648 -2147483648 -2147483649
9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 999999999999999999 1000000000000000000
007 00000000000000000000000000000000000000000000000000001 1.0 1.00 1.5 -1.5 1. .5 -.5 . + - 0.0 -0.0 00.10 1e0 1e2 1E2 1e+2 1e-2
12e1 12.5e1 1e400 -1e400 1e-400 1e39 3.4028235e38 3.4028236e38 1.17549435e-38 1e-45 1e-46 4.9e-324 1.7976931348623157e308
1.7976931348623159e308 0.1 0.2 0.30000000000000004 16777217 9007199254740993 123456789.125 9999999.99 10000000.00 -9999999.99
9999999.991 9999999.990 0.005 0.99 1.00 0.999 99999 100000 99999.0 99999.5 12345678901234567890123456789.0123456789
1234567890123456789012345678.0123456789 12345678901234567890123456789012345678 0.00000000001 0x10 0b1 1d 1f 1L 1_000 1,000 ١ １
NaN nan NAN inf Inf -inf +inf Infinity -Infinity +Infinity infinit e5 1e 1e+ 1e1.5 --1 +-1 1- 1e99999999999 1e-99999999999
0e99999999999 0e5 1e18 1e19 123e-2 150e-2
""".split()
WORDS = "t T true TRUE True tru f F false FALSE y Y yes YES n N no NO on off null NULL none - a ab abc abcd é éé ééé éééé 🙂🙂🙂🙂".split()
MOMENTS = """
2024-01-01 2024-12-31 2024-02-29 2023-02-29 2024-02-30 2024-13-01 2024-00-10 2024-01-00 0000-00-00 0000-01-01 0001-01-01 9999-12-31
1582-10-10 1899-12-31 2262-04-12 2024-1-1 24-01-01 20240101 01/02/2024 31/12/2024 12/31/2024 2024-01-01Z 2024-W01-1 2024-001
2024-01-01T10:00:00 2024-01-01T10:00:00Z 2024-01-01T10:00:00+02:00 2024-01-01T10:00:00.5 2024-01-01T10:00:00.123456
2024-01-01T10:00:00.1234567 2024-01-01T10:00:00.123456000 2024-01-01T24:00:00 2024-01-01T23:59:60 2024-01-01T25:00:00
2024-01-01T10:00 2024-01-01T10 2024-01-01T 0000-00-00T00:00:00 0001-01-01T00:00:00 9999-12-31T23:59:59.999999 1582-10-10T10:00:00
1899-12-31T23:59:59 2262-04-12T00:00:00 2024-02-30T10:00:00 2024-01-01t10:00:00 10:00:00 1704067200 2024-01-01T10:00:00[Europe/Paris]
yesterday today now epoch
""".split()
SPACED = [
    "2024-01-01 10:00:00",
    "2024-01-01 00:00:00",
    "0000-00-00 00:00:00",
    "01/02/2024 10:30",
    "2024-13-01 10:00:00",
    " 1 ",
    "\t1.5 ",
    " true",
    " 2024-01-01 ",
]
ODD = [
    "",
    " ",
    "\t",
    "\u00a0",
    "\u00a01",
    "1\u00a0",
    "a b",
    "it's",
    'say "hi"',
    "a\\b",
    "\\N",
    "\\",
    "'",
    "%",
    "_",
    "$1",
    "?",
    "a;b",
    "a,b",
    "x" * 5000,
    "\ufffd",
    "\u2028",
    "\x0b1",
    "\x0c1\x0c",
]
TEXTS = [*NUMBERS, *WORDS, *MOMENTS, *[moment.replace("T", " ") for moment in MOMENTS if "T" in moment[:11]], *SPACED, *ODD]


def line(fields: Iterable[str], delimiter: str = ",", end: str = "\n", always: bool = False) -> str:
    """Fields as a line, in quotes where they must be, or all of them."""
    quoted = [f'"{one.replace(chr(34), chr(34) * 2)}"' if always or '"' in one or delimiter in one else one for one in fields]
    return delimiter.join(quoted) + end


def one_by_one(delimiter: str = ",", end: str = "\n", texts: list[str] = TEXTS) -> bytes:
    """Each text in each column, in quotes and without, and nothing in all others."""
    names = list(TYPES)
    lines = [line(["id", *names], delimiter, end)]
    for number, (always, text, column) in enumerate((q, t, c) for q in (False, True) for t in texts for c in names):
        fields = [str(number), *(text if name == column else "" for name in names)]
        lines.append(line(fields, delimiter, end, always))
    return "".join(lines).encode()


def plain(rows: int) -> bytes:
    """Rows as most are: the cluster decides all of them."""
    rng = random.Random(7)
    lines = [line(["id", *TYPES])]
    for number in range(rows):
        day = f"{rng.randrange(1900, 2100)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
        clock = f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"
        fields = {
            "tiny": rng.randrange(-128, 128),
            "small": rng.randrange(-(2**15), 2**15),
            "whole": rng.randrange(-(2**31), 2**31),
            "big": rng.randrange(-(10**18) + 1, 10**18),
            "single": rng.uniform(-1e6, 1e6),
            "double": repr(rng.uniform(-1e300, 1e300)),
            "money": f"{rng.uniform(-9e6, 9e6):.2f}",
            "large": f"{rng.randrange(10**27)}.{rng.randrange(10**10):010}",
            "share": f"0.{rng.randrange(100):02}",
            "count": rng.randrange(-99999, 99999),
            "flag": rng.choice(["true", "false", "Y", "0"]),
            "day": day,
            "moment": f"{day} {clock}{rng.choice(['', '.5', '.123456'])}",
            "text": rng.choice(["a, b", 'q"q', "", "é", "x"]),
            "short": rng.choice(["abc", "é", "", "abcd"]),
            "fixed": rng.choice(["ab", "a"]),
        }
        if number % 10 == 3:
            fields[rng.choice(["whole", "money", "flag", "double"])] = "n/a"
        lines.append(line([str(number), *map(str, fields.values())]))
    return "".join(lines).encode()


def customary(rows: int) -> bytes:
    """Days and instants as people write them, some in two ways that look alike: the cluster decides all of them."""
    rng = random.Random(11)
    lines = [line(["id", "day", "moment"])]
    for number in range(rows):
        year, month, day = rng.randrange(1, 9999), rng.randrange(1, 13), rng.randrange(1, 29)
        clock = f"{rng.randrange(24):02}:{rng.randrange(60):02}"
        days = [
            f"{day:02}/{month:02}/{year:04}",
            f"{month:02}/{day:02}/{year:04}",
            f"{year:04}{month:02}{day:02}",
            f"{year:04}-{month:02}-{day:02}",
        ]
        moments = [
            f"{day:02}.{month:02}.{year:04} {clock}:07",
            f"{day:02}/{month:02}/{year:04} {clock}",
            f"{year:04}-{month:02}-{day:02}T{clock}:59.5",
        ]
        lines.append(line([str(number), rng.choice(days), rng.choice(moments)]))
    return "".join(lines).encode()


SMALL = {"id": "bigint", "note": "string", "paid": "boolean"}
LINES: list[bytes] = [
    b'id,note,paid\n1,plain,true\n2,"a ""b""",no\n3,short\n4,a,b,c\n\n5,,\n6,ab"c,yes\n7,"",x\n',
    '\ufeffid,note,paid\r\n1,mark,true\r\n\r\n2,"crlf",no\r\n'.encode(),
    b"\n\nid,note,paid\n1,after empty lines,true\n2,no end of line,no",
    b'id,note,paid\n1,"two\nlines",true\n2,"one",no\n',
    b'id,note,paid\n1,"unclosed,true\n2,b,no\n3,c,yes\n',
    b'id,note,paid\n1,"text"after,true\n2,b,no\n',
    b"id,note,paid\n1,\xff\xfe,true\n2,b,no\n3,\xc3\xa9,no\n",
    b'id,note,paid\n1,a\rb,true\n2,"c\rd",no\n',
    b"id,note,paid\n1,a,true\nid,note,paid\n2,b,no\n",
    b"id,note,paid\n",
    b'id,note,paid\n1,"' + b'""' * 3000 + b'",true\n2,b,no\n',
    b"id,note,paid\n1,nul\x00nul,true\n2,b,no\n",
    b"id,note,paid\r1,lone returns,true\r2,b,no\r",
    b'id\n1\n2\n\n3\n""\n \n',
]


def cases() -> list[Case]:
    """All of them."""
    typed = {"id": "bigint"} | TYPES
    listed = {"date_formats": ["%d/%m/%Y"], "timestamp_formats": ["%d/%m/%Y %H:%M"]}
    iso = {"timestamp_formats": ["%Y-%m-%d %H:%M:%S"]}
    fixed = {"date_formats": ["%d/%m/%Y", "%m/%d/%Y", "%Y%m%d"], "timestamp_formats": ["%d.%m.%Y %T", "%d/%m/%Y %H:%M"]}
    alone = [
        Case(f"lines {number}", [[content]], SMALL if number < 13 else {"id": "bigint"}) for number, content in enumerate(LINES)
    ]
    several = [content for number, content in enumerate(LINES) if number not in (6, 12, 13)]
    return [
        Case("plain rows", [[plain(4000)]], typed, csv=iso, more="row_hash: v2", by_cluster=4000),
        Case("plain rows, micros", [[plain(500)]], typed, timestamps="micros", more="row_hash: v1", by_cluster=500),
        Case("each text in each type", [[one_by_one()]], typed, more="row_hash: v1"),
        Case("each text in each type, ISO listed", [[one_by_one()]], typed, csv=iso | {"null_values": []}, more="row_hash: v2"),
        Case(
            "each text in each type, formats listed",
            [[one_by_one(";", "\r\n")]],
            typed,
            csv=listed | {"delimiter": ";", "null_values": ["", "NULL", "-", "it's", "a\\b"], "keep_quoted_empty": True},
            more="row_hash: v2",
        ),
        Case(
            "formats of fixed places",
            [[customary(2000)]],
            {"id": "bigint", "day": "date", "moment": "timestamp"},
            csv=fixed,
            by_cluster=2000,
        ),
        *alone,
        Case("several files of one day", [several], SMALL, pick="all", more="row_hash: v1"),
        Case(
            "columns come and go",
            [
                [b"id,note,paid\n1,a,true\n"],
                [b"paid,id,extra\nno,2,7\nx,3,8\n"],
                [b"id,late,note,extra\n4,2024-01-01,b,9\n5,,c,z\n"],
                [b"note,id\nonly,6\n"],
            ],
            SMALL,
        ),
        Case(
            "types are found out, and widen",
            [
                [b"id,a,b,c,d\n1,1,1.5,x,2024-01-01\n2,2,2,y,2024-01-02\n"],
                [b"id,a,b,c,d\n3000000000,99999999999,7,z,n/a\n"],
            ],
            {"id": "int"},
            more="evolution: { type_change: widen }",
        ),
        Case(
            "new columns are ignored",
            [[b"id,new\n1,a\n"], [b"new,id\nb,2\n"]],
            {"id": "int"},
            more="evolution: { new_column: ignore }",
        ),
        Case("nested values", [[b'id,tags\n1,"[""a"",""b""]"\n2,x\n']], {"id": "int", "tags": "array<string>"}, by_cluster=0),
    ]
