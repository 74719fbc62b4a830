"""Whatever staff change in the admin is kept with who and from which page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from courses.history.reason import because

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


class HistoryMiddleware:
    """Stands after the one that knows the user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE:
            return self.get_response(request)
        with because(user=request.user.pk, page=_page(request)):
            return self.get_response(request)


def _page(request: HttpRequest) -> str:
    """The name of the address, such as `courses_lesson_change`."""
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""
