"""Comparisons that tell what is right and wrong: printed by tools, and subtests of cases."""

from collections.abc import Callable
from typing import Any


class Checks:
    """Prints each check as it is made, and counts those that fail."""

    def __init__(self) -> None:
        self.wrong = 0

    def same(self, what: str, found: Any, wanted: Any) -> None:
        """Whether it is what is wanted."""
        if written(found) == written(wanted):
            self.ok(what)
        else:
            self.fail(what, difference(found, wanted))

    def gives(self, what: str, found: Callable[[], Any], wanted: Any) -> None:
        """Whether a call gives what is wanted. An error is not."""
        try:
            value = found()
        except Exception as error:
            self.fail(what, cause(error))
        else:
            self.same(what, value, wanted)

    def ok(self, what: str) -> None:
        """Tells of a check that succeeded."""
        print(f"ok     {what}")

    def fail(self, what: str, why: str) -> None:
        """Tells of a check that failed."""
        self.wrong += 1
        print(f"WRONG  {what}: {why}")


def difference(found: Any, wanted: Any) -> str:
    """The first difference of two lists, or both values."""
    if isinstance(found, list) and isinstance(wanted, list):
        if len(found) != len(wanted):
            return f"{len(found)} instead of {len(wanted)}: {found!r:.300} instead of {wanted!r:.300}"
        found, wanted = next(pair for pair in zip(found, wanted, strict=True) if written(pair[0]) != written(pair[1]))
    return f"{found!r:.600} instead of {wanted!r:.600}"


def written(value: Any) -> str:
    """Writes a value so that equal values are written alike: as `repr`, with sets in one order.

    Not by `==`, to which True is 1, and NaN is not NaN.

    >>> nan = float("nan")
    >>> written(True) == written(1), written([nan]) == written([nan]), written((1,)) == written([1])
    (False, True, False)

    Equal sets are written in the order in which they were filled, where their members would have one place.

    >>> {1, 9} == {9, 1}, repr({1, 9}) == repr({9, 1}), written([{1, 9}]) == written([{9, 1}])
    (True, False, True)
    >>> written({"a": ({1, 9}, 2)}), written({2}) == written(frozenset({2})), written({1}) == written({True})
    ("{'a': ({1, 9}, 2)}", False, False)
    """
    match value:
        case set() | frozenset():
            members = ", ".join(sorted(map(written, value)))
            return f"{{{members}}}" if isinstance(value, set) else f"frozenset({{{members}}})"
        case dict():
            return "{" + ", ".join(f"{written(key)}: {written(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(written, value)) + "]"
        case tuple():
            return "(" + ", ".join(map(written, value)) + ")"
        case _:
            return repr(value)


def cause(error: BaseException) -> str:
    """The innermost of the causes that a JVM prints, or the beginning."""
    lines = str(error).splitlines() or [repr(error)]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return (causes[-1] if causes else f"{type(error).__name__}: {' '.join(lines)}")[:300]
