"""The rights without which a run does not work, each of which can be taken away, and what adg must say then."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from world.aws import Principal, Role, Statement, allow, trusts
from world.chain import CONDITIONS, NEXT, PUBLISHED, SESSION, SOURCE, WRITE, Chain, Site

NOBODY = "arn:aws:iam::123456789012:user/somebody-else"


@dataclass(frozen=True)
class Removal:
    """A right that is taken away."""

    what: str
    broken: Callable[[], AbstractContextManager[None]]
    profile: str
    step: str
    """The doctor's step that fails."""
    names: list[str]
    """What the message must name."""
    statement: Statement
    """What the hint must have."""
    mended: Callable[..., AbstractContextManager[None]]
    """Grants statements of a hint."""


def hop(chain: Chain, number: int, trust: bool) -> Removal:
    """A role that does not trust its caller, or that its caller may not take."""
    role, caller = chain.roles[number - 1], chain.holders[number - 1]
    who = caller.session(SESSION) if isinstance(caller, Role) else caller.arn

    def trusting(*statements: Statement) -> AbstractContextManager[None]:
        # To moto a role's session is not that role.
        return role.trusting(*[statement | {"Principal": {"AWS": who}} for statement in statements])

    hops = f"hop {number} of {len(chain.roles)}"
    return Removal(
        what=f"{role.name} does not trust {caller.name}" if trust else f"{caller.name} may not take {role.name}",
        broken=partial(role.trusting, trusts(NOBODY)) if trust else partial(caller.without, f"{NEXT} {chain.name}"),
        profile=chain.name,
        step=f"source: {hops}, {role.arn}",
        names=[hops, role.arn, who, "sts:AssumeRole"],
        statement=trusts(caller.arn, **CONDITIONS[number - 1]) if trust else allow("sts:AssumeRole", role.arn),
        mended=trusting if trust else caller.granted,
    )


def right(principal: Principal, policy: str, step: str, bucket: str, statement: Statement) -> Removal:
    """A right to a bucket."""
    return Removal(
        what=f"{principal.name} may not {policy}",
        broken=partial(principal.without, policy),
        profile="across",
        step=step,
        names=[bucket],
        statement=statement,
        mended=principal.granted,
    )


def needed(site: Site) -> list[Removal]:
    """Those without which nothing is published. moto does not look at the trust of a role of another account."""
    reader, job = site.across.roles[-1], site.job.user
    policies = [hop(site.across, number, trust=False) for number in (1, 2, 3)]
    trusted = [hop(site.across, 1, trust=True), hop(site.within, 2, trust=True), hop(site.across, 3, trust=True)]
    list_source = allow("s3:ListBucket", f"arn:aws:s3:::{SOURCE}")
    read_source = allow("s3:GetObject", f"arn:aws:s3:::{SOURCE}/*")
    read_published = allow("s3:GetObject", f"arn:aws:s3:::{PUBLISHED}/*")
    write_published = allow(WRITE, f"arn:aws:s3:::{PUBLISHED}/*")
    return [
        *policies,
        *trusted,
        right(reader, "list the source", "source: list", SOURCE, list_source),
        right(reader, "read the source", "source: read one byte", SOURCE, read_source),
        right(job, "write what is published", "published: write and delete a probe", PUBLISHED, write_published),
        right(job, "read what is published", "published: write and delete a probe", PUBLISHED, read_published),
    ]


def wished(site: Site) -> list[Removal]:
    """Those without which a day is published, but not swept."""
    job = site.job.user
    list_published = allow("s3:ListBucket", f"arn:aws:s3:::{PUBLISHED}")
    delete_published = allow("s3:DeleteObject", f"arn:aws:s3:::{PUBLISHED}/*")
    return [
        right(job, "list what is published", "published: list", PUBLISHED, list_published),
        right(job, "delete what is published", "published: write and delete a probe", PUBLISHED, delete_published),
    ]
