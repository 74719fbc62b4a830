"""How the limits stand, for the operator's page and the terminal: read quickly, said in sentences."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django import Settings

from persona_site.embedded.valkey import Valkey
from personalization.writers.limits.factory import make_limiter
from personalization.writers.limits.view import LimitView, read_limits


@pytest.fixture(autouse=True)
def endpoint(settings: Settings) -> None:
    """An endpoint of the test's own, and so limits of its own."""
    valkey = Valkey(django_settings.VAR)
    valkey.ensure()
    settings.REDIS_URL = valkey.broker_url
    settings.OPENAI_BASE_URL = f"https://models.example/{time.monotonic_ns()}"
    settings.MODEL_LIMITS = "m = 600 rpm, 200k tpm"


def tell(headers: dict[str, str], status: int = 200, model: str = "m", seconds: float | None = None) -> None:
    """As a worker that hears this of the provider, and ends; TimeoutError: it waits for longer than this."""

    async def go() -> None:
        limiter = make_limiter(model)
        try:
            await limiter.acquire(10)
            limiter.observe(headers, status, None)
            async with asyncio.timeout(seconds):
                await limiter.acquire(10)
        finally:
            await limiter.close()

    asyncio.run(go())


def test_nothing_is_lowered() -> None:
    view = read_limits("m")
    assert (view.requests, view.tokens, view.reachable) == (594, 198_000, True)
    assert view.sentences() == ["The provider allows 600 requests a minute, 200,000 tokens a minute."]


def test_no_limit_is_known() -> None:
    assert read_limits("other").sentences() == ["No limit is known: the provider's answers will tell."]


def test_what_the_provider_announced() -> None:
    tell({"x-ratelimit-limit-requests": "500"})
    view = read_limits("m")
    assert (view.full_requests, view.full_tokens, view.lowered_until) == (500, 200_000, None)


def test_lowered_and_until_when() -> None:
    tell({"retry-after-ms": "10"}, 429)
    view = read_limits("m")
    assert view.requests == pytest.approx(594 * 0.8, rel=0.05)
    assert view.reason == "refused"
    assert view.lowered_until
    assert timedelta(seconds=50) < view.lowered_until - timezone.now() <= timedelta(seconds=61)
    assert "the provider refused a request (429). Back to the full limit at" in view.sentences()[1]


def test_what_is_kept_to_where_the_provider_names_no_limit() -> None:
    tell({"retry-after-ms": "10"}, 429, model="other")
    [said] = read_limits("other").sentences()
    assert said.startswith("Now ")
    assert "(429). Back to full speed at" in said


def test_paused_and_until_when() -> None:
    with pytest.raises(TimeoutError):
        tell({"retry-after": "20"}, 503, seconds=0.1)
    view = read_limits("m")
    assert view.paused_until
    assert timedelta(seconds=15) < view.paused_until - timezone.now() <= timedelta(seconds=20)
    assert view.sentences()[1].startswith("Paused until ")


def test_a_redis_that_is_away_is_said_and_not_waited_for(settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"redis+socket://{tmp_path}/nothing.sock"
    view = read_limits("m")
    assert view == LimitView(594, 198_000, 600, 200_000, reachable=False)
    assert "Redis is not reachable" in view.sentences()[1]


def test_entries_that_cannot_be_read_limit_nothing_and_are_logged(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MODEL_LIMITS = "m = quick"
    tell({})
    assert read_limits("m").full_requests is None
    assert "'m': 'quick' is not like" in caplog.text
