"""JSON whose objects change from day to day: what each reader sees of all days, after each day, in each metastore.

Structs grow, at the top and inside arrays, maps and other structs; members go; scalars become objects and back; new members have
values of several kinds; numbers are too long for any number type. In the embedded metastore, in Glue and in a Hive Metastore that
lets structs change, all of it must be there. One that does not, which is Hive's default, must refuse the day and nothing else.

Usage: ADG_BIN=… nested_growth.py. Prints each check; exits 1 where something is wrong.
"""

import json
import os
import re
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
from pyspark.sql import SparkSession

from world import spark
from world.adg import Records, Table, Workspace
from world.checks import Checks
from world.every_type import KEY
from world.hive_client import HiveClient
from world.readers import Reader, by_duckdb, by_polars
from world.hive import hive
from world.moto import Moto, moto
from world.values import canonical, parts

MODULE = """\
version: 1
module: {module}
source: {{ files: "{{date}}_{{collection}}.json", json: {{}} }}
column_names: camel
evolution: {{ new_column: {new_column} }}
limits: {{ error_rate: 1, quarantine_rate: 0 }}
target: {{ database: {module} }}
collections:
  people: {{ columns: {{ rates: "map<string,struct<amount:decimal(9,2)>>" }} }}
  visits: {{}}
"""

BASE, GROWN, CHANGED, NEW, DEEP = DAYS = [f"2024-01-0{day}" for day in range(1, 6)]

def lines(text: str) -> list[str]:
    """The records of a day as the source writes them: without blanks, so that what is kept as text is easily written again.

    Indented lines go on with the line before.
    """
    return re.sub(r"\n +", "", text).strip().splitlines()


