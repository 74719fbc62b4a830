"""A line for each page that was asked for, and its id in everything that is logged meanwhile."""

import re
import time
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import bind_contextvars, get_contextvars

from persona_site.logs.privacy import address
from persona_site.watch.requests import count

# What proxies make; nobody can write a name with it.
_REQUEST_ID = re.compile(r"[0-9a-fA-F-]{16,64}")
_GIVEN = "HTTP_X_REQUEST_ID"


class RequestLogMiddleware(RequestMiddleware):
    """`request_finished` with status and duration, or `request_failed` with the error's type and place.

    A request id that a proxy has given is kept; the answer carries it as X-Request-ID.
    """

    def prepare(self, request: HttpRequest) -> None:
        given = request.META.get(_GIVEN, "")
        request.META[_GIVEN] = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        request.META.pop("HTTP_X_CORRELATION_ID", None)
        request.__dict__.pop("headers", None)  # they were read from META before
        request.__dict__["_log_started"] = time.monotonic()
        super().prepare(request)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        seconds = time.monotonic() - request.__dict__["_log_started"]
        bind_contextvars(ms=round(seconds * 1000))
        response.headers["X-Request-ID"] = get_contextvars()["request_id"]
        count(request, response, seconds)
        super().handle_response(request, response)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {address(request)}"

    @staticmethod
    def bind_user_id(request: Any) -> None:
        # Only whom the page has asked for already: the log makes no query of its own.
        user = getattr(request, "_cached_user", None)
        if user is not None and user.pk is not None:
            bind_contextvars(user=user.pk)
