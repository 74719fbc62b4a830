"""What is known of a learner leads to a cluster: all seven, by what it should, and whatever stands there."""

import math
from decimal import Decimal
from typing import Any

import pytest

from benchmarks.clusters import FEEDBACK, VARIED, influence, inputs, reached
from personalization.supervisor import BALANCED, CLUSTERS, Known, assess
from personalization.supervisor.factors import (
    FeedbackPattern,
    feedback_pattern,
    feedback_pattern_factor,
    learning_style_factor,
    quiz_mean,
    quiz_performance_factor,
    technical_depth_factor,
)
from personalization.supervisor.tables import ADVANCED, BASIC, BETWEEN, UNKNOWN_STYLE
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


def test_the_documented_figures_are_those_of_the_sweep() -> None:
    said = (ROOT / "docs" / "clusters.md").read_text()
    for name, count in reached().items():
        assert f"| {name} | {count} |" in said
    for name in VARIED:
        one = influence(name)
        assert f"| {name} | {one.pairs:,} | {one.differing:,} | {one.bases} | {one.moved} |" in said
    assert len(FEEDBACK) == 9
