"""A writer of small Avro object container files, by the specification: https://avro.apache.org/docs/1.12.0/specification/."""

import json
import zlib
from typing import Any

SYNC = bytes(range(16))


def number(value: int) -> bytes:
    """A zig-zag number of variable length."""
    left = (value << 1) ^ (value >> 63)
    out = bytearray()
    while left & ~0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def text(value: str) -> bytes:
    """A string or bytes: its length, then itself."""
    content = value.encode()
    return number(len(content)) + content


def encoded(schema: Any, value: Any) -> bytes:
    """A value by its schema."""
    if isinstance(schema, list):
        branch = next(i for i, one in enumerate(schema) if (one == "null") == (value is None))
        return number(branch) + encoded(schema[branch], value)
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "record":
        return b"".join(encoded(one["type"], value[one["name"]]) for one in schema["fields"])
    if kind == "array":
        items = b"".join(encoded(schema["items"], item) for item in value)
        return (number(len(value)) + items if value else b"") + number(0)
    if kind in ("int", "long"):
        return number(value)
    if kind == "string":
        return text(value)
    assert kind == "null", kind
    return b""


def container(schema: dict[str, Any], rows: list[dict[str, Any]], codec: str = "null") -> bytes:
    """A file of one block."""
    metadata = {"avro.schema": json.dumps(schema), "avro.codec": codec}
    header = (
        b"Obj\x01"
        + number(len(metadata))
        + b"".join(text(key) + text(value) for key, value in metadata.items())
        + number(0)
        + SYNC
    )
    block = b"".join(encoded(schema, row) for row in rows)
    if codec == "deflate":
        packer = zlib.compressobj(wbits=-15)
        block = packer.compress(block) + packer.flush()
    return header + number(len(rows)) + number(len(block)) + block + SYNC
