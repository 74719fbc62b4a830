"""What a page answers where somebody else's locks stand in the way of what it was asked to do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from courses.database import held_by_another

HELD = _("An import or somebody else holds it. Nothing was changed: try again in a minute.")


@contextmanager
def telling_when_held(request: HttpRequest) -> Iterator[None]:
    """Goes on behind the block with a message where what it did had to give up. All or nothing."""
    try:
        yield
    except OperationalError as error:
        if not held_by_another(error):
            raise
        messages.error(request, HELD)


def told_when_held[View: Callable[..., Any]](view: View) -> View:
    """The view, back to the page it was posted from with a message when it had to give up. All or nothing."""

    @wraps(view)
    def answered(admin: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method != "POST":
            return view(admin, request, *args, **kwargs)
        answer = None
        with telling_when_held(request):
            answer = view(admin, request, *args, **kwargs)
        return redirect(request.get_full_path()) if answer is None else answer

    return cast("View", answered)
