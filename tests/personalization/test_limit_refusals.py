"""Whether refusals are about the rate is found out by trying: providers of several kinds."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import pytest

from personalization.writers.limits.config import Limit
from personalization.writers.limits.headers import Told
from personalization.writers.limits.pacing import Pacing
from personalization.writers.limits.policy import Rules, State, read_state

KNOWN, UNKNOWN = Rules(Limit(requests=600)), Rules(Limit())
TOP = 600  # a minute, that the workers could send
NOW = 1_000_000.0
REFUSAL = Told(retry_after=1.0)


@dataclass(slots=True)
class Provider:
    """Lets `limit` requests a minute through, and refuses that share of all whatever is sent."""

    limit: float = inf
    noise: float = 0.0
    room: float = 1.0
    at: float = NOW

    def lets_through(self, now: float, chance: float) -> bool:
        self.room = min(max(1.0, self.limit / 12), self.room + (now - self.at) * self.limit / 60)
        self.at = now
        if self.room < 1 or chance < self.noise:
            return False
        self.room -= 1
        return True


@dataclass(slots=True)
class Played:
    state: State
    minutes: float
    sent: int = 0
    refused: int = 0
    allowed: float = 0.0  # a minute, on average
    trials: int = 0  # how often the rate was given back

    @property
    def share(self) -> float:
        return self.refused / self.sent

    def used(self, limit: float) -> float:
        return (self.sent - self.refused) / (limit * self.minutes)


def play(rules: Rules, provider: Provider, *, minutes: float, state: State = State(heard=True)) -> Played:  # noqa: B008 frozen
    """One sender who never rests; its refusals tell of the answers before them."""
    dice, played, now, answered = random.Random(7), Played(state, minutes), NOW, 0
    while now < NOW + minutes * 60:
        rate = min(rules.allowed(played.state, now).requests, TOP)
        step = max(60 / rate, rules.pause(played.state, now))
        played.allowed += rate * step / (minutes * 60)
        now += step
        played.sent += 1
        if provider.lets_through(now, dice.random()):
            answered += 1
            continue
        before, played.refused = played.state, played.refused + 1
        played.state = rules.refused(before, REFUSAL, now, sent=rate, answered=answered, cost=0)
        played.trials += played.state.spared_until > before.spared_until
        answered = 0
    return played


@pytest.mark.parametrize("rules", [KNOWN, UNKNOWN], ids=["known", "unknown"])
def test_where_one_in_ten_is_refused_whatever_is_sent_the_full_rate_comes_back(rules: Rules) -> None:
    played = play(rules, Provider(noise=0.1), minutes=20)
    assert played.allowed > 0.7 * TOP
    assert played.share < 0.12
    start = play(rules, Provider(noise=0.1), minutes=4)
    assert rules.allowed(start.state, NOW + 240) == rules.allowed(State(heard=True), NOW)


@pytest.mark.parametrize("rules", [KNOWN, UNKNOWN], ids=["known", "unknown"])
@pytest.mark.parametrize("limit", [145, 140, 120, 80, 60])
def test_a_limit_under_the_lowest_rate_is_run_into_once_an_hour(rules: Rules, limit: float) -> None:
    played = play(rules, Provider(limit), minutes=60)
    assert played.share < 0.05
    assert played.used(limit) > 0.9
    assert played.trials <= 1


def test_a_limit_above_the_lowest_rate_never_looks_like_refusals_of_another_kind() -> None:
    for limit in (160, 300, 550):
        played = play(KNOWN, Provider(limit), minutes=20)
        assert played.trials == 0
        assert played.share < 0.02
        assert played.used(limit) > 0.95


def test_with_a_limit_and_one_in_ten_refused_besides_most_of_the_limit_is_used() -> None:
    played = play(KNOWN, Provider(300, noise=0.1), minutes=20)
    assert played.share < 0.15
    assert played.used(300) > 0.7


def spared(rules: Rules = KNOWN) -> tuple[State, float]:
    """A state whose rate has just come back, and when."""
    state, now, refusal = State(heard=True), NOW, 0
    while not state.spared_until:
        now += 2
        refusal += 1
        assert refusal < 100
        state = rules.refused(state, REFUSAL, now, sent=TOP, answered=9, cost=0)
    return state, now


def refuse(state: State, now: float, answered: int, until: Callable[[State], bool]) -> tuple[State, int]:
    """Refusals, each after so many answers, until that is so; and how many it took."""
    for count in range(1, 200):
        state = KNOWN.refused(state, REFUSAL, now, sent=TOP, answered=answered, cost=0)
        if until(state):
            return state, count
    return state, 0


def test_refusals_that_are_not_about_the_rate_pause_and_lower_nothing() -> None:
    state, now = spared()
    again, _ = refuse(state, now + 10, 9, lambda state: state.rate < inf)
    assert (again.rate, KNOWN.pause(again, now + 10)) == (inf, 1.0)
    later = KNOWN.refused(again, REFUSAL, now + 301, sent=TOP, answered=9, cost=0)
    assert later.rate == pytest.approx(0.8 * 594)


def test_as_soon_as_more_than_few_are_refused_the_rate_is_the_lowest_again() -> None:
    state, now = spared()
    state, count = refuse(state, now + 10, 1, lambda state: state.rate < inf)
    assert 0 < count <= 12
    assert KNOWN.allowed(state, now + 10).requests == pytest.approx(594 / 4)
    assert state.blamed_until == now + 10 + 3_600


def test_what_turned_out_to_be_about_the_rate_does_not_bring_all_of_it_back_within_an_hour() -> None:
    state, now = spared()
    state, _ = refuse(state, now + 10, 1, lambda state: state.rate < inf)
    most, now = 0.0, now + 10
    while now < state.blamed_until - 400:
        now += 2
        state = KNOWN.refused(state, REFUSAL, now, sent=TOP, answered=9, cost=0)
        most = max(most, KNOWN.allowed(state, now).requests)
    assert most < 594 / 2


def test_what_was_found_out_survives_its_text_and_moves_with_the_clock() -> None:
    state, now = spared()
    blamed, _ = refuse(state, now + 10, 1, lambda state: state.rate < inf)
    for found in (state, blamed):
        assert read_state(found.as_json()) == found
        pacing = Pacing(KNOWN, None)
        pacing.state = found
        pacing._shift(3_600)
        assert KNOWN.allowed(pacing.state, now + 3_600) == KNOWN.allowed(found, now)
        for name in ("spared_until", "blamed_until"):
            at = getattr(found, name)
            assert getattr(pacing.state, name) == (at + 3_600 if at else 0)
