"""Workers that share a model's limits through a real Valkey: order, fairness, news, and what waiting ends."""

import asyncio
import time
from collections import Counter

import pytest
import redis
from django.conf import settings

from persona_site.embedded.valkey import Valkey
from personalization.errors import Unsent
from personalization.writers.base import Usage
from personalization.writers.limits.address import client_url
from personalization.writers.limits.config import Limit
from personalization.writers.limits.limiter import ModelLimiter
from personalization.writers.limits.waits import waits
from tests.personalization.limiters import eventually, workers

NONE = Limit()
SECOND = 1_200  # requests a minute: 20 a second
REFUSAL = {"retry-after": "30"}


@pytest.fixture(scope="module")
def url() -> str:
    valkey = Valkey(settings.VAR)
    valkey.ensure()
    return valkey.broker_url


def client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(client_url(url), decode_responses=True)


async def acquired(limiter: ModelLimiter, tokens: int = 0, answer: int = 0) -> float:
    """When the permit came."""
    await limiter.acquire(tokens, answer)
    return time.monotonic()


def test_requests_go_evenly_and_in_the_order_in_which_they_came(url: str) -> None:
    async def go() -> list[tuple[float, int]]:
        async with workers(url, Limit(SECOND)) as made:
            limiter = made.worker()
            await limiter.acquire(0)
            times = await asyncio.gather(*(acquired(limiter) for _ in range(10)))
            return [(at, place) for place, at in enumerate(times)]

    gone = asyncio.run(go())
    assert gone == sorted(gone)
    assert gone[-1][0] - gone[0][0] > 9 * 0.05 * 0.8


def test_two_workers_share_the_limit_and_get_the_same_of_it(url: str) -> None:
    async def go() -> tuple[Counter[str], float]:
        async with workers(url, Limit(SECOND)) as made:
            served: Counter[str] = Counter()
            both = {"one": made.worker(), "other": made.worker()}

            async def ask(name: str) -> None:
                await both[name].acquire(0)
                served[name] += 1

            began = time.monotonic()
            tasks = [asyncio.create_task(ask(name)) for name in both for _ in range(40)]
            await eventually(lambda: served.total() >= 30)
            took = time.monotonic() - began
            for task in tasks:
                task.cancel()
            return served, took

    served, took = asyncio.run(go())
    assert took > 30 * 0.05 * 0.8  # half of it would be each on its own
    assert min(served.values()) >= 12


def test_without_any_limit_requests_go_at_once_and_redis_is_hardly_asked(url: str) -> None:
    def asked() -> int:
        with client(url) as valkey:
            commands: dict[str, dict[str, int]] = valkey.info("commandstats")
        return sum(found["calls"] for name, found in commands.items() if name.startswith("cmdstat_eval"))

    async def go() -> float:
        async with workers(url, NONE) as made:
            limiter = made.worker()
            began = time.monotonic()
            for _ in range(500):
                await limiter.acquire(5_000)
                limiter.observe({}, 200, Usage(3_000, 0, 500))
            return time.monotonic() - began

    def more_than_allowed() -> float:
        before = asked()
        took = asyncio.run(go())
        return asked() - before - (5 + took / 0.2)  # a few to begin with, then five a second

    # What other tests' workers ask of the same server only adds to it.
    assert min(more_than_allowed() for _ in range(5)) <= 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (REFUSAL, 429),
        ({"retry-after-ms": "30000"}, 503),
        (
            {
                "x-ratelimit-limit-requests": "600",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "30s",
            },
            200,
        ),
    ],
    ids=["429", "503", "used up"],
)
@pytest.mark.parametrize("limit", [NONE, Limit(SECOND)], ids=["unlimited", "limited"])
def test_what_one_worker_is_told_stops_the_other_at_once(
    url: str, headers: dict[str, str], status: int, limit: Limit
) -> None:
    async def go() -> float:
        async with workers(url, limit) as made:
            one, other = made.worker(), made.worker()
            await asyncio.gather(one.acquire(0), other.acquire(0))
            told = last = time.monotonic()
            one.observe(headers, status, None)
            while await last_of(other) - told < 5:
                last = time.monotonic()
            return last - told

    async def last_of(limiter: ModelLimiter) -> float:
        try:
            async with asyncio.timeout(0.5):
                return await acquired(limiter)
        except TimeoutError:
            return float("inf")

    assert asyncio.run(go()) < 0.5


