"""Runs that write lessons' standard descriptions. Admin and command call this."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from courses.models import Lesson
from personalization.errors import PlanRefused
from personalization.models.runs import Backend, Kind, Pilot
from personalization.pricing import budget_problem
from personalization.services.planning import plan_templates
from personalization.services.run_prompts import TRIED, prompt_refusal, prompts_of
from personalization.services.runs import Started, planned_by_key, remembered
from personalization.writers.registry import model_of, template_problem


def start_template_run(  # noqa: PLR0913 each choice that a door offers, by its name
    *,
    lessons: Sequence[UUID],
    stores: Mapping[UUID, str],
    force: bool = False,
    replace_locked: bool = False,
    requested_by: User | None = None,
    idempotency_key: str | None = None,
    budget_micro: int | None = None,
    estimate_micro: int | None = None,
    tried_version: int | None = None,
) -> Started:
    """A run that describes these lessons, planned and woken when the transaction commits.

    stores: course → the store whose files are written, too; a course that is missing has none.
    `replace_locked`: descriptions that an editor has changed by now are replaced too; whoever edits later
    keeps their words. `force`: also what nothing has changed for. `tried_version`: id of the PromptVersion
    to write with; all of it is a pilot then.

    The same key from the same person gives the run that it gave before. Raises PlanRefused where no model
    can be asked, the prompt cannot be used or there is no such lesson; nothing is stored then.
    """
    if problem := template_plan_problem(budget_micro, tried_version):
        raise PlanRefused(problem)
    courses = set(Lesson.objects.filter(pk__in=lessons).values_list("course_id", flat=True))
    if not courses:
        raise PlanRefused(_("Nothing to write: there are no such lessons."))
    written = {str(course): path for course, path in sorted(stores.items()) if course in courses}
    chosen = {"force": force, "replace_locked": replace_locked, "stores": written}
    fields: dict[str, Any] = {
        "kind": Kind.TEMPLATES,
        "requested_by": requested_by,
        "idempotency_key": idempotency_key,
        "course_id": courses.pop() if len(courses) == 1 else None,
        "backend": Backend.OPENAI,
        "options": _remembered(lessons, chosen, budget_micro, tried_version),
        "pilot": Pilot.WRITING if tried_version else Pilot.NONE,
    }
    fields |= {"budget_micro": budget_micro, "estimate_micro": estimate_micro}
    return planned_by_key(partial(plan_templates, lessons=lessons), fields)


def _remembered(
    lessons: Sequence[UUID], chosen: Mapping[str, Any], budget: int | None, tried: int | None
) -> dict[str, Any]:
    limits = {"budget": budget, TRIED: tried}
    return remembered(sorted(lessons), Backend.OPENAI, chosen, limits) | ({TRIED: tried} if tried else {})


def template_plan_problem(budget: int | None, tried: int | None = None) -> str | None:
    """Why start_template_run would refuse these choices, whatever the lessons; None where it would not."""
    refusal = template_problem() or _budget_problem(budget)
    return refusal or prompt_refusal(prompts_of(tried).lesson)


def _budget_problem(budget_micro: int | None) -> str | None:
    if budget_micro is not None and budget_micro <= 0:
        return _("A budget above 0 is needed.")
    return budget_problem(model_of(Backend.OPENAI), budget_micro)
