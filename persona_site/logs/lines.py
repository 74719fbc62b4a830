"""How a log line is made, from our own calls and from those of libraries.

Django calls `formatter` when it has read the settings.
"""

import json
import sys
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from persona_site.logs.privacy import event_of, frames_of

_CONTEXT: list[Processor] = [
    structlog.contextvars.merge_contextvars,  # request_id, run, item: see there where they are bound
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_INDENT = "\n    "

structlog.configure(
    processors=[structlog.stdlib.filter_by_level, *_CONTEXT, ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)


def formatter(form: str, whole_errors: bool) -> ProcessorFormatter:
    """`form` is `text` (for people: `key=value` behind the event) or `json` (an object in one line).

    `whole_errors`: tracebacks with the errors' own words, for development alone; else types and places.
    """
    return ProcessorFormatter(
        foreign_pre_chain=[*_CONTEXT, _without_data],
        processors=[
            structlog.processors.format_exc_info if whole_errors else _frames,
            ProcessorFormatter.remove_processors_meta,
            _as_json if form == "json" else _as_text,
        ],
    )


def _without_data(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event["event"] = event_of(event["_record"], event["event"])
    return event


def _frames(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = frames_of(error)
    return event


def _as_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    first = {key: event.pop(key, "") for key in ("timestamp", "level", "logger", "event")}
    return json.dumps({**first, **dict(sorted(event.items()))}, ensure_ascii=False, default=str)


def _as_text(_: WrappedLogger, __: str, event: EventDict) -> str:
    """`12:00:01 WARNING persona_site.doorbell: what happened key=value`; further lines are indented, so that
    nothing that is logged can pass for a line of its own."""
    time, level, name = (event.pop(key, "") for key in ("timestamp", "level", "logger"))
    said, exception = str(event.pop("event", "")), str(event.pop("exception", ""))
    named = "".join(f" {key}={_value(value)}" for key, value in sorted(event.items()))
    line = f"{time[11:19]} {level.upper()} {name}: {said}{named}"
    return _INDENT.join([*line.splitlines(), *exception.splitlines()])


def _value(value: Any) -> str:
    text = str(value)
    return text if text.isprintable() and " " not in text and text else json.dumps(text, ensure_ascii=False)
