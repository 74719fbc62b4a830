"""What a run waits for, and whom: the first thing to know of one that does not move."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import connection

from personalization.models.runs import PILOT_PRIORITY, ItemState, Pilot, RunState
from personalization.queries import Progress
from personalization.run_report.condensing import waiting_items


class Reason(StrEnum):
    PAUSED = "paused"  # the run's note says why
    PILOT_WRITING = "pilot_writing"
    PILOT = "pilot"  # written: somebody has to look
    BUDGET = "budget"
    NOBODY = "nobody"  # due, and no worker takes it
    LATER = "later"  # all that is left is tried again after a pause
    CONDENSING = "condensing"  # its lesson is too long for the model, and condensed first
    STOPPING = "stopping"  # cancelled, and not yet at rest


@dataclass(frozen=True, slots=True)
class Wait:
    """`items` wait for it; `seconds` until the first goes on, where that is known."""

    reason: Reason
    items: int = 0
    seconds: float | None = None


# A worker sweeps every few seconds: an item that is due for longer has nobody to take it, unless all are busy
# elsewhere. While a pilot is written only its own items count.
NOBODY_WORKS = """
    SELECT EXISTS (SELECT FROM generation_items WHERE run_id = %(run)s AND state = 'queued'
                   AND (NOT %(pilot)s OR priority = %(priority)s)
                   AND available_at < clock_timestamp() - interval '15 seconds')
       AND NOT EXISTS (SELECT FROM generation_items
                       WHERE state = 'running' AND lease_until > clock_timestamp())
"""
# The least that one of the items takes which wait for money.
LEAST_NEEDED = """
    SELECT min(needs_micro) FROM generation_items
    WHERE run_id = %s AND error_code = 'budget' AND state = 'held'
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
    if now.pilot != Pilot.WAITING and not now.rate and not money_is_out(now):
        found += _nothing_moves(now)
    return found


def money_is_out(now: Progress) -> bool:
    """Whether the queue begins nothing more of the run until its budget is raised, however many are due."""
    if now.budget_micro is None or not held_items(now, "budget"):
        return False
    with connection.cursor() as cursor:
        cursor.execute(LEAST_NEEDED, [now.run_id])
        needed: int | None = cursor.fetchone()[0]
    # Enough of it: the budget was raised a moment ago, or nobody is there to go on.
    return needed is None or needed > now.budget_micro - now.spent_micro - now.reserved_micro


def held_items(now: Progress, code: str) -> int:
    """How many of the run's items are held for this reason: `budget` or `pilot`."""
    return sum(kind.count for kind in now.errors if (kind.state, kind.code) == (ItemState.HELD, code))


def _held(now: Progress) -> list[Wait]:
    found = []
    if now.pilot == Pilot.WRITING:
        found.append(Wait(Reason.PILOT_WRITING, held_items(now, "pilot")))
    if now.pilot == Pilot.WAITING:
        found.append(Wait(Reason.PILOT, held_items(now, "pilot")))
    if held := held_items(now, "budget"):
        found.append(Wait(Reason.BUDGET, held + _no_money_for(now)))
    return found


def _no_money_for(now: Progress) -> int:
    """How many are still queued, and will not be begun for want of money either."""
    if now.pilot in (Pilot.WRITING, Pilot.WAITING) or not money_is_out(now):
        return 0  # the others wait for the pilot first
    return now.counts.get(ItemState.QUEUED, 0)


def _nothing_moves(now: Progress) -> list[Wait]:
    queued = now.counts.get(ItemState.QUEUED, 0)
    if not queued:
        return []
    if _nobody_works(now.run_id, pilot=now.pilot == Pilot.WRITING):
        return [Wait(Reason.NOBODY, queued)]
    if not now.counts.get(ItemState.RUNNING) and (seconds := _next_try(now.run_id)) and seconds > 1:
        return [Wait(Reason.LATER, queued, seconds)]
    return []


def _nobody_works(run_id: UUID, *, pilot: bool) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(NOBODY_WORKS, {"run": run_id, "pilot": pilot, "priority": PILOT_PRIORITY})
        return bool(cursor.fetchone()[0])


def _next_try(run_id: UUID) -> float | None:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_TRY, [run_id])
        seconds: float | None = cursor.fetchone()[0]
    return seconds
