from django.http import HttpRequest

from personalization.models.runs import RUN_GENERATION
from personalization.models.texts import REPLACE_LOCKED


def may_run(request: HttpRequest) -> bool:
    """Whether this person may start and steer runs."""
    return request.user.has_perm(f"personalization.{RUN_GENERATION}")


def may_see_learners(request: HttpRequest) -> bool:
    """Whether this person may know who the learners are; others see the numbers of items."""
    return request.user.has_perm("personalization.view_profile")


def may_see_costs(request: HttpRequest) -> bool:
    """Whether this person may see what was spent: who sees runs does."""
    return request.user.has_perm("personalization.view_generationrun")


def may_replace_locked(request: HttpRequest) -> bool:
    """Whether this person may unlock texts that an editor changed, and have a run replace them."""
    return request.user.has_perm(f"personalization.{REPLACE_LOCKED}")