PEOPLE = {
    BASE: lines("""
{"id":1,"rates":{"GBP":{"amount":1.50},"EUR":null},"address":{"streetName":"Mill Lane","town":"Leeds"},
 "items":[{"sku":"a","quantity":1},null,{"sku":"b"}],"profile":{"age":40,"contact":{"homePhone":"1"},"nick":null,"tags":[]},
 "score":7,"serial":18446744073709551615,"exact":3.14159265358979323846,
 "measure":{"reading":12345678901234567890,"factor":0.12345678901234567890123}}
{"id":2,"rates":{},"address":{},"items":[],"profile":{"contact":{}},"score":-9223372036854775808,"serial":7,"exact":2.5,
 "measure":{"reading":1,"factor":2.5}}
{"id":3,"rates":null,"address":null,"items":null,"profile":{"age":9223372036854775807,"contact":null},"score":null}
{"id":4}
"""),
    GROWN: lines("""
{"id":11,"rates":{"GBP":{"amount":2,"validFrom":"2024"},"USD":{"validFrom":"2023"}},
 "address":{"postCode":"LS1","isHome":true,"streetName":"High Street","town":"York"},
 "items":[{"unitPrice":1.25,"sku":"c","tags":["x",null],"quantity":2},{"sku":"d","tags":[]}],
 "profile":{"nick":"Zoë \\"Z\\"","age":41,"contact":{"homePhone":"2","mobilePhone":"3"},"higherDFADecision":false},
 "score":8,"serial":"x","exact":1.5,"measure":{"reading":2,"factor":"1"}}
{"id":12,"address":{"town":"Hull"},"items":[{"sku":"e","quantity":3}],"profile":{"contact":{"homePhone":"4"}},"score":9}
{"id":13,"rates":{"GBP":{}},"address":{"isHome":false},"items":[{"unitPrice":-0.5}],"profile":{"contact":{"mobilePhone":"5"}}}
"""),
    CHANGED: lines("""
{"id":21,"rates":{"USD":{"amount":2.25}},"address":{"town":"Bath"},"items":[{"sku":"f"}],"profile":{"age":42},
 "score":{"value":7,"unit":"kg"},"serial":{"a":[1,2.50]}}
{"id":22,"rates":5,"address":"1 High Street, York","items":{"sku":"g"},"profile":{"age":{"years":4}},"score":[1,2],"serial":true}
{"id":23,"rates":{"GBP":7},"address":["x"],"items":[{"sku":"h","quantity":"many"}],"profile":7,"score":99999999999999999999,
 "serial":[null]}
{"id":24,"rates":{"GBP":{"amount":1.005}},"address":{"town":{"name":"Ely"},"isHome":"perhaps"},"items":[[1]],"score":1.5,
 "measure":{"reading":{"raw":[1,2.50],"é":null},"factor":true}}
{"id":25,"score":10}
"""),
    NEW: lines("""
{"id":31,"mixed":7,"address":{"town":"Ripon","mixed":"a"},
 "employer":{"companyName":"Acme","headOffice":{"town":"Hull"},"staffCount":12},
 "history":[{"yearOf":1999,"schools":[{"name":"A"}]}],"score":11,"measure":{"limit":123456789012345678901234567890},
 "items":[{"weight":0.1000000000000000055511151231257827}],"exact":9}
{"id":32,"mixed":"seven","address":{"mixed":{"b":[1,null]}},"employer":null,"history":[],"score":12,"measure":{"limit":1},
 "items":[{"weight":1}]}
{"id":33,"mixed":{"n":7,"m":{}},"address":{"mixed":[1.0]},"employer":{},"history":[{}],"score":13}
{"id":34,"mixed":[7,"7"],"address":{"mixed":null},"score":"x"}
{"id":35,"mixed":true,"address":{"mixed":false}}
"""),
    DEEP: lines("""
{"history":[{"schools":[{"city":"Y","name":"B"},{"city":"Z"}],"yearOf":2000,"honours":{"BA":{"classOf":"first"}}}],
 "employer":{"staffCount":3,"headOffice":{"country":{"isoCode":"GB"},"town":"Goole"},"branches":[{"town":"Selby"}]},
 "rates":{"GBP":{"parts":[{"name":"vat","share":0.25}],"validFrom":"2025","amount":3.5}},"mixed":"8","id":41}
{"employer":"self","history":{"yearOf":2001},"mixed":null,"id":42}
{"id":43,"address":{"town":"Otley","streetName":"Mill Lane","postCode":"LS21","isHome":true,"mixed":1},
 "profile":{"nick":"N","age":43,"contact":{"homePhone":"6","mobilePhone":"7"}}}
"""),
}
VISITS = {day: ['{"id":1,"place":{"town":"Leeds"}}', '{"id":2}'] for day in DAYS} | {
    GROWN: lines("""
{"id":1,"place":{"town":"York"},"guide":{"fullName":"Ann","languages":["en","cy"]},"fee":2.5}
{"id":2,"guide":{"fullName":null}}
""")
}
SOURCE = {"people": PEOPLE, "visits": VISITS}

