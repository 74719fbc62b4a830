"""What may be sent, and what the provider's answers change of it. A minute is 60 of the seconds here."""

from dataclasses import replace
from math import inf

import pytest

from personalization.writers.limits.config import Limit
from personalization.writers.limits.headers import Told, Window
from personalization.writers.limits.policy import Rules, State, read_state

KNOWN = Rules(Limit(requests=600, tokens=100_000))
UNKNOWN = Rules(Limit())
HEARD = State(heard=True)
NOW = 1_000_000.0
REFUSAL = Told(retry_after=2.0)


def refused(
    rules: Rules,
    state: State,
    told: Told = REFUSAL,
    *,
    now: float = NOW,
    sent: float = inf,
    answered: int = 0,
) -> State:
    return rules.refused(state, told, now, sent=sent, answered=answered, cost=1_000)


def requests(rules: Rules, state: State, now: float = NOW) -> float:
    return rules.allowed(state, now).requests


def test_a_hundredth_of_the_limit_is_left_unused() -> None:
    allowed = KNOWN.allowed(State(), NOW)
    assert (allowed.requests, allowed.tokens) == (594, 99_000)
    assert UNKNOWN.allowed(HEARD, NOW).unlimited


def test_where_no_limit_is_known_little_is_sent_until_an_answer_can_tell() -> None:
    """Else a whole worker's requests would be on their way before the first answer names the limit."""
    assert requests(UNKNOWN, State()) == 600
    assert requests(Rules(Limit(requests=6_000)), State()) == 5_940
    for heard in (
        UNKNOWN.answered(State(), Told(), NOW, cost=0),
        UNKNOWN.busy(State(), Told(), NOW),
    ):
        assert UNKNOWN.allowed(heard, NOW).unlimited


def test_what_the_provider_announces_counts_where_it_is_less() -> None:
    told = Told(Window(500, 499, 0.12), Window(200_000, 199_000, 0.3))
    announced = KNOWN.answered(State(), told, NOW, cost=0)
    assert KNOWN.allowed(announced, NOW).requests == 495
    assert KNOWN.allowed(announced, NOW).tokens == 99_000
    assert UNKNOWN.allowed(UNKNOWN.answered(State(), told, NOW, cost=0), NOW).tokens == 198_000


def test_a_limit_of_a_day_is_none_of_a_minute() -> None:
    told = Told(Window(14_400, 14_370, 180.0), Window(18_000, 17_000, 3.0))
    assert UNKNOWN.answered(HEARD, told, NOW, cost=0) == replace(HEARD, tokens=18_000)


def test_an_answer_that_says_nothing_new_changes_nothing() -> None:
    told = Told(Window(500, 400, 12.0))
    once = UNKNOWN.answered(State(), told, NOW, cost=0)
    assert UNKNOWN.answered(once, told, NOW + 1, cost=0) is once
    assert UNKNOWN.answered(once, Told(), NOW + 1, cost=0) is once


def test_a_refusal_pauses_as_long_as_asked_and_lowers_by_a_fifth() -> None:
    state = refused(KNOWN, State())
    assert KNOWN.pause(state, NOW) == 2.0
    assert requests(KNOWN, state, NOW + 2) == pytest.approx(594 * 0.8)
    assert state.reason == "refused"


def test_a_refusal_without_a_word_pauses_for_a_second() -> None:
    assert KNOWN.pause(refused(KNOWN, State(), Told()), NOW) == 1.0


def test_refusals_without_a_word_pause_longer_each_time_until_an_answer_comes() -> None:
    state, now, pauses = HEARD, NOW, []
    for _ in range(8):
        state = refused(KNOWN, state, Told(), now=now)
        volley = refused(KNOWN, state, Told(), now=now + 0.1)
        pauses.append(KNOWN.pause(state, now))
        assert volley.paused_until == state.paused_until
        now = state.paused_until
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60])
    answered = KNOWN.answered(state, Told(), now, cost=0)
    assert KNOWN.pause(refused(KNOWN, answered, Told(), now=now), now) == pytest.approx(1)


def test_one_volley_of_refusals_is_one() -> None:
    once = refused(KNOWN, State())
    volley = once
    for moment in (0.01, 0.5, 2.0, 4.0):
        volley = refused(KNOWN, volley, now=NOW + moment)
    assert (volley.rate, volley.since) == (once.rate, once.since)
    assert KNOWN.pause(volley, NOW + 4) == 2.0
    assert refused(KNOWN, once, now=NOW + 7.1).rate < once.rate


def test_the_rate_comes_back_within_a_minute_and_not_at_once() -> None:
    state = refused(KNOWN, State())
    back = [requests(KNOWN, state, NOW + 2 + seconds) for seconds in (0, 15, 30, 60)]
    assert back == pytest.approx([475.2, 504.9, 534.6, 594])
    assert requests(KNOWN, state, NOW + 600) == 594


def test_where_no_limit_is_known_the_rate_falls_under_what_was_sent_and_feels_its_way_up() -> None:
    state = refused(UNKNOWN, HEARD, sent=1_000)
    assert requests(UNKNOWN, state, NOW + 2) == 800
    assert requests(UNKNOWN, state, NOW + 2 + 60) == 1_000
    assert requests(UNKNOWN, state, NOW + 2 + 120) == 1_100
    assert requests(UNKNOWN, state, NOW + 2 + 60 * 11) == inf


