"""What the queue should do about an endpoint that refuses or does not answer. Never carries its own words."""

import json
from collections.abc import Mapping

import aiohttp
from django.utils.translation import gettext_noop as _

from personalization.errors import Permanent, RunBlocked, Transient, WriterError
from personalization.writers.base import Usage
from personalization.writers.facts import about_the_answer
from personalization.writers.limits.headers import retry_after

# These become the note of a run that pauses.
ELSEWHERE = _("the endpoint does not know the model or the path: check OPENAI_MODEL and OPENAI_BASE_URL")
QUOTA = _("the provider's quota is used up: raise it, then resume the run")
BLOCKED = {
    401: _("the endpoint refused the key: check OPENAI_API_KEY"),
    403: _("the endpoint refused access: check the key's rights and the model's name"),
    404: ELSEWHERE,
    405: ELSEWHERE,
}

# What providers and gateways call it, in `code` or `type`.
OUT_OF_MONEY = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "quota_exceeded",
    "insufficient_credits",
    "insufficient_balance",
    "insufficient_funds",
    "payment_required",
}


class Refused(Exception):
    """An HTTP status that is no success, of the response or of an error in its body. `error`: what the body
    says of it, an object or a text."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.seconds: float | None = None  # until the answer came
        self.error = _error_in(body)

    def as_writer_error(self) -> WriterError:
        said = self.error if isinstance(self.error, dict) else {}
        if self.status == 402 or any(str(said.get(name)) in OUT_OF_MONEY for name in ("code", "type")):
            return RunBlocked("quota", QUOTA)
        if self.status < 400:  # no redirect is followed: http:// was meant to be https://, perhaps
            return RunBlocked(f"http_{self.status}", ELSEWHERE)
        if self.status in BLOCKED:
            return RunBlocked(f"http_{self.status}", BLOCKED[self.status])
        if self.status in {408, 409, 429} or self.status >= 500:
            code = "rate_limit" if self.status == 429 else f"http_{self.status}"
            return Transient(code, f"the endpoint answered {self.status}", retry_after(self.headers))
        if about_the_answer(self.status, self.error):
            return Transient("bad_json", "the answer is not the JSON that was asked for", reask=True)
        return Permanent(f"http_{self.status}", f"the endpoint refused the request ({self.status})")


def unanswered(error: aiohttp.ClientError | TimeoutError, *, sent: bool, seconds: float) -> Transient:
    """For an error of the HTTP client: no answer came in so many seconds, or none that can be read.

    `sent`: some of the request had gone out. Else there was no connection, no proxy that made one, or no
    address: it has cost nothing, for certain.
    """
    if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
        failed = Transient("timeout", f"no whole answer within {seconds:g} s")
    elif not sent or isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError):
        failed = Transient("connection", "the endpoint is not reachable or broke off: check OPENAI_BASE_URL")
    else:
        failed = Transient("garbage", f"the endpoint's answer could not be read ({type(error).__name__})")
    failed.usage = None if sent else Usage(reported=True)
    return failed


def _error_in(body: bytes) -> object:
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")
    if isinstance(whole, list) and len(whole) == 1:  # as Gemini's
        (whole,) = whole
    return whole.get("error", whole) if isinstance(whole, dict) else whole
