"""How far each of many runs is: added up from the counts that triggers keep, never from the items."""

from uuid import UUID

from django.db import connection

COUNTS = """
    SELECT run_id, state, sum(items)::bigint FROM generation_counts WHERE run_id = ANY(%s)
    GROUP BY run_id, state HAVING sum(items) > 0
"""


def run_counts(run_ids: list[UUID]) -> dict[UUID, dict[str, int]]:
    """Run → state → items, for a page of runs; no item is counted for it."""
    counts: dict[UUID, dict[str, int]] = {run_id: {} for run_id in run_ids}
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [run_ids])
        for run_id, state, count in cursor.fetchall():
            counts[run_id][state] = count
    return counts
