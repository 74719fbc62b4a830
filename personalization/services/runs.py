"""What a person may do with a run. Admin, API and commands all call these."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import DateTimeField, Func
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from personalization.errors import PlanRefused
from personalization.models.runs import GenerationRun, RunState
from personalization.pairs import ORDERED, PAIRS, Selection, selection_parameters
from personalization.pricing import budget_problem
from personalization.services.sweep import end_cancelled
from personalization.writers.registry import backend_problem, current_recipe

# The database's clock, not a worker's; now() would be the transaction's start.
CLOCK = Func(function="clock_timestamp", output_field=DateTimeField())
# Notes are stored in English and translated where they are shown.
PAUSED_BY_HAND = gettext_noop("Paused by hand.")
WRITTEN_ELSEWHERE = gettext_noop("All texts are already being written by another run.")
WORK_CHANNEL = "persona_work"  # NOTIFY wakes the sweepers; a door never talks to the broker


@dataclass(frozen=True, slots=True)
class Started:
    """`asked` items are in the run; `coalesced` ones run for another, and once more afterwards."""

    run: GenerationRun
    asked: int
    coalesced: int


# Only constants are put together here; values go by parameters.
ASK = f"""
    WITH asked AS (
        INSERT INTO generation_items (run_id, profile_id, lesson_id)
        SELECT %(run)s, profile.id, lesson.id {PAIRS} {ORDERED}
        ON CONFLICT (profile_id, lesson_id) WHERE state IN ('queued', 'running', 'held', 'submitted')
        -- What waits goes over to the newer ask and its options; what runs is done once more.
        DO UPDATE SET wanted_rev = generation_items.wanted_rev + 1, run_id = CASE
            WHEN generation_items.state = 'running' THEN generation_items.run_id ELSE excluded.run_id END
        RETURNING run_id
    )
    SELECT count(*) FILTER (WHERE run_id = %(run)s), count(*) FILTER (WHERE run_id <> %(run)s) FROM asked
"""  # noqa: S608


def start_run(
    *,
    selection: Selection,
    backend: str,
    force: bool = False,
    replace_locked: bool = False,
    requested_by: User | None = None,
    idempotency_key: str | None = None,
    budget_micro: int | None = None,
    estimate_micro: int | None = None,
) -> Started:
    """Plans a run in one statement and wakes the workers when the transaction commits.

    `replace_locked`: texts that an editor has changed by now are replaced too; whoever edits later keeps
    their words (work.replaceable).

    The same key from the same person gives the run that it gave before. Raises PlanRefused where the
    backend cannot write or the selection is empty; nothing is stored then.
    """
    if problem := backend_problem(backend):
        raise PlanRefused(problem)
    if problem := budget_problem(current_recipe(backend).model, budget_micro):
        raise PlanRefused(problem)
    options = _options(selection, backend, force, replace_locked)
    money = {"budget_micro": budget_micro, "estimate_micro": estimate_micro}
    try:
        with transaction.atomic():
            return _planned(selection, backend, options, requested_by, idempotency_key, money)
    except IntegrityError:
        run = GenerationRun.objects.filter(requested_by=requested_by, idempotency_key=idempotency_key).first()
        if idempotency_key is None or run is None:
            raise
        if run.options.get("request") != options["request"]:
            raise PlanRefused(_("This key was used for another request: take a new one.")) from None
        return Started(run, asked=0, coalesced=0)


def _planned(
    selection: Selection,
    backend: str,
    options: dict[str, Any],
    requested_by: User | None,
    idempotency_key: str | None,
    money: dict[str, int | None],
) -> Started:
    run = GenerationRun.objects.create(
        requested_by=requested_by,
        idempotency_key=idempotency_key,
        course_id=selection.course,
        backend=backend,
        options=options,
        **money,
    )
    with connection.cursor() as cursor:
        recipes = current_recipe("openai"), current_recipe("simple")
        cursor.execute(ASK, {"run": run.pk, **selection_parameters(selection, *recipes)})
        asked, coalesced = cursor.fetchone()
    if not asked and not coalesced:
        raise PlanRefused(_("Nothing to write: no learner of this selection has a course with lessons."))
    if not asked:
        _move(run, RunState.CLOSED, note=WRITTEN_ELSEWHERE, came_from=[RunState.OPEN])
    notify()
    return Started(run, asked, coalesced)


def _options(selection: Selection, backend: str, force: bool, replace_locked: bool) -> dict[str, Any]:
    """What the run remembers: the choices that were made, and a hash that knows the same request again."""
    chosen = {"force": force, "replace_locked": replace_locked}
    request = repr((selection, str(backend), *chosen.values()))
    return {
        "request": hashlib.sha256(request.encode()).hexdigest()[:16],
        **{name: True for name, choice in chosen.items() if choice},
    }


def pause_run(run: GenerationRun) -> bool:
    """Whether the run was open and is now paused: what is in flight is finished, nothing more begun."""
    return _move(run, RunState.PAUSED, note=PAUSED_BY_HAND, came_from=[RunState.OPEN])


def resume_run(run: GenerationRun) -> bool:
    """Whether the run was paused and goes on."""
    with transaction.atomic():
        moved = _move(run, RunState.OPEN, note="", came_from=[RunState.PAUSED])
        notify()
    return moved


def cancel_run(run: GenerationRun) -> bool:
    """Whether the run had not ended yet. No text of it appears from now on: `settle` looks at the run."""
    if not _move(run, RunState.CANCELLED, note="", came_from=[RunState.OPEN, RunState.PAUSED]):
        return False
    end_cancelled()  # a million take a while: the sweeps end what this leaves
    return True


RETRY = """
    UPDATE generation_items item SET state = 'queued', attempts = 0, finished_at = NULL,
        available_at = clock_timestamp(), error_code = '', error_message = ''
    WHERE item.run_id = %s AND item.state = 'failed' AND NOT EXISTS (
        SELECT FROM generation_items other WHERE other.profile_id = item.profile_id
        AND other.lesson_id = item.lesson_id AND other.state IN ('queued', 'running', 'held', 'submitted'))
"""


def retry_failed(run: GenerationRun) -> int:
    """How many failed items were queued again; those that another run has open by now stay as they are."""
    with transaction.atomic(), connection.cursor() as cursor:
        GenerationRun.objects.select_for_update().get(pk=run.pk)
        cursor.execute(RETRY, [run.pk])
        count: int = cursor.rowcount
        if count:
            _move(run, RunState.OPEN, note="", came_from=[RunState.CLOSED, RunState.PAUSED, RunState.OPEN])
            notify()
    return count


def notify() -> None:
    """Wakes the sweepers of all workers, when the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [WORK_CHANNEL])


def _move(run: GenerationRun, state: RunState, *, came_from: list[RunState], note: str | None = None) -> bool:
    """A conditional update: two people at once, or a person and a worker, cannot undo each other."""
    changes: dict[str, Any] = {"state": state, "closed_at": None}
    if state in (RunState.CANCELLED, RunState.CLOSED):
        changes["closed_at"] = CLOCK
    if note is not None:
        changes["note"] = note
    return bool(GenerationRun.objects.filter(pk=run.pk, state__in=came_from).update(**changes))
