"""CSV files as they land: dialects, headers, notations of values, names of files. Each has rows that are known."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import pytest

from cases.formats.given import DAY, Given, csv, dec, refused, rows, run, workspace
from world.checks import Checks

ORDERS = 'id: bigint, customer: string, amount: "decimal(9,2)"'


def zipped(*members: tuple[str, bytes]) -> bytes:
    """A zip archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members:
            archive.writestr(name, member)
    return content.getvalue()


def at(*clock: int) -> datetime:
    """An instant, as readers give it: a clock time in UTC without its zone."""
    year, month, day, hour, minute, second, micros = (*clock, *[0] * (7 - len(clock)))
    return datetime(year, month, day, hour, minute, second, micros, tzinfo=UTC).replace(tzinfo=None)


def two(amounts: tuple[str, str] = ("10.50", "20.00")) -> list[dict[str, Any]]:
    """The rows of Ann and Bob."""
    return [
        {"id": 1, "customer": "Ann", "amount": dec(amounts[0])},
        {"id": 2, "customer": "Bob", "amount": dec(amounts[1])},
    ]


DIALECTS = [
    Given(
        "a header and records that end with a delimiter",
        csv("id,name,\n1,Ann,\n2,Bob\n"),
        [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}],
        "{ trailing_delimiter: true }",
    ),
    Given(
        "columns by position, as Spark reads with a schema",
        csv("OrderNum,Cust Name,Amt\n1,Ann,10.50\n2,Bob,20.00\n"),
        two(),
        "{ header: by_position }",
        ORDERS,
    ),
    Given(
        "lines of white space, as Spark passes them over",
        csv("id,name\n1,a\n  \n\t\n2,b\n"),
        [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}],
        "{ dialect: spark }",
        "id: string, name: string",
    ),
    Given(
        "MySQL's null where values have quotes",
        csv('"1","a"\n"2",NULL\n"3","NULL"\n'),
        [{"id": 1, "name": "a"}, {"id": 2, "name": None}, {"id": 3, "name": "NULL"}],
        "{ dialect: mysql, delimiter: ',', quote: '\"' }",
        "id: bigint, name: string",
    ),
    Given(
        "numbers that may be thousands, undeclared",
        csv("id;a;b;c\n1;1.000;$2.500;1.000\n2;500;$750;2.5\n"),
        [{"a": "1.000", "b": "$2.500", "c": 1.0}, {"a": "500", "b": "$750", "c": 2.5}],
        "{ delimiter: ';', currency: true }",
    ),
    Given(
        "Spark's dialect",
        csv("OrderNum,Name,Amt\n1,Ann,10.50,more\n2,Bob\n"),
        [two()[0], {"id": 2, "customer": "Bob", "amount": None}],
        "{ dialect: spark }",
        ORDERS,
    ),
    Given(
        "no header",
        csv("1001,Ann,10.50\n1002,Bob,20.00\n1003,Cem,30.00\n"),
        [
            {"id": 1001, "customer": "Ann", "amount": dec("10.50")},
            {"id": 1002, "customer": "Bob", "amount": dec("20.00")},
            {"id": 1003, "customer": "Cem", "amount": dec("30.00")},
        ],
        "{ header: none }",
        ORDERS,
    ),
    Given(
        "no header, and names in the settings",
        csv("1,Ann\n2,Bob\n"),
        [{"id": 1, "who": "Ann"}, {"id": 2, "who": "Bob"}],
        "{ header: none, names: [id, who] }",
    ),
    Given("no header and no names", csv("1,Ann\n"), [{"column_1": 1, "column_2": "Ann"}], "{ header: none }"),
    Given(
        "a backslash before a comma and a quote",
        csv('id,name,note\n1,"size 5\\"",a\n2,b,",c"\n3,x,y\n4,p,q\n'),
        [
            {"id": 1, "name": 'size 5"', "note": "a"},
            {"id": 2, "name": "b", "note": ",c"},
            {"id": 3, "name": "x", "note": "y"},
            {"id": 4, "name": "p", "note": "q"},
        ],
        "{ escape: '\\' }",
        "id: bigint, name: string, note: string",
    ),
    Given(
        "backslash escapes of Spark",
        csv(
            'id,name,payload\n1,"Screen 24\\" wide","{\\"k\\":1}"\n2,"plain","{}"\n3,"ends with \\"",x\n'
            '4,"b, c",y\n5,"says \\"hi, all\\"",z\n6,"path C:\\\\dir\\\\","w"\n'
        ),
        [
            {"id": 1, "name": 'Screen 24" wide', "payload": '{"k":1}'},
            {"id": 2, "name": "plain", "payload": "{}"},
            {"id": 3, "name": 'ends with "', "payload": "x"},
            {"id": 4, "name": "b, c", "payload": "y"},
            {"id": 5, "name": 'says "hi, all"', "payload": "z"},
            {"id": 6, "name": "path C:\\dir\\", "payload": "w"},
        ],
        "{ dialect: spark }",
        "id: bigint, name: string, payload: string",
    ),
    Given(
        "tabs without quotes",
        {
            f"{DAY}_orders.csv": b'id\ttitle\tgenre\n1\t"Quoted" start of title\tdrama\n2\t"Whole title"\tcomedy\n'
            b'3\t"Only at the start\tnews\n4\tPlain\tnews\n5\t6" pipe\ttools\n'
        },
        [
            {"id": 1, "title": '"Quoted" start of title'},
            {"id": 2, "title": '"Whole title"'},
            {"id": 3, "title": '"Only at the start'},
            {"id": 4, "title": "Plain"},
            {"id": 5, "title": '6" pipe'},
        ],
        '{ delimiter: "\\t", quote: none }',
        "id: bigint, title: string, genre: string",
    ),
    Given(
        "a space before a quote",
        csv('id, customer, city\n1, "Ann", "Bern"\n2, "Bob, B.", "Basel"\n3, "Cem" , "Chur"\n'),
        [
            {"id": 1, "customer": "Ann", "city": "Bern"},
            {"id": 2, "customer": "Bob, B.", "city": "Basel"},
            {"id": 3, "customer": "Cem", "city": "Chur"},
        ],
        "{ trim: true }",
        "id: bigint, customer: string, city: string",
    ),
    Given(
        "padded texts",
        csv("id,code,name,state\n1,A1  ,Ann       ,  NULL\n2,B2  ,Bob       ,NY\n3,    ,          ,  \n"),
        [
            {"id": 1, "code": "A1", "name": "Ann", "state": None},
            {"id": 2, "code": "B2", "name": "Bob", "state": "NY"},
            {"id": 3, "code": None, "name": None, "state": None},
        ],
        '{ trim: true, null_values: ["", "NULL"] }',
        "id: bigint, code: string, name: string, state: string",
    ),
    Given(
        "comments before the header",
        csv("# Report: daily orders\n# Generated 2024-05-02 00:10\nid,customer,amount\n1,Ann,10.50\n2,Bob,20.00\n"),
        two(),
        '{ comment: "#" }',
        ORDERS,
    ),
    Given(
        "a title before the header and a comment at the end",
        csv("Daily orders,,\nGenerated,2024-05-02,\n\nid,customer,amount\n1,Ann,10.50\n2,Bob,20.00\n# end of report\n"),
        two(),
        '{ skip_lines: 2, comment: "#" }',
        ORDERS,
    ),
    Given(
        "a delimiter of two characters",
        csv("id||customer||amount\n1||Ann||10.50\n2||A|B||20.00\n"),
        [two()[0], {"id": 2, "customer": "A|B", "amount": dec("20.00")}],
        '{ delimiter: "||" }',
        ORDERS,
    ),
    Given(
        "a delimiter outside ASCII", csv("id§customer§amount\n1§Ann§10.50\n2§Bob§20.00\n"), two(), '{ delimiter: "§" }', ORDERS
    ),
    Given(
        "delimiters at the end of rows only",
        csv("id|customer|amount\n1|Ann|10.50|\n2|Bob|20.00|\n"),
        two(),
        '{ delimiter: "|", trailing_delimiter: true }',
        ORDERS,
    ),
    Given(
        "short rows",
        csv("id,customer,amount,comment\n1,Ann,10.50\n2,Bob,20.00,late\n"),
        [two()[0] | {"comment": None}, two()[1] | {"comment": "late"}],
        "{ short_rows: null_fill }",
        ORDERS + ", comment: string",
    ),
    Given(
        "long rows whose rest is kept",
        csv("id,customer\n1,Ann,10.50,x\n2,Bob\n"),
        [{"id": 1, "customer": "Ann", "extra_fields": "10.50,x"}, {"id": 2, "customer": "Bob", "extra_fields": None}],
        "{ long_rows: keep_extra }",
        "id: bigint, customer: string",
    ),
    Given(
        "a trailer",
        csv("id|customer|amount\n1|Ann|10.50\n2|Bob|20.00\nTRL|0002|30.50\n"),
        two(),
        '{ delimiter: "|", trailer: { pattern: "TRL|{rows}|*" } }',
        ORDERS,
    ),
    Given(
        "a trailer after many rows",
        csv("id|customer|amount\n" + "".join(f"{i}|C{i}|1.00\n" for i in range(3, 203)) + "TRL|0200|200.00\n"),
        [{"id": i, "customer": f"C{i}", "amount": dec("1.00")} for i in range(3, 203)],
        '{ delimiter: "|", trailer: { pattern: "TRL|{rows}|*" } }',
        ORDERS,
    ),
    Given(
        "lines after the records",
        csv("id,customer,amount\n1,Ann,10.50\n2,Bob,20.00\nend\nof file"),
        two(),
        "{ footer_lines: 2 }",
        ORDERS,
    ),
    Given(
        "Excel's line for the delimiter",
        csv("sep=;\r\nid;customer;amount\r\n1;Ann;10.50\r\n2;Bob;20.00\r\n"),
        two(),
        "{ dialect: excel }",
        ORDERS,
    ),
    Given(
        "MySQL's OUTFILE",
        csv("1\tAnn\\tB.\\nC\t10.50\n2\t\\N\t20.00\n3\t\t\\N\n"),
        [
            {"id": 1, "customer": "Ann\tB.\nC", "amount": dec("10.50")},
            {"id": 2, "customer": None, "amount": dec("20.00")},
            {"id": 3, "customer": "", "amount": None},
        ],
        "{ dialect: mysql }",
        ORDERS,
    ),
    Given(
        "PostgreSQL's COPY",
        csv('1\tAnn\\\\B "\t10.50\n2\t\\N\t20.00\n\\.\n'),
        [{"id": 1, "customer": 'Ann\\B "', "amount": dec("10.50")}, {"id": 2, "customer": None, "amount": dec("20.00")}],
        "{ dialect: postgres }",
        ORDERS,
    ),
    Given(
        "a quoted null is a text",
        csv('id,s\n1,"NULL"\n2,NULL\n'),
        [{"id": 1, "s": "NULL"}, {"id": 2, "s": None}],
        '{ null_values: ["", "NULL"], quoted_null: text }',
        "id: bigint, s: string",
    ),
    Given(
        "duplicate and empty headers",
        csv("id,name,name,total,total,\n1,Ann,Lee,1,2,x\n"),
        [{"id": 1, "name": "Ann", "name_1": "Lee", "total": 1, "total_1": 2, "column_6": "x"}],
        "{ duplicate_names: rename }",
    ),
    Given(
        "letters of other scripts",
        csv("ID,名前,Größe,año\n1,花子,25,3\n"),
        [{"id": 1, "名前": "花子", "größe": 25, "año": 3}],
        settings="column_names: unicode",
    ),
    Given(
        "letters of other scripts in Latin",
        csv("ID,名前,Größe,año\n1,花子,25,3\n"),
        [{"id": 1, "ming_qian": "花子", "groesse": 25, "ano": 3}],
        settings="column_names: transliterate",
    ),
]

