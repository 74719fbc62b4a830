"""When requests may go: no minute holds more than the limit, whatever senders do; Redis counts the same."""

import asyncio
import time

import pytest
from django.conf import settings

from persona_site.embedded.valkey import Valkey
from personalization.writers.limits.config import Limit
from personalization.writers.limits.pace import HORIZON, Gaps, Pace, gaps
from personalization.writers.limits.policy import Allowed, Rules, State
from personalization.writers.limits.shared import Asked, Shared

LIMIT = 600
ARRIVES = 0.25  # seconds between sending and arriving, at most


def of_a_minute(requests: float, tokens: float = float("inf")) -> Gaps:
    return gaps(Allowed(requests, tokens), share=1, pause=0, minute=60)


@pytest.mark.parametrize("late", [0.0, 0.1, 0.2, 0.29, 0.31, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("wanted", [1, 3, 25])
def test_no_minute_holds_more_than_the_limit(wanted: int, late: float) -> None:
    """The worst that a sender can do: once it comes late, and what it sent before arrives late as well."""
    pace, now, arrivals = Pace(), 0.0, []
    spread = of_a_minute(Rules(Limit(LIMIT)).allowed(State(), now).requests)
    while now < 130:
        taken = pace.take([0] * wanted, spread, now)
        hiccup = late if now < 62 <= taken.times[-1] else 0.0
        arrivals += [max(now, at) + hiccup + (ARRIVES if at < 62.5 else 0.0) for at in taken.times]
        now = max(now, *taken.times, taken.after - HORIZON) + hiccup
    arrivals.sort()
    fastest = min(last - first for first, last in zip(arrivals, arrivals[LIMIT:], strict=False))
    assert fastest >= 60


def test_whoever_keeps_asking_gets_all_of_it() -> None:
    pace, now, sent = Pace(), 0.0, 0
    while now < 60:
        taken = pace.take([0, 0], of_a_minute(594), now)
        sent += len(taken.times)
        now = max(taken.times) + 0.05  # a little late each time, made up for
    assert 592 <= sent <= 597


def test_a_pause_of_the_sender_is_no_credit() -> None:
    pace, spread = Pace(), of_a_minute(600)
    pace.take([0], spread, 0.0)
    assert pace.take([0] * 5, spread, 30.0).times == pytest.approx([30, 30.1, 30.2, 30.3, 30.4])


def test_tokens_space_requests_out_and_come_back() -> None:
    pace, spread = Pace(), of_a_minute(600, 60_000)
    taken = pace.take([500] * 3, spread, 10.0)
    assert [*taken.times, taken.after] == pytest.approx([10.0, 10.2, 10.7, 11.2])
    pace.give_back(1_000, spread)
    assert pace.take([500], spread, 10.75).times == pytest.approx(
        [10.8]
    )  # a tenth of a second after the last


def test_nobody_takes_what_is_far_away() -> None:
    taken = Pace().take([0] * 5, of_a_minute(6), 0.0)
    assert (taken.times, taken.after) == ([0.0], 10.0)
    paused = Pace().take([0], gaps(Allowed(600, 600), share=1, pause=5.0, minute=60), 0.0)
    assert (paused.times, paused.after) == ([], 5.0)


@pytest.fixture
def url() -> str:
    valkey = Valkey(settings.VAR)
    valkey.ensure()
    return valkey.broker_url


@pytest.mark.parametrize(
    ("spread", "costs"),
    [
        (Gaps(0.11, 0.0, 0.3, 0.0), [0] * 8),
        (Gaps(0.0, 0.0, 0.3, 0.0), [7] * 8),
        (Gaps(0.01, 0.001, 0.3, 0.0), [50, 500, 5, 5, 5]),
        (Gaps(0.11, 0.0, 0.3, 0.5), [0] * 8),
        (Gaps(0.11, 0.0, 0.3, 5.0), [0]),
        (Gaps(20.0, 0.0, 0.3, 0.0), [0, 0]),
    ],
)
def test_redis_paces_as_one_worker_alone_does(url: str, spread: Gaps, costs: list[int]) -> None:
    async def through_redis() -> list[list[float]]:
        shared = Shared(url, f"pace-{time.monotonic_ns()}", "worker")
        try:
            rounds = []
            for _ in range(2):
                answer = await shared.exchange(Asked("", None, 0, 0, spread, costs))
                rounds.append([answer.now + delay for delay in [*answer.delays, answer.after]])
            return [[at - rounds[0][0] for at in times] for times in rounds]
        finally:
            await shared.leave()

    alone, now = Pace(), 1_000.0
    taken = [alone.take(costs, spread, now) for _ in range(2)]
    here = [[*one.times, one.after] for one in taken]
    there = asyncio.run(through_redis())
    assert [len(times) for times in there] == [len(times) for times in here]
    # The second exchange comes a moment after the first.
    assert there[0] == pytest.approx([at - here[0][0] for at in here[0]], abs=0.001)
    assert there[1] == pytest.approx([at - here[0][0] for at in here[1]], abs=0.05)
