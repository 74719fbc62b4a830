"""Which requests fail and how long they take, decided by options and seed alone."""

from collections import Counter

import pytest

from personalization.fake_model import Mode, Options, OptionsError, changed
from personalization.fake_model.faults import Dice
from personalization.fake_model.limits import MinuteLimits, duration
from personalization.fake_model.options import MIXED


def drawn(options: Options, count: int = 2000) -> Counter[Mode]:
    dice = Dice(options)
    return Counter(dice.mode() for _ in range(count))


def test_a_share_of_the_requests_fails_in_every_transient_way() -> None:
    modes = drawn(Options(fail=0.1))

    assert set(modes) == {Mode.OK, *MIXED}
    assert 150 < modes.total() - modes[Mode.OK] < 250


def test_a_mode_alone_applies_to_every_request_and_none_to_none() -> None:
    assert drawn(Options(mode="cut")) == {Mode.CUT: 2000}
    assert drawn(Options()) == {Mode.OK: 2000}
    assert set(drawn(Options(mode="cut,echo", fail=0.5))) == {Mode.OK, Mode.CUT, Mode.ECHO}


def test_those_that_say_certain_words_may_fail_alone() -> None:
    dice = Dice(Options(mode="hang", only="Ответ 3"))
    assert [dice.mode(said) for said in ("Ответ 2", "мой Ответ 3", "")] == [Mode.OK, Mode.HANG, Mode.OK]


def test_words_of_requests_that_fail_are_words() -> None:
    with pytest.raises(OptionsError, match="only: 3 found, words expected"):
        changed(Options(), {"only": 3})


def test_the_seed_decides_the_sequence_and_jitter_does_not_change_it() -> None:
    def sequence(options: Options) -> list[Mode]:
        dice = Dice(options)
        return [dice.mode() for _ in range(200) if dice.delay() >= 0]

    assert sequence(Options(fail=0.3, seed=7)) == sequence(Options(fail=0.3, seed=7, latency=50, jitter=50))
    assert sequence(Options(fail=0.3, seed=7)) != sequence(Options(fail=0.3, seed=8))


def test_the_latency_stays_within_its_jitter() -> None:
    dice = Dice(Options(latency=50, jitter=20))
    delays = [dice.delay() for _ in range(500)]

    assert 0.030 <= min(delays) < 0.035
    assert 0.065 < max(delays) <= 0.070


def test_the_minute_limit_lets_through_again_once_the_window_has_moved() -> None:
    now = 0.0
    limits = MinuteLimits(Options(rpm=2), clock=lambda: now)
    first = [limits.admit() for _ in range(3)]
    now = 59.5
    waiting = (limits.admit(), limits.retry_after())
    now = 60.0

    assert (first, waiting) == ([True, True, False], (False, 0.5))
    assert [limits.admit() for _ in range(3)] == [True, True, False]


def test_the_minute_may_be_shorter() -> None:
    now = 0.0
    limits = MinuteLimits(Options(rpm=1, minute=0.5), clock=lambda: now)
    admitted = [limits.admit(), limits.admit()]
    now = 0.5

    assert [*admitted, limits.admit()] == [True, False, True]


def test_tokens_count_when_asked_for_and_those_of_an_answer_when_they_are_known() -> None:
    now = 0.0
    limits = MinuteLimits(Options(tpm=100), clock=lambda: now)
    assert limits.admit(60)
    now = 10.0
    limits.add_tokens(30)

    assert (limits.admit(11), limits.retry_after(11)) == (False, 50.0)
    assert (limits.retry_after(71), limits.retry_after(101)) == (60.0, 60)
    assert limits.admit(10)
    assert limits.headers() == {
        "x-ratelimit-limit-tokens": "100",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1m0s",
    }


def test_a_silent_endpoint_limits_without_a_word() -> None:
    limits = MinuteLimits(Options(rpm=1, announce=False))
    assert (limits.admit(), limits.admit(), limits.headers()) == (True, False, {})


def test_whether_limits_are_announced_is_yes_or_no() -> None:
    with pytest.raises(OptionsError, match="announce: 'no' found, true or false expected"):
        changed(Options(), {"announce": "no"})
    assert changed(Options(), {"announce": False}).announce is False


def test_durations_are_written_as_openai_writes_them() -> None:
    assert [duration(seconds) for seconds in (0, 0.0124, 1, 1.5, 59.9996, 90.25, 3600)] == [
        "0ms",
        "12ms",
        "1s",
        "1.5s",
        "1m0s",
        "1m30.25s",
        "60m0s",
    ]