VALUES = [
    Given(
        "years of two and three digits",
        csv(
            "id,d,t\n1,01/05/2024,01/05/2024 10:00\n2,01/05/24,01/05/24 10:00\n3,31/12/99,31/12/99 10:00\n"
            "4,01/05/202,01/05/202 10:00\n5,01/05/20245,x\n"
        ),
        [
            {"id": 1, "d": date(2024, 5, 1), "t": at(2024, 5, 1, 10)},
            *({"id": number, "d": None, "t": None} for number in range(2, 6)),
        ],
        '{ date_formats: ["%d/%m/%Y"], timestamp_formats: ["%d/%m/%Y %H:%M"] }',
        "id: bigint, d: date, t: timestamp",
        errors=[1, 2, 3, 4],
    ),
    Given(
        "days without separators",
        csv("id,d\n1,20240501\n2,2024051\n3,240501\n"),
        [{"id": 1, "d": date(2024, 5, 1)}, {"id": 2, "d": None}, {"id": 3, "d": None}],
        '{ date_formats: ["%Y%m%d"] }',
        "id: bigint, d: date",
        errors=[1, 2],
    ),
    Given(
        "German thousands",
        csv("id;menge;betrag\n1;1.000;1.250\n2;2.500;3.000\n"),
        [{"id": 1, "menge": 1000, "betrag": 1250.0}, {"id": 2, "menge": 2500, "betrag": 3000.0}],
        '{ delimiter: ";", decimal: ",", thousands: "." }',
        "id: bigint, menge: int, betrag: double",
    ),
    Given(
        "a thousand is not one",
        csv("id,menge\n1,1.000\n2,7.0\n"),
        [{"id": 1, "menge": None}, {"id": 2, "menge": 7}],
        columns="id: bigint, menge: int",
        errors=[0],
    ),
    Given(
        "thousands throughout are no numbers by their look",
        csv("id,menge\n1,1.000\n2,2.500\n"),
        [{"id": 1, "menge": "1.000"}, {"id": 2, "menge": "2.500"}],
    ),
    Given(
        "decimal commas",
        csv("id;kunde;betrag;menge\n1;Ann;1.299,99;1.000\n2;Bob;12,50;2\n3;Cem;-0,05;10.000\n"),
        [
            {"id": 1, "betrag": dec("1299.99"), "menge": 1000},
            {"id": 2, "betrag": dec("12.50"), "menge": 2},
            {"id": 3, "betrag": dec("-0.05"), "menge": 10000},
        ],
        '{ delimiter: ";", decimal: ",", thousands: "." }',
        'id: bigint, kunde: string, betrag: "decimal(9,2)", menge: int',
    ),
    Given(
        "money, per cent, and losses in parentheses",
        csv('id,price,qty,pct,net\n1,"$1,299.99","1,000",12%,(5.00)\n2,$12.50,2,7.5%,3.00\n'),
        [
            {"id": 1, "price": dec("1299.99"), "qty": 1000, "pct": 12.0, "net": dec("-5.00")},
            {"id": 2, "price": dec("12.50"), "qty": 2, "pct": 7.5, "net": dec("3.00")},
        ],
        '{ thousands: ",", currency: true, percent: number, accounting: true }',
        'id: bigint, price: "decimal(9,2)", qty: int, pct: double, net: "decimal(9,2)"',
    ),
    Given(
        "one column in another notation",
        csv("id;a;b;c\n1;1.5;1,5;12 %\n"),
        [{"id": 1, "a": 1.5, "b": 1.5, "c": 0.12}],
        '{ delimiter: ";", columns: { b: { decimal: "," }, c: { percent: fraction } } }',
        "id: bigint, a: double, b: double, c: double",
    ),
    Given(
        "words for true and false",
        csv("id,x\n1,ja\n2,Nein\n3,true\n"),
        [{"id": 1, "x": True}, {"id": 2, "x": False}, {"id": 3, "x": True}],
        "{ true_values: [ja], false_values: [nein] }",
        "id: bigint, x: boolean",
    ),
    Given(
        "clock times of a zone",
        csv("id,sold_at\n1,2024-05-01 09:00:00\n2,2024-01-15 09:00:00\n3,2024-03-10 02:30:00\n4,2024-05-01 09:00:00Z\n"),
        [
            {"id": 1, "sold_at": at(2024, 5, 1, 13)},
            {"id": 2, "sold_at": at(2024, 1, 15, 14)},
            {"id": 3, "sold_at": None},
            {"id": 4, "sold_at": at(2024, 5, 1, 9)},
        ],
        "{ time_zone: America/New_York }",
        "id: bigint, sold_at: timestamp",
        errors=[2],
    ),
    Given(
        "instants as numbers",
        csv("id,ts_ms,ts_s\n1,1714554000000,1714554000\n2,1714554001500,1714554001\n"),
        [
            {"id": 1, "ts_ms": at(2024, 5, 1, 9), "ts_s": at(2024, 5, 1, 9)},
            {"id": 2, "ts_ms": at(2024, 5, 1, 9, 0, 1, 500_000), "ts_s": at(2024, 5, 1, 9, 0, 1)},
        ],
        "{ columns: { ts_ms: { timestamp_formats: [epoch_ms] }, ts_s: { timestamp_formats: [epoch_s] } } }",
        "id: bigint, ts_ms: timestamp, ts_s: timestamp",
    ),
    Given(
        "nanoseconds are cut where the module says so",
        csv("id,t\n1,2024-05-01 09:00:00.123456789\n"),
        [{"id": 1, "t": at(2024, 5, 1, 9, 0, 0, 123_456)}],
        "{ nanoseconds: truncate }",
        "id: bigint, t: timestamp",
    ),
]

