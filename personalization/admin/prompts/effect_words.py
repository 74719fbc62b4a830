"""What becomes stale, in words: of a version that goes live, of a variable that gets another value."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from personalization.costs.words import estimate_said
from personalization.services.prompt_effects import Effect


@dataclass(frozen=True, slots=True)
class EffectSaid:
    """`first`: the number that matters most. `costs`: empty where nothing would be written again."""

    first: str
    others: list[str]
    costs: list[str]


def effect_said(effect: Effect, *, of_texts: bool) -> EffectSaid:
    """of_texts: of learners' texts; else of lessons' standard descriptions."""
    costs = estimate_said(effect.estimate) if effect.stale else []
    return EffectSaid(_becoming(effect.becoming, of_texts), list(_others(effect)), costs)


def _becoming(count: int, of_texts: bool) -> str:
    if of_texts:
        none = _("No text becomes stale by this.")
        said = ngettext(
            "%(count)s text becomes stale by this.", "%(count)s texts become stale by this.", count
        )
    else:
        none = _("No standard description becomes stale by this.")
        said = ngettext(
            "%(count)s standard description becomes stale by this.",
            "%(count)s standard descriptions become stale by this.",
            count,
        )
    return _with(said, count) if count else none


def _others(effect: Effect) -> Iterator[str]:
    if count := effect.before:
        yield _with(
            ngettext("%(count)s more was stale already.", "%(count)s more were stale already.", count), count
        )
    if count := effect.current_again:
        yield _with(
            ngettext(
                "%(count)s is stale today and becomes current again.",
                "%(count)s are stale today and become current again.",
                count,
            ),
            count,
        )
    if count := effect.locked:
        said = ngettext(
            "%(count)s more stays as it is: an editor has locked it.",
            "%(count)s more stay as they are: editors have locked them.",
            count,
        )
        yield _with(said, count)
    if count := effect.unanswered:
        said = ngettext(
            "%(count)s more stays as it is: its learner has no answers.",
            "%(count)s more stay as they are: their learners have no answers.",
            count,
        )
        yield _with(said, count)
    if count := effect.without_source:
        said = ngettext(
            "%(count)s more stays as it is: its lesson has nothing to write it from.",
            "%(count)s more stay as they are: their lessons have nothing to write them from.",
            count,
        )
        yield _with(said, count)


def _with(said: str, count: int) -> str:
    return said % {"count": number_format(count, force_grouping=True)}
