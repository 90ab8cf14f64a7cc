"""A job whose profile leads to a server that nobody vouches for."""

from pathlib import Path

from world.aws import User
from world.job import Job

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAUNTRUSTED",
    "AWS_SECRET_ACCESS_KEY": "secret-key-for-nobody",
    "AWS_SESSION_TOKEN": "token-for-nobody",
}
PASSWORD = "password-for-nobody"
RUN = ("--module", "tls", "--start-dt", "2024-05-01", "--end-dt", "2024-05-01")
MODULE = """\
version: 1
module: tls
source: { files: "{date}_{collection}.csv" }
target: { database: tls }
collections: { things: { columns: { id: bigint } } }
"""
PROFILE = """\
version: 1
profile: tls
profiles:
  tls:
    aws: {{ region: eu-west-2, endpoint: "{aws}" }}
    secrets: {{ {secrets} }}
    connections: {{ {connections} }}
    stores:
      source: {{ url: "{source}" }}
      published: {{ url: warehouse }}
    metastore: {{ {metastore} }}
    ledger: {{ {ledger} }}
"""
HERE = {
    "aws": "http://127.0.0.1:9",
    "secrets": "",
    "source": "source",
    "connections": "",
    "metastore": 'sqlite: { path: "metastore.db" }',
    "ledger": 'sqlite: { path: "ledger.db" }',
}


def job(folder: Path, settings: dict[str, str]) -> Job:
    """A job whose profile has these settings."""
    made = Job(folder, User("user", "nobody", "", None, keys=KEYS))
    made.write("adg.yaml", PROFILE.format(**HERE | settings))
    made.write("modules/tls.yaml", MODULE)
    made.write("source/2024-05-01_things.csv", "id\n1\n")
    return made
