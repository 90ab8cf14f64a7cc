"""JSON whose objects change from day to day, and the columns and rows that a table must have of it.

Structs grow, at the top and inside arrays, maps and other structs; members go; scalars become objects and back; new members have
values of several kinds; numbers are too long for any number type.
"""

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from world.adg import Records
from world.every_type import KEY
from world.values import parts

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
"""The columns that each day adds to people, and those that grow as they are then."""
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


@dataclass
class Fit:
    """Values as a type has them, in the form that `values.canonical` gives, and the errors of those that it can't have."""

    ignore: bool
    """Whether members that a type lacks are left out."""
    errors: list[tuple[str, Any]] = field(default_factory=list)
    """Paths and values."""

    def of(self, hive: str, value: Any, path: str) -> Any:
        """A value; null where it does not fit, alone."""
        if value is None:
            return None
        word, inner = parts(hive)
        match word, value:
            case "string", _:
                return value if isinstance(value, str) else written(value)
            case "bigint", Number() if re.fullmatch(r"-?\d+", value) and -(2**63) <= int(value) < 2**63:
                return int(value)
            case "double", Number() if not re.fullmatch(r"-?\d+", value) or int(float(value)) == int(value):
                return repr(float(value))
            case "decimal(9,2)", Number() if Decimal(value) == round(Decimal(value), 2):
                return format(Decimal(value).quantize(Decimal("0.01")), "f")
            case "boolean", bool():
                return value
            case "array", list():
                return [self.of(inner[0], item, f"{path}[{place}]") for place, item in enumerate(value)]
            case "struct" | "map", []:
                # As PHP writes an object without members.
                return None
            case "map", dict():
                return dict(sorted((key, self.of(inner[1], item, f"{path}.{key}")) for key, item in value.items()))
            case "struct", dict():
                types = dict(part.split(":", 1) for part in inner)
                members = {column(member): item for member, item in value.items()}
                if self.ignore or all(item in (None, [], {}) for name, item in members.items() if name not in types):
                    known = {
                        name: self.of(types[name], item, f"{path}.{name}") for name, item in members.items() if name in types
                    }
                    return {name: known.get(name) for name in types}
        self.errors.append((path, value))
        return None


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
                fit = Fit(day == ignored)
                row[column(name)] = fit.of(columns[column(name)], record[name], column(name))
                for path, value in fit.errors:
                    text = value if isinstance(value, str) else written(value)
                    errors.append(f"Type Conversion for column {path}. The source value is: {text}")
            found.append(row | {"error_desc": errors or None, KEY: day})
    return found


def columns_after(day: str) -> dict[str, str]:
    """Those of people."""
    found: dict[str, str] = {}
    for each in DAYS[: DAYS.index(day) + 1]:
        found |= COLUMNS[each]
    return found
