"""The session of tests: its beginning and end, and which worker runs which tests."""

import json
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from world.shared import Session

SESSION = pytest.StashKey[Session]()
TOGETHER = "together.json"
"""Notes the modules whose tests must run on one worker, in the session's folder."""


def pytest_configure(config: pytest.Config) -> None:
    """Begins the session, in the process that the others belong to."""
    if not hasattr(config, "workerinput"):
        config.stash[SESSION] = Session()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells each worker where the session's services are noted."""
    node.workerinput["services"] = str(node.config.stash[SESSION].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the session's services, also after Ctrl-C."""
    if (session := config.stash.get(SESSION, None)) and (slow := session.end()):
        print(f"had to be killed: {', '.join(slow)}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts modules whose tests have the largest time limits first: at the end no worker is to wait for one long test."""
    limits: dict[str, float] = {}
    for item in items:
        mark = item.get_closest_marker("timeout")
        limits[_module(item.nodeid)] = max(limits.get(_module(item.nodeid), 0), mark.args[0] if mark else 0)
    items.sort(key=lambda item: -limits[_module(item.nodeid)])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Has a worker note the modules with a fixture of their own that several tests share."""
    if told := getattr(session.config, "workerinput", None):
        modules = sorted({_module(item.nodeid) for item in session.items if _shares(item)})
        folder = Path(told["services"])
        # All workers write the same. Whoever reads it must never find half of it.
        own = folder / f"{TOGETHER}.{told['workerid']}"
        own.write_text(json.dumps(modules))
        own.replace(folder / TOGETHER)


def _module(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _shares(item: pytest.Item) -> bool:
    """Whether each worker that runs the test would make something costly. Fixtures of plugins are cheap in each."""
    fixtures = getattr(item, "_fixtureinfo", None)
    known = fixtures.name2fixturedefs.values() if fixtures else ()
    return any(found[-1].scope in ("module", "class") and found[-1].baseid for found in known)


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Gives the tests of a noted module to one worker, and each other test to whichever worker is free."""

    _modules: frozenset[str] | None = None

    def _split_scope(self, nodeid: str) -> str:
        if self._modules is None:
            self._modules = frozenset(json.loads((self.config.stash[SESSION].folder / TOGETHER).read_text()))
        module = _module(nodeid)
        return module if module in self._modules else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Not `--dist=loadgroup`, which goes by a mark: xdist 3.8 does not hand it on with pytest 9.2."""
    return Together(config, log)
