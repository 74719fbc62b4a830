"""Why a learner is in a cluster: what is known, the four factors, and each cluster's score, as bars."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from courses.formats.definition import Language
from courses.models import Course
from personalization.knowledge import knowledge
from personalization.models import ClusterType, Profile, UserCluster
from personalization.supervisor import Assessment, Known, assess, guidance
from personalization.supervisor.factors import feedback_pattern, quiz_mean, read_percent, read_styles
from personalization.supervisor.tables import LAST_FEEDBACK, LAST_QUIZZES, Row

CLUSTERS = dict(ClusterType.choices)
PARTS = {
    "visual": gettext_lazy("to see"),
    "practical": gettext_lazy("to do"),
    "theoretical": gettext_lazy("to understand"),
    "basic": gettext_lazy("basic"),
    "advanced": gettext_lazy("advanced"),
}
STYLES = {
    "visual": gettext_lazy("visual"),
    "auditory": gettext_lazy("auditory"),
    "kinesthetic": gettext_lazy("kinesthetic"),
}
NO_ANSWER: tuple[Any, ...] = (None, "", [])


@dataclass(frozen=True, slots=True)
class Bar:
    """`value`: from 0 to 1, as the reader's language writes it; `width`: percent, as SVG does."""

    label: str
    value: str
    width: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Factor:
    title: str
    said: str  # what is known, in words
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Why:
    """By what is known today; `stored`: what the texts go by until it is calculated again."""

    cluster: str
    factors: list[Factor]
    scores: list[Bar]
    guidance: str
    stored: UserCluster | None
    stored_name: str
    differs: bool


def why_context(request: HttpRequest, learner: Profile) -> dict[str, Any]:
    """`why`, for who may see clusters; {} for others."""
    if not request.user.has_perm("personalization.view_usercluster"):
        return {}
    known = knowledge([learner.pk]).get(learner.pk, Known())
    return {"why": _why(learner, known, assess(known))}


def _why(learner: Profile, known: Known, found: Assessment) -> Why:
    stored = UserCluster.objects.filter(user=learner).first()
    language = Course.objects.filter(slug=learner.course_id).values_list("language", flat=True).first()
    return Why(
        cluster=str(CLUSTERS[found.cluster]),
        factors=_factors(known, found),
        scores=[
            _bar(CLUSTERS[name], score, chosen=name == found.cluster) for name, score in found.scores.items()
        ],
        guidance=guidance(found.cluster, language or Language.RUSSIAN.value),
        stored=stored,
        stored_name=str(CLUSTERS.get(stored.cluster_type, stored.cluster_type)) if stored else "",
        differs=(stored.cluster_type if stored else ClusterType.BALANCED) != found.cluster,
    )


def _factors(known: Known, found: Assessment) -> list[Factor]:
    factors = found.factors
    return [
        Factor(_("Learning style"), _style(known.learning_style), _bars(factors.learning_style)),
        Factor(_("Technical depth"), _depth(known.technical_depth), _bars(factors.technical_depth)),
        Factor(_("Quiz results"), _quizzes(known), _bars(factors.quiz_performance)),
        Factor(_("Feedback"), _feedback(known), _bars(factors.feedback_pattern)),
    ]


def _style(answer: object) -> str:
    if answer in NO_ANSWER:
        return _("Not answered.")
    styles = read_styles(answer)
    if not styles:
        return _("The answer names no style that is known here: it counts as not answered.")
    return _("Answer: {answer}.").format(answer=", ".join(str(STYLES[style]) for style in styles))


def _depth(answer: object) -> str:
    if answer in NO_ANSWER:
        return _("Not answered.")
    depth = read_percent(answer)
    if depth is None:
        return _("The answer is not a number from 0 to 100: it counts as not answered.")
    return _("Answer: {depth} of 100.").format(depth=_number(depth))


def _quizzes(known: Known) -> str:
    mean = quiz_mean(known.quiz)
    if mean is None:
        return _("None yet.")
    count = min(len(known.quiz), LAST_QUIZZES)
    text = ngettext("{count} result: {mean} of 100.", "Mean of the last {count}: {mean} of 100.", count)
    return text.format(count=count, mean=_number(mean))


def _feedback(known: Known) -> str:
    if not known.feedback:
        return _("None yet.")
    pattern, count = feedback_pattern(known.feedback), min(len(known.feedback), LAST_FEEDBACK)
    text = _("Of the last {count}: too technical {technical}, too basic {basic}, good as it is {fitting}.")
    return text.format(
        count=count, technical=pattern.too_technical, basic=pattern.too_basic, fitting=pattern.fitting
    )


def _bars(factor: Row) -> list[Bar]:
    return [_bar(PARTS[name], value) for name, value in factor.items()]


def _bar(label: Any, value: float, *, chosen: bool = False) -> Bar:
    return Bar(str(label), number_format(round(value, 2), 2), f"{value * 100:.1f}", chosen)


def _number(value: float) -> str:
    # Rounded first: number_format cuts off.
    rounded = round(value, 1)
    return number_format(rounded, 0 if rounded == int(rounded) else 1)
