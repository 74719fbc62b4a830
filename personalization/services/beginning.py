"""Jobs of a batch that begin: what each needs first, and what fits into the model's window."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from structlog.contextvars import bound_contextvars

from personalization.models.runs import Backend
from personalization.prompts import messages
from personalization.services.attempts import Job, Outcome
from personalization.services.condensing import condensed_first
from personalization.services.fitting import fitted
from personalization.services.mishaps import guarded
from personalization.windows import window_of

log = logging.getLogger(__name__)


def begun(jobs: Sequence[Job]) -> tuple[list[Job], list[Outcome]]:
    """What there is to do for each text: first of all to condense its source, where that is too long. And
    what is settled without a call. One statement serves all that wait for that."""
    begins = [guarded(job.claim, partial(_fitting, job)) for job in jobs]
    long = [one for one in begins if _is_long(one)]
    begins = [one for one in begins if not _is_long(one)]
    begins += [_rendered(one) for one in condensed_first([one for one in long if isinstance(one, Job)])]
    started = [one for one in begins if isinstance(one, Job)]
    return started, [one for one in begins if isinstance(one, Outcome)]


def _is_long(one: Job | Outcome) -> bool:
    return isinstance(one, Job) and one.brief.too_long


def _fitting(job: Job) -> Job:
    """Its messages are put together here, and not beside the requests: it takes milliseconds, and is kept."""
    if job.backend == Backend.SIMPLE:
        return job
    brief = fitted(job.brief, window_of(job.recipe.model))
    if brief is job.brief:
        return job
    with bound_contextvars(run=str(job.claim.run_id), item=job.claim.id):
        log.warning("item %s: the answers are cut to what the model's window has room for", job.claim.id)
    return replace(job, brief=brief)


def _rendered(begins: Job | Outcome) -> Job | Outcome:
    if isinstance(begins, Outcome) or begins.condensing:
        return begins
    rendered = guarded(begins.claim, partial(messages, begins.brief))
    return rendered if isinstance(rendered, Outcome) else begins
