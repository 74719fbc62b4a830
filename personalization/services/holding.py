"""Items that are held: for want of money, or because a person looks at a pilot first. Who lets them go on."""

from django.db import connection

from personalization.models.runs import PILOT_PRIORITY
from personalization.services.ledger import LEFT

# As many as the money serves, the cheapest first. None is released only to be refused again: before all that
# was not tried yet, which may be dearer.
RELEASE = f"""
    WITH held AS MATERIALIZED (
        SELECT item.id, item.run_id, item.needs_micro FROM generation_runs run
        JOIN generation_items item ON item.run_id = run.id
        WHERE run.state IN ('open', 'paused') AND item.error_code = 'budget' AND item.state = 'held'
        ORDER BY item.id FOR NO KEY UPDATE OF item SKIP LOCKED
    ), served AS (
        SELECT held.id, run.created_at, run.budget_micro IS NULL OR sum(coalesce(held.needs_micro, 0)) OVER (
            PARTITION BY held.run_id ORDER BY held.needs_micro, held.id
        ) <= {LEFT.format(run="run")} AS fits
        FROM held JOIN generation_runs run ON run.id = held.run_id
    )
    UPDATE generation_items item SET state = 'queued', available_at = served.created_at, error_code = '',
        error_message = ''
    FROM served WHERE item.id = served.id AND served.fits
"""  # noqa: S608 constants of ours
PILOTS_WRITTEN = f"""
    UPDATE generation_runs run SET pilot = 'waiting'
    WHERE run.state IN ('open', 'paused') AND run.pilot = 'writing'
      AND NOT EXISTS (SELECT FROM generation_items item WHERE item.run_id = run.id
                      AND item.state = 'queued' AND item.priority = {PILOT_PRIORITY})
      AND NOT EXISTS (SELECT FROM generation_items item WHERE item.run_id = run.id
                      AND (item.state = 'running' OR item.state = 'held' AND item.error_code = 'budget')
                      AND item.priority = {PILOT_PRIORITY})
      AND NOT EXISTS (SELECT FROM generation_items item WHERE item.next_run_id = run.id
                      AND item.state = 'running' AND item.next_priority = {PILOT_PRIORITY})
"""  # noqa: S608 constants of ours


def release_held() -> int:
    """How many items of those that waited for money were queued again."""
    return _changed(RELEASE)


def end_pilots() -> int:
    """How many pilots were written and now wait for a person."""
    return _changed(PILOTS_WRITTEN)


def _changed(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        count: int = cursor.rowcount
    return count