ERRORS = {"error_desc": "array<string>"}
CONTACT = "contact:struct<home_phone:string,mobile_phone:string>"
COLUMNS: dict[str, dict[str, str]] = {
    BASE: {
        "rates": "map<string,struct<amount:decimal(9,2)>>",
        "id": "bigint",
        "address": "struct<street_name:string,town:string>",
        "items": "array<struct<sku:string,quantity:bigint>>",
        "profile": "struct<age:bigint,contact:struct<home_phone:string>>",
        "score": "bigint",
        "serial": "string",
        "exact": "string",
        "measure": "struct<reading:string,factor:string>",
        **ERRORS,
    },
    GROWN: {
        "rates": "map<string,struct<amount:decimal(9,2),valid_from:string>>",
        "address": "struct<street_name:string,town:string,post_code:string,is_home:boolean>",
        "items": "array<struct<sku:string,quantity:bigint,unit_price:double,tags:array<string>>>",
        "profile": f"struct<age:bigint,{CONTACT},nick:string,higher_dfa_decision:boolean>",
    },
    CHANGED: {},
    NEW: {
        "address": "struct<street_name:string,town:string,post_code:string,is_home:boolean,mixed:string>",
        "items": "array<struct<sku:string,quantity:bigint,unit_price:double,tags:array<string>,weight:string>>",
        "measure": "struct<reading:string,factor:string,limit:string>",
        "mixed": "string",
        "employer": "struct<company_name:string,head_office:struct<town:string>,staff_count:bigint>",
        "history": "array<struct<year_of:bigint,schools:array<struct<name:string>>>>",
    },
    DEEP: {
        "rates": "map<string,struct<amount:decimal(9,2),valid_from:string,parts:array<struct<name:string,share:double>>>>",
        "employer": "struct<company_name:string,head_office:struct<town:string,country:struct<iso_code:string>>,staff_count:bigint,"
        "branches:array<struct<town:string>>>",
        "history": "array<struct<year_of:bigint,schools:array<struct<name:string,city:string>>,"
        "honours:struct<ba:struct<class_of:string>>>>",
    },
}
"""What each day adds to the columns of people, and what it makes of those that grow."""
VISITS_BEFORE = {"id": "bigint", "place": "struct<town:string>", **ERRORS}
VISITS_AFTER = VISITS_BEFORE | {"guide": "struct<full_name:string,languages:array<string>>", "fee": "double"}
NEW_MEMBERS = [
    "address.is_home",
    "address.post_code",
    "items.tags",
    "items.unit_price",
    "profile.contact.mobile_phone",
    "profile.higher_dfa_decision",
    "profile.nick",
    "rates.valid_from",
]
"""Of the day that grows people first."""
STRICT = "hive.metastore.disallow.incompatible.col.type.changes"


class Number(str):
    """A number as it is written."""


class Misfit(Exception):
    """A value is none of its type's."""


def read(text: str) -> dict[str, Any]:
    """A record."""
    value: dict[str, Any] = json.loads(text, parse_int=Number, parse_float=Number)
    if written(value) != text:
        raise ValueError(f"{text} would be kept as {written(value)}")
    return value


