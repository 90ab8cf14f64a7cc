"""One form for a value, whichever reader it came from: readers give the same value as unlike Python objects.

Integers, booleans and text are themselves. Floating point is its `repr`, a decimal its digits with its scale, a date and a
timestamp ISO text, the latter in UTC with six digits of a second. Structs and maps are dictionaries.
"""

from collections.abc import Iterable
from ctypes import c_float
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any


def canonical(hive: str, value: Any) -> Any:
    """A value of a Hive type in its one form."""
    if value is None:
        return None
    word, inner = parts(hive)
    match word:
        case "array":
            return [canonical(inner[0], item) for item in value]
        case "map":
            return _map(inner[0], inner[1], value)
        case "struct":
            types = dict(field.split(":", 1) for field in inner)
            return {name: canonical(types.get(name, "unknown"), item) for name, item in value.items()}
        case "float":
            return repr(c_float(value).value)
        case "double":
            return repr(float(value))
        case "date":
            return value.isoformat() if isinstance(value, date) else value
        case "timestamp":
            return _timestamp(value)
        case _ if word.startswith("decimal"):
            return format(Decimal(value), "f")
        case _:
            return value


def parts(hive: str) -> tuple[str, list[str]]:
    """`map<string,array<int>>` as `map` and its parts `string` and `array<int>`."""
    word, bracket, rest = hive.partition("<")
    if not bracket:
        return word, []
    inner, depth = [""], 0
    for character in rest[:-1]:
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            inner.append("")
        else:
            inner[-1] += character
    return word, inner


def _map(key: str, item: str, value: Any) -> dict[Any, Any]:
    pairs = [(canonical(key, k), canonical(item, v)) for k, v in _entries(value)]
    if len(pairs) != len(dict(pairs)):
        raise ValueError(f"a key stands twice in {value}")
    return dict(sorted(pairs))


def _entries(value: Any) -> Iterable[tuple[Any, Any]]:
    """Maps are dictionaries, lists of pairs (PyArrow), or lists of `key` and `value` (Polars)."""
    if isinstance(value, dict):
        return value.items()
    return [(entry["key"], entry["value"]) if isinstance(entry, dict) else entry for entry in value]


def _timestamp(value: datetime | str) -> str:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(" ", "microseconds")
