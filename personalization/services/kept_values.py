"""What a variable or a setting was, who changed it and when: as the trigger of its table has kept it."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from courses.models import Change
from personalization.models import ConfigEntry

A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Values:
    value: Any
    description: str
    is_public: bool


@dataclass(frozen=True, slots=True)
class KeptChange:
    """`before` None: it was made by this change; `after` None: it was deleted by it."""

    id: int
    at: datetime
    metadata: dict[str, Any] | None
    database_user: str
    before: Values | None
    after: Values | None


def kept_changes(key: str, page: int = 1) -> tuple[list[KeptChange], bool]:
    """A page of them, newest first, and whether there are older ones."""
    first = (page - 1) * A_PAGE
    # One more on either side: the newer one says what came out, the older one that there is another page.
    found = list(
        _changes(key).select_related("context").order_by("-pk")[max(0, first - 1) : first + A_PAGE + 1]
    )
    after = _before(found.pop(0)) if first and found else _live(key)
    changes = []
    for change in found[:A_PAGE]:
        before = _before(change)
        changes.append(
            KeptChange(
                change.pk,
                change.at,
                change.context.metadata if change.context else None,
                change.database_user or "",
                before,
                None if change.kind == "delete" else after,
            )
        )
        after = before
    return changes, len(found) > A_PAGE


def values_before(key: str, change: int) -> Values | None:
    """What the entry was until this change of it; None where there is no such, or it was made by it."""
    found = _changes(key).filter(pk=change).first()
    return _before(found) if found else None


def _changes(key: str) -> QuerySet[Change]:
    named = UUID(md5(key.encode(), usedforsecurity=False).hexdigest())
    return Change.objects.filter(table_name=ConfigEntry._meta.db_table, row_id=named)


def _before(change: Change) -> Values | None:
    kept = change.before
    return Values(kept["value"], kept["description"], kept["is_public"]) if kept else None


def _live(key: str) -> Values | None:
    rows = ConfigEntry.objects.filter(pk=key).values_list("value", "description", "is_public")
    return next((Values(*row) for row in rows), None)
