"""How a model's limits stand, for people: what may be sent now, and why not more."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite

from django.conf import settings
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from personalization.writers.limits.address import PATIENCE, client_url, keys_of, limit_key
from personalization.writers.limits.config import read_model_limits
from personalization.writers.limits.policy import Allowed, Rules, State, read_state

# So long a Redis that did not answer is not asked again: a page is read every second, by several people, and
# each look at one that is frozen would hold a thread of the web server.
AWAY_SECONDS = 5.0
_away: dict[str, float] = {}  # by address: until when

REASONS = {
    "refused": gettext_noop("the provider refused a request (429)"),
    "asked": gettext_noop("the provider asked for a pause (Retry-After)"),
    "used_up": gettext_noop("the provider's window is used up"),
}


@dataclass(frozen=True, slots=True)
class LimitView:
    """Per minute and for all workers together; None where no limit is known.

    `full_…`: what is allowed when nothing is lowered. `paused_until`: nothing is sent before.
    `lowered_until`: then it is the full limit again. `reason`: a key of REASONS. `workers`: of the last
    minute. `reachable`: whether Redis told; else only what the settings say is known.
    """

    requests: float | None
    tokens: float | None
    full_requests: float | None
    full_tokens: float | None
    paused_until: datetime | None = None
    lowered_until: datetime | None = None
    reason: str = ""
    workers: int = 0
    reachable: bool = True

    @property
    def slows(self) -> bool:
        """Whether anything is known that keeps requests back."""
        known = (self.full_requests, self.full_tokens, self.paused_until, self.lowered_until)
        return not self.reachable or any(fact is not None for fact in known)

    def sentences(self) -> list[str]:
        """For a page or a terminal, in the reader's language."""
        # What is kept to now is known, wherever it comes from: “no limit is known” would deny it.
        lowered = self.lowered_until is not None and self.requests is not None
        said = [self._limit()] if self._full() or not (lowered or self.paused_until) else []
        if not self.reachable:
            said.append(_("Redis is not reachable: each worker keeps to a share of its own."))
        if self.paused_until:
            said.append(
                _("Paused until {time}: {reason}.").format(time=_clock(self.paused_until), reason=self._why())
            )
        if self.lowered_until and self.requests is not None:
            text = _("Now {requests} requests a minute: {reason}. Back to the full limit at {time}.")
            if not self._full():
                text = _("Now {requests} requests a minute: {reason}. Back to full speed at {time}.")
            said.append(
                text.format(
                    requests=number_format(round(self.requests)),
                    reason=self._why(),
                    time=_clock(self.lowered_until),
                )
            )
        return said

    def _limit(self) -> str:
        if not (full := self._full()):
            return _("No limit is known: the provider's answers will tell.")
        return _("The provider allows {limits}.").format(limits=", ".join(full))

    def _full(self) -> list[str]:
        known = {
            _("{count} requests a minute"): self.full_requests,
            _("{count} tokens a minute"): self.full_tokens,
        }
        return [
            text.format(count=number_format(round(count), force_grouping=True))
            for text, count in known.items()
            if count is not None
        ]

    def _why(self) -> str:
        return _(REASONS[self.reason]) if self.reason in REASONS else self.reason


def read_limits(model: str) -> LimitView:
    """One short look into Redis; where it is away, what the settings say. Raises nothing."""
    rules = Rules(read_model_limits(settings.MODEL_LIMITS).of(model))
    read = _read(model)
    if read is None:
        nothing = State()
        return LimitView(*_known(rules.allowed(nothing, 0.0)), *_known(rules.full(nothing)), reachable=False)
    state, now, workers = read
    pause = rules.pause(state, now)
    allowed, full = rules.allowed(state, now), rules.full(state)
    lowered = isfinite(state.rate) and rules.restored(state) > now
    return LimitView(
        *_known(allowed),
        *_known(full),
        paused_until=_moment(now + pause) if pause else None,
        lowered_until=_moment(rules.restored(state)) if lowered else None,
        reason=state.reason if pause or lowered else "",
        workers=workers,
    )


def _read(model: str) -> tuple[State, float, int] | None:
    """The state, the server's time and the number of workers; None where Redis does not tell, or did not a
    moment ago."""
    if time.monotonic() < _away.get(settings.REDIS_URL, 0.0):
        return None
    import redis  # noqa: PLC0415 as long to import as all of Django, and no other page needs it
    import redis.retry  # noqa: PLC0415

    keys = keys_of(limit_key(model))
    try:
        client = redis.Redis.from_url(
            client_url(settings.REDIS_URL),
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
            decode_responses=True,
            protocol=2,
        )
        with client, client.pipeline(transaction=False) as pipe:
            pipe.hget(keys[0], "state")
            pipe.time()
            pipe.zcard(keys[1])
            state, (seconds, microseconds), workers = pipe.execute()
        return read_state(state or ""), seconds + microseconds / 1e6, workers
    except (redis.RedisError, OSError, ValueError):
        _away[settings.REDIS_URL] = time.monotonic() + AWAY_SECONDS
        return None


def _known(allowed: Allowed) -> tuple[float | None, float | None]:
    requests, tokens = (value if isfinite(value) else None for value in (allowed.requests, allowed.tokens))
    return requests, tokens


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _clock(moment: datetime) -> str:
    return date_format(localtime(moment), "H:i:s")
