"""Which jobs of a worker start next: the first one of each lesson ahead of the others."""

from itertools import groupby

from personalization.services.lesson_order import LessonOrder


def order() -> LessonOrder[str]:
    """Jobs are texts such as a1, b1: the letter is the lesson."""
    return LessonOrder(lambda job: job[0])


def test_a_lessons_first_job_goes_ahead() -> None:
    assert order().take(["a1", "a2", "a3", "b1", "b2"], 3) == (["a1", "b1"], ["a2"], ["a3", "b2"])


def test_it_goes_ahead_once() -> None:
    jobs = order()
    jobs.take(["a1", "a2"], 1)
    assert jobs.take(["a2", "a3", "b1", "a4"], 2) == (["b1"], ["a2"], ["a3", "a4"])
    assert jobs.take(["a3", "a4", "b2"], 2) == ([], ["a3", "a4"], ["b2"])


def test_there_may_be_more_first_ones_than_places() -> None:
    jobs = order()
    assert jobs.take(["a1", "b1", "c1", "c2"], 2) == (["a1", "b1"], [], ["c1", "c2"])
    assert jobs.take(["c1", "c2"], 1) == (["c1"], [], ["c2"])


def test_without_a_place_nothing_starts() -> None:
    jobs = order()
    for places in (0, -3):
        assert jobs.take(["a1", "a2"], places) == ([], [], ["a1", "a2"])
    assert jobs.take(["a1", "a2"], 5) == (["a1"], ["a2"], [])


def test_the_next_lesson_is_begun_while_the_present_one_still_fills_the_places() -> None:
    """Five places and ten jobs prepared: each lesson's first one starts five or more before its second."""
    jobs, waiting, started = order(), [f"{lesson}{n}" for lesson in "abc" for n in range(20)], []
    ready: list[str] = []
    while waiting or ready:
        ready, waiting = ready + waiting[: 10 - len(ready)], waiting[10 - len(ready) :]
        begun, others, ready = jobs.take(ready, 1)
        started += begun + others
    assert sorted(started) == sorted(f"{lesson}{n}" for lesson in "abc" for n in range(20))
    for lesson, places in groupby(sorted(range(60), key=lambda n: started[n]), key=lambda n: started[n][0]):
        first, second, *_ = sorted(places)
        assert lesson == "a" or second - first >= 5


def test_extra_places_are_for_first_jobs_only() -> None:
    jobs = order()
    assert jobs.take(["a1", "a2", "b1", "b2"], 0, 1) == (["a1"], [], ["a2", "b1", "b2"])
    assert jobs.take(["a2", "b1", "b2"], 0, 1) == (["b1"], [], ["a2", "b2"])
    assert jobs.take(["a2", "b2"], 0, 1) == ([], [], ["a2", "b2"])
    assert jobs.take(["a2", "c1", "d1", "b2"], 1, 1) == (["c1", "d1"], [], ["a2", "b2"])
    assert jobs.take(["a2", "b2"], -1, 5) == ([], [], ["a2", "b2"])
