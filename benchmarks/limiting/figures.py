"""What was seen of an endpoint that limits, and what is promised of it. Starts nothing, reads nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

PROMISED_SHARE, PROMISED_REFUSALS = 0.98, 0.01
SAFE_SHARE = 0.5  # of the limit, at least, that two workers use together while each of them is alone


@dataclass(frozen=True, slots=True)
class Seen:
    """The endpoint's counters at a moment; `answered`: the requests that it let through."""

    at: float
    requests: int
    answered: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A whole run. `limit`: what the provider lets through in a minute, of whatever it counts; `each`: so
    much of that a request is."""

    requests: int
    answered: int
    seconds: float  # from the first request to the last one let through
    limit: float
    each: float = 1.0

    @property
    def share(self) -> float:
        """Of what the provider would have let through in this time; the last request ends it."""
        return (self.answered - 1) * self.each / (self.seconds * self.limit / 60)

    @property
    def refusals(self) -> float:
        return 1 - self.answered / self.requests

    def broken(self) -> list[str]:
        kept = {
            f"{self.share:.1%} of the limit used": self.share >= PROMISED_SHARE,
            f"{self.refusals:.2%} refused": self.refusals < PROMISED_REFUSALS,
        }
        return [what for what, held in kept.items() if not held]


@dataclass(frozen=True, slots=True)
class Outage:
    """A run in whose middle the limits' memory was away. Shares are of the limit; `texts` were written
    meanwhile."""

    away: float
    back: float
    refusals: float
    texts: int

    def broken(self) -> list[str]:
        kept = {
            f"{self.away:.1%} of the limit used while Redis was away": SAFE_SHARE <= self.away <= 1,
            "no text was written while Redis was away": self.texts > 0,
            f"{self.back:.1%} of the limit used when Redis was back": self.back >= PROMISED_SHARE,
            f"{self.refusals:.2%} refused": self.refusals < PROMISED_REFUSALS,
        }
        return [what for what, held in kept.items() if not held]


def rate(seen: Sequence[Seen]) -> float:
    """Requests a minute that were let through, from the first to the last moment at which some were; 0.0
    where there are no two such moments."""
    moments = [later for one, later in pairwise(seen) if later.answered > one.answered]
    if len(moments) < 2:
        return 0.0
    first, last = moments[0], moments[-1]
    return (last.answered - first.answered) / (last.at - first.at) * 60


def refusals(seen: Sequence[Seen]) -> float:
    """The share of what was sent between the first and the last look."""
    requests = seen[-1].requests - seen[0].requests
    return 1 - (seen[-1].answered - seen[0].answered) / requests if requests else 0.0
