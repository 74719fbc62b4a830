"""What a run waits for, and whom: the first thing to know of one that does not move."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import connection

from personalization.models.runs import PILOT_PRIORITY, ItemState, Pilot, RunState
from personalization.queries import Progress
from personalization.run_report.condensing import waiting_items
from personalization.run_report.held import held_items, money_is_out
from personalization.run_report.workers import workers


class Reason(StrEnum):
    PAUSED = "paused"  # the run's note says why
    PILOT_WRITING = "pilot_writing"
    PILOT = "pilot"  # written: somebody has to look
    PILOT_EMPTY = "pilot_empty"  # nothing of it was written: there is nothing to look at, but to decide
    BUDGET = "budget"
    NO_WORKER = "no_worker"  # none is alive; `seconds` since one was, None: not for a day
    NOBODY = "nobody"  # due, and of the workers that live none takes it
    BUSY = "busy"  # the workers that live have other runs in hand
    LATER = "later"  # all that is left is tried again after a pause
    CONDENSING = "condensing"  # its lesson is too long for the model, and condensed first
    STOPPING = "stopping"  # cancelled, and not yet at rest


@dataclass(frozen=True, slots=True)
class Wait:
    """`items` wait for it; `seconds` until the first goes on, where that is known. `workers` are alive."""

    reason: Reason
    items: int = 0
    seconds: float | None = None
    workers: int = 0


# Workers that live sweep every few seconds: what is due for longer than that, they do not take. While a pilot
# is written only its own items count.
OVERDUE = """
    SELECT coalesce((SELECT min(available_at) FROM generation_items WHERE run_id = %(run)s
                     AND state = 'queued' AND (NOT %(pilot)s OR priority = %(priority)s))
                    < clock_timestamp() - interval '15 seconds', false),
           EXISTS (SELECT FROM generation_items WHERE state = 'running' AND lease_until > clock_timestamp())
"""
NEXT_TRY = """
    SELECT extract(epoch FROM min(available_at) - clock_timestamp())::float FROM generation_items
    WHERE run_id = %s AND state = 'queued'
"""


def waits(now: Progress) -> list[Wait]:
    """What keeps the run, or a part of it, from going on; empty while all is well."""
    if now.state == RunState.CANCELLED:
        left = now.total - now.ended
        return [Wait(Reason.STOPPING, left)] if left else []
    if now.state == RunState.CLOSED:
        return []
    found = _held(now)
    if condensing := waiting_items(now):
        found.append(Wait(Reason.CONDENSING, condensing))
    if now.state == RunState.PAUSED:
        return [Wait(Reason.PAUSED, now.total - now.ended), *found]
    if now.pilot != Pilot.WAITING and not money_is_out(now):
        found += _nobody(now) or ([] if now.rate else _nothing_moves(now))
    return found


def _held(now: Progress) -> list[Wait]:
    found = []
    if now.pilot == Pilot.WRITING:
        found.append(Wait(Reason.PILOT_WRITING, held_items(now, "pilot")))
    if now.pilot == Pilot.WAITING:
        drafts = held_items(now, "pilot")
        found.append(Wait(Reason.PILOT, drafts) if drafts else Wait(Reason.PILOT_EMPTY))
    if held := held_items(now, "budget"):
        found.append(Wait(Reason.BUDGET, held + _no_money_for(now)))
    return found


def _no_money_for(now: Progress) -> int:
    """How many are still queued, and will not be begun for want of money either."""
    if now.pilot in (Pilot.WRITING, Pilot.WAITING) or not money_is_out(now):
        return 0  # the others wait for the pilot first
    return now.counts.get(ItemState.QUEUED, 0)


def _nobody(now: Progress) -> list[Wait]:
    """What a dead worker has in hand waits for another one too: nobody else takes it back."""
    left = now.counts.get(ItemState.QUEUED, 0) + now.counts.get(ItemState.RUNNING, 0)
    if not left or not (seen := workers()).gone:
        return []
    return [Wait(Reason.NO_WORKER, left, seen.silent)]


def _nothing_moves(now: Progress) -> list[Wait]:
    """Of a run that workers who live could go on with."""
    queued = now.counts.get(ItemState.QUEUED, 0)
    if not queued:
        return []
    overdue, busy = _overdue(now.run_id, pilot=now.pilot == Pilot.WRITING)
    if overdue and not now.counts.get(ItemState.RUNNING):
        return [Wait(Reason.BUSY if busy else Reason.NOBODY, queued, workers=workers().alive)]
    if not now.counts.get(ItemState.RUNNING) and (seconds := _next_try(now.run_id)) and seconds > 1:
        return [Wait(Reason.LATER, queued, seconds)]
    return []


def _overdue(run_id: UUID, *, pilot: bool) -> tuple[bool, bool]:
    """Whether an item has been due for long, and whether workers have any item in hand, of whatever run."""
    with connection.cursor() as cursor:
        cursor.execute(OVERDUE, {"run": run_id, "pilot": pilot, "priority": PILOT_PRIORITY})
        overdue, busy = cursor.fetchone()
    return overdue, busy


def _next_try(run_id: UUID) -> float | None:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_TRY, [run_id])
        seconds: float | None = cursor.fetchone()[0]
    return seconds
