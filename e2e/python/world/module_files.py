"""The files of the replaced job's three modules: what each collection has, random files of it, and the rows that they are.

Nothing here is taken from adg or its module files: it is written down a second time.
"""

import hashlib
import json
import random
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any

from world.kickstart import ROWS, csv_file, value
from world.published import Rows, lines_of_csv, typed

FILES = 5
"""Of a day, where there are several."""
HIVE = {"uuid": "string", "text": "string", "integer": "int", "numeric": "double"}
"""Hive's types by the words of a module."""


@dataclass(frozen=True)
class Collection:
    """A collection as its module and its own files describe it."""

    module: str
    name: str
    fields: dict[str, str]
    """The source's names, with their types."""
    pii: frozenset[str] = frozenset()
    """Those that the files mark as personal data."""
    file_name: str = ""
    """None: the collection's own."""

    @cached_property
    def columns(self) -> dict[str, str]:
        """The table's columns, in order."""
        own = {"error_desc": "array<string>"}
        if self.module != "vacancy":
            own = {"row_hash_id": "string"} | own
        return {column(name): hive(word) for name, word in self.fields.items()} | own

    @property
    def personal(self) -> list[str]:
        """The columns that are personal data, what quotes their values among them."""
        return sorted([column(name) for name in self.pii] + ["error_desc"] * bool(self.pii))

    @property
    def folder(self) -> str:
        """Where its table lies."""
        among = "" if self.module == "vacancy" else "pii/" if self.pii else "non-pii/"
        return f"data/uc_kickstart/{among}{self.name}"

    def key(self, day: date, number: int = 1) -> str:
        """The name of a day's file. Those with greater numbers are newer."""
        epoch_ms = int(datetime.combine(day, time(4), UTC).timestamp() * 1000) + number
        system = {"application": "mksas", "payment": "mksps"}[self.module]
        return f"{day}-kick-{system}-{self.file_name or self.name}-{epoch_ms}.json.enc"


def vacancy_key(day: date, collection: str, number: int = 0) -> str:
    """The name of a file, of all there is or of changes. Of two digits and with times in reverse, numbers alone tell the order."""
    epoch_ms = int(datetime.combine(day, time(4), UTC).timestamp() * 1000) - number
    return f"{day}_{collection}_{epoch_ms}" + (f"_delta_{number + 7}.csv" if number else ".csv")


def hive(word: str) -> str:
    """A word's type in Hive."""
    if word.startswith("struct"):
        return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", word)
    return HIVE.get(word, word.replace("numeric", "decimal"))


def column(name: str) -> str:
    """The column that a field becomes."""
    if name == "timestamp":
        return "created_at"
    return "_".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)).lower()


def _of(module: str, *collections: Collection) -> dict[str, Collection]:
    return {one.name: one for one in collections if one.module == module}


VACANCY = {
    "bids": {
        "Bid Id": "uuid",
        "Vacancy Id": "bigint",
        "Employer Id": "bigint",
        "Status": "varchar(32)",
        "Bid Amount": "numeric(12,2)",
        "Comments": "text",
        "Created At": "timestamp",
    },
    "bid_employers": {
        "Employer Id": "bigint",
        "Bid Id": "uuid",
        "Employer Name": "string",
        "Is Gateway?": "boolean",
        "Employees": "integer",
        "Registered On": "date",
    },
    "introductions": {
        "Introduction Id": "bigint",
        "Vacancy Id": "bigint",
        "Introduced At": "timestamp",
        "Outcome": "varchar(64)",
        "Score": "double",
        "Attempts": "smallint",
    },
    "vacancies": {
        "Vacancy Id": "bigint",
        "Title": "string",
        "Description": "text",
        "Hours per Week": "numeric",
        "Wage": "numeric(9,2)",
        "Is Remote?": "boolean",
        "Start Date": "date",
        "Positions": "integer",
        "Updated At": "timestamp",
    },
}
APPLICATION = _of(
    "application",
    Collection(
        "application",
        "grant_applications",
        {
            "applicationId": "uuid",
            "grantApplicationNumber": "bigint",
            "applicantName": "string",
            "applicantEmail": "varchar(254)",
            "address": "struct<street:string,town:string,postCode:string>",
            "status": "varchar(32)",
            "higherDFADecision": "boolean",
            "numberOfPaidEmployees": "integer",
            "numberOfPlaces": "smallint",
            "sectors": "array<string>",
            "startDate": "date",
            "requestedAmount": "numeric(12,2)",
            "score": "double",
            "comments": "text",
            "timestamp": "timestamp",
        },
        frozenset({"applicantName", "applicantEmail", "address"}),
        "applications",
    ),
)
PAYMENT = _of(
    "payment",
    Collection(
        "payment",
        "supplier",
        {
            "supplierId": "uuid",
            "supplierNumber": "bigint",
            "name": "string",
            "isActive": "boolean",
            "bankReference": "varchar(32)",
            "registeredOn": "date",
            "timestamp": "timestamp",
        },
    ),
    Collection(
        "payment",
        "employee",
        {
            "employeeId": "uuid",
            "supplierId": "uuid",
            "fullName": "string",
            "nationalInsuranceNumber": "varchar(16)",
            "weeklyHours": "numeric",
            "isPaid": "boolean",
            "timestamp": "timestamp",
        },
        # The module knows the first two; these files say more.
        frozenset({"fullName", "nationalInsuranceNumber", "weeklyHours", "timestamp"}),
    ),
    Collection(
        "payment",
        "payment",
        {
            "paymentId": "uuid",
            "employeeId": "uuid",
            "amount": "numeric(12,2)",
            "instalment": "smallint",
            "numberOfWeeks": "integer",
            "rate": "double",
            "notes": "text",
            "paidOn": "date",
            "timestamp": "timestamp",
        },
        # The module knows of none.
        frozenset({"notes"}),
    ),
    Collection(
        "payment",
        "task",
        {"taskId": "bigint", "paymentId": "uuid", "title": "string", "isDone": "boolean", "due": "timestamp"},
    ),
    Collection("payment", "role", {"roleId": "bigint", "name": "varchar(64)", "permissions": "array<string>"}),
    Collection(
        "payment",
        "user_detail",
        {"userId": "uuid", "userName": "string", "email": "varchar(254)", "roleId": "bigint", "lastLogin": "timestamp"},
        frozenset({"userName", "email"}),
        "user-detail",
    ),
)
ENCRYPTED = {"application": APPLICATION, "payment": PAYMENT}

