"""How many requests the pages have answered, and how fast: counted by this web server since its start."""

import os

from django.http import HttpRequest, HttpResponseBase
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.multiprocess import MultiProcessCollector

from persona_site.watch.sharing import FOLDER

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second number for each, which nobody reads
_OWN = CollectorRegistry()
_REQUESTS = Counter(
    "persona_http_requests",
    "Requests by method, pattern of the address, and status.",
    ["method", "route", "code"],
    registry=_OWN,
)
_SECONDS = Histogram(
    "persona_http_request_seconds",
    "How long pages took.",
    ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_OWN,
)
# What a client makes up must not become a series of its own.
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def count(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    method = request.method if request.method in _METHODS else "other"
    route = request.resolver_match.route if request.resolver_match else ""
    _REQUESTS.labels(method, route, response.status_code).inc()
    _SECONDS.labels(route).observe(seconds)


def register(registry: CollectorRegistry) -> None:
    """Adds these numbers: of all processes of this web server where they share them, else of this one."""
    if FOLDER in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_OWN)
