"""What endpoints were found to want, kept in the database: workers share it, and it survives them."""

import logging
from dataclasses import asdict, fields
from typing import Any, Protocol

from django.db import Error, connection, transaction

from courses.models import NOW
from personalization.models.endpoints import Endpoint
from personalization.writers.facts import Facts, lowest

log = logging.getLogger(__name__)


class Memory(Protocol):
    """Called in a thread: the database must not hold up the requests in flight."""

    def recall(self) -> Facts | None:
        """What is remembered; None where nothing is, or where it cannot be read just now."""

    def remember(self, facts: Facts) -> Facts:
        """Keeps the facts; what is known with what others have found out meanwhile."""


class NoMemory:
    """Starts with nothing and keeps nothing."""

    def recall(self) -> Facts | None:
        return None

    def remember(self, facts: Facts) -> Facts:
        return facts


class DatabaseMemory:
    """Of one endpoint and model. A database that is gone is logged: this worker knows what it found out."""

    def __init__(self, base_url: str, model: str) -> None:
        self._key = {"base_url": base_url, "model": model}

    def recall(self) -> Facts | None:
        try:
            return recall(**self._key)
        except Error as error:
            log.warning("what is known of the endpoint cannot be read (%s)", type(error).__name__)
            return None
        finally:
            connection.close()

    def remember(self, facts: Facts) -> Facts:
        try:
            return remember(facts, **self._key)
        except Error as error:
            log.warning("what was found out of the endpoint is not kept (%s)", type(error).__name__)
            return facts
        finally:
            connection.close()


def recall(*, base_url: str, model: str) -> Facts | None:
    row = Endpoint.objects.filter(**_key(base_url, model)).first()
    return _facts(row) if row else None


@transaction.atomic
def remember(facts: Facts, *, base_url: str, model: str) -> Facts:
    """Two workers may find out different things at one moment: the sum of both is kept, and given back."""
    rows = Endpoint.objects.select_for_update()
    row, created = rows.get_or_create(**_key(base_url, model), defaults=asdict(facts))
    both = facts if created else lowest(facts, _facts(row))
    if not created and both != _facts(row):
        Endpoint.objects.filter(pk=row.pk).update(**asdict(both), learned_at=NOW)
    return both


def forget(*, base_url: str, model: str) -> bool:
    """Whether anything was known. Workers ask in the old way until their present drain ends."""
    deleted, _ = Endpoint.objects.filter(**_key(base_url, model)).delete()
    return bool(deleted)


def _key(base_url: str, model: str) -> dict[str, str]:
    return {"base_url": base_url.rstrip("/"), "model": model}


def _facts(row: Endpoint) -> Facts:
    values: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(Facts)}
    return Facts(**values)