PLAIN = b"id,customer,amount\n1,Ann,10.50\n2,Bob,20.00\n"
FIRST, SECOND = b"id,customer,amount\n1,Ann,10.50\n", b"id,customer,amount\n2,Bob,20.00\n"

FILES = [
    Given(
        "an encoding by its name",
        {f"{DAY}_orders.csv": "id,customer\n1,Łódź\n2,Žluťoučký\n".encode("windows-1250")},
        [{"id": 1, "customer": "Łódź"}, {"id": 2, "customer": "Žluťoučký"}],
        "{ encoding: windows-1250 }",
        "id: bigint, customer: string",
    ),
    Given(
        "Japanese",
        {f"{DAY}_orders.csv": "id,customer\n1,表示\n".encode("shift_jis")},
        [{"id": 1, "customer": "表示"}],
        "{ encoding: shift_jis }",
        "id: bigint, customer: string",
    ),
    Given("a zip archive of one file", {f"{DAY}_orders.csv": zipped(("orders.csv", PLAIN))}, two(), columns=ORDERS),
    Given(
        "a zip archive of several files",
        {f"{DAY}_orders.csv": zipped(("a.csv", FIRST), ("b.csv", SECOND))},
        two(),
        columns=ORDERS,
    ),
    Given(
        "a zip archive of files with comments, footers and trailers, the first one empty",
        {
            f"{DAY}_orders.csv": zipped(
                ("empty.csv", b""),
                ("a.csv", b'# by a\n"Order\nid",x\n1,a\nT 1\nend\n\n'),
                ("b.csv", b'# by b\n\n"Order\nid",x\r\n2,b\n3,c\nT 2\nend'),
            )
        },
        [{"order_id": 1, "x": "a"}, {"order_id": 2, "x": "b"}, {"order_id": 3, "x": "c"}],
        '{ comment: "#", footer_lines: 1, trailer: { pattern: "T {rows}" } }',
    ),
    Given(
        "a later part with the header in another order and case",
        {"2024-05-01_orders_1.csv": FIRST, "2024-05-01_orders_2.csv": b"Amount,Customer,ID\n20.00,Bob,2\n"},
        two(),
        "{ header: first_file }",
        ORDERS,
        pattern="{date}_{collection}_{seq}.csv",
        source="pick: all",
    ),
    Given(
        "an empty line after the footer",
        csv("id,customer,amount\n1,Ann,10.50\n2,Bob,20.00\nTotal,,30.50\n\n"),
        two(),
        "{ footer_lines: 1 }",
        ORDERS,
    ),
    Given("bzip2", {f"{DAY}_orders.csv": bz2.compress(PLAIN)}, two(), columns=ORDERS),
    Given("xz", {f"{DAY}_orders.csv": lzma.compress(PLAIN)}, two(), columns=ORDERS),
    Given("gzip", {f"{DAY}_orders.csv": gzip.compress(PLAIN)}, two(), columns=ORDERS),
    Given(
        "dates without separators in names",
        {"20240501_orders.csv": PLAIN},
        two(),
        columns=ORDERS,
        pattern="{date:%Y%m%d}_{collection}.csv",
    ),
    Given(
        "folders of Hive",
        {"orders/year=2024/month=05/day=01/part-00000.csv": FIRST, "orders/year=2024/month=05/day=01/part-00001.csv": SECOND},
        two(),
        columns=ORDERS,
        pattern="{collection}/year={year}/month={month}/day={day}/part-{seq}.csv",
        source="pick: all",
    ),
    Given(
        "empty parts",
        {
            "orders/dt=2024-05-01/part-00000-abc.csv": FIRST,
            "orders/dt=2024-05-01/part-00001-abc.csv": b"",
            "orders/dt=2024-05-01/part-00002-abc.csv": SECOND,
            "orders/dt=2024-05-01/_SUCCESS": b"",
        },
        two(),
        columns=ORDERS,
        pattern="{collection}/dt={date}/part-{seq}-*.csv",
        source="pick: all",
    ),
    Given(
        "parts of which the first has a header",
        {"2024-05-01_orders_1.csv": FIRST, "2024-05-01_orders_2.csv": b"2,Bob,20.00\n"},
        two(),
        "{ header: first_file }",
        ORDERS,
        pattern="{date}_{collection}_{seq}.csv",
        source="pick: all",
    ),
]


