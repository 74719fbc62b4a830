"""The rows of an inline (assets) in the browser's form, and the rows that there are now: both, in one form.

A row that somebody else added, changed or deleted, and that the person left as it was, is taken as it is now.
What the person changed stays theirs; where the row is gone by now, their words become a new one.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from courses.admin.editing.marks import mark

type Row = dict[str, str]
"""Field → text, with `id` (empty: a new row) and `DELETE` (not empty: to be deleted)."""

MOST_ROWS = 1000  # as many as Django takes of a formset


def row_name(prefix: str, pk: str) -> str:
    return f"{prefix}:{pk}"


def row_text(row: Row) -> str:
    """One line for a person: "video: https://…"."""
    said = [value.strip() for key, value in row.items() if key not in ("id", "DELETE") and value.strip()]
    return ": ".join(said)


def rows_text(rows: list[Row]) -> str:
    return "\n".join(sorted(filter(None, (row_text(row) for row in rows if not row.get("DELETE")))))


def posted_rows(data: Mapping[str, Any], prefix: str, fields: tuple[str, ...]) -> list[Row]:
    names = ("id", *fields, "DELETE")
    return [
        {name: str(data.get(f"{prefix}-{index}-{name}") or "") for name in names}
        for index in range(_total(data, prefix))
    ]


def has_rows(data: Mapping[str, Any], prefix: str, field: str) -> bool:
    """Whether the form has the rows to edit; who may only look at them sends none."""
    named = f"{prefix}-TOTAL_FORMS" in data
    return named and all(f"{prefix}-{index}-{field}" in data for index in range(_total(data, prefix)))


def with_new_rows(
    data: QueryDict, prefix: str, stored: list[Row], posted: list[Row], seen: Mapping[str, str]
) -> QueryDict:
    """The form's data with the posted rows on top of those that are stored now. `seen`: marks by row_name."""
    mine = {row["id"]: row for row in posted if row["id"]}
    texts = {row_text(row) for row in stored}
    rows = [_merged(row, mine.get(row["id"]), seen.get(row_name(prefix, row["id"]))) for row in stored]
    first, known = len(rows), {row["id"] for row in stored}
    rows += [
        {**row, "id": ""}
        for row in posted
        if row["id"] not in known and _says_more(row, prefix, seen) and row_text(row) not in texts
    ]
    return with_rows(data, prefix, rows, first)


def with_rows(data: QueryDict, prefix: str, rows: list[Row], first: int) -> QueryDict:
    """The form's data with these rows, the `first` of which are stored, in the place of those it has."""
    merged = data.copy()
    for key in [key for key in data if re.match(rf"{prefix}-\d+-", key)]:
        del merged[key]
    merged[f"{prefix}-TOTAL_FORMS"], merged[f"{prefix}-INITIAL_FORMS"] = str(len(rows)), str(first)
    for index, row in enumerate(rows):
        for name, value in row.items():
            if value or name != "DELETE":
                merged[f"{prefix}-{index}-{name}"] = value
    return merged


def _merged(now: Row, mine: Row | None, before: str | None) -> Row:
    if mine is None:
        return now
    return mine if mine["DELETE"] or mark(row_text(mine)) != before else now


def _says_more(row: Row, prefix: str, seen: Mapping[str, str]) -> bool:
    """Whether the person added the row, or changed one that is gone by now."""
    if row["DELETE"] or not row_text(row):
        return False
    return not row["id"] or mark(row_text(row)) != seen.get(row_name(prefix, row["id"]))


def _total(data: Mapping[str, Any], prefix: str) -> int:
    text = str(data.get(f"{prefix}-TOTAL_FORMS") or "")
    return min(int(text), MOST_ROWS) if text.isascii() and text.isdigit() and len(text) < 10 else 0
