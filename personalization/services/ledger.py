"""The money: reserved before a call, settled once after it. reserved + spent ≤ budget at every moment.

Money moves only with a row of the ledger that is still `reserved`, while the run's row is locked: a worker
that comes too late finds its call settled by a sweep, and moves nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_noop as _

from personalization.errors import RunBlocked
from personalization.models.calls import CallState
from personalization.models.costs import UNSENT
from personalization.models.runs import GenerationRun, RunState
from personalization.pricing import cost_micro, price_of
from personalization.services.attempts import CallResult, Job, Outcome, Text
from personalization.services.charges import unsent

# This becomes the note of a run that pauses.
UNPRICED = _(
    "the model has no price any more, so that the run's budget cannot be kept: add it to MODEL_PRICES, "
    "then resume the run"
)
# In a statement of its own, though sent with another: what comes after it sees the money, the states and the
# leases as they are then. Locked now, not when the money moves, or two workers would wait for each other.
LOCK_RUNS = "SELECT FROM generation_runs WHERE id = ANY(%(runs)s::uuid[]) ORDER BY id FOR NO KEY UPDATE"
# What may still be reserved. Calls that cost more than was reserved for them teach that all others may, too,
# and first of all those that are in flight.
LEFT = "(({run}.budget_micro - {run}.spent_micro) / {run}.overrun - {run}.reserved_micro)"
# One statement for a batch, when its runs are locked: their money is the latest, and nobody else moves it.
RESERVE = f"""
    WITH run AS MATERIALIZED (
        SELECT id, state, {LEFT.format(run="generation_runs")} AS left_micro FROM generation_runs
        WHERE id = ANY(%(runs)s::uuid[])
    ), wanted AS MATERIALIZED (
        SELECT given.*, run.state = 'open' AS goes_on,
            -- Tried again after a connection broke: it may have been written already.
            call.id IS NOT NULL AS known,
            call.id IS NOT NULL OR run.left_micro IS NULL OR run.left_micro >=
                sum(CASE WHEN call.id IS NULL THEN given.micro ELSE 0 END)
                    OVER (PARTITION BY run.id ORDER BY item.id) AS fits
        FROM jsonb_to_recordset(%(given)s) AS given (item_id bigint, run_id uuid, rev int, token uuid,
            call_no smallint, model text, prompt_version text, fingerprint text, micro bigint)
        JOIN run ON run.id = given.run_id
        -- A lease that was lost while the job waited for its turn would be paid for twice.
        JOIN generation_items item ON item.id = given.item_id AND item.lease_token = given.token
        LEFT JOIN model_calls call ON call.lease_token = given.token AND call.call_no = given.call_no
        WHERE item.state = 'running'
    ), fresh AS (
        SELECT * FROM wanted WHERE goes_on AND fits AND NOT known
    ), money AS (
        UPDATE generation_runs SET reserved_micro = reserved_micro + sums.micro
        FROM (SELECT run_id, sum(micro) AS micro FROM fresh GROUP BY run_id) sums
        WHERE id = sums.run_id
    ), written AS (
        INSERT INTO model_calls (item_id, run_id, rev, lease_token, call_no, model, prompt_version,
            fingerprint, reserved_micro, started_at)
        SELECT item_id, run_id, rev, token, call_no, model, prompt_version, fingerprint, micro,
            clock_timestamp()
        FROM fresh ORDER BY item_id
    )
    SELECT item_id, goes_on, fits FROM wanted
"""  # noqa: S608 constants of ours


@dataclass(frozen=True, slots=True)
class Reserved:
    """`allowed` may be called; `outcomes`: held by the budget, or given back because the run was paused.

    What is in neither was lost or deleted since its claim.
    """

    allowed: list[Job]
    outcomes: list[Outcome]


def reserve(jobs: Sequence[Job]) -> Reserved:
    """Writes a row for the next call of each job and sets its money aside, or refuses.

    A run's budget serves its jobs in the order of their items; after the first refusal the others wait too.
    """
    paid = [job for job in jobs if job.on_ledger]
    verdicts: dict[int, tuple[bool, bool]] = {}
    if paid:
        parameters: dict[str, Any] = {
            "runs": list({job.claim.run_id for job in paid}),
            "given": json.dumps([_reservation(job) for job in paid]),
        }
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{LOCK_RUNS}; {RESERVE}", parameters)
            cursor.nextset()
            verdicts = {item: (goes_on, fits) for item, goes_on, fits in cursor.fetchall()}
    verdicts |= _free_of_charge([job for job in jobs if not job.on_ledger])
    allowed = [job for job in jobs if verdicts.get(job.claim.id) == (True, True)]
    refused = [(job, *verdicts[job.claim.id]) for job in jobs if job.claim.id in verdicts]
    return Reserved(allowed, [o for job, goes_on, fits in refused if (o := _refusal(job, goes_on, fits))])


def _free_of_charge(jobs: Sequence[Job]) -> dict[int, tuple[bool, bool]]:
    """Whether the run of each goes on; money is no matter."""
    if not jobs:
        return {}
    runs = GenerationRun.objects.filter(pk__in={job.claim.run_id for job in jobs}, state=RunState.OPEN)
    going_on = set(runs.values_list("pk", flat=True))
    return {job.claim.id: (job.claim.run_id in going_on, True) for job in jobs}


def _refusal(job: Job, goes_on: bool, fits: bool) -> Outcome | None:
    if not goes_on:
        # Reserved already, where the run was paused after a commit that the worker did not hear of.
        return Outcome(job.claim, "retry", give_back=True, call=unsent(job))
    if not fits:
        message = "the run's budget has not enough left for this call"
        return Outcome(job.claim, "held", "budget", message, give_back=True, needs_micro=reserved_micro(job))
    return None


def refuse_unpriced(job: Job) -> None:
    """RunBlocked where the run has a budget and its model no price any more: none could be kept."""
    if job.budgeted and job.recipe.model and price_of(job.recipe.model) is None:
        raise RunBlocked("unpriced", UNPRICED)


def reserved_micro(job: Job) -> int:
    """The most that the job's next call costs."""
    return cost_micro(job.recipe.model, job.estimate)


