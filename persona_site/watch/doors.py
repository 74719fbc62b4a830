"""Three addresses for machines, answered before anything else looks at the request.

A probe comes without a session, without https and with an address in the place of a host name; none of that
may keep it from an answer, and its thousand requests a day belong in no log.
"""

import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound, JsonResponse
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from persona_site.watch import requests
from persona_site.watch.numbers import DatabaseNumbers
from persona_site.watch.readiness import checks, is_ready

METHODS = ["GET", "HEAD"]


class DoorsMiddleware:
    """Stands before every other middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        door = DOORS.get(request.path_info)
        if door is None:
            return self.get_response(request)
        response = door(request) if request.method in METHODS else HttpResponseNotAllowed(METHODS)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. More is not asked: to start it anew would mend no database."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Whether pages can be served, with a state for each check; status 503 where they cannot."""
    found = checks()
    ready = is_ready(found)
    body = {"ready": ready, "checks": {name: check.as_json() for name, check in found.items()}}
    return JsonResponse(body, status=200 if ready else 503, json_dumps_params={"indent": 2})


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' numbers, for whoever knows METRICS_TOKEN; without that setting there is no such page."""
    if not settings.METRICS_TOKEN:
        return HttpResponseNotFound("METRICS_TOKEN is not set.\n", content_type="text/plain")
    if not _knows_the_token(request):
        refused = HttpResponse("A bearer token is needed.\n", content_type="text/plain", status=401)
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    registry = CollectorRegistry()
    registry.register(DatabaseNumbers())
    requests.register(registry)
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type)


def _knows_the_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    # Bytes, and all of them: the comparison takes as long whatever was guessed.
    same = secrets.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    return scheme.lower() == "bearer" and same


DOORS = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
