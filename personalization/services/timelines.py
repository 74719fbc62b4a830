"""The course of a run that has ended: a million items are counted once, and not for everybody who looks."""

import json
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import connection

from personalization.models.runs import GenerationRun, KeptTimeline
from personalization.queries import Progress, progress
from personalization.run_report import Bucket, Timeline, timeline

# Older ones are counted for whoever looks first: an update must not count all there ever were.
ENDED_LATELY = """
    SELECT run.id, run.closed_at FROM generation_runs run
    WHERE run.state = 'closed' AND run.closed_at > clock_timestamp() - interval '1 hour'
      AND NOT EXISTS (SELECT FROM generation_timelines kept WHERE kept.run_id = run.id)
      AND EXISTS (SELECT FROM generation_items WHERE run_id = run.id AND finished_at IS NOT NULL)
    ORDER BY run.closed_at DESC LIMIT 1
"""


def keep_one_timeline() -> int:
    """How many runs were counted, of those that have just ended: of a million items it takes a second or two,
    and nobody should have to wait for it."""
    with connection.cursor() as cursor:
        cursor.execute(ENDED_LATELY)
        ended = cursor.fetchall()
    for run_id, closed_at in ended:
        with suppress(GenerationRun.DoesNotExist):  # deleted in this moment
            kept_timeline(progress(run_id), closed_at)
    return len(ended)


def kept_timeline(now: Progress, closed_at: datetime | None) -> Timeline | None:
    """As `timeline`; kept for as long as the run is what it was.

    Where a failed text is tried again, a learner is erased or a late call is settled, it is counted anew.
    """
    of = json.dumps(
        [str(closed_at), now.calls, now.spent_micro, now.reserved_micro, sorted(now.counts.items())]
    )
    kept = KeptTimeline.objects.filter(run=now.run_id, of=of).first()
    if kept:
        return _read(kept.line)
    line = timeline(now.run_id)
    if line:
        values = {"of": of, "line": _written(line)}
        KeptTimeline.objects.update_or_create(run_id=now.run_id, defaults=values)
    return line


def _written(line: Timeline) -> list[Any]:
    buckets = [[bucket.begins.isoformat(), bucket.items, bucket.cost_micro] for bucket in line.buckets]
    return [line.step, buckets]


def _read(kept: list[Any]) -> Timeline:
    step, buckets = kept
    return Timeline(step, [Bucket(datetime.fromisoformat(begins), *rest) for begins, *rest in buckets])
