"""Whatever is known: scores are numbers, and more of the same never leads the other way."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.clusters import VARIED
from personalization.supervisor import CLUSTERS, Known, assess
from personalization.supervisor.tables import STYLES

VALUES: Any = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text("aя1.- \x00", max_size=5),
    st.sampled_from(["visual", "Visual", "Аудиал", "too_technical", "too_basic"]),
)  # fmt: skip
PIECES = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from(["", "too_technical", "too_basic"])), max_size=30
)
SCORES = st.lists(st.floats(0, 100), max_size=12)
KNOWN = st.builds(
    Known,
    learning_style=st.sampled_from(VARIED["learning_style"]),
    technical_depth=st.one_of(st.none(), st.floats(0, 100)),
    quiz=SCORES,
    feedback=PIECES,
)
frugal = settings(max_examples=40, deadline=None)


def depth(cluster: str) -> int:
    """-1 basic, 0 balanced, 1 advanced."""
    return cluster.endswith("_advanced") - cluster.endswith("_basic")


@frugal
@given(st.builds(Known, VALUES, VALUES, st.lists(VALUES), st.lists(st.tuples(VALUES, VALUES))))
def test_scores_are_numbers_from_0_to_1_that_sum_up(known: Known) -> None:
    found = assess(known)
    assert list(found.scores) == list(CLUSTERS)
    assert all(0 <= score <= 1 for score in found.scores.values())
    assert found.score == max(found.scores.values())
    sums = {style: found.scores[f"{style}_basic"] + found.scores[f"{style}_advanced"] for style in STYLES}
    # The three factors of depth share 0.8; a style gives the same to both of its clusters, 0.2 at most.
    assert all(0.8 - 1e-6 <= total <= 1.2 + 1e-6 for total in sums.values())
    for factor in (
        found.factors.technical_depth,
        found.factors.quiz_performance,
        found.factors.feedback_pattern,
    ):
        assert sum(factor.values()) == pytest.approx(1)


@frugal
@given(KNOWN, st.integers(1, 5))
def test_one_more_too_technical_never_raises_the_depth(known: Known, rating: int) -> None:
    more = replace(known, feedback=[(rating, "too_technical"), *known.feedback])
    less = replace(known, feedback=[(rating, "too_basic"), *known.feedback])
    assert depth(assess(more).cluster) <= depth(assess(known).cluster) <= depth(assess(less).cluster)


@frugal
@given(KNOWN, st.floats(0, 100), st.floats(0, 100))
def test_a_deeper_answer_never_lowers_the_depth(known: Known, one: float, other: float) -> None:
    low, high = (replace(known, technical_depth=answer) for answer in sorted((one, other)))
    assert depth(assess(low).cluster) <= depth(assess(high).cluster)


@frugal
@given(KNOWN, st.floats(0, 100))
def test_better_quizzes_never_lower_the_depth(known: Known, by: float) -> None:
    scores: Sequence[Any] = known.quiz
    better = replace(known, quiz=[min(100, score + by) for score in scores])
    assert depth(assess(known).cluster) <= depth(assess(better).cluster)


@frugal
@given(KNOWN)
def test_a_style_decides_the_emphasis_and_never_the_depth(known: Known) -> None:
    found = {
        depth(assess(replace(known, learning_style=style)).cluster) for style in VARIED["learning_style"]
    }
    assert len(found) == 1
