"""What is known of a learner leads to a cluster: all seven, by what it should, and whatever stands there."""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.clusters import FEEDBACK, VARIED, influence, inputs, reached
from personalization.supervisor import BALANCED, CLUSTERS, Known, assess, guidance, guidance_tags
from personalization.supervisor.factors import (
    FeedbackPattern,
    feedback_pattern,
    feedback_pattern_factor,
    learning_style_factor,
    quiz_mean,
    quiz_performance_factor,
    technical_depth_factor,
)
from personalization.supervisor.guidance import DEFAULT_GUIDANCE
from personalization.supervisor.tables import ADVANCED, BASIC, BETWEEN, STYLES, UNKNOWN_STYLE
from tests.conftest import ROOT

TECHNICAL = (2, "too_technical")
SIMPLE = (2, "too_basic")
FINE = (5, "")

VISUAL = {"visual": 1.0, "practical": 0.5, "theoretical": 0.3}
AUDITORY = {"visual": 0.3, "practical": 0.7, "theoretical": 0.6}
KINESTHETIC = {"visual": 0.5, "practical": 1.0, "theoretical": 0.2}

# Anything that JSON or a careless caller may bring.
GARBAGE: list[Any] = [
    None, "", " ", "NaN", "abc", "x" * 100_000, "\u202e\u0000", "<script>", "DROP TABLE", "１２３", "1e1000",
    math.nan, math.inf, -math.inf, -1, 101, 10**400, -(10**400), True, False, [], {}, [None], [[]],
    {"visual": 1}, [math.nan], object(), b"Visual",
]  # fmt: skip


def depth(cluster: str) -> int:
    """-1 basic, 0 balanced, 1 advanced."""
    return cluster.endswith("_advanced") - cluster.endswith("_basic")


def cluster(**known: Any) -> str:
    return assess(Known(**known)).cluster


# --- factors ---


@pytest.mark.parametrize(
    ("answer", "factor"),
    [
        ("Visual", VISUAL),
        ("  VISUAL ", VISUAL),
        ("Визуальный", VISUAL),
        ("визуал", VISUAL),
        ("auditory", AUDITORY),
        ("АУДИАЛЬНЫЙ", AUDITORY),
        ("на слух", AUDITORY),
        ("Kinesthetic", KINESTHETIC),
        ("кинестетик", KINESTHETIC),
        (["Visual"], VISUAL),
        (["Visual", "visual", "no such"], VISUAL),
        (["Visual", "Kinesthetic"], {"visual": 0.75, "practical": 0.75, "theoretical": 0.25}),
        ("Reading", UNKNOWN_STYLE),
    ],
)
def test_a_learning_style_by_any_of_its_labels(answer: object, factor: dict[str, float]) -> None:
    assert learning_style_factor(answer) == factor


@pytest.mark.parametrize(
    ("answer", "factor"),
    [
        (0, BASIC), (39, BASIC), (39.9, BASIC), (40, BETWEEN), (55, BETWEEN), (70, BETWEEN), (70.1, ADVANCED),
        (100, ADVANCED), ("10", BASIC), (" 85.5 ", ADVANCED), ("85 %", BETWEEN), ("-5", BETWEEN),
    ],
)  # fmt: skip
def test_technical_depth_by_its_limits(answer: object, factor: dict[str, float]) -> None:
    assert technical_depth_factor(answer) == factor


@pytest.mark.parametrize(
    ("scores", "factor"),
    [
        ([], BETWEEN),
        ([69.9], BASIC),
        ([70], BETWEEN),
        ([85], BETWEEN),
        ([86], ADVANCED),
        ([100] * 10 + [0] * 50, ADVANCED),  # the last ten count
        ([60, 100], BETWEEN),
        ([None, math.nan, "x", 300, True, 90], ADVANCED),  # what is no score is left out
    ],
)
def test_quizzes_by_the_mean_of_the_last_ten(scores: list[object], factor: dict[str, float]) -> None:
    assert quiz_performance_factor(scores) == factor


@pytest.mark.parametrize(
    ("pieces", "basic"),
    [
        ([], 0.5),
        ([FINE] * 20, 0.5),
        ([TECHNICAL], 0.56),
        ([TECHNICAL] * 2, 0.62),
        ([TECHNICAL] * 5, 0.8),
        ([SIMPLE] * 5, 0.2),
        ([TECHNICAL, SIMPLE] * 4, 0.5),
        ([TECHNICAL] * 5 + [FINE] * 5, 0.65),
        ([TECHNICAL] * 5 + [(2, "")] * 5, 0.8),  # a bad rating alone says nothing about depth
        ([TECHNICAL] * 20 + [SIMPLE] * 100, 0.8),  # the last twenty count
        ([(math.nan, "too_technical"), (0, "no such"), ("5", None), (True, []), (5.0, {})], 0.56),
    ],
)
def test_feedback_leans_by_what_it_says_of_depth(pieces: list[Any], basic: float) -> None:
    assert feedback_pattern_factor(pieces) == {"basic": basic, "advanced": round(1 - basic, 4)}