def written(value: Any) -> str:
    """A value as the source writes it."""
    match value:
        case Number():
            return str(value)
        case dict():
            return "{" + ",".join(f"{written(name)}:{written(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(written, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def column(member: str) -> str:
    """A member as a column's or a field's name."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", member).lower()


def fit(hive: str, value: Any, ignore: bool) -> Any:
    """A value as its type has it, in the form that `values.canonical` gives; members that the type lacks may be ignored."""
    if value is None:
        return None
    word, inner = parts(hive)
    match word, value:
        case "string", _:
            return value if isinstance(value, str) else written(value)
        case "bigint", Number() if re.fullmatch(r"-?\d+", value) and -(2**63) <= int(value) < 2**63:
            return int(value)
        case "double", Number():
            return repr(float(value))
        case "decimal(9,2)", Number() if Decimal(value) == round(Decimal(value), 2):
            return format(Decimal(value).quantize(Decimal("0.01")), "f")
        case "boolean", bool():
            return value
        case "array", list():
            return [fit(inner[0], item, ignore) for item in value]
        case "map", dict():
            return {key: fit(inner[1], item, ignore) for key, item in sorted(value.items())}
        case "struct", dict():
            types = dict(part.split(":", 1) for part in inner)
            members = {column(member): item for member, item in value.items()}
            if not ignore and any(item not in (None, [], {}) for name, item in members.items() if name not in types):
                raise Misfit
            return {name: fit(kind, members.get(name), ignore) for name, kind in types.items()}
    raise Misfit


def rows(source: dict[str, list[str]], columns: dict[str, str], days: list[str], ignored: str = "") -> Records:
    """The rows of some days as a table of these columns must have them: each value, or its text in `error_desc`.

    Of the day `ignored`, what the columns lack is left out.
    """
    found = []
    for day in days:
        records = list(map(read, source[day]))
        # In which `error_desc` has them.
        names = list(dict.fromkeys(name for record in records for name in record))
        for record in records:
            row: dict[str, Any] = dict.fromkeys(columns)
            errors = []
            for name in (name for name in names if name in record and (day != ignored or column(name) in columns)):
                value = record[name]
                try:
                    row[column(name)] = fit(columns[column(name)], value, day == ignored)
                except Misfit:
                    text = value if isinstance(value, str) else written(value)
                    errors.append(f"Type Conversion for column {column(name)}. The source value is: {text}")
            found.append(row | {"error_desc": errors or None, KEY: day})
    return found


def columns_after(day: str) -> dict[str, str]:
    """Those of people."""
    found: dict[str, str] = {}
    for each in DAYS[: DAYS.index(day) + 1]:
        found |= COLUMNS[each]
    return found


@dataclass
class Place:
    """A workspace with its metastore, and who reads its tables."""

    name: str
    """Of its module and its database, too."""
    workspace: Workspace
    checks: Checks
    table: Callable[[str], Table]
    """As the metastore has it."""
    readers: list[Reader]
    seconds: dict[str, float] = field(default_factory=dict)

    def module(self, new_column: str = "add") -> None:
        """Writes the module file."""
        self.workspace.module(self.name, MODULE.format(module=self.name, new_column=new_column))

    def run(self, *days: str, collections: tuple[str, ...] = (), expected: int = 0) -> dict[str, Any]:
        """Runs the first of the days to the last; gives the report."""
        only = [word for name in collections for word in ("--collection", name)]
        self.workspace.run("--module", self.name, "--start-dt", days[0], "--end-dt", days[-1], *only, expected=expected)
        return self.report()

    def report(self) -> dict[str, Any]:
        """The newest report."""
        found: dict[str, Any] = json.loads(max((self.workspace.folder / "reports").iterdir()).read_text())
        return found

    def land(self) -> None:
        """Puts the source's files there."""
        for collection, days in SOURCE.items():
            for day, records in days.items():
                (self.workspace.source / f"{day}_{collection}.json").write_text("".join(f"{record}\n" for record in records))

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Adds up how long it takes."""
        begun = time.monotonic()
        yield
        self.seconds[what] = self.seconds.get(what, 0) + time.monotonic() - begun

    def see(self, when: str, collection: str, columns: dict[str, str], wanted: Records) -> None:
        """Whether the metastore has these columns, and all readers these rows."""
        what = f"{self.name}, {when}: {collection}"
        table = self.table(collection)
        self.checks.same(f"{what} has its columns", list(table.columns.items()), list(columns.items()))
        self.checks.same(f"{what} has its partitions", list(table.partitions), sorted({row[KEY] for row in wanted}))
        for reader in self.readers:

            def found(reader: Reader = reader) -> Records:
                return in_order(reader.rows(table, [*columns, KEY]), columns)

            with self.timed(reader.name):
                self.checks.gives(f"{what} by {reader.name}", found, wanted)


def in_order(found: Records, columns: dict[str, str]) -> Records:
    """Rows in the one form, by day and number."""
    same = [{name: canonical(kind, row[name]) for name, kind in columns.items()} | {KEY: str(row[KEY])} for row in found]
    return sorted(same, key=lambda row: (row[KEY], row["id"]))


def known_to_spark(session: SparkSession, registers: bool) -> Callable[[Table], Table]:
    """A table as Spark can read it anew: in a metastore that is not Spark's, by way of a copy of its entry."""
    copies: dict[str, Table] = {}

    def known(table: Table) -> Table:
        if not registers:
            session.catalog.refreshTable(table.name)
            return table
        if repr(table) not in copies:
            copies[repr(table)] = replace(table, name=f"copy_{len(copies)}_of_{table.name}")
            spark.register(session, copies[repr(table)])
        return copies[repr(table)]

    return known


def after(known: Callable[[Table], Table], rows: Callable[[Table, list[str]], Records]) -> Callable[[Table, list[str]], Records]:
    """A reader of what is made known first."""
    return lambda table, names: rows(known(table), names)


def readers(session: SparkSession, workspace: Workspace, registers: bool) -> list[Reader]:
    """All of them."""
    known = known_to_spark(session, registers)
    both = {name: spark.reader(session, convert) for name, convert in (("Spark", True), ("SerDe", False))}
    return [
        Reader("DuckDB", by_duckdb),
        Reader("Polars", by_polars(workspace)),
        *(Reader(name, after(known, rows)) for name, rows in both.items()),
    ]


def in_glue(server: Moto, database: str) -> Callable[[str], Table]:
    """Tables as Glue has them."""
    glue = boto3.client(
        "glue",
        server.region,
        endpoint_url=server.url,
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
    )

    def table(name: str) -> Table:
        found = glue.get_table(DatabaseName=database, Name=name)["Table"]
        columns = {column["Name"]: column["Type"] for column in found["StorageDescriptor"]["Columns"]}
        [key] = found["PartitionKeys"]
        parts = glue.get_partitions(DatabaseName=database, TableName=name)["Partitions"]
        folders = {part["Values"][0]: Path(part["StorageDescriptor"]["Location"].removeprefix("file://")) for part in parts}
        return Table(f"{database}.{name}", columns, key["Name"], key["Type"], dict(sorted(folders.items())))

    return table


def growing(place: Place) -> None:
    """Day by day, where structs may change."""
    checks = place.checks
    place.module()
    place.land()
    for number, day in enumerate(DAYS, start=1):
        with place.timed("adg"):
            [report] = place.run(day, collections=("people",))["days"]
        columns, what = columns_after(day), f"{place.name}, day {number}"
        if day != BASE:
            grown = COLUMNS[day].keys() & columns_after(DAYS[number - 2]).keys()
            told = [name for change in report["schema_changes"] for name in re.findall(r"CHANGE COLUMN `(\w+)`", change)]
            checks.same(f"{what}: the columns said to change", sorted(told), sorted(grown))
        if day == CHANGED:
            filled = ["columns that the source does not have, filled with null: exact"]
            checks.same(f"{what}: what is said of a column gone", report["notes"], filled)
        misfits = [error for row in rows(PEOPLE, columns, [day]) for error in row["error_desc"] or []]
        checks.same(f"{what}: {len(misfits)} values are said not to fit", report["value_errors"], len(misfits))
        place.see(f"day {number}", "people", columns, rows(PEOPLE, columns, DAYS[:number]))
    place.run(*DAYS)
    place.see("all days again", "people", columns, rows(PEOPLE, columns, DAYS))
    place.see("all days again", "visits", VISITS_AFTER, rows(VISITS, VISITS_AFTER, DAYS))


def refused(place: Place, lenient: str) -> None:
    """Where structs may not change."""
    checks, before, after = place.checks, columns_after(BASE), columns_after(GROWN)
    place.module()
    place.land()
    place.run(BASE)

    report = place.run(GROWN, collections=("people",), expected=12)
    failure = report["days"][0]["failure"]
    what = "strict: the table and all columns that would change are named"
    checks.same(what, named(failure["message"]), sorted([*COLUMNS[GROWN], "strict.people"]))
    for way_out in (f"{STRICT}=false", "`evolution.new_column: ignore`"):
        checks.same(f"strict: the hint names {way_out}", way_out in failure["hint"], True)
    print(f"       {failure['message']}\n       hint: {failure['hint']}")
    place.see("growth refused", "people", before, rows(PEOPLE, before, [BASE]))

    report = place.run(BASE, GROWN, expected=4)
    outcomes = [(day["date"], day["collection"], day["outcome"]) for day in report["days"]]
    wanted = [(day, name, "completed") for day in (BASE, GROWN) for name in SOURCE]
    wanted[2] = (GROWN, "people", "failed")
    checks.same("strict: only the day and the table that would grow fail", sorted(outcomes), sorted(wanted))
    place.see("growth refused again", "people", before, rows(PEOPLE, before, [BASE]))
    place.see("new columns added", "visits", VISITS_AFTER, rows(VISITS, VISITS_AFTER, [BASE, GROWN]))
    [again] = report["rerun"]

    place.module("ignore")
    report = place.run(GROWN, collections=("people",))
    [note] = [note for note in report["days"][0]["notes"] if "ignored" in note]
    checks.same("strict: the members that are left out are named", sorted(note.partition(": ")[2].split(", ")), NEW_MEMBERS)
    ignoring = rows(PEOPLE, before, [BASE, GROWN], ignored=GROWN)
    place.see("new members left out", "people", before, ignoring)

    # As if the service had been started again: it is the same metastore.
    place.module()
    profiles = place.workspace.folder / "adg.yaml"
    strict = profiles.read_text()
    profiles.write_text(re.sub(r"thrift://[^\"]*", lenient, strict))
    words = shlex.split(again)
    narrowest = ["--module", "strict", "--start-dt", GROWN, "--end-dt", GROWN, "--collection", "people"]
    checks.same("strict: the command that runs just the day and table again", words, [os.environ["ADG_BIN"], *narrowest])
    place.workspace.run(*words[1:])
    place.see("growth let in, and the day run again as the report says", "people", after, rows(PEOPLE, after, [BASE, GROWN]))
    table = place.table("people")
    place.workspace.run(*words[1:])
    place.see("once more", "people", after, rows(PEOPLE, after, [BASE, GROWN]))
    folders = [folder for folder in table.partitions[GROWN].parent.iterdir() if any(folder.glob("*.parquet"))]
    # What was published and then replaced is kept for readers that still read it; what never was is swept.
    checks.same("strict: nothing is left of the attempts that failed", len(folders), 3)

    profiles.write_text(strict)
    place.run(CHANGED)
    place.see("strict again, a day without growth", "people", after, rows(PEOPLE, after, DAYS[:3]))
    place.run(NEW, collections=("people",), expected=12)
    place.see("strict again, a day with new columns and growth", "people", after, rows(PEOPLE, after, DAYS[:3]))


def named(message: str) -> list[str]:
    """Which columns and tables a message names."""
    return sorted(set(re.findall(r"[\w.]+", message)) & {*COLUMNS[BASE], "strict.people"})


def in_metastore(client: HiveClient, database: str) -> Callable[[str], Table]:
    """Tables as the Hive Metastore has them."""
    return lambda name: client.table(f"{database}.{name}")


def places(session: SparkSession, folder: Path, checks: Checks, server: Moto, uris: dict[str, str]) -> Iterator[Place]:
    """Each metastore, with a workspace of its own."""
    embedded = Workspace(folder / "embedded")
    read_all = readers(session, embedded, registers=True)
    yield Place("embedded", embedded, checks, lambda name: embedded.table("embedded", name), read_all)
    glue = Workspace(folder / "glue", f'glue: {{ region: {server.region}, endpoint: "{server.url}" }}')
    yield Place("glue", glue, checks, in_glue(server, "glue"), readers(session, glue, registers=True))
    for name, uri in uris.items():
        workspace = Workspace(folder / name, f'hive: {{ uris: ["{uri}"] }}')
        table = in_metastore(HiveClient(session, uri), name)
        yield Place(name, workspace, checks, table, readers(session, workspace, registers=False))


def main() -> None:
    """Everything in one Spark session, whose metastore is the lenient one: both have their tables in one database."""
    checks, begun = Checks(), time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        lenient = stack.enter_context(hive("postgres", strict=False))
        strict = stack.enter_context(hive(lenient.database or "postgres"))
        server = stack.enter_context(moto(unchecked=True))
        os.environ |= {"AWS_ACCESS_KEY_ID": server.access_key_id, "AWS_SECRET_ACCESS_KEY": server.secret_access_key}
        session = spark.session(folder, spark.metastore_at(lenient.uri))
        print(f"services and Spark started in {time.monotonic() - begun:.0f} s")
        try:
            for place in places(session, folder, checks, server, {"lenient": lenient.uri, "strict": strict.uri}):
                if place.name == "strict":
                    refused(place, lenient.uri)
                else:
                    growing(place)
                print(f"       seconds: {', '.join(f'{name} {spent:.1f}' for name, spent in place.seconds.items())}\n")
        finally:
            session.stop()
    print(f"\n{checks.wrong} wrong, {time.monotonic() - begun:.0f} s")
    sys.exit(checks.wrong > 0)


if __name__ == "__main__":
    main()
