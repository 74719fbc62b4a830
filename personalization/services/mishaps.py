"""What becomes of an item that fails before anything was asked for it."""

import logging
import traceback
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from structlog.contextvars import bound_contextvars

from personalization.errors import Permanent, RunBlocked, Transient
from personalization.services.attempts import Claim, Outcome

log = logging.getLogger(__name__)
LONGEST_PAUSE = 300.0  # seconds


def internal(claim: Claim, error: Exception) -> Transient:
    """An error of ours, logged with its place but without its words: they may quote a learner."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    with bound_contextvars(run=str(claim.run_id), item=claim.id):
        log.error("item %s: unexpected %s\n%s", claim.id, type(error).__name__, frames)
    return Transient("internal", f"an error of this software: {type(error).__name__}")


def blocked(claim: Claim, error: RunBlocked) -> Outcome:
    """The run pauses, and says why."""
    return Outcome(claim, "retry", error.code, error.message, give_back=True, blocks=True)


def not_prepared(claim: Claim, error: Exception) -> Outcome:
    """A prompt that nobody's text can be asked for with pauses the run; one that this item breaks fails it.
    An adopted row that nobody foresaw must not take the rest of the batch along."""
    if isinstance(error, RunBlocked):
        return blocked(claim, error)
    if isinstance(error, Permanent):
        return Outcome(claim, "failed", error.code, error.message)
    failure = internal(claim, error)
    return Outcome(claim, "retry", failure.code, failure.message, delay=LONGEST_PAUSE)


def guarded[Result](claim: Claim, step: Callable[[], Result]) -> Result | Outcome:
    """What the step says, or what becomes of its item alone; what the connection suffers is everybody's."""
    try:
        return step()
    except (InterfaceError, OperationalError):
        raise
    except Exception as error:
        return not_prepared(claim, error)
