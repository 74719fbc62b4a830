"""The course of a run that has ended: a million items are counted once, and not for everybody who looks."""

import json
from datetime import datetime
from typing import Any

from personalization.models.runs import KeptTimeline
from personalization.queries import Progress
from personalization.run_report import Bucket, Timeline, timeline


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
