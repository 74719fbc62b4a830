"""Runs that write lessons' standard descriptions. Admin and command call this."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from courses.models import Lesson
from personalization.errors import PlanRefused
from personalization.live_prompts import live_prompts
from personalization.models.runs import Backend, Kind
from personalization.pricing import budget_problem
from personalization.services.planning import plan_templates
from personalization.services.run_prompts import prompt_refusal
from personalization.services.runs import Started, planned_by_key, remembered
from personalization.writers.registry import model_of, template_problem


def start_template_run(
    *,
    lessons: Sequence[UUID],
    stores: Mapping[UUID, str],
    force: bool = False,
    replace_locked: bool = False,
    requested_by: User | None = None,
    idempotency_key: str | None = None,
    budget_micro: int | None = None,
    estimate_micro: int | None = None,
) -> Started:
    """A run that describes these lessons, planned and woken when the transaction commits.

    stores: course → the store whose files are written, too; a course that is missing has none.
    `replace_locked`: descriptions that an editor has changed by now are replaced too; whoever edits later
    keeps their words. `force`: also what nothing has changed for.

    The same key from the same person gives the run that it gave before. Raises PlanRefused where no model
    can be asked, the prompt cannot be used or there is no such lesson; nothing is stored then.
    """
    limit_problem = _budget_problem(budget_micro)
    if problem := template_problem() or limit_problem or prompt_refusal(live_prompts().lesson):
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
        "options": remembered(sorted(lessons), Backend.OPENAI, chosen, {"budget": budget_micro}),
        "budget_micro": budget_micro,
        "estimate_micro": estimate_micro,
    }
    return planned_by_key(partial(plan_templates, lessons=lessons), fields)


def _budget_problem(budget_micro: int | None) -> str | None:
    if budget_micro is not None and budget_micro <= 0:
        return _("A budget above 0 is needed.")
    return budget_problem(model_of(Backend.OPENAI), budget_micro)