def _reservation(job: Job) -> dict[str, Any]:
    return {
        "item_id": job.claim.id,
        "run_id": str(job.claim.run_id),
        "rev": job.claim.rev,
        "token": str(job.claim.token),
        "call_no": job.call_no,
        "model": job.recipe.model,
        "prompt_version": job.prompt_version,
        "fingerprint": job.fingerprint,
        "micro": reserved_micro(job),
    }


_SETTLED = """RETURNING call.run_id, call.reserved_micro, call.actual_micro, call.input_tokens,
            call.cached_tokens, call.output_tokens, call.error_code"""
_MOVED = f"""
    moved AS (
        UPDATE generation_runs run SET reserved_micro = run.reserved_micro - sums.reserved,
            spent_micro = run.spent_micro + sums.spent, calls = run.calls + sums.calls,
            input_tokens = run.input_tokens + sums.input, cached_tokens = run.cached_tokens + sums.cached,
            output_tokens = run.output_tokens + sums.output, overrun = greatest(run.overrun, sums.overrun)
        FROM (SELECT run_id, sum(reserved_micro) AS reserved, sum(actual_micro) AS spent,
                  count(*) FILTER (WHERE error_code <> '{UNSENT}') AS calls, sum(input_tokens) AS input,
                  sum(cached_tokens) AS cached, sum(output_tokens) AS output,
                  max(actual_micro::float / nullif(reserved_micro, 0)) AS overrun
              FROM settled GROUP BY run_id) sums
        WHERE run.id = sums.run_id
    )
    SELECT count(*) FROM settled
"""  # noqa: S608 constants of ours
# Where nobody knows what a call costs: what was reserved, as dear as others of its run turned out to be.
_AS_RESERVED = """floor(call.reserved_micro * coalesce(
                (SELECT overrun FROM generation_runs WHERE id = call.run_id), 1))"""
# An answer is kept only for an item that can still be published.
SETTLE_CALLS = f"""
    WITH settled AS (
        UPDATE model_calls call SET state = given.state, error_code = given.code,
            actual_micro = coalesce(given.micro, {_AS_RESERVED}),
            input_tokens = given.input_tokens, cached_tokens = given.cached_tokens,
            output_tokens = given.output_tokens, finished_at = clock_timestamp(),
            seconds = given.seconds, answer = CASE WHEN EXISTS (SELECT FROM generation_items item
                WHERE item.id = call.item_id AND item.finished_at IS NULL) THEN given.answer END
        FROM jsonb_to_recordset(%s) AS given (token uuid, call_no smallint, state text, code text,
            micro bigint, input_tokens int, cached_tokens int, output_tokens int, seconds float,
            answer jsonb)
        WHERE call.lease_token = given.token AND call.call_no = given.call_no AND call.state = 'reserved'
        {_SETTLED}
    ), {_MOVED}
"""  # noqa: S608 constants of ours


def settle_calls(cursor: CursorWrapper, ended: Sequence[tuple[CallResult, Text | None]]) -> None:
    """Inside a transaction that has locked the runs. The text: an answer to keep, for it is not published."""
    if ended:
        cursor.execute(SETTLE_CALLS, [json.dumps([_settlement(call, text) for call, text in ended])])


def _settlement(call: CallResult, text: Text | None) -> dict[str, Any]:
    return {
        "token": str(call.token),
        "call_no": call.call_no,
        "state": call.state,
        "code": call.code,
        "micro": call.micro,
        "input_tokens": call.usage.input_tokens,
        "cached_tokens": call.usage.cached_tokens,
        "output_tokens": call.usage.output_tokens,
        "seconds": call.seconds,
        "answer": text.content if text and call.state == CallState.OK else None,
    }


# Of an item that was cancelled, or that went over to another run, the worker learns with its next heartbeat,
# and then settles its call by itself.
LOST = """call.state = 'reserved' AND NOT EXISTS (
            SELECT FROM generation_items item WHERE item.id = call.item_id
            AND (item.lease_token = call.lease_token
                 OR clock_timestamp() - make_interval(secs => %(lease)s) < CASE
                     WHEN item.state = 'cancelled' THEN item.finished_at
                     WHEN item.run_id <> call.run_id THEN item.available_at END))"""
LOST_RUNS = f"SELECT DISTINCT run_id FROM model_calls call WHERE {LOST}"  # noqa: S608 constants of ours
UNKNOWN = f"""
    WITH settled AS (
        UPDATE model_calls call SET state = 'unknown', error_code = 'lease_lost',
            actual_micro = {_AS_RESERVED}, finished_at = clock_timestamp()
        WHERE (call.run_id IS NULL OR call.run_id = ANY(%(runs)s::uuid[])) AND {LOST}
        {_SETTLED}
    ), {_MOVED}
"""  # noqa: S608 constants of ours


def end_lost_calls(*, lease: float) -> int:
    """How many calls there were that nobody will settle any more: they stay charged as reserved.

    `lease`: seconds within which a living worker looks after its items.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOST_RUNS, {"lease": lease})
        if not (runs := [row[0] for row in cursor.fetchall()]):
            return 0
        known = [run for run in runs if run]
        cursor.execute(LOCK_RUNS, {"runs": known})
        cursor.execute(UNKNOWN, {"lease": lease, "runs": known})
        count: int = cursor.fetchone()[0]
        return count
