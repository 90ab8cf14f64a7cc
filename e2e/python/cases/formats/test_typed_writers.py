"""What pyarrow writes as Parquet and ORC is read back equal: random tables of all types, nested ones too.

`ADG_TABLES` says how many of each; the whole exploration is `ADG_TABLES=10000`.
"""

import math
import random
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from cases.formats.given import rows, run, workspace
from cases.formats.test_typed import of, orc, parquet
from cases.formats.test_writers import ALPHABET, TABLES
from world.checks import Checks

pytestmark = pytest.mark.timeout(300 + TABLES)
EPOCH = datetime(1970, 1, 1)
SECONDS = (-62_135_596_800, 253_402_300_799)
"""First and last second of the years 1 to 9999."""
NANOSECONDS = (-9_000_000_000, 9_000_000_000)
"""About those that 64 bits of nanoseconds hold."""
NO_NUMBER = "NaN"


class World:
    """Random types and values of a format."""

    def __init__(self, seed: int, kind: str) -> None:
        self.chance = random.Random(seed)
        self.kind = kind

    def type(self, depth: int = 0) -> pa.DataType:
        """A type; nested ones up to three deep."""
        chance = self.chance
        plain = [
            *(pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64()),
            *(pa.decimal128(chance.choice([5, 18, 38]), chance.choice([0, 2, 5])), pa.date32(), pa.string(), pa.binary()),
            *(pa.timestamp(chance.choice(["ms", "us"]), chance.choice([None, "UTC"])), pa.timestamp("ns")),
        ]
        if self.kind == "parquet":
            plain += [pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.large_string(), pa.date64()]
            plain += [pa.time64("us"), pa.time32("ms"), pa.dictionary(pa.int32(), pa.string())]
        nested: list[Callable[[], pa.DataType]] = [
            lambda: pa.list_(self.type(depth + 1)),
            lambda: pa.struct([(f"m{i}", self.type(depth + 1)) for i in range(chance.randint(1, 3))]),
            lambda: pa.map_(pa.string(), self.type(depth + 1)),
        ]
        return chance.choice(nested)() if depth < 3 and chance.random() < 0.35 else chance.choice(plain)

    def text(self) -> str:
        """A short text with what texts are written with."""
        return "".join(self.chance.choice([*ALPHABET, *"{}[]:"]) for _ in range(self.chance.randint(0, 6)))

    def value(self, kind: pa.DataType, is_inner: bool = False) -> Any:
        """A value, or null."""
        chance, types = self.chance, pa.types
        # pyarrow writes other values after a null struct within a struct of ORC, and reads them back so.
        if chance.random() < 0.15 and not (self.kind == "orc" and is_inner and types.is_struct(kind)):
            return None
        if types.is_boolean(kind):
            return chance.random() < 0.5
        if types.is_integer(kind):
            bits = kind.bit_width - types.is_signed_integer(kind)
            low, high = -(2**bits) if types.is_signed_integer(kind) else 0, 2**bits - 1
            return chance.choice([low, high, 0, 1, chance.randint(low, high)])
        if types.is_floating(kind):
            return self.real(kind)
        if types.is_decimal(kind):
            return Decimal(f"{chance.randint(1 - 10**kind.precision, 10**kind.precision - 1)}e-{kind.scale}")
        if types.is_date(kind):
            return date.fromordinal(chance.choice([1, 3_652_059, 719_163, chance.randint(1, 3_652_059)]))
        if types.is_timestamp(kind):
            return self.moment(kind)
        if types.is_time(kind):
            return time(chance.randint(0, 23), chance.randint(0, 59), chance.randint(0, 59))
        if types.is_binary(kind):
            return self.text().encode()
        if types.is_list(kind):
            return [self.value(kind.value_type, True) for _ in range(chance.randint(0, 3))]
        if types.is_struct(kind):
            return {field.name: self.value(field.type, True) for field in kind}
        if types.is_map(kind):
            return [(f"k{i}", self.value(kind.item_type, True)) for i in range(chance.randint(0, 3))]
        return self.text()

    def real(self, kind: pa.DataType) -> float:
        """A double, or the double that a float is."""
        some = [0.0, -0.0, 1.5, 1e300, -1e-300, math.inf, math.nan, 9_007_199_254_740_993.0, 1e16, 1e22]
        value = self.chance.choice([*some, self.chance.uniform(-1e6, 1e6)])
        if kind == pa.float64():
            return value
        try:
            return float(struct.unpack("f", struct.pack("f", value))[0])
        except OverflowError:
            return 1.5

    def moment(self, kind: pa.DataType) -> datetime:
        """A clock time or an instant that the format and adg have."""
        seconds = self.chance.randint(*(NANOSECONDS if kind.unit == "ns" else SECONDS))
        micros = {"ms": self.chance.randint(0, 999) * 1000, "us": self.chance.randint(0, 999_999), "ns": 0}[kind.unit]
        if self.kind == "orc":
            # Readers of ORC have instants of 64 bits of nanoseconds, and differ on fractions before 1970, which adg takes for
            # others after 2262.
            if kind.tz and not NANOSECONDS[0] < seconds < NANOSECONDS[1]:
                seconds = 0
            if seconds < 0 or 9_000_000_000 < seconds < 18_500_000_000:
                micros = 0
        moment = EPOCH + timedelta(seconds=seconds, microseconds=micros)
        return moment.replace(tzinfo=UTC) if kind.tz else moment


def plain(value: Any) -> Any:
    """A value as it is compared: NaN is NaN, and an instant its clock time in UTC."""
    match value:
        case float() if math.isnan(value):
            return NO_NUMBER
        case datetime():
            return value.replace(tzinfo=None)
        case dict():
            return {name: plain(inner) for name, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case tuple():
            return tuple(plain(inner) for inner in value)
    return value


def wanted(value: Any, kind: pa.DataType) -> Any:
    """A value as the table has it: binary values and times of day are texts, integers without a sign decimals."""
    types = pa.types
    if value is None:
        return None
    if types.is_uint64(kind):
        return Decimal(value)
    if types.is_binary(kind):
        return value.decode()
    if types.is_time(kind):
        return value.isoformat()
    if types.is_list(kind):
        return [wanted(item, kind.value_type) for item in value]
    if types.is_struct(kind):
        return {field.name: wanted(value[field.name], field.type) for field in kind}
    if types.is_map(kind):
        return [(key, wanted(item, kind.item_type)) for key, item in value]
    return plain(value)


@pytest.mark.parametrize(("kind", "write"), [("parquet", parquet), ("orc", orc)])
def test_random_tables_are_read_back(checks: Checks, kind: str, write: Callable[[pa.Table], bytes]) -> None:
    """All values of all types, alone and nested."""
    for seed in range(TABLES // 5):
        world = World(seed, kind)
        types = [world.type() for _ in range(world.chance.randint(1, 6))]
        count = world.chance.randint(1, 8)
        data = [[world.value(one) for _ in range(count)] for one in types]
        table = pa.table({f"c{i}": pa.array(values, one) for i, (values, one) in enumerate(zip(data, types, strict=True))})
        with workspace(of(kind, "x", write(table), [])) as place:
            run(place)
            found = rows(place)
        for i, (values, one) in enumerate(zip(data, types, strict=True)):
            expected = [wanted(value, one) for value in values]
            checks.same(f"{kind} {seed}: {one}", [plain(row.get(f"c{i}")) for row in found], expected)
