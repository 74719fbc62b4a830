"""Portraits, to whoever asks: pictures that this software has written itself, and no other file."""

import re

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from personalization.services.portraits import FOLDER

_NAME = re.compile(r"[0-9a-f]{32}(-small)?\.webp")
A_YEAR = 31_536_000  # seconds; another portrait has another name


@require_safe
def portrait(request: HttpRequest, name: str) -> FileResponse:
    """The picture; 404 for every name that is none of ours."""
    if not _NAME.fullmatch(name):
        raise Http404
    try:
        file = default_storage.open(FOLDER + name)
    except OSError:
        raise Http404 from None
    return FileResponse(
        file,
        content_type="image/webp",
        headers={
            "Cache-Control": f"public, max-age={A_YEAR}, immutable",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )
