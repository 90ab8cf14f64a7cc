"""The comparison that all cases use."""

import doctest

from world import checks


def test_examples_of_checks_are_true() -> None:
    """Equal values are equal in whatever order sets were filled, and True is not 1."""
    assert doctest.testmod(checks, verbose=False) == (0, 4)