@pytest.mark.parametrize("given", DIALECTS + VALUES + FILES, ids=lambda given: given.what)
def test_rows_are_those_of_the_file(checks: Checks, given: Given) -> None:
    """Every value is what the source means by it."""
    with workspace(given) as place:
        run(place, given.days)
        found = rows(place)
        checks.same(given.what, [{name: row.get(name) for name in given.rows[0]} for row in found], given.rows)
        wrong = [number for number, row in enumerate(found) if row["error_desc"] is not None]
        checks.same(f"{given.what}: rows with an invalid value", wrong, given.errors)


REFUSED = [
    (
        "a trailer of more rows",
        "id|x\n1|a\nTRL|2|\n",
        '{ delimiter: "|", trailer: { pattern: "TRL|{rows}|*" } }',
        11,
        "tells of 2",
    ),
    ("no trailer", "id|x\n1|a\n", '{ delimiter: "|", trailer: { pattern: "TRL|{rows}|*" } }', 11, "without its trailer"),
    (
        "a record after the trailer",
        "id|x\nTRL|0|\n1|a\n",
        '{ delimiter: "|", trailer: { pattern: "TRL|{rows}|*" } }',
        11,
        "line 3",
    ),
    ("a header by position that is data", "1,2\n3,4\n", "{ header: by_position, names: [id, x] }", 12, "looks like values"),
    ("a header by position of another width", "id,x,y\n1,2,3\n", "{ header: by_position, names: [id, x] }", 12, "3 fields"),
    ("a header where none should be", "Id,X\n1,2\n", "{ header: none, names: [id, x] }", 12, "header: by_position"),
    ("duplicate headers", "id,x,x\n1,2,3\n", "{}", 12, "duplicate_names: rename"),
    ("a header of another script", "id,名前\n1,2\n", "{}", 12, "column_names: unicode"),
    ("an empty only file", "", "{}", 13, "is empty"),
    ("Avro", "Obj\x01\x04\x14avro.codec\x08null\x16avro.schema" + "x" * 40, "{}", 13, "source.avro"),
]


