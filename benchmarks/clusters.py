"""python -m benchmarks.clusters: every combination of what can be known of a learner, and where it leads.

Prints how many inputs reach each cluster, and in how many pairs of inputs that differ in one thing alone the
outcome differs; exits 1 when a promise does not hold. No database.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, product
from typing import Any

from django.conf import settings
from rich.console import Console
from rich.table import Table

# What ships is read with texts that may be translated, which takes settings; their defaults are enough.
if not settings.configured:
    settings.configure()

from personalization.supervisor import CLUSTERS, Known, assess
from personalization.supervisor.tables import TOO_BASIC, TOO_TECHNICAL

STYLES = (None, "Visual", "Auditory", "Kinesthetic")
DEPTHS = (None, 20, 55, 90)
QUIZZES = ((), (50,), (78,), (95,))
FEEDBACK = (
    (),
    ((5, ""),) * 5,
    ((2, TOO_TECHNICAL),),
    ((2, TOO_TECHNICAL),) * 2,
    ((2, TOO_TECHNICAL),) * 5,
    ((2, TOO_BASIC),),
    ((2, TOO_BASIC),) * 2,
    ((2, TOO_BASIC),) * 5,
    ((2, TOO_TECHNICAL), (2, TOO_BASIC)) * 3,
)
VARIED: dict[str, tuple[Any, ...]] = {
    "learning_style": STYLES,
    "technical_depth": DEPTHS,
    "quiz": QUIZZES,
    "feedback": FEEDBACK,
}


@dataclass(frozen=True, slots=True)
class Influence:
    """Of pairs of inputs that differ in this alone: how many there are, and how many lead to two clusters.

    `bases`: combinations of all else; `moved`: in how many of them this alone changes the outcome.
    """

    pairs: int
    differing: int
    bases: int
    moved: int


def inputs() -> Iterator[Known]:
    for values in product(*VARIED.values()):
        known: dict[str, Any] = dict(zip(VARIED, values, strict=True))
        yield Known(**known)


@cache
def reached() -> Counter[str]:
    """Cluster → how many inputs lead to it."""
    return Counter(assess(known).cluster for known in inputs())


@cache
def influence(name: str) -> Influence:
    """`name`: a field of Known."""
    first = VARIED[name][0]
    bases = [known for known in inputs() if getattr(known, name) == first]
    varied: list[dict[str, Any]] = [{name: value} for value in VARIED[name]]
    outcomes = [[assess(replace(base, **change)).cluster for change in varied] for base in bases]
    pairs = [pair for row in outcomes for pair in combinations(row, 2)]
    return Influence(
        pairs=len(pairs),
        differing=sum(one != other for one, other in pairs),
        bases=len(bases),
        moved=sum(len(set(row)) > 1 for row in outcomes),
    )


def report(console: Console) -> bool:
    """Prints both tables; whether all promises hold."""
    counts = reached()
    table = Table("cluster", "inputs", "share", title=f"{counts.total():,} combinations of inputs")
    for cluster in CLUSTERS:
        table.add_row(cluster, f"{counts[cluster]:,}", f"{counts[cluster] / counts.total():.1%}")
    console.print(table)
    found = {name: influence(name) for name in VARIED}
    table = Table("what differs", "pairs", "of them with another outcome", "of all else", "it can change")
    for name, one in found.items():
        row = (one.pairs, one.differing, one.bases, one.moved)
        table.add_row(name, *(f"{number:,}" for number in row))
    console.print(table)
    return all(counts[cluster] for cluster in CLUSTERS) and all(one.differing for one in found.values())


def main() -> int:
    if report(Console()):
        return 0
    print("BROKEN: a cluster is out of reach, or something known changes nothing", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
