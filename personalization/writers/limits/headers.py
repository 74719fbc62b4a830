"""What a provider says about its limits in the headers of an answer."""

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

LONGEST_RETRY_AFTER = 300.0  # seconds; a provider that says "tomorrow" must not park an item for a day
# As Go prints a duration, which OpenAI does: 12ms, 1.5s, 6m0s.
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Window:
    """One limit as announced; None where the provider does not say. `reset`: seconds until all is free."""

    limit: float | None = None
    remaining: float | None = None
    reset: float | None = None


@dataclass(frozen=True, slots=True)
class Told:
    requests: Window = Window()
    tokens: Window = Window()
    retry_after: float | None = None


def read_headers(headers: Mapping[str, str]) -> Told:
    """The provider's words; what is missing or makes no sense is None."""
    # One pass: each look into the client's headers goes through all of them.
    said = {name.lower(): value for name, value in headers.items()}
    return Told(_window(said, "requests"), _window(said, "tokens"), retry_after(said))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from OpenAI's milliseconds, a number or a date (RFC 9110); None where none can be read."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return min(milliseconds / 1000, LONGEST_RETRY_AFTER)
    said = headers.get("retry-after")
    if said is None:
        return None
    seconds = _number(said)
    if seconds is None:
        try:
            seconds = max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
        except (ValueError, OverflowError):
            return None
    return min(seconds, LONGEST_RETRY_AFTER)


def _window(headers: Mapping[str, str], name: str) -> Window:
    limit = _number(headers.get(f"x-ratelimit-limit-{name}"))
    if limit is None:
        return _SILENT
    remaining = _number(headers.get(f"x-ratelimit-remaining-{name}"))
    # A limit of 0 would stop everything for ever: some gateways say 0 and mean none.
    return Window(limit or None, remaining, _duration(headers.get(f"x-ratelimit-reset-{name}")))


_SILENT = Window()


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _duration(text: str | None) -> float | None:
    """Seconds from `6m0s` or from a bare number; None for anything else, such as a time of day."""
    if text is None:
        return None
    parts = _PART.findall(text)
    if parts and "".join(map("".join, parts)) == text:
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return _number(text)
