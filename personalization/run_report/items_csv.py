"""All items of a run as CSV, a million of them without holding them: the database sends them in pieces.

For spreadsheets, which take a cell that begins with = + - @ for a formula of theirs: such cells are defused.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import StringIO
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.formats import get_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from personalization.explanations import explanation
from personalization.models.runs import ItemState
from personalization.pricing import MICRO

BOM = "\ufeff"  # without it a spreadsheet reads Cyrillic as Latin-1
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
ROWS_AT_ONCE = 1_000
# Calls that the item's next attempts made count too. A call that nobody knows the end of stays charged.
ITEMS = """
    SELECT profile.user_identifier, course.slug, lesson.lesson_number, lesson.title, item.state,
           item.error_code, item.error_message, item.attempts, coalesce(made.calls, 0),
           coalesce(made.cost, 0), coalesce(made.input, 0), coalesce(made.cached, 0),
           coalesce(made.output, 0), item.finished_at
    FROM generation_items item
    JOIN profiles profile ON profile.id = item.profile_id
    JOIN lessons lesson ON lesson.id = item.lesson_id
    JOIN courses course ON course.id = lesson.course_id
    LEFT JOIN (
        SELECT item_id, count(*) AS calls, sum(coalesce(actual_micro, reserved_micro))::bigint AS cost,
               sum(input_tokens) AS input, sum(cached_tokens) AS cached, sum(output_tokens) AS output
        FROM model_calls WHERE run_id = %(run)s AND item_id IS NOT NULL GROUP BY item_id
    ) made ON made.item_id = item.id
    WHERE item.run_id = %(run)s ORDER BY item.id
"""


def items_csv(run_id: UUID) -> Iterator[str]:
    """Pieces of the file, in the reader's language; decimals and separators as its spreadsheets want them."""
    comma = get_format("DECIMAL_SEPARATOR") == ","
    yield BOM + _lines([_headings()], comma)
    for rows in _pieces(run_id):
        yield _lines((_cells(row, comma) for row in rows), comma)


def defused(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _pieces(run_id: UUID) -> Iterator[list[tuple[Any, ...]]]:
    # Outside a transaction the cursor is WITH HOLD: a slow reader keeps neither locks nor a snapshot.
    with connection.chunked_cursor() as cursor:
        cursor.execute(ITEMS, {"run": run_id})
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield rows


def _headings() -> list[str]:
    return [
        _("Learner"),
        _("Course"),
        _("Lesson number"),
        _("Lesson"),
        _("State"),
        _("Error"),
        _("What happened"),
        _("Attempts"),
        _("Calls"),
        _("Cost"),
        _("Input tokens"),
        _("Cached input tokens"),
        _("Output tokens"),
        _("Finished"),
    ]


def _cells(row: tuple[Any, ...], comma: bool) -> list[str]:
    identifier, course, number, title, state, code, message, attempts, calls, cost, *tokens, finished = row
    return [
        defused(identifier),
        defused(course),
        str(number),
        defused(title),
        str(ItemState(state).label),
        defused(code),
        defused(explanation(code, message)) if code else "",
        str(attempts),
        str(calls),
        _amount(cost, comma),
        *map(str, tokens),
        _time(finished),
    ]


def _amount(micro: int, comma: bool) -> str:
    text = f"{micro // MICRO}.{micro % MICRO:06}"
    return text.replace(".", ",") if comma else text


def _time(moment: datetime | None) -> str:
    """As every spreadsheet reads it, in the site's time zone."""
    return localtime(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _lines(rows: Iterable[list[str]], comma: bool) -> str:
    out = StringIO()
    # Where the comma is the decimal sign a spreadsheet parts cells by semicolons. Quoted, no cell falls apart
    # into several with the other one.
    csv.writer(out, delimiter=";" if comma else ",", quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()