def test_what_one_worker_learns_of_the_limit_holds_for_the_other(url: str) -> None:
    told = {"x-ratelimit-limit-requests": "120", "x-ratelimit-reset-requests": "500ms"}

    async def go() -> tuple[float, float]:
        async with workers(url, NONE) as made:
            one, other = made.worker(), made.worker()
            await one.acquire(0)
            one.observe(told, 200, None)
            await asyncio.gather(one.acquire(0), other.acquire(0))
            await other.acquire(0)
            return one._pacing.allowed.requests, other._pacing.allowed.requests

    assert asyncio.run(go()) == (118.8, 118.8)


def test_tokens_that_were_not_used_are_given_back(url: str) -> None:
    """60,000 a minute are 1,000 a second: what is taken as 1,000 and used as 100 hardly delays the next."""

    async def go(usage: Usage | None, status: int) -> float:
        async with workers(url, Limit(tokens=60_000)) as made:
            limiter = made.worker()
            began = await acquired(limiter, 1_000)
            limiter.observe({}, status, usage)
            return await acquired(limiter, 1_000) - began

    kept = asyncio.run(go(None, 200))
    given_back = asyncio.run(go(Usage(50, 0, 50), 200))
    assert kept > 0.5
    assert given_back < 0.2


def test_an_answer_is_counted_as_long_as_it_might_have_been(url: str) -> None:
    """As OpenAI counts: by max_tokens, when the request comes. What was written is no matter."""

    async def go(answer: int) -> float:
        async with workers(url, Limit(tokens=60_000)) as made:
            limiter = made.worker()
            await limiter.acquire(1_000, answer)
            began = time.monotonic()
            limiter.observe({}, 200, Usage(50, 0, 50))
            return await acquired(limiter, 1_000) - began

    assert asyncio.run(go(900)) > 0.5
    assert asyncio.run(go(0)) < 0.2, "one that has no end in its request is counted by what it is"


def test_a_request_larger_than_a_minute_leaves_no_debt(url: str) -> None:
    """A minute is a second here: it took one, and the next request waits for that one only."""

    async def go() -> float:
        async with workers(url, Limit(tokens=1_000), minute=1.0) as made:
            limiter = made.worker()
            began = await acquired(limiter, 3_000, 2_900)
            limiter.observe({}, 200, Usage(50, 0, 50))
            return await acquired(limiter, 10) - began

    assert asyncio.run(go()) < 1.6  # with its longest answer: 2.9 s


def test_who_gives_up_leaves_the_permit_to_the_next(url: str) -> None:
    async def go() -> float:
        async with workers(url, Limit(SECOND)) as made:
            limiter = made.worker()
            began = await acquired(limiter)
            impatient = [asyncio.create_task(limiter.acquire(0)) for _ in range(40)]
            patient = asyncio.create_task(acquired(limiter))
            await asyncio.sleep(0)
            for task in impatient:
                task.cancel()
            return await patient - began

    assert asyncio.run(go()) < 0.5  # not behind forty others: 2 s


def test_who_is_let_go_before_the_turn_is_counted(url: str) -> None:
    async def go() -> None:
        async with workers(url, Limit(1)) as made:
            limiter = made.worker()
            await limiter.acquire(0)
            async with asyncio.timeout(0.05):
                await limiter.acquire(0)

    before = waits()["test-model"].given_up if "test-model" in waits() else 0
    with pytest.raises(TimeoutError):
        asyncio.run(go())
    assert waits()["test-model"].given_up == before + 1


def test_whoever_waits_at_the_end_is_told_that_nothing_was_sent(url: str) -> None:
    async def go() -> list[BaseException | None]:
        async with workers(url, Limit(1)) as made:
            limiter = made.worker()
            await limiter.acquire(0)
            waiting = [asyncio.create_task(limiter.acquire(0)) for _ in range(3)]
            await asyncio.sleep(0)
            await limiter.close()
            with pytest.raises(Unsent):
                await limiter.acquire(0)
            return await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(end) for end in asyncio.run(go())] == [Unsent] * 3


def test_waits_are_counted_with_their_seconds(url: str) -> None:
    async def go() -> None:
        async with workers(url, Limit(SECOND)) as made:
            limiter = made.worker()
            await asyncio.gather(*(limiter.acquire(0) for _ in range(5)))

    before = waits().get("test-model")
    asyncio.run(go())
    after = waits()["test-model"]
    assert after.count - (before.count if before else 0) >= 4
    assert after.seconds - (before.seconds if before else 0) > 0.4
