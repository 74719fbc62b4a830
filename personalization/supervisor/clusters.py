"""Factors → scores → cluster."""

from collections.abc import Sequence
from dataclasses import dataclass

from personalization.supervisor.factors import (
    feedback_pattern_factor,
    learning_style_factor,
    quiz_performance_factor,
    technical_depth_factor,
)
from personalization.supervisor.tables import (
    BALANCED,
    BALANCED_LEAD,
    CLUSTERS,
    LEVELS,
    STYLE_FACTORS,
    STYLES,
    UNKNOWN_STYLE,
    WEIGHTS,
    Row,
)

# The most that a known style stands above an unknown one, in each column.
_MOST = {name: max(row[name] for row in STYLE_FACTORS.values()) - UNKNOWN_STYLE[name] for name in STYLES}
DIGITS = 6  # of a score: two that are equal on paper tie, whatever the last bit of a float says


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a learner, as it stands in survey and tables: anything may stand there.

    quiz: scores, newest first. feedback: (rating, issue), newest first.
    """

    learning_style: object = None
    technical_depth: object = None
    quiz: Sequence[object] = ()
    feedback: Sequence[tuple[object, object]] = ()


@dataclass(frozen=True, slots=True)
class Factors:
    """learning_style: {visual, practical, theoretical}; the others {basic, advanced}; from 0 to 1."""

    learning_style: Row
    technical_depth: Row
    quiz_performance: Row
    feedback_pattern: Row


@dataclass(frozen=True, slots=True)
class Assessment:
    """`scores`: cluster → score, from 0 to 1, in the order in which ties are decided."""

    factors: Factors
    scores: dict[str, float]
    cluster: str

    @property
    def score(self) -> float:
        return self.scores[self.cluster]


def assess(known: Known) -> Assessment:
    factors = Factors(
        learning_style=learning_style_factor(known.learning_style),
        technical_depth=technical_depth_factor(known.technical_depth),
        quiz_performance=quiz_performance_factor(known.quiz),
        feedback_pattern=feedback_pattern_factor(known.feedback),
    )
    found = scores(factors)
    return Assessment(factors, found, max(CLUSTERS, key=found.__getitem__))  # max: the first of equals


def scores(factors: Factors) -> dict[str, float]:
    """The weighted sum of the factors, for each cluster."""
    leanings = leaning(factors.learning_style)
    depths = {level: _depth(factors, level) for level in LEVELS}
    middle = (1 - WEIGHTS["learning_style"]) / 2  # what the factors of depth give where none leans
    found = {
        f"{style}_{level}": WEIGHTS["learning_style"] * leanings[style] + depths[level]
        for style in STYLES
        for level in LEVELS
    }
    # Whatever the style: balanced takes it in, so that depth alone decides whether something stands out.
    found[BALANCED] = WEIGHTS["learning_style"] * max(leanings.values()) + middle + BALANCED_LEAD
    return {cluster: round(found[cluster], DIGITS) for cluster in CLUSTERS}


def leaning(style: Row) -> dict[str, float]:
    """How far it stands above an unknown style, as a share of the most that a known one reaches: 0 to 1."""
    return {name: max(0.0, style[name] - UNKNOWN_STYLE[name]) / _MOST[name] for name in STYLES}


def _depth(factors: Factors, level: str) -> float:
    return (
        WEIGHTS["technical_depth"] * factors.technical_depth[level]
        + WEIGHTS["quiz_performance"] * factors.quiz_performance[level]
        + WEIGHTS["feedback_pattern"] * factors.feedback_pattern[level]
    )
