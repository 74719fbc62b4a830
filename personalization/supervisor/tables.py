"""Every number by which a learner comes to a cluster.

What was corrected against the system that this comes from, where feedback changed the cluster in 0 of 288
pairs of inputs and no input reached two of the seven clusters:

1. Compared as they stand, the factors of a style never lead to theory: what leans most towards it (auditory,
   0.6) leans more towards practice (0.7). The factors stay as they were. A score asks instead how far a style
   stands above an unknown one, as a share of the most that any style reaches there (`clusters.leaning`).
2. Feedback is the heaviest of the three factors of depth, because it is about the very texts: unanimous, it
   weighs as much as the survey and the quizzes together.
3. `balanced` has a lead instead of a rule of its own, so that a learner of whom nothing is known gets it, and
   one remark alone moves nobody.
4. A tie has an answer: the first in the order of CLUSTERS.

docs/clusters.md has the figures of the sweep over all inputs: python -m benchmarks.clusters
"""

from collections.abc import Mapping

type Row = Mapping[str, float]

STYLES = ("visual", "practical", "theoretical")
LEVELS = ("basic", "advanced")
BALANCED = "balanced"
# In the order in which a tie is decided. Practice first: it is what a course is taken for, and the answer
# where nothing is known of how somebody likes to learn.
CLUSTERS = (
    BALANCED,
    "practical_basic",
    "visual_basic",
    "theoretical_basic",
    "practical_advanced",
    "visual_advanced",
    "theoretical_advanced",
)

# Where the survey holds what is known.
LEARNING_STYLE = "learning_style"
TECHNICAL_DEPTH = "technical_depth"

UNKNOWN_STYLE: Row = {"visual": 0.5, "practical": 0.5, "theoretical": 0.5}
STYLE_FACTORS: Mapping[str, Row] = {
    "visual": {"visual": 1.0, "practical": 0.5, "theoretical": 0.3},
    "auditory": {"visual": 0.3, "practical": 0.7, "theoretical": 0.6},
    "kinesthetic": {"visual": 0.5, "practical": 1.0, "theoretical": 0.2},
}
# What surveys call them, in lower case and with е for ё.
STYLE_LABELS: Mapping[str, tuple[str, ...]] = {
    "visual": ("visual", "визуал", "визуальный", "визуальная", "визуально", "зрительный", "наглядный"),
    "auditory": ("auditory", "aural", "аудиал", "аудиальный", "аудиальная", "слуховой", "на слух"),
    "kinesthetic": (
        ("kinesthetic", "kinaesthetic", "kinestetic", "tactile")
        + ("кинестетик", "кинестетический", "кинестетическая", "тактильный")
    ),
}

BASIC: Row = {"basic": 0.8, "advanced": 0.2}
BETWEEN: Row = {"basic": 0.5, "advanced": 0.5}
ADVANCED: Row = {"basic": 0.2, "advanced": 0.8}
# Below the first: basic; above the second: advanced; between them, and where nothing is known: neither.
DEPTH_LIMITS = (40, 70)
QUIZ_LIMITS = (70, 85)
LAST_QUIZZES = 10
LAST_FEEDBACK = 20

TOO_TECHNICAL = "too_technical"
TOO_BASIC = "too_basic"
FITTING_RATING = 4  # from here on, a rating without an issue says that the depth is right; below, nothing
FULL_FEEDBACK = 5  # pieces that say something about depth; of fewer, each counts as one of so many
FEEDBACK_SWING = 0.3  # by which unanimous feedback moves from 0.5: as far as the other factors go

WEIGHTS: Row = {
    "learning_style": 0.2,
    "technical_depth": 0.2,
    "quiz_performance": 0.2,
    "feedback_pattern": 0.4,
}
# An answer in the survey moves a score by 0.06 from the middle, the quizzes as much; one piece of feedback
# by 0.024, two by 0.048.
BALANCED_LEAD = 0.03
