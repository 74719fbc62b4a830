"""The page that shows staff a lesson just as the learner sees it."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from personalization.delivery import lesson_for
from personalization.models import Profile


def learner_page(request: HttpRequest, learner: UUID, number: int) -> HttpResponse:
    """The standalone page; 404 where the learner's course has no such lesson."""
    if not request.user.has_perm("personalization.view_profile"):
        raise PermissionDenied
    profile = get_object_or_404(Profile.objects.only("user_identifier"), pk=learner)
    lesson = lesson_for(profile.user_identifier, number)
    if lesson is None:
        raise Http404(_("The learner's course has no lesson with this number."))
    return render(request, "personalization/learner_page.html", {"lesson": lesson})
