from django.http import HttpRequest

from personalization.models.runs import RUN_GENERATION


def may_run(request: HttpRequest) -> bool:
    """Whether this person may start and steer runs."""
    return request.user.has_perm(f"personalization.{RUN_GENERATION}")
