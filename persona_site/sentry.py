"""Errors of web and workers to a Sentry server, where SENTRY_DSN names one. Imported only then.

What goes out is put together from what is known to be harmless; whatever a newer client adds stays here.
"""

from typing import Any

import sentry_sdk
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.types import Breadcrumb, BreadcrumbHint, Event, Hint
from sentry_sdk.utils import BadDsn
from structlog.contextvars import get_contextvars

from persona_site.faults import name_database_error
from persona_site.logs.privacy import event_of

_KEPT = (
    "event_id",
    "timestamp",
    "level",
    "platform",
    "logger",
    "release",
    "environment",
    "server_name",
    "sdk",
)
_FRAME = ("filename", "abs_path", "module", "function", "lineno", "in_app")
_CODE = ("pre_context", "context_line", "post_context")  # of our source, not of its variables
_TAGS = ("request_id", "run", "item")
_OURS = ("courses", "personalization", "persona_site")


def start() -> None:
    """Raises ImproperlyConfigured where SENTRY_DSN is none."""
    ignore_logger("django_structlog.*")  # the same errors, which Django's integration reports better
    try:
        sentry_sdk.init(
            dsn=settings.SENTRY_DSN,
            release=f"persona@{settings.RELEASE}",
            environment=settings.SENTRY_ENVIRONMENT,
            # send_default_pii is off unless it is asked for; to say so is deprecated.
            include_local_variables=False,
            max_request_body_size="never",
            # Others would come by themselves, that of the model's client with prompts and answers.
            auto_enabling_integrations=False,
            integrations=[DjangoIntegration(), CeleryIntegration()],
            auto_session_tracking=False,
            before_breadcrumb=_plain_breadcrumb,
            before_send=_scrubbed,
        )
    except BadDsn:
        raise ImproperlyConfigured(
            "SENTRY_DSN cannot be read. It looks like https://key@host/number; empty: nothing is reported."
        ) from None


def _scrubbed(event: Event, hint: Hint) -> Event:
    whole: dict[str, Any] = {**event}
    sent = {key: whole[key] for key in _KEPT if key in whole}
    # Without a pattern that fits, the transaction would be the address.
    if whole.get("transaction_info", {}).get("source") != "url":
        sent["transaction"] = whole.get("transaction")
    bound = get_contextvars()
    sent["tags"] = {key: bound[key] for key in _TAGS if key in bound}
    if record := hint.get("log_record"):
        # The template groups what is alike.
        sent["logentry"] = {"message": str(record.msg), "formatted": event_of(record, record.getMessage())}
    error = (hint.get("exc_info") or (None, None, None))[1]
    if values := (whole.get("exception") or {}).get("values"):
        said = name_database_error(error) if error else None
        sent["exception"] = {"values": [_exception(value, said or "") for value in values]}
    sent["breadcrumbs"] = whole.get("breadcrumbs") or {"values": []}  # plain ones, see below
    scrubbed: Event = sent  # type: ignore[assignment]  # keys of an event, all of them
    return scrubbed


def _exception(value: dict[str, Any], said: str) -> dict[str, Any]:
    """Type and place. The error's own words may quote a learner; `said` is what stands for them."""
    mechanism = value.get("mechanism") or {}
    frames = (value.get("stacktrace") or {}).get("frames") or []
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": said,
        "mechanism": {key: mechanism[key] for key in ("type", "handled") if key in mechanism},
        "stacktrace": {
            "frames": [{key: frame[key] for key in (*_FRAME, *_CODE) if key in frame} for frame in frames]
        },
    }


def _plain_breadcrumb(crumb: Breadcrumb, hint: BreadcrumbHint) -> Breadcrumb | None:
    """What we have logged before; no SQL, no addresses, no commands."""
    record = hint.get("log_record")
    if record is None or record.name.partition(".")[0] not in _OURS:
        return None
    return {key: value for key, value in crumb.items() if key != "data"}
