"""What a worker has in its hands: its leases are renewed until it lets go."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from django.db import Error

from personalization.services import queue
from personalization.services.attempts import Claim
from personalization.services.threads import DatabaseThreads

log = logging.getLogger(__name__)


class Leases:
    """`seconds` is what a claim's lease lasts. `on_loss` is told of a claim that is not ours any more."""

    def __init__(self, seconds: float, on_loss: Callable[[Claim], None]) -> None:
        self._seconds = seconds
        self._on_loss = on_loss
        self._held: dict[int, Claim] = {}
        # A thread of its own: a heartbeat never waits behind a batch that is being published.
        self._heart = DatabaseThreads(1, seconds / 3, "heartbeat")

    def hold(self, claims: Iterable[Claim]) -> None:
        self._held |= {claim.id: claim for claim in claims}

    def holds(self, claim: Claim) -> bool:
        return self._held.get(claim.id) == claim

    def let_go(self, claims: Iterable[Claim]) -> None:
        """Nobody here looks after them any more: settled, or gone."""
        for claim in claims:
            if self.holds(claim):
                del self._held[claim.id]

    async def keep(self) -> None:
        """Renews them until it is cancelled."""
        while True:
            await asyncio.sleep(self._seconds / 3)
            if not (claims := list(self._held.values())):
                continue
            try:
                alive = await self._heart.run(lambda: queue.heartbeat(claims, lease=self._seconds))
            except Error:
                continue  # the fence guards what comes too late
            for claim in claims:
                if claim.id not in alive and self.holds(claim):
                    # Lost, or cancelled: nothing of it can be published, so do not wait for the answer.
                    log.warning("item %s: its lease is gone, dropped", claim.id)
                    del self._held[claim.id]
                    self._on_loss(claim)

    def close(self) -> None:
        self._heart.close()