@pytest.mark.parametrize(("what", "text", "settings", "code", "said"), REFUSED, ids=lambda value: str(value)[:40])
def test_file_is_refused_with_a_hint(checks: Checks, what: str, text: str, settings: str, code: int, said: str) -> None:
    """What can't be read rightly is not read, and the message says what to set."""
    given = Given(what, csv(text), [], settings, min_known=0.5)
    with workspace(given) as place:
        checks.same(f"{what}: the message has {said!r}", said in refused(place, code), True)


def test_value_with_lf_alone_is_quarantined_as_a_whole(checks: Checks) -> None:
    """No part of a value that LF cuts in two is published, where lines end with CRLF."""
    text = "id,note\r\n1,first\nsecond\r\n2,whole\r\n"
    with workspace(Given("LF alone", csv(text), [], columns="id: bigint, note: string")) as place:
        run(place)
        checks.same("rows", [row["id"] for row in rows(place)], [2])
        bad = [json.loads(line) for file in place.folder.rglob("records.jsonl") for line in file.read_text().splitlines()]
        checks.same(
            "quarantine", [(record["line"], record["lines"], record["text"]) for record in bad], [(2, 2, "1,first\nsecond")]
        )


def test_bad_record_of_an_archive_tells_its_file(checks: Checks) -> None:
    """Lines in quarantine are those of the file in the archive."""
    content = zipped(("a.csv", FIRST), ("b.csv", SECOND + b"3\n"))
    with workspace(Given("members", {f"{DAY}_orders.csv": content}, [], columns=ORDERS)) as place:
        run(place)
        bad = [json.loads(line) for file in place.folder.rglob("records.jsonl") for line in file.read_text().splitlines()]
        checks.same("quarantine", [(record["member"], record["line"], record["text"]) for record in bad], [("b.csv", 3, "3")])


