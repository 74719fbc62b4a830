"""What is taken out of log lines and error reports: what could quote a learner, a row, an address."""

import logging
import re
import traceback

from django.http import HttpRequest

from persona_site.faults import causes, name_database_error

_ID = re.compile(r"[0-9]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HIDDEN = "(not logged)"
UNKNOWN = "(no page)"


def address(request: HttpRequest) -> str:
    """The pattern of the request's address with its ids: `/admin/courses/lesson/<id>/change/`.

    Not the address: a search names a learner behind its question mark, and anybody can type anything.
    """
    match = getattr(request, "resolver_match", None)
    if match is None:
        return UNKNOWN
    route = f"/{match.route}"
    for name, value in match.kwargs.items():
        if _ID.fullmatch(str(value)):
            route = re.sub(rf"<(\w+:)?{name}>", str(value), route)
    return route


def event_of(record: logging.LogRecord, event: str) -> str:
    """The event that a library logged, without what it quotes."""
    if isinstance(request := getattr(record, "request", None), HttpRequest):
        for quoted in {request.get_full_path(), request.path, request.path_info} - {"/"}:
            event = event.replace(quoted, address(request))
    if record.name == "asyncio":
        event = event.partition("\n")[0]  # then comes the task, with its error's words
    task = getattr(record, "data", None)  # Celery's, of a task that failed
    if isinstance(task, dict) and task.get("exc"):
        event = event.replace(str(task["exc"]), _HIDDEN)
    return event


def frames_of(error: BaseException) -> str:
    """Types and places of an error and of what led to it, the first cause first. Never their words: they may
    quote a learner. Of a database's error its code and the names of table and constraint."""
    chain = list(causes(error))
    told = []
    for cause in reversed(chain):
        told += [line.rstrip() for line in traceback.format_tb(cause.__traceback__)]
        told.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
    if said := name_database_error(error):
        told.append(said)
    return "\n".join(told)
