"""What a person may do with a run. Admin, API and commands all call these."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.db.models import DateTimeField, Func
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from courses.database import deleted_by_another, held_by_another, take_your_time
from personalization.errors import PlanRefused
from personalization.models.runs import UNENDED_SQL, Backend, GenerationRun, Pilot, RunState
from personalization.pairs import Selection
from personalization.pricing import budget_problem
from personalization.services.condensed import try_again
from personalization.services.outages import forgive
from personalization.services.planning import Planned, plan, renew_leases
from personalization.services.run_prompts import TRIED, prompt_refusal, prompts_of
from personalization.services.sweep import end_cancelled
from personalization.writers.registry import backend_problem, model_of

# The database's clock, not a worker's; now() would be the transaction's start.
CLOCK = Func(function="clock_timestamp", output_field=DateTimeField())
# Notes are stored in English and translated where they are shown.
PAUSED_BY_HAND = gettext_noop("Paused by hand.")
WRITTEN_ELSEWHERE = gettext_noop("All texts are already being written by another run.")
WORK_CHANNEL = "persona_work"  # NOTIFY wakes the sweepers; a door never talks to the broker


MOST_PILOT = 50  # texts; all of them are on one page, and somebody is to read them
TRIES = 3  # of a plan or a retry, when another stands in the way


@dataclass(frozen=True, slots=True)
class Started:
    """`asked` items are in the run; `coalesced` ones run for another at this moment, and are this one's when
    their attempt ends. `pilot` of both are written first and looked at."""

    run: GenerationRun
    asked: int
    coalesced: int
    pilot: int = 0


type Planning = Callable[[GenerationRun], Planned]
"""Writes the items of a run that was just created."""


def start_run(  # noqa: PLR0913 each choice that a door offers, by its name
    *,
    selection: Selection,
    backend: str,
    force: bool = False,
    replace_locked: bool = False,
    requested_by: User | None = None,
    idempotency_key: str | None = None,
    budget_micro: int | None = None,
    pilot: int | None = None,
    estimate_micro: int | None = None,
    to_write: int | None = None,
    tried_version: int | None = None,
) -> Started:
    """Plans a run in one statement and wakes the workers when the transaction commits.

    `replace_locked`: texts that an editor has changed by now are replaced too; whoever edits later keeps
    their words (work.replaceable). `budget_micro`: what its calls may cost at most. `pilot`: so many texts
    are written first and wait for a look before the others. `to_write`: texts, as a preview counted them.
    `tried_version`: id of the PromptVersion to write with, in the place of the live one.

    The same key from the same person gives the run that it gave before. Raises PlanRefused where the
    backend cannot write or the selection is empty; nothing is stored then.
    """
    if problem := _problem(backend, budget_micro, pilot, tried_version):
        raise PlanRefused(problem)
    chosen = {"force": force, "replace_locked": replace_locked}
    limits = {"budget": budget_micro, "pilot": pilot, TRIED: tried_version}
    fields: dict[str, Any] = {
        "requested_by": requested_by,
        "idempotency_key": idempotency_key,
        "course_id": selection.course,
        "backend": backend,
        "options": remembered(selection, backend, chosen, limits, to_write)
        | ({TRIED: tried_version} if tried_version else {}),
        "budget_micro": budget_micro,
        "estimate_micro": estimate_micro,
        "pilot": Pilot.NONE if pilot is None else Pilot.WRITING,
    }
    return planned_by_key(lambda run: plan(run, selection, pilot), fields)


def planned_by_key(planning: Planning, fields: dict[str, Any]) -> Started:
    """The run with these fields, planned and woken, or the one that the same key gave before."""
    try:
        # deleted_by_another: a learner or a lesson, after the plan had read it.
        return _once_more(lambda: _planned(planning, fields), deleted_by_another)
    except IntegrityError:
        key = {name: fields[name] for name in ("requested_by", "idempotency_key")}
        run = GenerationRun.objects.filter(**key).first()
        if fields["idempotency_key"] is None or run is None:
            raise
        if run.options.get("request") != fields["options"]["request"]:
            raise PlanRefused(_("This key was used for another request: take a new one.")) from None
        return Started(run, asked=0, coalesced=0)


def _problem(backend: str, budget_micro: int | None, pilot: int | None, tried: int | None) -> str | None:
    limit_problem = _limit_problem(backend, budget_micro, pilot)
    return backend_problem(backend) or limit_problem or _prompt_problem(backend, tried)


def _limit_problem(backend: str, budget_micro: int | None, pilot: int | None) -> str | None:
    if budget_micro is not None and budget_micro <= 0:
        return _("A budget above 0 is needed.")
    if pilot is not None and pilot <= 0:
        return _("A pilot needs at least one text.")
    if pilot is not None and pilot > MOST_PILOT:
        return _("A pilot is looked at text by text: {most} at most.").format(most=MOST_PILOT)
    return budget_problem(model_of(backend), budget_micro)


def _prompt_problem(backend: str, tried_version: int | None) -> str | None:
    return None if backend == Backend.SIMPLE else prompt_refusal(prompts_of(tried_version).personal)


def _once_more[T](work: Callable[[], T], stopped: Callable[[DatabaseError], bool]) -> T:
    """What `work` says, in a transaction that is tried anew where it meets another's locks, or `stopped`."""
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                return work()
        except DatabaseError as error:
            # Inside a caller's transaction all of it is lost, and only the caller can begin anew.
            worth_it = stopped(error) or (isinstance(error, OperationalError) and held_by_another(error))
            if not tries_left or connection.in_atomic_block or not worth_it:
                raise
    raise AssertionError


