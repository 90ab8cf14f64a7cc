"""One region with the buckets of all three modules, the key service and the modules that are built into adg."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

from world.aws import Bucket, allow
from world.encrypted import NEARLY_OVER, Sealed
from world.job import Job
from world.key_service import KeyService
from world.module_files import ENCRYPTED, FILES, VACANCY, Collection, is_hashed, text, vacancy_key, vacancy_text, wanted
from world.published import Rows, in_order
from world.scene import DYNAMODB_LEDGER, People, Region

MODULES = ("vacancy", "application", "payment")
UNHASHED = {one.name for module in ENCRYPTED.values() for one in module.values() if not is_hashed(one)}
SQLITE_LEDGER = "sqlite: { path: ledger.db }"
"""A ledger that knows at once that a run is dead."""

ENVIRONMENTS = """\
version: 1
profile: development
profiles:
  development: &all
    aws: {{ region: {region}, endpoint: "{endpoint}" }}
    secrets: {{ kickstart: {{ aws_secrets_manager: /kickstart/adg }} }}
    stores:
{stores}
      published: {{ url: "s3a://{published.name}" }}
    metastore: {{ glue: {{}} }}
    ledger: {{ {ledger} }}
    scratch: scratch
    key_service: {{ {service}, certificate: {keys.certificate}, key: {keys.key}, ca: {keys.ca} }}
  stranger:
    <<: *all
    key_service: {{ {service}, certificate: {keys.stranger_certificate}, key: {keys.stranger_key}, ca: {keys.ca} }}
  impostor:
    <<: *all
    key_service: {{ {service}, certificate: {keys.certificate}, key: {keys.key}, ca: {other_ca} }}
  down:
    <<: *all
    key_service: {{ url: "https://127.0.0.1:9/", certificate: {keys.certificate}, key: {keys.key}, ca: {keys.ca} }}
  open scratch:
    <<: *all
    scratch_encryption: false
"""

STORE = """\
      {store}:
        url: "s3://${{secret:kickstart#src_bucket_names.{module}}}"
        role_chain: [{{ arn: "{roles[0].arn}" }}, {{ arn: "{roles[1].arn}" }}]"""


@dataclass
class ModuleScene(Region):
    """One region. Nothing is there that another one made, but for the keys."""

    sources: dict[str, Bucket]
    """By module."""
    service: KeyService

    @classmethod
    def make(cls, people: People, region: str, folder: Path, service: KeyService, ledger: str = DYNAMODB_LEDGER) -> Self:
        """Makes what adg finds: the secret, the audit table, empty buckets, and `adg.yaml` with nothing beside it."""
        sources = {module: people.partner.bucket(f"landing-{module}-{region}-{people.home.number}") for module in MODULES}
        published = people.home.bucket(f"published-{region}-{people.home.number}")
        job, tester = Job(folder / region, people.job), Job(folder / region, people.tester)
        stores = {"source" if module == "vacancy" else module: module for module in MODULES}
        listed = [STORE.format(store=store, module=module, roles=people.roles) for store, module in stores.items()]
        places = f'url: "{service.url}", new_key_url: "{service.new_key_url}"'
        at = {"region": region, "endpoint": people.home.url, "published": published, "ledger": ledger}
        # Who vouches for the stranger does not vouch for the service.
        keys = {"service": places, "keys": service, "other_ca": service.folder / "other-ca.pem"}
        job.write("adg.yaml", ENVIRONMENTS.format(**at, **keys, stores="\n".join(listed)))
        scene = cls(people, region, published, job, tester, sources, service)
        scene.make_secret(json.dumps({"src_bucket_names": {module: bucket.name for module, bucket in sources.items()}}))
        scene.make_audit_table()
        return scene

    def land_vacancies(self, day: date) -> None:
        """All files of a day: of everything, and of changes."""
        for collection in VACANCY:
            for number in range(FILES + 1):
                content = vacancy_text(collection, day, number).encode()
                self.sources["vacancy"].put(vacancy_key(day, collection, number), content)

    def land(self, day: date, *collections: Collection, folder: str = "") -> set[bytes]:
        """All files of a day, encrypted in all the ways that there are. Gives their keys."""
        return {self.put(one, day, number, text(one, day, number), folder).key for one in collections for number in numbers()}

    def put(self, collection: Collection, day: date, number: int, content: str, folder: str = "") -> Sealed:
        """One of a day's files; into the test folder of the published bucket, where that is said."""
        iv = NEARLY_OVER if number == 3 else b""
        sealed = Sealed.make(self.service, content.encode(), 128 + 128 * (number % 2), iv, packed=number != 4)
        self.put_sealed(collection, day, number, sealed, folder)
        return sealed

    def put_sealed(self, collection: Collection, day: date, number: int, sealed: Sealed, folder: str = "") -> None:
        """The same, encrypted already."""
        bucket = self.published if folder else self.sources[collection.module]
        bucket.put(folder + collection.key(day, number), sealed.content, sealed.metadata)

    def in_order(self, table: str, day: date) -> Rows:
        """A day's rows of a table, as they lie in its files. Where nobody here knows their hashes, without these."""
        rows = in_order(map(self.published.get, self.keys(table, day)), self.types(table))
        unknown = {"row_hash_id"} if table in UNHASHED else set()
        return [{name: value for name, value in row.items() if name not in unknown} for row in rows]

    def state(self, tables: Iterable[str]) -> Any:
        """Gives the partitions that readers see, and all files but those set aside."""
        databases = [one["Name"] for one in self.glue.get_databases()["DatabaseList"]]
        known = {one["Name"] for name in databases for one in self.glue.get_tables(DatabaseName=name)["TableList"]}
        partitions = {name: self.partitions(name) for name in tables if name in known}
        return partitions, [key for key in self.published.keys("data/") if "/_quarantine/" not in key]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Lets the last of the roles write into the sources for a while."""
        with self.people.roles[-1].granted(allow("s3:PutObject", "arn:aws:s3:::landing-*")):
            yield


def numbers() -> range:
    """Of a day's files."""
    return range(1, FILES + 1)


def load(module: str, kind: str = "delta") -> tuple[str, ...]:
    """The words of a command."""
    return ("--module", module, "--load-type", kind)


def correlation_id(module: str, kind: str = "delta") -> str:
    """Of a module's load."""
    return f"kickstart_{module}_analytical_dataset_generation" + ("" if kind == "full" else f"_{kind}")


def named(day: date) -> dict[str, str]:
    """The variables that ask for a date by name."""
    return {"START_DT": str(day), "END_DT": str(day)}


def day_of(collection: Collection, day: date) -> Rows:
    """The rows of all files of a day, in order."""
    return wanted(collection, *(text(collection, day, number) for number in numbers()))
