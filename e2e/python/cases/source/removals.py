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
    """Words that the message must have."""
    statement: Statement
    """The statement that the hint must have."""
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


def right(policy: str, step: str, bucket: str, actions: str | list[str], below: str = "") -> Callable[[Site], Removal]:
    """A right to a bucket: the last role's to the source, and the job's own to the published one."""
    statement = allow(actions, f"arn:aws:s3:::{bucket}{below}")

    def of(site: Site) -> Removal:
        principal: Principal = site.across.roles[-1] if bucket == SOURCE else site.job.user
        return Removal(
            what=f"{principal.name} may not {policy}",
            broken=partial(principal.without, policy),
            profile="across",
            step=step,
            names=[bucket],
            statement=statement,
            mended=principal.granted,
        )

    return of


PROBE = "published: write and delete a probe"
NEEDED: dict[str, Callable[[Site], Removal]] = {
    "hop 1, policy": lambda site: hop(site.across, 1, trust=False),
    "hop 2, policy": lambda site: hop(site.across, 2, trust=False),
    "hop 3, policy": lambda site: hop(site.across, 3, trust=False),
    # moto does not look at the trust of a role of another account.
    "hop 1, trust": lambda site: hop(site.across, 1, trust=True),
    "hop 2, trust": lambda site: hop(site.within, 2, trust=True),
    "hop 3, trust": lambda site: hop(site.across, 3, trust=True),
    "list the source": right("list the source", "source: list", SOURCE, "s3:ListBucket"),
    "read the source": right("read the source", "source: read one byte", SOURCE, "s3:GetObject", "/*"),
    "write what is published": right("write what is published", PROBE, PUBLISHED, WRITE, "/*"),
    "read what is published": right("read what is published", PROBE, PUBLISHED, "s3:GetObject", "/*"),
}
"""Rights without which nothing is published."""
WISHED: dict[str, Callable[[Site], Removal]] = {
    "list what is published": right("list what is published", "published: list", PUBLISHED, "s3:ListBucket"),
    "delete what is published": right("delete what is published", PROBE, PUBLISHED, "s3:DeleteObject", "/*"),
}
"""Rights without which a day is published, but not swept."""
