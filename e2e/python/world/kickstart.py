"""The vacancy module as the replaced job had it: its collections, its secret, and random files by a template of types."""

import csv
import io
import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from time import sleep
from typing import Any

MODULE = "vacancy"
DATABASE = "uc_kickstart"
CORRELATION_ID = "kickstart_vacancy_analytical_dataset_generation"
PRODUCT = "KICKSTART-ADG"
SECRET = "/kickstart/adg"
MARKER = "marker-that-nobody-prints"
"""A password of somebody else, and of the database, which does not ask for it."""
ROWS = 10

TEMPLATE = {
    "bids": {
        "Bid Id": "uuid",
        "Vacancy Id": "bigint",
        "Status": "varchar",
        "Bid Amount": "numeric",
        "Comments": "text",
        "Created At": "timestamp",
    },
    "bid_employers": {
        "Employer Id": "bigint",
        "Employer Name": "string",
        "Is Gateway?": "boolean",
        "Employees": "integer",
        "Registered On": "date",
    },
    "introductions": {
        "Introduction Id": "bigint",
        "Introduced At": "timestamp",
        "Outcome": "varchar",
        "Score": "double",
        "Attempts": "smallint",
    },
    "vacancies": {
        "Vacancy Id": "bigint",
        "Title": "string",
        "Description": "text",
        "Hours per Week": "numeric",
        "Is Remote?": "boolean",
        "Start Date": "date",
        "Positions": "integer",
        "Updated At": "timestamp",
    },
}
"""The headers of each collection's files, with what is in them."""

SPARK = {"uuid": "string", "varchar": "string", "numeric": "decimal", "smallint": "integer", "date": "string"}
"""How the secret says types for which it has no word."""
HIVE = {"text": "string", "integer": "int", "decimal": "double"}
"""Hive's types by the words of the secret."""
INFERRED = {"Registered On": "date"}
"""Columns that the secret does not have."""

MODULE_FILE = f"""\
version: 1
module: {MODULE}
correlation_id: {CORRELATION_ID}
data_product: {PRODUCT}
source: {{ files: "{{date}}_{{collection}}_{{epoch_ms}}.csv", csv: {{ timestamp_formats: ["%Y-%m-%d %H:%M:%S"] }} }}
catchup: {{ retention_days: 7 }}
target: {{ database: {DATABASE} }}
collections_from:
  names: "${{secret:kickstart#collections.{MODULE}}}"
  columns: "${{secret:kickstart#initial_spark_schema.{MODULE}}}"
"""


def spark_schema(collection: str) -> dict[str, str]:
    """A collection's first schema in the secret."""
    columns = {header: SPARK.get(word, word) for header, word in TEMPLATE[collection].items() if header not in INFERRED}
    return {_name(header): word for header, word in columns.items()}


def hive_schema(collection: str) -> dict[str, str]:
    """The table's columns after its first day."""
    declared = {name: HIVE.get(word, word) for name, word in spark_schema(collection).items()}
    inferred = {_name(header): word for header, word in INFERRED.items() if header in TEMPLATE[collection]}
    return declared | inferred | {"error_desc": "array<string>"}


def _name(header: str) -> str:
    return header.lower().rstrip("?").replace(" ", "_")


def secret(bucket: str, database: str) -> dict[str, Any]:
    """The secret, with parts for other modules and for others than adg, and the address of a database."""
    return {
        "collections": {MODULE: list(TEMPLATE), "application": ["grant_applications"]},
        "src_bucket_names": {MODULE: bucket, "application": "it's-another"},
        "initial_spark_schema": {MODULE: {name: spark_schema(name) for name in TEMPLATE}},
        "decryption": {"password": MARKER, "active": True, "previous": None},
        "database": database.replace("@", f":{MARKER}@"),
    }


WRITTEN: dict[str, Callable[[Any], str]] = {"JSON": json.dumps, "Python": repr}
"""The ways in which the secret is written."""

TEXTS = ["plain", "one, two", 'she said "now"', "first line\nsecond line", "Grüße, 世界", "O'Brien", "NULL", "0012"]


def today() -> date:
    """Today in UTC, with time left for the tests."""
    while (now := datetime.now(UTC)).hour == 23 and now.minute >= 57:
        sleep(10)
    return now.date()


def file(collection: str, seed: str) -> str:
    """A file of random rows. Each value may be missing."""
    return csv_file(TEMPLATE[collection], f"{collection} {seed}")


def csv_file(template: dict[str, str], seed: str) -> str:
    """A file with these headers and types."""
    rng = random.Random(seed)
    opened = io.StringIO()
    writer = csv.writer(opened)
    writer.writerow(template)
    for _ in range(ROWS):
        writer.writerow("" if rng.random() < 0.1 else value(word, rng) for word in template.values())
    return opened.getvalue()


def value(word: str, rng: random.Random) -> str:
    """A value of a type, as CSV has it."""
    day = date(2020, 1, 1) + timedelta(days=rng.randrange(2000))
    word, _, length = word.rstrip(")").partition("(")
    match word:
        case "uuid":
            return str(uuid.UUID(int=rng.getrandbits(128), version=4))
        case "bigint" | "integer" | "smallint":
            bits = {"bigint": 63, "integer": 31, "smallint": 15}[word]
            return str(rng.randrange(-(2**bits), 2**bits))
        case "numeric":
            return str(Decimal(rng.randrange(10**8)).scaleb(-2))
        case "double":
            return repr(rng.uniform(-1e6, 1e6))
        case "boolean":
            return rng.choice(["true", "false"])
        case "date":
            return day.isoformat()
        case "timestamp":
            return str(datetime.combine(day, time(rng.randrange(24), rng.randrange(60), rng.randrange(60))))
        case _:
            return f"{rng.choice(TEXTS)} {rng.randrange(100)}"[: int(length or 100)]


def key(day: date, collection: str) -> str:
    """A file's name."""
    epoch_ms = int(datetime.combine(day, time(4), UTC).timestamp() * 1000)
    return f"{day}_{collection}_{epoch_ms}.csv"
