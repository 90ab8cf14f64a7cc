"""`adg doctor` signs in to the databases of the profile, and tells connections that are not protected."""

from pathlib import Path

import pytest

from cases.hostile.trust import RUN, job
from world.checks import Checks
from world.postgres import Postgres


@pytest.mark.parametrize(
    ("settings", "code", "told"),
    [
        ("database: adg, user: adg, tls: disable", 0, "`tls: disable` sends everything in the clear: `verify-full` protects it"),
        ("database: adg, user: adg", 20, "server does not support TLS"),
        ("database: none, user: adg, tls: disable", 10, 'database "none" does not exist'),
        ("database: adg, user: nobody, tls: disable", 20, 'role "nobody" does not exist'),
    ],
)
def test_doctor_signs_in_to_databases(
    checks: Checks, postgres: Postgres, tmp_path: Path, settings: str, code: int, told: str
) -> None:
    """The real server, which has no TLS."""
    connection = f"host: 127.0.0.1, port: {postgres.port}, {settings}"
    at = job(tmp_path, {"connections": f"shop: {{ postgres: {{ {connection} }} }}"})
    at.expect(0, *RUN)
    ran = at.run("doctor")
    found = [line for line in ran.stdout.splitlines() if "connection shop: " in line]
    checks.same(f"told, {ran.stdout}", told in "".join(found), True)
    checks.same(f"exit code, {ran.stderr[-500:]}", ran.code, code)
    if code == 0:
        checks.same("the version", "PostgreSQL " in found[0] and "at postgresql://127.0.0.1/adg" in found[0], True)
