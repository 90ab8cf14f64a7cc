"""Loads the fixtures that all cases have."""

from cases.unconverted import SCRIPTS

pytest_plugins = ["world.sessions", "world.fixtures"]
collect_ignore = [f"{name.replace('.', '/')}.py" for name in SCRIPTS]
