"""The limits of requests and tokens per minute, and the headers that announce them as OpenAI does."""

import time
from collections import deque
from collections.abc import Callable
from math import ceil

from personalization.fake_model.options import Options


class Window:
    """What came in the last `seconds`, wherever they begin: a sliding window. A limit of 0 is none."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float]) -> None:
        self.limit = limit
        self._seconds = seconds
        self._clock = clock
        self._came: deque[tuple[float, int]] = deque()
        self._used = 0

    def has_room(self, amount: int) -> bool:
        self._forget_old()
        return not self.limit or self._used + amount <= self.limit

    def add(self, amount: int) -> None:
        if self.limit:
            self._came.append((self._clock(), amount))
            self._used += amount

    def seconds_until_room(self, amount: int) -> float:
        """How long a client has to wait, if nobody else sends anything; the whole time if it never fits."""
        if self.has_room(amount):
            return 0.0
        used = self._used
        for came, old in self._came:
            used -= old
            if used + amount <= self.limit:
                return came + self._seconds - self._clock()
        return self._seconds

    def headers(self, name: str) -> dict[str, str]:
        """OpenAI's three as they stand now; none without a limit. Reset: when all of it is free again."""
        if not self.limit:
            return {}
        self._forget_old()
        reset = self._came[-1][0] + self._seconds - self._clock() if self._came else 0.0
        return {
            f"x-ratelimit-limit-{name}": str(self.limit),
            f"x-ratelimit-remaining-{name}": str(max(0, self.limit - self._used)),
            f"x-ratelimit-reset-{name}": duration(reset),
        }

    def _forget_old(self) -> None:
        start = self._clock() - self._seconds
        while self._came and self._came[0][0] <= start:
            self._used -= self._came.popleft()[1]


class MinuteLimits:
    """At most `rpm` requests and `tpm` tokens in any `minute` seconds; 0 means no limit."""

    def __init__(self, options: Options, clock: Callable[[], float] = time.monotonic) -> None:
        self._requests = Window(options.rpm, options.minute, clock)
        self._tokens = Window(options.tpm, options.minute, clock)
        self._announced = options.announce

    def admit(self, tokens: int = 0) -> bool:
        """Whether a request of so many tokens is within both limits; a refused one does not count."""
        if not self._requests.has_room(1) or not self._tokens.has_room(tokens):
            return False
        self._requests.add(1)
        self._tokens.add(tokens)
        return True

    def add_tokens(self, tokens: int) -> None:
        """Tokens that could not be known at the beginning: those of an answer without a maximum."""
        self._tokens.add(tokens)

    def headers(self) -> dict[str, str]:
        """OpenAI's rate-limit headers; none without a limit, or where the endpoint keeps silent."""
        if not self._announced:
            return {}
        return self._requests.headers("requests") | self._tokens.headers("tokens")

    def retry_after(self, tokens: int = 0) -> float:
        """Seconds until such a request is let through."""
        return max(self._requests.seconds_until_room(1), self._tokens.seconds_until_room(tokens))


def retry_headers(seconds: float) -> dict[str, str]:
    """The standard's whole seconds, and OpenAI's milliseconds."""
    return {"Retry-After": str(ceil(seconds)), "retry-after-ms": str(ceil(seconds * 1000))}


def duration(seconds: float) -> str:
    """As OpenAI writes it: 20ms, 1.5s, 6m0s."""
    milliseconds = max(0, round(seconds * 1000))
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes}m{rest / 1000:g}s" if minutes else f"{rest / 1000:g}s"
