"""What is known of a learner → factors. Whatever stands there, each has an answer: what cannot be read counts
as not known, and is never guessed."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from personalization.supervisor.tables import (
    ADVANCED,
    BASIC,
    BETWEEN,
    DEPTH_LIMITS,
    FEEDBACK_SWING,
    FITTING_RATING,
    FULL_FEEDBACK,
    LAST_FEEDBACK,
    LAST_QUIZZES,
    QUIZ_LIMITS,
    STYLE_FACTORS,
    STYLE_LABELS,
    STYLES,
    TOO_BASIC,
    TOO_TECHNICAL,
    UNKNOWN_STYLE,
    Row,
)

LONGEST_LABEL = 40  # characters; a longer answer is no label
DIGITS = 4  # of a factor that is computed

_STYLE_BY_LABEL = {label: style for style, labels in STYLE_LABELS.items() for label in labels}


@dataclass(frozen=True, slots=True)
class FeedbackPattern:
    """Of the last pieces of feedback: how many say something about depth, and what."""

    too_technical: int = 0
    too_basic: int = 0
    fitting: int = 0

    @property
    def telling(self) -> int:
        return self.too_technical + self.too_basic + self.fitting

    @property
    def lean(self) -> float:
        """From -1 (all say: too technical) to 1 (all say: too basic)."""
        return (self.too_basic - self.too_technical) / max(self.telling, FULL_FEEDBACK)


def read_styles(answer: object) -> list[str]:
    """The styles that an answer names, each once; [] where it names none that we know.

    A survey asks for one or for several: a list is read like its items.
    """
    items = answer if isinstance(answer, list) else [answer]
    found = (_STYLE_BY_LABEL.get(_plain(item)) for item in items if isinstance(item, str))
    return list(dict.fromkeys(style for style in found if style))


def read_percent(value: object) -> float | None:
    """A number from 0 to 100, also where a form has sent it as text; None for everything else.

    NaN and the infinities are no numbers, true and false neither; what lies outside answers no question.
    """
    if isinstance(value, str):
        value = _number(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return float(value)


def learning_style_factor(answer: object) -> Row:
    """{visual, practical, theoretical}; several styles count by their mean."""
    styles = read_styles(answer)
    if not styles:
        return UNKNOWN_STYLE
    rows = [STYLE_FACTORS[style] for style in styles]
    return {style: round(fmean(row[style] for row in rows), DIGITS) for style in STYLES}


def technical_depth_factor(answer: object) -> Row:
    return _by_limits(read_percent(answer), DEPTH_LIMITS)


def quiz_performance_factor(scores: Iterable[object]) -> Row:
    """`scores`: newest first."""
    return _by_limits(quiz_mean(scores), QUIZ_LIMITS)


def quiz_mean(scores: Iterable[object]) -> float | None:
    """The mean of the last ten that can be read, None without any."""
    readable = [score for score in map(read_percent, scores) if score is not None][:LAST_QUIZZES]
    return fmean(readable) if readable else None


def feedback_pattern_factor(pieces: Sequence[tuple[object, object]]) -> Row:
    """`pieces`: (rating, issue), newest first."""
    swing = FEEDBACK_SWING * feedback_pattern(pieces).lean
    return {"basic": round(0.5 - swing, DIGITS), "advanced": round(0.5 + swing, DIGITS)}


def feedback_pattern(pieces: Sequence[tuple[object, object]]) -> FeedbackPattern:
    last = pieces[:LAST_FEEDBACK]
    issues = [issue for _, issue in last]
    fitting = [rating for rating, issue in last if issue not in (TOO_TECHNICAL, TOO_BASIC)]
    return FeedbackPattern(
        too_technical=issues.count(TOO_TECHNICAL),
        too_basic=issues.count(TOO_BASIC),
        fitting=sum(map(_fits, fitting)),
    )


def _fits(rating: object) -> bool:
    return isinstance(rating, int) and not isinstance(rating, bool) and FITTING_RATING <= rating <= 5


def _by_limits(value: float | None, limits: tuple[int, int]) -> Row:
    if value is None:
        return BETWEEN
    low, high = limits
    if value < low:
        return BASIC
    return ADVANCED if value > high else BETWEEN


def _plain(label: str) -> str:
    if len(label) > LONGEST_LABEL:
        return ""
    return unicodedata.normalize("NFKC", label).strip().casefold().replace("ё", "е")


def _number(text: str) -> object:
    text = text.strip()
    if len(text) > LONGEST_LABEL or not text.isascii() or not text.replace(".", "", 1).isdigit():
        return None
    return float(text)