def test_a_refusal_says_little_where_little_was_sent() -> None:
    assert requests(UNKNOWN, refused(UNKNOWN, HEARD, sent=3), NOW) == 480
    assert requests(KNOWN, refused(KNOWN, State(), sent=3), NOW) == pytest.approx(594 * 0.8)


def test_a_refusal_while_both_limits_had_room_is_not_about_the_rate() -> None:
    room = Told(Window(600, 100, 50.0), Window(100_000, 50_000, 30.0), retry_after=2.0)
    state = refused(KNOWN, State(), room)
    assert (KNOWN.pause(state, NOW), state.rate) == (2.0, inf)
    for tokens in (Window(100_000, 500, 59.0), Window()):
        assert refused(KNOWN, State(), replace(room, tokens=tokens)).rate < inf


def test_refusals_of_most_that_never_end_leave_a_quarter_for_five_minutes() -> None:
    state, slowest = State(), inf
    for second in range(0, 300, 3):
        state = refused(KNOWN, state, Told(retry_after=0.0), now=NOW + second, sent=40)
        slowest = min(slowest, state.rate)
    assert slowest == pytest.approx(594 / 4)
    assert refused(KNOWN, state, now=NOW + 306, sent=40).rate < slowest
    assert requests(KNOWN, state, NOW + 300 + 9 * 60) == 594


@pytest.mark.parametrize(("rules", "most"), [(KNOWN, 594), (UNKNOWN, 600)])
def test_one_refusal_in_ten_whatever_is_sent_never_leaves_less_than_a_quarter(
    rules: Rules, most: float
) -> None:
    state, now = HEARD, NOW
    for number in range(1, 10_000):
        rate = min(requests(rules, state, now), 600)
        now += max(60 / rate, rules.pause(state, now))
        if number % 10 == 0:
            state = refused(rules, state, Told(retry_after=1.0), now=now, sent=rate, answered=9)
            assert state.rate >= most / 4 - 1e-6
    assert now > NOW + 20 * 60


def test_a_limit_far_below_the_settings_is_found_and_kept() -> None:
    """Half of what the settings say, and nothing but refusals tells: few of them, and most of it is used."""
    true, state, now, sent, refusals = 300, State(), NOW, 0, 0
    while now < NOW + 1_200:
        rate = requests(KNOWN, state, now)
        now += max(60 / rate, KNOWN.pause(state, now))
        sent += 1
        if rate > true:
            refusals += 1
            state = refused(KNOWN, state, Told(retry_after=1.0), now=now)
    assert refusals / sent < 0.01
    assert (sent - refusals) / (true * 20) > 0.85


@pytest.mark.parametrize(
    ("window", "pause"),
    [
        (Window(600, 0, 20.0), 20.0),
        (Window(600, 0, 0.0), 0.0),
        (Window(600, 1, 20.0), 0.0),
        (Window(600, 0, 59.9), 0.0),  # OpenAI: until all of it is free again; the next one is let through
        (Window(3, 0, 41.0), 0.0),
        (Window(600, 0, 3_000.0), 0.0),  # a day's
        (Window(600, 0, None), 0.0),
        (Window(600, None, 20.0), 0.0),
    ],
)
def test_a_used_up_window_of_requests_is_waited_for(window: Window, pause: float) -> None:
    state = KNOWN.answered(State(), Told(window), NOW, cost=0)
    assert KNOWN.pause(state, NOW) == pause


def test_a_window_of_tokens_is_used_up_when_the_next_request_does_not_fit() -> None:
    told = Told(tokens=Window(100_000, 2_000, 20.0))
    assert KNOWN.pause(KNOWN.answered(State(), told, NOW, cost=2_001), NOW) == 20.0
    assert KNOWN.pause(KNOWN.answered(State(), told, NOW, cost=2_000), NOW) == 0.0


def test_another_answer_with_retry_after_pauses_and_does_not_lower() -> None:
    state = KNOWN.busy(State(), Told(retry_after=7.0), NOW)
    assert (KNOWN.pause(state, NOW), state.rate, state.reason) == (7.0, inf, "asked")
    assert KNOWN.busy(HEARD, Told(), NOW) is HEARD


def test_a_clock_that_jumps_back_stops_nobody() -> None:
    state = refused(KNOWN, State())
    assert KNOWN.pause(state, NOW - 86_400) == 0.0
    assert requests(KNOWN, state, NOW - 86_400) == 594


def test_when_it_is_all_back() -> None:
    again = refused(KNOWN, State(), now=NOW - 20)
    for rules, before in ((KNOWN, State()), (KNOWN, again), (UNKNOWN, HEARD)):
        state = refused(rules, before, sent=300)
        back = rules.restored(state)
        assert requests(rules, state, back - 1) < rules.full(state).requests * 0.99
        assert requests(rules, state, back + 0.001) == rules.full(state).requests * 0.99


def test_the_state_survives_its_text() -> None:
    states = [
        State(),
        State(requests=600),
        refused(KNOWN, State(tokens=5)),
        refused(UNKNOWN, HEARD, sent=50),
    ]
    assert [read_state(state.as_json()) for state in states] == states
    assert read_state('{"requests": 5, "of a newer version": 1}') == State(requests=5)
