"""What goes to Sentry is put together from what is harmless. (That it arrives: test_nothing_leaves.py.)"""

import logging
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings
from structlog.contextvars import bound_contextvars

from persona_site import sentry

LEARNER = "Нина"


def scrubbed(event: dict[str, Any], **hint: Any) -> dict[str, Any]:
    return dict(sentry._scrubbed(event, hint))  # type: ignore[arg-type]  # an event of any shape


def record(logger: str) -> logging.LogRecord:
    return logging.LogRecord(logger, logging.ERROR, __file__, 1, "item %s", (5,), None)


def test_whatever_is_not_known_to_be_harmless_stays_here() -> None:
    event = {
        "event_id": "e",
        "level": "error",
        "release": "persona@1",
        "request": {"url": f"https://x/?q={LEARNER}", "data": {"name": LEARNER}, "cookies": {"s": LEARNER}},
        "user": {"email": LEARNER},
        "extra": {"sys.argv": ["manage.py", "personalize", LEARNER]},
        "contexts": {"celery-job": {"args": [LEARNER]}},
        "threads": {"values": [LEARNER]},
        "something_new": LEARNER,
    }
    sent = scrubbed(event)
    assert LEARNER not in str(sent)
    assert (sent["event_id"], sent["release"]) == ("e", "persona@1")


def test_an_error_keeps_its_type_and_its_place() -> None:
    frame = {"function": "save", "lineno": 7, "vars": {"name": LEARNER}, "context_line": "    save()"}
    value = {
        "type": "ValueError",
        "value": LEARNER,
        "mechanism": {"type": "django", "handled": False, "data": LEARNER},
        "stacktrace": {"frames": [frame]},
    }
    (kept,) = scrubbed({"exception": {"values": [value]}})["exception"]["values"]
    assert LEARNER not in str(kept)
    assert (kept["type"], kept["value"]) == ("ValueError", "")
    assert kept["stacktrace"]["frames"] == [{"function": "save", "lineno": 7, "context_line": "    save()"}]


@pytest.mark.parametrize(("source", "kept"), [("route", "/admin/<id>/"), ("url", None)])
def test_the_page_is_named_by_its_pattern_or_not_at_all(source: str, kept: str | None) -> None:
    sent = scrubbed({"transaction": "/admin/<id>/", "transaction_info": {"source": source}})
    assert sent.get("transaction") == kept


def test_ids_come_along() -> None:
    with bound_contextvars(run="r-1", item=5, user=1):
        assert scrubbed({})["tags"] == {"run": "r-1", "item": 5}


def test_a_line_of_the_log_is_grouped_by_its_template() -> None:
    sent = scrubbed({"logentry": {"params": [LEARNER]}}, log_record=record("personalization.services.work"))
    assert sent["logentry"] == {"message": "item %s", "formatted": "item 5"}


def test_only_our_own_lines_lead_up_to_an_error() -> None:
    crumb = {"type": "log", "message": "item 5", "data": {"name": LEARNER}}
    kept = sentry._plain_breadcrumb(crumb, {"log_record": record("personalization.sweeper")})
    assert kept == {"type": "log", "message": "item 5"}
    assert sentry._plain_breadcrumb(crumb, {"log_record": record("django.security.csrf")}) is None
    assert sentry._plain_breadcrumb({"category": "query", "message": LEARNER}, {}) is None


def test_an_address_that_is_none_is_a_wrong_setting(settings: Settings) -> None:
    settings.SENTRY_DSN = "https://sentry.example/secret"
    with pytest.raises(ImproperlyConfigured, match="SENTRY_DSN cannot be read") as raised:
        sentry.start()
    assert "secret" not in str(raised.value)
