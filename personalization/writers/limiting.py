"""What a writer needs of a limiter: requests and tokens per minute, shared by all workers."""

from collections.abc import Mapping
from typing import Protocol

from personalization.writers.base import Usage


class Limiter(Protocol):
    async def acquire(self, tokens: int) -> None:
        """Waits until a request with so many tokens may be sent."""

    def observe(self, headers: Mapping[str, str], status: int, usage: Usage | None) -> None:
        """What came back: rate-limit headers, Retry-After, 429, and the tokens that were used."""

    async def close(self) -> None:
        """Gives connections back; the limiter is not used afterwards."""


class NoLimiter:
    """Lets everything through at once."""

    async def acquire(self, tokens: int) -> None:
        return None

    def observe(self, headers: Mapping[str, str], status: int, usage: Usage | None) -> None:
        return None

    async def close(self) -> None:
        return None
