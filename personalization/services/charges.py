"""What a call is charged: by the usage that came back, else by what was reserved for it."""

from personalization.errors import RunBlocked, Unsent, WriterError
from personalization.models.calls import CallState
from personalization.models.costs import UNSENT
from personalization.pricing import cost_micro
from personalization.services.attempts import CallResult, Job
from personalization.writers.base import Draft, Usage

# Of these nobody knows whether the request was read before the end: its input is charged, no output.
BROKEN_OFF = {"timeout", "connection", "stopped"}


def good_call(job: Job, draft: Draft) -> CallResult | None:
    """None: the job's calls are not on the ledger."""
    usage = draft.usage
    return _result(job, CallState.OK, "", usage if usage.reported else None, job.estimate, draft.seconds)


def failed_call(job: Job, error: WriterError) -> CallResult | None:
    if isinstance(error, Unsent):
        return unsent(job)
    reported = error.usage if error.usage and error.usage.reported else None
    if reported is None and _is_refused(error):
        return _result(job, CallState.ERROR, error.code, None, Usage(), error.seconds)
    if error.code in BROKEN_OFF:
        return _result(job, CallState.ERROR, error.code, reported, _input(job.estimate), error.seconds)
    return _result(job, CallState.BAD, error.code, reported, job.estimate, error.seconds)


def broken_off(job: Job) -> CallResult | None:
    """A call that the worker itself let go of."""
    return _result(job, CallState.ERROR, "stopped", None, _input(job.estimate))


def unsent(job: Job) -> CallResult | None:
    """A call that was reserved and not made: it costs nothing, and no sum counts it."""
    return _result(job, CallState.ERROR, UNSENT, None, Usage())


def _is_refused(error: WriterError) -> bool:
    """The endpoint answered with an error instead of a text: providers charge nothing for that."""
    return isinstance(error, RunBlocked) or error.code == "rate_limit" or error.code.startswith("http_")


def _input(estimate: Usage) -> Usage:
    return Usage(estimate.input_tokens, 0, 0)


def _result(
    job: Job,
    state: CallState,
    code: str,
    reported: Usage | None,
    estimate: Usage,
    seconds: float | None = None,
) -> CallResult | None:
    """Tokens are kept only as they were reported: sums and later estimates must not learn from guesses."""
    if not job.on_ledger:
        return None
    micro = cost_micro(job.recipe.model, reported or estimate)
    return CallResult(job.claim.token, job.call_no, state, code, micro, reported or Usage(), seconds)
