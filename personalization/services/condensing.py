"""A lesson's source that is too long: one item condenses it, part by part, before its own text is written.

The others of the lesson wait: they are given back and come again. Every part is a call like any other, with
its row in the ledger, its money, its limits and its lease; what came back is kept in the transaction that
pays for it. Whoever takes over after a crash begins with the first part that is missing.

Models write more than they are asked for. Where all parts together are too long, those that are to blame are
asked for once more, shorter; where that does not help, the lesson's items fail and say so.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from django.conf import settings
from django.db import connection, transaction

from personalization.condensing.plan import Plan, assembled, plan_of, refuse_hopeless
from personalization.condensing.prompt import KEY
from personalization.errors import Permanent, RunBlocked, Transient, Unsent, WriterError
from personalization.models.condensing import CONDENSING
from personalization.services.attempts import Again, Condensing, Job, Kept, NotCondensed, Outcome
from personalization.services.charges import failed_call, good_call
from personalization.services.condensed import (
    NOT_CONDENSED,
    Busy,
    Led,
    Wanted,
    finish,
    lead,
    tag_of,
)
from personalization.services.fitting import fitted
from personalization.services.mishaps import guarded, not_prepared
from personalization.tokens import estimated_tokens
from personalization.windows import window_of
from personalization.writers.base import Draft

MOST_ATTEMPTS = 6  # of one part of a source, as an item has
LONGEST_PAUSE = 300.0  # seconds
LONGEST_WAIT = 30.0  # until an item looks again whether its lesson is condensed
MESSAGE = "the lesson is too long for the model's window, and could not be condensed: {reason}"
WAITS = "waits until its lesson is condensed for the model"


def condensed_first(jobs: Sequence[Job]) -> list[Job | Outcome]:
    """Of each job one that condenses its lesson's source, or whose lesson is condensed by now; or what
    becomes of one that has to wait for that, or fails with it. In any order."""
    planned = [guarded(job.claim, partial(_planned, job)) for job in jobs]
    begins: list[Job | Outcome] = [one for one in planned if isinstance(one, Outcome)]
    long = [one for one in planned if not isinstance(one, Outcome)]
    found = lead([_wanted(job, plan) for job, plan in long]) if long else []
    for (job, plan), one in zip(long, found, strict=True):
        if isinstance(one, Busy):
            begins.append(_waits(job, one, plan))
        else:
            begins.append(guarded(job.claim, partial(_led, job, plan, one)))
    return begins


def part_condensed(job: Job, draft: Draft) -> Again | Outcome:
    """After the call for a part: the job goes on with the next one, or with its text."""
    if job.condensing is None:
        raise AssertionError
    part, call = job.condensing.missing[0], good_call(job, draft)
    text = str(draft.content[KEY])
    done = {**job.condensing.done, part.key: text}
    kept = Kept(job.condensing.source_id, job.brief.lesson_id, job.claim.token, part.key, text)
    condensing = replace(job.condensing, done=done, attempts=0)
    more = replace(job, condensing=condensing, call_no=job.call_no + 1, complaint="")
    try:
        found = _next(more)
    except Permanent as error:
        return replace(_given_up(more, error), call=call, kept=kept)
    if isinstance(found, Job):
        return Again(found, call, kept)
    kept = replace(kept, whole=found)
    try:
        return Again(_written_from(more, found), call, kept)
    except WriterError as error:  # of the text's own prompt: the lesson is condensed
        return replace(not_prepared(job.claim, error), call=call, kept=kept)


def part_failed(job: Job, error: WriterError, *, base_pause: float) -> Outcome:
    """The lesson's failure, not the item's: after a growing pause any of the lesson's items tries again. Once
    nothing more is tried all of them fail with the reason."""
    if job.condensing is None:
        raise AssertionError
    claim, call = job.claim, failed_call(job, error)
    if isinstance(error, RunBlocked | Unsent):
        blocks = isinstance(error, RunBlocked)
        return Outcome(claim, "retry", error.code, error.message, give_back=True, blocks=blocks, call=call)
    attempts = job.condensing.attempts + 1
    if isinstance(error, Permanent) or attempts >= MOST_ATTEMPTS:
        return replace(_given_up(job, error), call=call)
    pause = _pause(attempts, error, base_pause)
    noted = NotCondensed(
        job.condensing.source_id, claim.token, error.code, error.message, pause, hopeless=False
    )
    return Outcome(
        claim, "retry", error.code, error.message, pause, give_back=True, call=call, not_condensed=noted
    )


def _planned(job: Job) -> tuple[Job, Plan] | Outcome:
    try:
        return job, plan_of(job.brief.transcript, window_of(job.recipe.model))
    except Permanent as error:
        return _failed(job, error.message)


def _wanted(job: Job, plan: Plan) -> Wanted:
    brief = job.brief
    tokens = estimated_tokens(brief.transcript)
    model, parts = job.recipe.model, len(plan.parts)
    return Wanted(job.claim, brief.source_hash, brief.language, model, tokens, parts, plan.room)


def _led(job: Job, plan: Plan, led: Led) -> Job | Outcome:
    job = replace(job, condensing=Condensing(led.source_id, plan, led.done, led.attempts))
    try:
        if not led.done:
            refuse_hopeless(job.brief.transcript, plan, job.brief.language)
        found = _next(job)
    except Permanent as error:
        return _given_up(job, error)
    if isinstance(found, Job):
        return found
    # Whoever had the last part died before the whole was put together.
    kept = Kept(led.source_id, job.brief.lesson_id, job.claim.token, "", "", found)
    with transaction.atomic(), connection.cursor() as cursor:
        finish(cursor, [kept])
    return _written_from(job, found)


def _next(job: Job) -> Job | str:
    """The job of the next part, or the whole text where none is missing. Permanent: it is too long."""
    while job.condensing and not job.condensing.missing:
        condensing = job.condensing
        found = assembled(job.brief.transcript, condensing.plan, condensing.done, job.brief.language)
        if isinstance(found, str):
            return found
        job = replace(job, condensing=replace(condensing, plan=found))
    return job


def _waits(job: Job, found: Busy, plan: Plan) -> Outcome:
    if found.code:
        return _failed(job, found.message)
    base = settings.GENERATION_RETRY_SECONDS
    wait = 0.0 if found.ready else base * max(1, len(plan.parts) - found.parts)
    delay = min(LONGEST_WAIT, max(found.seconds, wait)) * random.uniform(1, 1.2)
    return Outcome(job.claim, "retry", CONDENSING, WAITS, delay, give_back=True)


def _written_from(job: Job, whole: str) -> Job:
    """The job of writing the text itself. Raises what fitting does."""
    brief = replace(job.brief, transcript=whole, condensed_tag=tag_of(whole), too_long=False)
    fingerprint = brief.fingerprint(job.recipe)
    brief = fitted(brief, window_of(job.recipe.model))
    return replace(job, brief=brief, fingerprint=fingerprint, condensing=None)


def _given_up(job: Job, error: WriterError) -> Outcome:
    if job.condensing is None:
        raise AssertionError
    first = plan_of(job.brief.transcript, window_of(job.recipe.model))
    # Of the parts that were asked for again: whoever tries once more, in another run, asks anew.
    again = tuple(job.condensing.done.keys() - {part.key for part in first.parts})
    noted = NotCondensed(
        job.condensing.source_id, job.claim.token, error.code, error.message, 0.0, hopeless=True, drop=again
    )
    return replace(_failed(job, error.message), not_condensed=noted)


def _failed(job: Job, reason: str) -> Outcome:
    return Outcome(job.claim, "failed", NOT_CONDENSED, MESSAGE.format(reason=reason))


def _pause(attempts: int, error: WriterError, base: float) -> float:
    longest = min(LONGEST_PAUSE, base * 2.0**attempts)
    pause = random.uniform(longest / 2, longest)
    asked = error.retry_after if isinstance(error, Transient) else None
    return pause if asked is None else max(pause, asked + random.uniform(0, 1))
