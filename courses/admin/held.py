"""What a page answers where somebody else's locks stand in the way of what it was asked to do."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from courses.database import held_by_another


def told_when_held[View: Callable[..., Any]](view: View) -> View:
    """The view, back to the page it was posted from with a message when it had to give up. All or nothing."""

    @wraps(view)
    def answered(admin: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return view(admin, request, *args, **kwargs)
        except OperationalError as error:
            if request.method != "POST" or not held_by_another(error):
                raise
        messages.error(
            request, _("An import or somebody else holds it. Nothing was changed: try again in a minute.")
        )
        return redirect(request.get_full_path())

    return cast("View", answered)
