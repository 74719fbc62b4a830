"""What Redis keeps of a model's limits: for whom, for how long, and what becomes of it when clocks jump."""

import asyncio
import time

import pytest
import redis
from django.conf import settings

from persona_site.embedded.valkey import Valkey
from personalization.writers.limits.address import client_url, keys_of
from personalization.writers.limits.config import Limit
from tests.personalization.limiters import eventually, workers

SECOND = 1_200  # requests a minute: 20 a second


@pytest.fixture(scope="module")
def url() -> str:
    valkey = Valkey(settings.VAR)
    valkey.ensure()
    return valkey.broker_url


def client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(client_url(url), decode_responses=True)


def test_what_redis_forgets_it_is_told_again(url: str) -> None:
    async def go() -> float:
        async with workers(url, Limit(SECOND)) as made:
            limiter = made.worker()
            await limiter.acquire(0)
            limiter.observe({"retry-after": "0"}, 429, None)
            await limiter.acquire(0)
            with client(url) as valkey:
                assert valkey.delete(*keys_of(made.key)) == 2
            await limiter.acquire(0)
            fresh = made.worker()
            await fresh.acquire(0)
            return fresh._pacing.allowed.requests

    assert asyncio.run(go()) < SECOND * 0.99


def test_a_request_larger_than_a_minute_takes_a_minute(url: str) -> None:
    async def go() -> float:
        async with workers(url, Limit(tokens=60_000)) as made:
            limiter = made.worker()
            await limiter.acquire(10_000_000)
            with client(url) as valkey:
                seconds, _ = valkey.time()
                at = float(valkey.hget(keys_of(made.key)[0], "token_at") or 0)
                return at - float(seconds)

    assert 55 < asyncio.run(go()) < 65


def test_times_that_a_jumped_clock_left_behind_hold_nobody_up(url: str) -> None:
    async def go() -> None:
        async with workers(url, Limit(SECOND, 60_000)) as made:
            limiter = made.worker()
            await limiter.acquire(1)
            with client(url) as valkey:
                later = str(time.time() + 3_600)
                valkey.hset(
                    keys_of(made.key)[0], mapping={"request_at": later, "token_at": later, "since": later}
                )
            async with asyncio.timeout(2):
                await limiter.acquire(1)
                await limiter.acquire(1)

    asyncio.run(go())


def test_a_pause_is_the_same_for_workers_whose_clocks_differ(url: str) -> None:
    async def go() -> tuple[float, float]:
        async with workers(url, Limit(SECOND)) as made:
            early, right = made.worker(), made.worker()
            early._pacing._offset += 3_600  # it has not heard Redis' clock yet
            early.observe({"retry-after": "20"}, 429, None)
            await eventually(lambda: not early._pacing.has_news)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(right.acquire(0), 0.2)
            pacing = right._pacing
            return pacing.rules.pause(pacing.state, pacing.now), pacing.now - time.time()

    pause, difference = asyncio.run(go())
    assert 18 < pause < 20
    assert abs(difference) < 1


def test_a_limit_that_nobody_asks_for_goes_from_redis(url: str) -> None:
    async def go() -> list[int]:
        async with workers(url, Limit(SECOND)) as made:
            await made.worker().acquire(0)
            with client(url) as valkey:
                return [valkey.ttl(key) for key in keys_of(made.key)]

    assert all(0 < left <= 3_600 for left in asyncio.run(go()))


def test_a_worker_that_ends_no_longer_counts(url: str) -> None:
    async def go() -> tuple[int, int]:
        async with workers(url, Limit(SECOND)) as made:
            one, other = made.worker(), made.worker()
            await asyncio.gather(one.acquire(0), other.acquire(0))
            with client(url) as valkey:
                both = valkey.zcard(keys_of(made.key)[1])
                await other.close()
                return both, valkey.zcard(keys_of(made.key)[1])

    assert asyncio.run(go()) == (2, 1)
