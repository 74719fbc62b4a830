"""Whether anybody works: what the workers said last; for pages, terminals and /readyz."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

_SILENCE = 30.0  # seconds; a sweeper writes every few


def longest_silence() -> float:
    """Seconds after which a worker that was not seen counts as gone."""
    return max(_SILENCE, 3 * settings.GENERATION_SWEEP_SECONDS)


@dataclass(frozen=True, slots=True)
class Workers:
    """Those that live, and how many requests they keep in flight at most. `last`: the last sight of any,
    also of one that is gone by now, with its age in seconds; None: none was seen for a day."""

    alive: int
    concurrency: int
    last: datetime | None
    silent: float | None

    @property
    def gone(self) -> bool:
        return not self.alive


_WORKERS = """
    SELECT count(*) FILTER (WHERE lives), coalesce(sum(concurrency) FILTER (WHERE lives), 0)::bigint,
        max(seen_at), extract(epoch FROM statement_timestamp() - max(seen_at))::float
    FROM (SELECT concurrency, seen_at, seen_at > statement_timestamp() - make_interval(secs => %s) AS lives
          FROM worker_heartbeats) worker
"""


def workers() -> Workers:
    with connection.cursor() as cursor:
        cursor.execute(_WORKERS, [longest_silence()])
        return Workers(*cursor.fetchone())