def _planned(planning: Planning, fields: dict[str, Any]) -> Started:
    run = GenerationRun.objects.create(**fields)
    planned = planning(run)
    if not planned.asked and not planned.coalesced:
        raise PlanRefused(_("Nothing to write: no learner of this selection has a course with lessons."))
    if not planned.asked:
        _move(run, RunState.OPEN, note=WRITTEN_ELSEWHERE, came_from=[RunState.OPEN])
    if run.pilot and not planned.pilot and not planned.coalesced:
        # Nothing of it is to be written: there is nothing to look at.
        GenerationRun.objects.filter(pk=run.pk).update(pilot=Pilot.NONE)
        run.pilot = Pilot.NONE
    if planned.coalesced:
        renew_leases(run)
    notify()
    return Started(run, planned.asked, planned.coalesced, planned.pilot if run.pilot else 0)


def remembered(
    selection: object,
    backend: str,
    chosen: Mapping[str, Any],
    limits: Mapping[str, int | None],
    to_write: int | None = None,
) -> dict[str, Any]:
    """What the run remembers: the choices that were made, a hash that knows the same request again, and how
    many texts a preview has counted."""
    given = {name: limit for name, limit in limits.items() if limit is not None}
    request = repr((selection, str(backend), *chosen.values(), *given.items()))
    return {
        "request": hashlib.sha256(request.encode()).hexdigest()[:16],
        **{name: choice for name, choice in chosen.items() if choice},
        **({} if to_write is None else {"to_write": to_write}),
    }


def pause_run(run: GenerationRun) -> bool:
    """Whether the run was open and is now paused: what is in flight is finished, nothing more begun."""
    return _move(run, RunState.PAUSED, note=PAUSED_BY_HAND, came_from=[RunState.OPEN])


def resume_run(run: GenerationRun) -> bool:
    """Whether the run was paused and goes on."""
    with transaction.atomic():
        now = GenerationRun.objects.select_for_update(no_key=True).filter(pk=run.pk).first()
        if now and now.state == RunState.PAUSED:
            forgive(now)
        moved = _move(run, RunState.OPEN, note="", came_from=[RunState.PAUSED])
        notify()
    return moved


def cancel_run(run: GenerationRun, pilots: Sequence[Pilot] = tuple(Pilot)) -> bool:
    """Whether the run had not ended yet. No text of it appears from now on: `settle` looks at the run.

    `pilots`: it is only cancelled while its pilot is in one of these states.
    """
    came_from = [RunState.OPEN, RunState.PAUSED]
    if not _move(run, RunState.CANCELLED, note="", came_from=came_from, pilots=pilots):
        return False
    end_cancelled()  # a million take a while: the sweeps end what this leaves
    return True


# In the order in which a plan asks for them: neither waits for what the other holds.
RETRY = f"""
    WITH failed AS MATERIALIZED (
        SELECT item.id FROM generation_items item JOIN lessons lesson ON lesson.id = item.lesson_id
        WHERE item.run_id = %s AND item.state = 'failed' AND NOT EXISTS (
            SELECT FROM generation_items other WHERE other.profile_id = item.profile_id
            AND other.lesson_id = item.lesson_id AND other.state IN {UNENDED_SQL})
        AND (item.kind <> 'templates' OR NOT EXISTS (
            SELECT FROM generation_items other WHERE other.kind = 'templates'
            AND other.lesson_id = item.lesson_id AND other.state IN {UNENDED_SQL}))
        ORDER BY lesson.lesson_number, lesson.id, item.profile_id FOR NO KEY UPDATE OF item
    )
    UPDATE generation_items item SET state = 'queued', attempts = 0, finished_at = NULL,
        available_at = clock_timestamp(), error_code = '', error_message = ''
    FROM failed WHERE item.id = failed.id
"""  # noqa: S608 constants of ours


def retry_failed(run: GenerationRun) -> int:
    """How many failed items were queued again; those that another run has open by now stay as they are.

    None of a cancelled run. One that a person has paused stays paused.
    """
    # IntegrityError: another run has asked for one of them in this moment, and has it open now.
    return _once_more(lambda: _retried(run), lambda error: isinstance(error, IntegrityError))


def _retried(run: GenerationRun) -> int:
    now = GenerationRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if now.state == RunState.CANCELLED:
        return 0
    try_again(run.pk)
    take_your_time()  # a million may have failed
    with connection.cursor() as cursor:
        cursor.execute(RETRY, [run.pk])
        count: int = cursor.rowcount
    if count:
        if now.state == RunState.PAUSED:
            forgive(now)
        if (now.state, now.note) != (RunState.PAUSED, PAUSED_BY_HAND):
            _move(run, RunState.OPEN, note="", came_from=[RunState.CLOSED, RunState.PAUSED, RunState.OPEN])
        # What failed in the pilot is the pilot's again; without anything of it the next sweep says so.
        GenerationRun.objects.filter(pk=run.pk, pilot=Pilot.WAITING).update(pilot=Pilot.WRITING)
        notify()
    return count


def notify() -> None:
    """Wakes the sweepers of all workers, when the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [WORK_CHANNEL])


def _move(
    run: GenerationRun,
    state: RunState,
    *,
    came_from: list[RunState],
    note: str | None = None,
    pilots: Sequence[Pilot] = tuple(Pilot),
) -> bool:
    """A conditional update: two people at once, or a person and a worker, cannot undo each other."""
    changes: dict[str, Any] = {"state": state, "closed_at": None}
    if state in (RunState.CANCELLED, RunState.CLOSED):
        changes["closed_at"] = CLOCK
    if note is not None:
        changes["note"] = note
    there = GenerationRun.objects.filter(pk=run.pk, state__in=came_from, pilot__in=pilots)
    return bool(there.update(**changes))
