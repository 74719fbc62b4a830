"""What a provider's headers say about its limits; nonsense says nothing."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from personalization.writers.limits.headers import Told, Window, read_headers, retry_after


def test_openais_headers() -> None:
    told = read_headers(
        {
            "X-RateLimit-Limit-Requests": "500",
            "x-ratelimit-remaining-requests": "499",
            "x-ratelimit-reset-requests": "120ms",
            "x-ratelimit-limit-tokens": "200000",
            "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-tokens": "1m0.5s",
            "retry-after-ms": "1500",
            "retry-after": "2",
        }
    )
    assert told == Told(Window(500, 499, 0.12), Window(200_000, 0, 60.5), 1.5)


def test_no_headers_say_nothing() -> None:
    assert read_headers({"content-type": "application/json"}) == Told()


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        ("6m0s", 360),
        ("1h2m3s", 3723),
        ("20ms", 0.02),
        ("7.66s", 7.66),
        ("0s", 0),
        ("12", 12),
        ("1d", 86400),
        ("", None),
        ("soon", None),
        ("5s!", None),
        ("s", None),
        ("-5", None),
        ("nan", None),
        ("2026-11-26T12:00:00Z", None),
    ],
)
def test_a_time_until_reset(reset: str, seconds: float | None) -> None:
    headers = {"x-ratelimit-limit-tokens": "5", "x-ratelimit-reset-tokens": reset}
    assert read_headers(headers).tokens == Window(5, None, seconds)


@pytest.mark.parametrize("limit", ["", "many", "-1", "inf", "nan"])
def test_a_limit_that_is_no_number_is_none(limit: str) -> None:
    assert read_headers({"x-ratelimit-limit-requests": limit}).requests == Window()


def test_a_limit_of_zero_is_none() -> None:
    """Some gateways send it where they have no limit; taken at its word it would stop all work for ever."""
    assert read_headers({"x-ratelimit-limit-requests": "0"}).requests.limit is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "86400"}, 300),
        ({"retry-after-ms": "86400000"}, 300),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_retry_after_as_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    assert 18 < (retry_after({"retry-after": later}) or 0) <= 20
    assert retry_after({"retry-after": past}) == 0
