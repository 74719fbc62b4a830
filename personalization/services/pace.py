"""How much a worker takes on at once, and for how long."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds; `concurrency` requests in flight at most. `call`: what one may take."""

    concurrency: int
    lease: float
    drain: float
    retry: float
    call: float

    @classmethod
    def from_settings(cls) -> "Pace":
        return cls(
            settings.GENERATION_CONCURRENCY,
            settings.GENERATION_LEASE_SECONDS,
            settings.GENERATION_DRAIN_SECONDS,
            settings.GENERATION_RETRY_SECONDS,
            settings.GENERATION_CALL_SECONDS,
        )

    @property
    def extra(self) -> int:
        """Places beside the others, for lessons' first requests: the only ones above `concurrency`."""
        return self.concurrency // 20

    @property
    def spare(self) -> int:
        """Requests whose money is set aside while all places are taken, so that a free one is filled at once.

        Few: a worker that is killed leaves them charged, though they were never sent, and of a run that is
        paused they still start, until a heartbeat says so.
        """
        return self.concurrency // 10

    @property
    def most(self) -> int:
        """Requests whose money is ever set aside: in flight, or next."""
        return self.concurrency + self.extra + self.spare

    @property
    def ahead(self) -> int:
        """Items that are prepared while all places are taken, so that a free one waits for no database.

        More than an answer's time has use for: a lesson's first request is to be back before the others of
        that lesson want a place (LessonOrder), or they would hold theirs and wait for it.
        """
        return self.concurrency * 3 // 2
