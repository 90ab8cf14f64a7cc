"""The Terraform modules: format, structure, references and arguments.

Modules with a provider are not validated by Terraform itself, which would need the provider: their references and arguments are
checked here instead.
"""

import shutil
from functools import partial
from pathlib import Path

import pytest

from cases.cluster.files import name
from cases.cluster.terraform import (
    TERRAFORM,
    WITHOUT_PROVIDER,
    folders,
    has_terraform,
    refused,
    says,
    terraform,
    undescribed,
    unknown_arguments,
    unknown_references,
)
from world.checks import Checks

with_terraform = pytest.mark.skipif(not has_terraform(), reason="terraform is not installed")
each_module = pytest.mark.parametrize("folder", folders(), ids=name)


@each_module
def test_module_refers_to_what_is_there(checks: Checks, folder: Path) -> None:
    """hcl2 reads it."""
    checks.gives("hcl2 reads it, and each reference is there", partial(unknown_references, folder), [])
    checks.gives("modules are called as they ask", partial(unknown_arguments, folder), [])
    checks.gives("variables and outputs are described, and used", partial(undescribed, folder), [])


def test_ledger_has_the_keys_of_the_replaced_job(checks: Checks) -> None:
    """A hash key and a range key, both texts."""
    (table,) = (body["ledger"] for block in says(TERRAFORM / "aws_ledger")["resource"] for body in block.values())
    keys = [table["hash_key"], table["range_key"], *((each["name"], each["type"]) for each in table["attribute"])]
    checks.same("the ledger's keys", keys, ["Correlation_Id", "DataProduct", ("Correlation_Id", "S"), ("DataProduct", "S")])


@with_terraform
def test_modules_are_formatted(checks: Checks) -> None:
    """By `terraform fmt`."""
    done = terraform(TERRAFORM, "fmt", "-check", "-recursive", "-diff")
    checks.same("terraform fmt", done.stdout + done.stderr, "")


@with_terraform
@each_module
def test_module_is_loaded_by_terraform(folder: Path) -> None:
    """By `terraform get`."""
    assert terraform(folder, "get").stderr == ""


@with_terraform
@pytest.mark.parametrize("module", WITHOUT_PROVIDER)
def test_module_needs_no_provider(module: str) -> None:
    """So that it is applied in these tests."""
    assert "required_providers" not in str(says(TERRAFORM / module))


@with_terraform
def test_load_that_is_none_is_refused() -> None:
    """By the module's own validation."""
    wrong = {"profile": "production", "runs": {"vacancy": {"module": "vacancy", "load_type": "whole"}}}
    assert refused("commands", **wrong)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of all modules, to be spoiled."""
    return Path(shutil.copytree(TERRAFORM, tmp_path / "terraform"))


@pytest.mark.parametrize(
    ("module", "before", "after", "found"),
    [
        ("aws_ledger", "var.table", "var.tabel", ["main.tf: var.tabel"]),
        ("aws_roles", "[aws_iam_role.source.arn]", "[aws_iam_role.sauce.arn]", ["main.tf: aws_iam_role.sauce"]),
        ("aws_schedule", "module.commands.program", "module.commands.programme", ["main.tf: module.commands.programme"]),
    ],
)
def test_misspelt_reference_is_noticed(copied: Path, module: str, before: str, after: str, found: list[str]) -> None:
    """The comparison above would miss nothing."""
    path = copied / module / "main.tf"
    path.write_text(path.read_text().replace(before, after))
    assert unknown_references(path.parent) == found


def test_misspelt_argument_is_noticed(copied: Path) -> None:
    """The wrong one is told, and the missing one."""
    path = copied / "examples/aws/main.tf"
    path.write_text(path.read_text().replace("published_bucket", "publisht_bucket", 1))
    wanted = ["buckets: publisht_bucket is not asked for", "buckets: published_bucket is missing"]
    assert unknown_arguments(path.parent) == wanted
