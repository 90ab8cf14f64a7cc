"""The table: what each took, and whether the goals hold."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from measure import Cost

Costs = dict[str, Cost]

HEAD = "| | wall s | CPU s | adg's CPU to theirs | MiB in all | of them its own |\n| --- | --- | --- | --- | --- | --- |"


@dataclass(frozen=True)
class Goal:
    """Something that must hold."""

    text: str
    holds: Callable[[Costs], tuple[float, float]]
    """What was reached, and what is wanted at most."""


def below(figure: str, most: float, whose: str = "adg") -> Goal:
    """A figure by itself."""
    return Goal(figure, lambda costs: (getattr(costs[whose], figure), most))


def at_most(figure: str, peer: str, times: float = 1, whose: str = "adg") -> Goal:
    """A ratio to one peer."""
    return Goal(f"{figure} / {peer}", lambda costs: (getattr(costs[whose], figure) / getattr(costs[peer], figure), times))


def rows(name: str, size: str, costs: Costs, goals: Sequence[Goal], first: str = "adg") -> Iterator[str]:
    """The lines of a workload. Whose CPU is compared comes `first`; where nobody is of that name, nobody's is."""
    yield f"| **{name}** ({size}) | | | | | |"
    for contender, found in costs.items():
        times = f"{costs[first].cpu / found.cpu:.2f}" if first in costs and contender != first else ""
        memory = [f"{mib:.0f}" if mib else "" for mib in (found.total_mib, found.anonymous_mib)]
        yield f"| {contender} | {found.wall:.2f} | {found.cpu:.2f} | {times} | {' | '.join(memory)} |"
    for goal in goals:
        try:
            reached, wanted = goal.holds(costs)
        except KeyError:
            continue
        verdict = "pass" if reached <= wanted else f"**{(reached / wanted - 1) * 100:.0f} % short**"
        yield f"| {goal.text}: {reached:.3g}, at most {wanted:.3g} | {verdict} | | | | |"


def remark(text: str) -> str:
    """A line that is words."""
    return f"| {text} | | | | | |"
