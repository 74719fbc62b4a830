"""When the next requests may be sent: evenly spread, so that a minute's limit holds in every minute.

Two times move forward with each request: by its share of the minute's requests, and by its share of the
minute's tokens. The later of them is the next request's. This is what one worker does alone; the script of
`shared` does the same in Redis for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from personalization.writers.limits.policy import Allowed

# Minutes that a sender may be late without losing them: 0.3 seconds. With what USED leaves free of each
# minute, no minute holds more than the limit.
SLACK = 1 / 200
# Seconds: nobody takes what is further away, so that who takes it is still there when it comes.
HORIZON = 1.0


@dataclass(frozen=True, slots=True)
class Gaps:
    """Seconds: between two requests, that one token takes, that a sender may be late, that a pause lasts."""

    request: float
    token: float
    slack: float
    pause: float


def gaps(allowed: Allowed, *, share: float, pause: float, minute: float) -> Gaps:
    """For a worker that may use this share of what is allowed to all."""
    request = 0.0 if allowed.requests == inf else minute / (allowed.requests * share)
    token = 0.0 if allowed.tokens == inf else minute / (allowed.tokens * share)
    return Gaps(request, token, minute * SLACK, pause)


@dataclass(frozen=True, slots=True)
class Taken:
    """When the requests may be sent, the first ones first, and when it makes sense to ask for more."""

    times: list[float]
    after: float


@dataclass(slots=True)
class Pace:
    """The two times of one worker, in seconds of any clock that runs evenly."""

    _request_at: float = -inf
    _token_at: float = -inf

    def take(self, costs: Sequence[int], gaps: Gaps, now: float) -> Taken:
        """Permits for the first of these requests, named by their tokens: those of the next second."""
        # Who comes late does not catch up with more than the slack: a burst is what the limit is against.
        request_at = now if self._request_at < now - gaps.slack else self._request_at
        token_at = max(self._token_at, now - gaps.slack)
        start = now + gaps.pause if gaps.pause else -inf
        times: list[float] = []
        for cost in costs:
            at = max(request_at, token_at, start)
            if at > now + HORIZON:
                break
            times.append(at)
            request_at = at + gaps.request
            token_at = max(token_at, at - gaps.slack) + cost * gaps.token
        self._request_at, self._token_at = request_at, token_at
        return Taken(times, max(request_at, token_at, start))

    def give_back(self, tokens: int, gaps: Gaps) -> None:
        """Tokens that were taken and not used; negative: more were used than taken."""
        self._token_at -= tokens * gaps.token