Record = dict[str, str]
"""JSON by the source's name."""


def records(collection: Collection, seed: str, rows: int = ROWS) -> list[Record]:
    """Random records. Each value may be null, or not there."""
    rng = random.Random(f"{collection.name} {seed}")
    return [_members(collection.fields, rng) for _ in range(rows)]


def _members(fields: dict[str, str], rng: random.Random) -> Record:
    there = ((name, word) for name, word in fields.items() if rng.random() > 0.05)
    return {name: "null" if rng.random() < 0.1 else _json(word, rng) for name, word in there}


def _json(word: str, rng: random.Random) -> str:
    kind, _, inner = word.partition("<")
    match kind:
        case "array":
            return f"[{', '.join('null' if rng.random() < 0.1 else _json(inner[:-1], rng) for _ in range(rng.randrange(4)))}]"
        case "struct":
            return _object(_members(dict(field.split(":") for field in inner[:-1].split(",")), rng))
        case "boolean" | "bigint" | "integer" | "smallint" | "double":
            return value(word, rng)
        case _ if word.startswith("numeric"):
            return value(word, rng)
        case _:
            text = "" if word == "string" and rng.random() < 0.1 else value(word, rng)
            return json.dumps(text, ensure_ascii=rng.random() < 0.5)


def _object(members: Record) -> str:
    return "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in members.items()) + "}"


def envelope(collection: Collection, of: list[Record | str], day: date, fields: str = "") -> str:
    """A file with these records, or what stands in the place of some, and what else is given instead of its list of fields."""
    if not fields:
        # Some write the truth as a text.
        truth = (lambda pii: str(pii)) if collection.name == "task" else (lambda pii: pii)
        fields = json.dumps([{"fieldName": name, "pii": truth(name in collection.pii)} for name in collection.fields])
    extract = json.dumps({"start": f"{day}T00:00:00.000", "end": f"{day}T23:59:59.999"})
    data = ",\n".join(record if isinstance(record, str) else _object(record) for record in of)
    return f'{{"extract": {extract}, "fields": {fields},\n"data": [{data}]}}\n'


def text(collection: Collection, day: date, number: int) -> str:
    """One of a day's files."""
    return envelope(collection, list(records(collection, f"{day} {number}")), day)


def wanted(collection: Collection, *texts: str) -> Rows:
    """The rows of such files as the table must have them; they all fit."""
    return [_row(collection, record) for one in texts for record in json.loads(one, parse_int=str, parse_float=str)["data"]]


def _row(collection: Collection, record: dict[str, Any]) -> dict[str, Any]:
    row = {column(name): _fitted(hive(word), record.get(name)) for name, word in collection.fields.items()}
    if is_hashed(collection):
        row["row_hash_id"] = _hash(record)
    return dict(sorted(row.items()))


def is_hashed(collection: Collection) -> bool:
    """Whether the row's hash is known here: not where it has objects, whose text is the source's own."""
    return not any(word.startswith("struct") for word in collection.fields.values())


def _fitted(ty: str, found: Any) -> Any:
    word, _, inner = ty.partition("<")
    match found:
        case dict():
            types = dict(field.split(":") for field in inner[:-1].split(","))
            members = {column(name): member for name, member in found.items()}
            return {name: _fitted(member, members.get(name)) for name, member in types.items()}
        case list():
            return [_fitted(inner[:-1], item) for item in found]
        case str() if word != "string" or found:
            return typed(ty, found)
        case _:
            return found


def _hash(record: dict[str, Any]) -> str:
    values = [record[name] for name in sorted(record)]
    flat = [item for found in values for item in (found if isinstance(found, list) else [found])]
    texts = [str(item).lower() if isinstance(item, bool) else item for item in flat if item is not None]
    return hashlib.sha256("||".join(texts).encode()).hexdigest()


def wanted_of_csv(collection: str, *texts: str) -> Rows:
    """The rows of CSV files in their order."""
    types = {re.sub(r"\W+", "_", name.lower().rstrip("?")): hive(word) for name, word in VACANCY[collection].items()}
    return [row for one in texts for row in lines_of_csv(one, types)]


def vacancy_text(collection: str, day: date, number: int = 0) -> str:
    """One of a day's files of CSV."""
    return csv_file(VACANCY[collection], f"{collection} {day} {number}")
