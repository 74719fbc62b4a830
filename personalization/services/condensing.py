"""A lesson's source that is too long: one item condenses it, part by part, before its own text is written.

The others of the lesson wait: they are given back and come again. Every part is a call like any other, with
its row in the ledger, its money, its limits and its lease; what came back is kept in the transaction that
pays for it. Whoever takes over after a crash begins with the first part that is missing.
"""

import random
from dataclasses import replace

from django.conf import settings
from django.db import connection, transaction

from personalization.condensing.plan import Plan, assembled, plan_of, refuse_hopeless
from personalization.condensing.prompt import KEY
from personalization.errors import Permanent, RunBlocked, Transient, Unsent, WriterError
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
from personalization.tokens import estimated_tokens
from personalization.windows import window_of
from personalization.writers.base import Draft

MOST_ATTEMPTS = 6  # of one source in a run, as an item has
LONGEST_PAUSE = 300.0  # seconds
LONGEST_WAIT = 30.0  # until an item looks again whether its lesson is condensed
MESSAGE = "the lesson is too long for the model's window, and could not be condensed: {reason}"


def condensed_first(job: Job) -> Job | Outcome:
    """The job with its lesson's source to condense; one of a lesson that is condensed by now; or what becomes
    of one that has to wait for that, or fails with it."""
    window = window_of(job.recipe.model)
    source = job.brief.transcript
    try:
        plan = plan_of(source, window)
    except Permanent as error:
        return _failed(job, error.message)
    wanted = Wanted(job.brief.lesson_id, job.brief.source_hash, job.recipe.model, estimated_tokens(source))
    found = lead(job.claim, wanted)
    if isinstance(found, Busy):
        return _waits(job, found, plan)
    return _led(replace(job, condensing=Condensing(found.source_id, plan, found.done, found.attempts)), found)


def part_condensed(job: Job, draft: Draft) -> Again | Outcome:
    """After the call for a part: the job goes on with the next one, or with its text."""
    if job.condensing is None:
        raise AssertionError
    part, call = job.condensing.missing[0], good_call(job, draft)
    text = str(draft.content[KEY])
    condensing = replace(job.condensing, done={**job.condensing.done, part.key: text})
    kept = Kept(condensing.source_id, job.brief.lesson_id, job.claim.token, part.key, text)
    more = replace(job, condensing=condensing, call_no=job.call_no + 1, complaint="")
    if condensing.missing:
        return Again(more, call, kept)
    try:
        whole = _whole(more)
    except Permanent as error:
        return replace(_given_up(job, error), call=call, kept=kept)
    return Again(_written_from(more, whole), call, replace(kept, whole=whole))


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


def _led(job: Job, found: Led) -> Job | Outcome:
    if job.condensing is None:
        raise AssertionError
    try:
        if not found.done:
            refuse_hopeless(job.brief.transcript, job.condensing.plan, job.brief.language)
        if job.condensing.missing:
            return job
        # Whoever had the last part died before the whole was put together.
        whole = _whole(job)
    except Permanent as error:
        return _given_up(job, error)
    kept = Kept(found.source_id, job.brief.lesson_id, job.claim.token, "", "", whole)
    with transaction.atomic(), connection.cursor() as cursor:
        finish(cursor, [kept])
    return _written_from(job, whole)


def _waits(job: Job, found: Busy, plan: Plan) -> Outcome:
    if found.code:
        return _failed(job, found.message)
    base = settings.GENERATION_RETRY_SECONDS
    wait = 0.0 if found.ready else base * max(1, len(plan.parts) - found.parts)
    delay = min(LONGEST_WAIT, max(found.seconds, wait)) * random.uniform(1, 1.2)
    return Outcome(job.claim, "retry", delay=delay, give_back=True)


def _whole(job: Job) -> str:
    if job.condensing is None:
        raise AssertionError
    return assembled(job.brief.transcript, job.condensing.plan, job.condensing.done, job.brief.language)


def _written_from(job: Job, whole: str) -> Job:
    """The job of writing the text itself."""
    brief = replace(job.brief, transcript=whole, condensed_tag=tag_of(whole), too_long=False)
    return replace(job, brief=brief, fingerprint=brief.fingerprint(job.recipe), condensing=None)


def _given_up(job: Job, error: WriterError) -> Outcome:
    if job.condensing is None:
        raise AssertionError
    noted = NotCondensed(
        job.condensing.source_id, job.claim.token, error.code, error.message, 0.0, hopeless=True
    )
    return replace(_failed(job, error.message), not_condensed=noted)


def _failed(job: Job, reason: str) -> Outcome:
    return Outcome(job.claim, "failed", NOT_CONDENSED, MESSAGE.format(reason=reason))


def _pause(attempts: int, error: WriterError, base: float) -> float:
    longest = min(LONGEST_PAUSE, base * 2.0**attempts)
    pause = random.uniform(longest / 2, longest)
    asked = error.retry_after if isinstance(error, Transient) else None
    return pause if asked is None else max(pause, asked + random.uniform(0, 1))