def test_archive_with_other_headers_is_refused_by_name(checks: Checks) -> None:
    """The message names both files."""
    content = zipped(("a.csv", FIRST), ("b.csv", b"customer,id,amount\nBob,2,20.00\n"))
    with workspace(Given("members", {f"{DAY}_orders.csv": content}, [], columns=ORDERS)) as place:
        told = refused(place, 12)
        checks.same("the files", ["orders.csv/b.csv" in told, "`a.csv`" in told], [True, True])


def test_file_that_was_sent_twice_counts_once(checks: Checks) -> None:
    """The same content under two names is read once, with a note."""
    given = Given(
        "sent twice",
        {"2024-05-01_orders_1.csv": PLAIN, "2024-05-01_orders_2.csv": PLAIN, "2024-05-01_orders_3.csv": FIRST + b"3,Cem,1.00\n"},
        [],
        columns=ORDERS,
        pattern="{date}_{collection}_{seq}.csv",
        source="pick: all",
    )
    with workspace(given) as place:
        run(place)
        checks.same("rows", [row["id"] for row in rows(place)], [1, 2, 1, 3])
        report = "".join(file.read_text() for file in (place.folder / "reports").rglob("*.json"))
        checks.same("a note", "same content" in report, True)


def test_control_file_holds_a_date_back_and_refuses_other_counts(checks: Checks) -> None:
    """A date waits for its control file, and its rows are those that it tells of."""
    source = 'control: { files: "{date}_{collection}.ctl", rows: "ROWS={rows}" }'
    with workspace(Given("control", {f"{DAY}_orders.csv": PLAIN}, [], columns=ORDERS, source=source)) as place:
        run(place, expected=13)
        control = place.source / f"{DAY}_orders.ctl"
        control.write_text("file=orders\nROWS=0003\n")
        run(place, expected=11)
        control.write_text("file=orders\nROWS=0002\n")
        run(place)
        checks.same("rows", len(rows(place)), 2)
