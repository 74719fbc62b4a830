"""The limit of requests per minute, and the headers that announce it."""

import time
from collections import deque
from collections.abc import Callable
from math import ceil

_WINDOW_SECONDS = 60.0


class MinuteLimit:
    """Lets at most `rpm` requests through in any 60 seconds; 0 means no limit."""

    def __init__(self, rpm: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rpm = rpm
        self._clock = clock
        self._passed: deque[float] = deque()

    def admit(self) -> bool:
        """Whether this request is within the limit; a refused one does not count."""
        if not self._rpm:
            return True
        self._forget_old()
        if len(self._passed) >= self._rpm:
            return False
        self._passed.append(self._clock())
        return True

    def headers(self) -> dict[str, str]:
        """OpenAI's rate-limit headers as they stand now; none without a limit."""
        if not self._rpm:
            return {}
        self._forget_old()
        newest = self._passed[-1] if self._passed else self._clock() - _WINDOW_SECONDS
        return {
            "x-ratelimit-limit-requests": str(self._rpm),
            "x-ratelimit-remaining-requests": str(self._rpm - len(self._passed)),
            "x-ratelimit-reset-requests": f"{newest + _WINDOW_SECONDS - self._clock():.3f}s",
        }

    def retry_after(self) -> int:
        """Whole seconds until one more request is let through."""
        return ceil(self._passed[0] + _WINDOW_SECONDS - self._clock()) if self._passed else 0

    def _forget_old(self) -> None:
        start = self._clock() - _WINDOW_SECONDS
        while self._passed and self._passed[0] <= start:
            self._passed.popleft()
