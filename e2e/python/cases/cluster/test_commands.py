"""Every command line of adg in `cluster_config`, given to the binary: it must be one that adg takes."""

import re
from collections import Counter
from datetime import UTC, datetime

import pytest

from cases.cluster.commands import (
    CONFIG,
    DONE,
    MISSING,
    PARTIAL,
    USAGE,
    CommandLine,
    all_commands,
    of_pig,
    of_steps,
    run,
    sources,
    tried,
    workspace,
)
from cases.cluster.files import MESSAGES, files, load, name
from cases.cluster.terraform import has_terraform
from world.checks import Checks

MODULE_FLAG = re.compile(r"--module(?:_name)?\b|(?<= )module=\w+(?=[ '\"]|$)")
PLACES = [place for place, find in sources().items() if place != "Terraform" and any(True for _ in find())]
"""All that has commands. Those of Terraform are known when it has applied its modules."""


def check_taken(checks: Checks, one: CommandLine) -> None:
    """Has adg take a command, which it would not with a mistake in it."""
    code, said = tried(one)
    is_run = "generate-test-data" not in one.words and "doctor" not in one.words
    wanted = (DONE, PARTIAL, MISSING) if is_run else (DONE,)
    told = "taken" if code in wanted else f"{code}: {said[-500:]}"
    checks.same(f"{one.place}: adg {' '.join(one.words)} {one.variables or ''}".rstrip(), told, "taken")


@pytest.mark.parametrize(
    "place",
    [*PLACES, pytest.param("Terraform", marks=pytest.mark.skipif(not has_terraform(), reason="terraform is not installed"))],
)
def test_commands_are_taken(checks: Checks, place: str) -> None:
    """Each command of a file, a message or a plan."""
    for one in sources()[place]():
        check_taken(checks, one)


def test_unknown_flag_is_noticed() -> None:
    """Commands with a mistake are not taken."""
    assert tried(all_commands()[0], "--no-such-flag")[0] == USAGE


def test_unknown_profile_is_noticed() -> None:
    """The folder's own `adg.yaml` does not have it."""
    one = CommandLine("", ["--config", CONFIG, "--profile", "no-such", "--module", "vacancy"])
    assert tried(one)[0] not in (DONE, PARTIAL, MISSING)


def test_test_flag_in_a_protected_profile_is_noticed() -> None:
    """The folder's own `adg.yaml` protects production."""
    one = CommandLine("", ["--config", CONFIG, "--profile", "production", "--module", "vacancy", "--e2e_test_flg", "true"])
    assert tried(one)[0] not in (DONE, PARTIAL, MISSING)


def test_flag_that_pig_takes_for_a_comment_is_noticed() -> None:
    """Pig's comments begin with two hyphens."""
    (hyphens,) = of_pig("", "sh /opt/adg/bin/adg-job profile=gcp --module=vacancy")
    assert tried(hyphens)[0] == USAGE


def test_generated_data_of_emr_are_read_with_the_test_flag(checks: Checks) -> None:
    """Today's data, by the steps of two messages."""
    today = datetime.now(UTC).date()
    generate = list(of_steps("", load(MESSAGES / "generate_test_data.json")))
    test = [one for one in of_steps("", load(MESSAGES / "e2e_test.json")) if "incremental" not in one.words]
    with workspace() as folder:
        for one in generate:
            words = [
                str(today) if before == "--date" else word for before, word in zip(["", *one.words], one.words, strict=False)
            ]
            run(folder, CommandLine("", words))
        codes = {one.words[one.words.index("--module_name") + 1]: run(folder, one)[0] for one in test}
    # Yesterday has no files; of applications none were made.
    wanted = {"vacancy": PARTIAL, "application": MISSING, "payment": PARTIAL}
    checks.same("the test data of EMR's steps, run with the test flag", codes, wanted)


def test_no_command_is_left_out(checks: Checks) -> None:
    """As often as a file names a module's flag, a command was found in it."""
    counted = Counter(one.place.partition(": ")[0] for one in all_commands() for word in one.words if MODULE_FLAG.match(word))
    # What start.sh makes is tried by test_scripts.
    counted["emr/start.sh"] = 1
    for path in files():
        text = path.read_text()
        if path.suffix == ".tf" and not has_terraform():
            continue
        if path.suffix == ".md":
            text = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        written = sum(len(MODULE_FLAG.findall(line)) for line in lines)
        if written > counted[name(path)]:
            checks.fail(f"{name(path)}: commands found in it", f"{counted[name(path)]}, but {written} times it says --module")