def test_what_feedback_says_is_counted_for_the_page_that_explains_it() -> None:
    pieces: list[Any] = [TECHNICAL, SIMPLE, SIMPLE, FINE, (3, ""), (4, "")]
    assert feedback_pattern(pieces) == FeedbackPattern(too_technical=1, too_basic=2, fitting=2)
    assert quiz_mean([80, 90, Decimal(1)]) == 85


# --- clusters ---


def test_all_seven_are_reached() -> None:
    counts = reached()
    assert set(counts) == set(CLUSTERS)
    assert counts.total() == math.prod(map(len, VARIED.values()))


@pytest.mark.parametrize("name", VARIED)
def test_everything_that_is_known_can_change_the_outcome(name: str) -> None:
    found = influence(name)
    assert found.moved > found.bases * 2 // 3
    assert found.differing > found.pairs // 3


def test_some_feedback_changes_every_outcome() -> None:
    assert influence("feedback").moved == influence("feedback").bases == 64


def test_nothing_known_is_balanced() -> None:
    found = assess(Known())
    assert found.cluster == BALANCED
    assert found.factors.learning_style == UNKNOWN_STYLE
    assert {found.factors.technical_depth["basic"], found.factors.feedback_pattern["basic"]} == {0.5}


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"learning_style": "Visual"}, "balanced"),
        ({"learning_style": "Visual", "technical_depth": 10}, "visual_basic"),
        ({"learning_style": "Auditory", "technical_depth": 90}, "theoretical_advanced"),
        ({"learning_style": "Kinesthetic", "quiz": [95]}, "practical_advanced"),
        ({"technical_depth": 10}, "practical_basic"),  # a tie of three
        ({"learning_style": ["Visual", "Kinesthetic"], "technical_depth": 10}, "practical_basic"),
        ({"technical_depth": 90, "quiz": [20]}, "balanced"),
        ({"feedback": [TECHNICAL]}, "balanced"),
        ({"feedback": [TECHNICAL] * 2}, "practical_basic"),
        ({"technical_depth": 90, "feedback": [TECHNICAL]}, "practical_advanced"),
        ({"technical_depth": 90, "feedback": [TECHNICAL] * 2}, "balanced"),
        ({"technical_depth": 90, "feedback": [TECHNICAL] * 5}, "practical_basic"),
        ({"technical_depth": 90, "quiz": [95], "feedback": [TECHNICAL] * 5}, "balanced"),
        # A quarter of eight: exactly as far as balanced leads.
        ({"feedback": [SIMPLE] * 2 + [FINE] * 6}, "balanced"),
    ],
)
def test_what_leads_where(known: dict[str, Any], expected: str) -> None:
    assert cluster(**known) == expected


def test_a_tie_goes_to_the_first_in_the_order() -> None:
    for known in inputs():
        found = assess(known)
        best = max(found.scores.values())
        assert found.cluster == next(name for name in CLUSTERS if found.scores[name] == best)


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda value: repr(value)[:20])
def test_whatever_stands_there_counts_as_not_known(garbage: Any) -> None:
    found = assess(Known(garbage, garbage, [garbage] * 3, [(garbage, garbage)] * 3))
    assert found == assess(Known())


# --- properties ---

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


# --- guidance ---


def test_every_cluster_has_guidance_in_both_languages_except_balanced() -> None:
    assert set(DEFAULT_GUIDANCE) == {f"prompt_cluster_{name}" for name in CLUSTERS}
    texts = [guidance(name, language) for name in CLUSTERS if name != BALANCED for language in ("ru", "en")]
    assert len(set(texts)) == 12
    assert min(map(len, texts)) > 200
    assert guidance(BALANCED, "ru") == guidance(BALANCED, "en") == guidance("no such", "ru") == ""
    assert set(guidance_tags()) == set(CLUSTERS) - {BALANCED}


@pytest.mark.parametrize("name", CLUSTERS)
def test_guidance_claims_nothing_about_the_learner_and_knows_no_jargon(name: str) -> None:
    texts = f"{guidance(name, 'en')} {guidance(name, 'ru')}".casefold()
    for word in (
        "learner",
        "visual",
        "auditory",
        "kinesthetic",
        "style",
        "cluster",
        "survey",
        "quiz",
        "score",
    ):
        assert word not in texts
    for word in ("учени", "визуал", "аудиал", "кинестет", "стиль", "кластер", "анкет", "опрос", "балл"):
        assert word not in texts


def test_the_documented_figures_are_those_of_the_sweep() -> None:
    said = (ROOT / "docs" / "clusters.md").read_text()
    for name, count in reached().items():
        assert f"| {name} | {count} |" in said
    for name in VARIED:
        one = influence(name)
        assert f"| {name} | {one.pairs:,} | {one.differing:,} | {one.bases} | {one.moved} |" in said
    assert len(FEEDBACK) == 9
