"""Wrong settings, found by `manage.py check` and before every command, each with an id and what to do."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 Django's own name

from personalization.windows import EXAMPLE as WINDOWS_EXAMPLE
from personalization.windows import read_model_windows
from personalization.writers.limits.config import EXAMPLE, read_model_limits

SHORTEST_TOKEN = 20  # characters


@register("persona")
def check_model_endpoint(**_: Any) -> list[CheckMessage]:
    try:
        address = urlsplit(settings.OPENAI_BASE_URL)
    except ValueError:
        address = urlsplit("")
    if address.scheme not in {"http", "https"} or not address.hostname:
        return [
            Error(
                "OPENAI_BASE_URL is not an http(s) address.",
                hint="It looks like https://api.openai.com/v1; leave it empty for that one.",
                id="persona.E001",
            )
        ]
    if address.username or address.password:
        return [
            Error(
                "OPENAI_BASE_URL holds a user or password, which would end up in logs.",
                hint="Put the key into OPENAI_API_KEY.",
                id="persona.E002",
            )
        ]
    return []


@register("persona")
def check_model_limits(**_: Any) -> list[CheckMessage]:
    return [
        Error(f"MODEL_LIMITS: {problem}.", hint=f"It looks like {EXAMPLE}", id="persona.E021")
        for problem in read_model_limits(settings.MODEL_LIMITS).problems
    ]


@register("persona")
def check_model_windows(**_: Any) -> list[CheckMessage]:
    return [
        Error(f"MODEL_WINDOWS: {problem}.", hint=f"It looks like {WINDOWS_EXAMPLE}", id="persona.E022")
        for problem in read_model_windows(settings.MODEL_WINDOWS).problems
    ]


@register("persona")
def check_times(**_: Any) -> list[CheckMessage]:
    if settings.GENERATION_SWEEP_SECONDS < settings.GENERATION_LEASE_SECONDS:
        return []
    return [
        Warning(
            "GENERATION_SWEEP_SECONDS is not shorter than GENERATION_LEASE_SECONDS.",
            hint="What a dead worker held is taken up again after both together; 30 and 5 are usual.",
            id="persona.W001",
        )
    ]


@register("persona")
def check_store(**_: Any) -> list[CheckMessage]:
    if settings.COURSE_STORE_PATH.is_dir():
        return []
    return [
        Warning(
            "COURSE_STORE_PATH is not a folder.",
            hint="Set it to the folder that holds the courses, or name one: import_lessons --store PATH.",
            id="persona.W002",
        )
    ]


@register("persona")
def check_media(**_: Any) -> list[CheckMessage]:
    """MEDIA_ROOT is made by the first portrait: until then the folder counts in which it will be."""
    root: Path = settings.MEDIA_ROOT
    there = next(folder for folder in (root, *root.parents) if folder.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return []
    return [
        Warning(
            "MEDIA_ROOT cannot be written: portraits of coaches would not be kept.",
            hint="Set it to a folder that the web server may write to.",
            id="persona.W004",
        )
    ]


@register(Tags.security, deploy=True)
def check_embedded(**_: Any) -> list[CheckMessage]:
    if not settings.EMBEDDED_POSTGRES and not settings.EMBEDDED_VALKEY:
        return []
    return [
        Warning(
            "An embedded server is in use.",
            hint="They are for development: set DATABASE_URL and REDIS_URL, and DEBUG=false.",
            id="persona.W003",
        )
    ]


@register(Tags.security)
def check_metrics_token(**_: Any) -> list[CheckMessage]:
    if len(settings.METRICS_TOKEN) >= SHORTEST_TOKEN or not settings.METRICS_TOKEN:
        return []
    return [
        Warning(
            f"METRICS_TOKEN is shorter than {SHORTEST_TOKEN} characters and can be guessed.",
            hint="Take a random one: python -c 'import secrets; print(secrets.token_urlsafe())'",
            id="persona.W031",
        )
    ]
