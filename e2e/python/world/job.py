"""The binary as a user of AWS runs it: a folder with `adg.yaml`, that user's keys, and all that was ever said."""

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from world.aws import Statement, User

EXTERNAL_ID = "adg-at-partner"
"""The external id that a partner's role asks for. No hint tells it, for it may come from a secret: a reader fills it in."""

# What a shell may hold that would change a run.
FOREIGN = ("AWS_", "ADG_", "START_DT", "END_DT", "CLEAN_UP_FLG", "E2E_TEST_FLG", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True)
class Complaint:
    """An error of a run, or of one of its dates."""

    message: str
    hint: str

    def statements(self) -> list[Statement]:
        """The policy statements in the hint."""
        decoder, found, at = json.JSONDecoder(), [], 0
        hint = self.hint.replace("the external_id of adg.yaml", EXTERNAL_ID)
        while (at := hint.find("{", at)) >= 0:
            statement, at = decoder.raw_decode(hint, at)
            found.append(statement)
        return found


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str
    seconds: float

    def events(self) -> list[dict[str, Any]]:
        """Gives the events that it logged."""
        return [json.loads(line) for line in self.stderr.splitlines() if line.startswith("{")]

    def complaints(self) -> list[Complaint]:
        """Its errors, and those of its dates."""
        errors = [event for event in self.events() if "error" in event and event["level"] == "ERROR"]
        return [Complaint(event["error"], event.get("hint", "")) for event in errors]

    def steps(self) -> list[tuple[str, str]]:
        """The doctor's list: `ok` or `FAIL`, and the rest of the line."""
        lines = [line.partition(" ") for line in self.stdout.splitlines()]
        return [(verdict, rest.strip()) for verdict, _, rest in lines if verdict in ("ok", "FAIL")]


@dataclass
class Job:
    """A folder with `adg.yaml`."""

    folder: Path
    user: User
    outputs: list[str] = field(default_factory=list)

    def write(self, name: str, text: str) -> None:
        """Writes a config file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *args: str, **variables: str) -> Ran:
        """Runs a command with the user's keys, and these variables beside them."""
        begun = time.monotonic()
        with self.start(*args, **variables) as process:
            stdout, stderr = process.communicate()
        ran = Ran(process.returncode, stdout, stderr, time.monotonic() - begun)
        self.outputs += [ran.stdout, ran.stderr]
        return ran

    def start(self, *args: str, **variables: str) -> subprocess.Popen[str]:
        """Starts a command; what it says goes to whoever started it."""
        clean = {name: value for name, value in os.environ.items() if not name.upper().startswith(FOREIGN)}
        environment = clean | self.user.keys | {"AWS_EC2_METADATA_DISABLED": "true"} | variables
        return subprocess.Popen(
            [os.environ["ADG_BIN"], *args],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def expect(self, code: int, *args: str, **variables: str) -> Ran:
        """Runs a command that must end so."""
        ran = self.run(*args, **variables)
        if ran.code != code:
            said = f"{ran.stdout}\n{ran.stderr}"
            raise RuntimeError(f"adg {' '.join(args)} ended with {ran.code}, not {code}:\n{said[-4000:]}")
        return ran

    def report(self) -> dict[str, Any]:
        """The newest report of a run."""
        newest = max((self.folder / "reports").iterdir(), key=lambda path: (path.stat().st_mtime_ns, path))
        found: dict[str, Any] = json.loads(newest.read_text())
        return found

    def leaks(self, secrets: set[str]) -> list[str]:
        """Where one of these stands in anything said, or in any file below the folder."""
        places = {f"output {number}": text.encode() for number, text in enumerate(self.outputs)}
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        places |= {str(path.relative_to(self.folder)): path.read_bytes() for path in files}
        return [f"{secret[:6]}… in {place}" for place, said in places.items() for secret in secrets if secret.encode() in said]
