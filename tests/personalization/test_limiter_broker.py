"""Redis killed, frozen, never there: a worker goes on with its share, and with the others when it is back."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from persona_site.embedded.valkey import Valkey
from personalization.writers.limits.config import Limit
from personalization.writers.limits.limiter import ModelLimiter
from tests.personalization.limiters import eventually, workers

LIMIT = Limit(requests=1_200)  # 20 a second


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    server.ensure()
    yield server
    with suppress(ProcessLookupError):
        os.kill(pid(server), signal.SIGCONT)
    server.stop()


def pid(valkey: Valkey) -> int:
    return int((valkey.data / valkey.pid_name).read_text())


def is_alone(limiter: ModelLimiter) -> bool:
    return limiter._pacing.is_alone


async def seconds(limiter: ModelLimiter, count: int) -> float:
    began = time.monotonic()
    await asyncio.gather(*(limiter.acquire(0) for _ in range(count)))
    return time.monotonic() - began


def test_killed_and_back(valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> tuple[float, float, float]:
        async with workers(valkey.broker_url, LIMIT) as made:
            one, other = made.worker(), made.worker()
            await other.acquire(0)
            await one.acquire(0)  # and so it knows of the other
            os.kill(pid(valkey), signal.SIGKILL)
            first = await seconds(one, 1)
            alone = await seconds(one, 8)
            assert is_alone(one)
            valkey.ensure()
            await eventually(lambda: not is_alone(one))
            return first, alone, await seconds(one, 12)

    with caplog.at_level(logging.INFO):
        first, alone, together = asyncio.run(go())
    assert first < 0.5
    assert 8 * 0.1 * 0.8 < alone < 8 * 0.1 * 2  # half of the limit: there were two
    assert together < 12 * 0.1 * 0.8  # all of it: the other one wants nothing
    said = [record.getMessage() for record in caplog.records if "limits" in record.name]
    assert said == [
        "limits: Redis is away (ConnectionError): alone with 1/2 of what is allowed to all",
        "limits: Redis is back: shared by all workers again",
    ]


@pytest.mark.parametrize("limit", [Limit(), Limit(600_000)], ids=["unlimited", "limited"])
def test_frozen_it_holds_a_request_up_for_a_moment_only(valkey: Valkey, limit: Limit) -> None:
    async def go() -> tuple[float, float]:
        async with workers(valkey.broker_url, limit) as made:
            limiter = made.worker()
            await limiter.acquire(0)
            limiter.observe({}, 200, None)
            await limiter.acquire(0)
            os.kill(pid(valkey), signal.SIGSTOP)
            await asyncio.sleep(0.25)  # what was heard a moment ago is old now
            frozen = await seconds(limiter, 10)
            again = await seconds(limiter, 10)
            os.kill(pid(valkey), signal.SIGCONT)
            await eventually(lambda: not is_alone(limiter))
            return frozen, again

    frozen, again = asyncio.run(go())
    assert 0.2 < frozen < 0.5
    assert again < 0.1


def test_a_worker_whose_own_loop_is_held_up_does_not_take_redis_for_absent(valkey: Valkey) -> None:
    async def go() -> bool:
        async with workers(valkey.broker_url, LIMIT) as made:
            limiter = made.worker()
            await limiter.acquire(0)
            asked = asyncio.create_task(limiter.acquire(0))
            for _ in range(4):
                await asyncio.sleep(0)  # until the exchange has begun
                held = time.monotonic() + 0.3  # longer than Redis is waited for
                while time.monotonic() < held:
                    pass
            await asked
            return is_alone(limiter)

    assert not asyncio.run(go())


def test_what_a_worker_learned_alone_it_tells_when_redis_is_back(valkey: Valkey) -> None:
    async def go() -> tuple[float, float]:
        async with workers(valkey.broker_url, LIMIT) as made:
            one, other = made.worker(), made.worker()
            await asyncio.gather(one.acquire(0), other.acquire(0))
            os.kill(pid(valkey), signal.SIGKILL)
            await one.acquire(0)
            one.observe({"retry-after": "0"}, 429, None)
            valkey.ensure()
            await eventually(lambda: not is_alone(one) and not one._pacing.has_news)
            fresh = made.worker()
            await fresh.acquire(0)
            return one._pacing.state.rate, fresh._pacing.state.rate

    here, there = asyncio.run(go())
    assert here == there < 1_200


def test_where_redis_never_was_a_quarter_of_the_limit_is_safe(tmp_path: Path) -> None:
    async def go() -> tuple[float, float]:
        async with workers(f"redis+socket://{tmp_path}/nothing.sock", LIMIT) as made:
            limiter = made.worker()
            return await seconds(limiter, 1), await seconds(limiter, 3)

    first, three = asyncio.run(go())
    assert first < 0.5
    assert three > 3 * 0.2 * 0.8


def test_a_worker_that_ends_does_not_wait_for_a_frozen_redis(valkey: Valkey) -> None:
    async def go() -> float:
        async with workers(valkey.broker_url, LIMIT) as made:
            limiter = made.worker()
            await limiter.acquire(0)
            os.kill(pid(valkey), signal.SIGSTOP)
            began = time.monotonic()
            await limiter.close()
            return time.monotonic() - began

    try:
        assert asyncio.run(go()) < 1
    finally:
        os.kill(pid(valkey), signal.SIGCONT)
