"""Loads the fixtures that all cases have."""

pytest_plugins = ["world.sessions", "world.fixtures"]
