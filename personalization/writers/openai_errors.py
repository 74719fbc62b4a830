"""What the queue should do about an error of the model's client. Never carries the endpoint's own words."""

import math
import time
from email.utils import parsedate_to_datetime

import httpx2
import openai
from django.utils.translation import gettext_noop as _

from personalization.errors import Permanent, RunBlocked, Transient, WriterError

LONGEST_RETRY_AFTER = 300.0  # seconds; a provider that says "tomorrow" must not park an item for a day
# These become the note of a run that pauses.
QUOTA = _("the provider's quota is used up: raise it, then resume the run")
BLOCKED = {
    401: _("the endpoint refused the key: check OPENAI_API_KEY"),
    403: _("the endpoint refused access: check the key's rights and the model's name"),
    404: _("the endpoint does not know the model or the path: check OPENAI_MODEL and OPENAI_BASE_URL"),
}


def writer_error(error: openai.OpenAIError) -> WriterError:
    if isinstance(error, openai.APIStatusError):
        return _status_error(error)
    # The aiohttp transport calls a refused connection a timeout.
    unreached = isinstance(error.__cause__, httpx2.ConnectTimeout)
    if isinstance(error, openai.APITimeoutError) and not unreached:
        return Transient("timeout", "the endpoint did not answer in time")
    if isinstance(error, openai.APIConnectionError):
        return Transient("connection", "the endpoint is not reachable or broke off: check OPENAI_BASE_URL")
    return Transient("garbage", f"the endpoint's answer could not be read ({type(error).__name__})")


def _status_error(error: openai.APIStatusError) -> WriterError:
    status = error.status_code
    if error.code == "insufficient_quota":
        return RunBlocked("quota", QUOTA)
    if status in BLOCKED:
        return RunBlocked(f"http_{status}", BLOCKED[status])
    if status in {408, 409, 429} or status >= 500:
        code = "rate_limit" if status == 429 else f"http_{status}"
        return Transient(code, f"the endpoint answered {status}", _retry_after(error))
    return Permanent(f"http_{status}", f"the endpoint refused the request ({status})")


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds, from a number or a date (RFC 9110); None where neither can be read."""
    header = error.response.headers.get("retry-after", "")
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if math.isfinite(seconds) else None
