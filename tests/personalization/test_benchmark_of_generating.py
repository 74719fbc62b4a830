"""When the benchmark of generating calls a promise broken: one for each bound."""

from dataclasses import replace

import pytest

from benchmarks.generating.figures import Figures, Measured

TEXTS = 1_000
# 100 in flight of 1 s each: 95 of 100 texts a second, 2 ms of CPU a text.
WORKER = Measured(TEXTS, seconds=TEXTS / 95, cpu=2.0, requests=TEXTS, cached=0.95)
GOOD = Figures(
    wanted=TEXTS,
    stored=TEXTS,
    in_flight=100,
    latency=1.0,
    bare=[WORKER],
    worker=[WORKER] * 3,
    shared=WORKER,
    one_by_one=0.5,
)
SLOW = replace(WORKER, seconds=TEXTS / 89)
DEAR = replace(WORKER, cpu=2.6)
COLD = replace(WORKER, cached=0.89)


def test_at_its_bounds_every_promise_is_kept() -> None:
    bound = replace(WORKER, seconds=TEXTS / 90, cpu=2.5, cached=0.9)
    assert replace(GOOD, worker=[bound]).broken() == []


@pytest.mark.parametrize(
    ("figures", "promise"),
    [
        (replace(GOOD, worker=[SLOW, SLOW, WORKER]), "of the ideal rate"),
        (replace(GOOD, worker=[DEAR, DEAR, WORKER]), "of the worker's CPU"),
        (replace(GOOD, worker=[WORKER, WORKER, COLD]), "come from the cache"),
        (replace(GOOD, stored=TEXTS - 1), "every text is written"),
        (replace(GOOD, worker=[WORKER, replace(WORKER, texts=TEXTS - 1)]), "every text is written"),
        (replace(GOOD, shared=replace(WORKER, texts=TEXTS - 1)), "every text is written"),
        (replace(GOOD, worker=[WORKER, replace(WORKER, requests=TEXTS + 1)]), "asked for twice"),
        (replace(GOOD, shared=replace(WORKER, requests=TEXTS + 1)), "asked for twice"),
    ],
    ids=["slow", "dear", "cold", "not stored", "not written", "shared not written", "twice", "shared twice"],
)
def test_each_promise_has_its_bound(figures: Figures, promise: str) -> None:
    (broken,) = figures.broken()
    assert promise in broken


def test_one_bad_round_of_three_breaks_neither_pace_nor_cpu() -> None:
    assert replace(GOOD, worker=[WORKER, WORKER, replace(SLOW, cpu=9.0)]).broken() == []


def test_all_that_is_wrong_is_told() -> None:
    bad = replace(SLOW, cpu=2.6, cached=0.5, texts=TEXTS - 10, requests=TEXTS + 10)
    assert len(replace(GOOD, worker=[bad], stored=TEXTS - 10).broken()) == 5
