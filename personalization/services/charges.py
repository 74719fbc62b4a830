"""What a call is charged: by the usage that came back, else by what was reserved for it."""

from personalization.errors import RunBlocked, Unsent, WriterError
from personalization.models.calls import CallState
from personalization.models.costs import UNSENT
from personalization.pricing import cost_micro
from personalization.services.attempts import CallResult, Job
from personalization.writers.base import Draft, Usage

# Of these no answer came. Nobody knows what was made of one before the end, and providers bill that.
BROKEN_OFF = {"timeout", "connection"}


def good_call(job: Job, draft: Draft) -> CallResult | None:
    """None: the job's calls are not on the ledger."""
    return _result(job, CallState.OK, "", _reported(draft.usage), draft.seconds)


def failed_call(job: Job, error: WriterError) -> CallResult | None:
    if isinstance(error, Unsent):
        return unsent(job)
    reported = _reported(error.usage)
    if reported is None and _is_refused(error):
        return _result(job, CallState.ERROR, error.code, Usage(), error.seconds)
    state = CallState.ERROR if error.code in BROKEN_OFF else CallState.BAD
    return _result(job, state, error.code, reported, error.seconds)


def broken_off(job: Job) -> CallResult | None:
    """A call that the worker itself let go of while its request was on its way."""
    return _result(job, CallState.ERROR, "stopped", None)


def unsent(job: Job) -> CallResult | None:
    """A call that was reserved and not made: it costs nothing, and no sum counts it."""
    return _result(job, CallState.ERROR, UNSENT, Usage())


def _is_refused(error: WriterError) -> bool:
    """The endpoint answered with an error instead of a text: providers charge nothing for that."""
    return isinstance(error, RunBlocked) or error.code == "rate_limit" or error.code.startswith("http_")


def _reported(usage: Usage | None) -> Usage | None:
    return usage if usage and usage.reported else None


def _result(
    job: Job, state: CallState, code: str, usage: Usage | None, seconds: float | None = None
) -> CallResult | None:
    """`usage` None: nobody knows it. Tokens are kept only as they were reported: sums and later estimates
    must not learn from guesses."""
    if not job.on_ledger:
        return None
    micro = cost_micro(job.recipe.model, usage) if usage else None
    return CallResult(job.claim.token, job.call_no, state, code, micro, usage or Usage(), seconds)
