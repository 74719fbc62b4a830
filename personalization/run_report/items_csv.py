"""All items of a run as CSV, a million of them without holding them: the database sends them in pieces.

For spreadsheets, which take a cell that begins with = + - @ for a formula of theirs: such cells are defused.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from io import StringIO
from itertools import chain
from uuid import UUID

from django.db import connection
from django.utils.formats import get_format
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from personalization.explanations import explanation
from personalization.models.runs import ItemState

BOM = "\ufeff"  # without it a spreadsheet reads Cyrillic as Latin-1
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
ROWS_AT_ONCE = 1_000
# The database writes numbers and times as text: a million of them in Python took as long as all the rest.
# Calls of other runs for the same learner and lesson are theirs. One without an end yet counts as reserved.
ITEMS = """
    SELECT CASE WHEN %(named)s THEN coalesce(profile.user_identifier, '') ELSE item.id::text END,
           course.slug, lesson.lesson_number::text, lesson.title,
           item.state, item.error_code, item.error_message, item.attempts::text,
           coalesce(made.calls, 0)::text, (coalesce(made.cost, 0) / 1000000.0)::numeric(24, 6)::text,
           coalesce(made.input, 0)::text, coalesce(made.cached, 0)::text, coalesce(made.output, 0)::text,
           coalesce(to_char(item.finished_at AT TIME ZONE %(zone)s, 'YYYY-MM-DD HH24:MI:SS'), '')
    FROM generation_items item
    LEFT JOIN profiles profile ON profile.id = item.profile_id
    JOIN lessons lesson ON lesson.id = item.lesson_id
    JOIN courses course ON course.id = lesson.course_id
    LEFT JOIN (
        SELECT item_id, count(*) AS calls, sum(coalesce(actual_micro, reserved_micro)) AS cost,
               sum(input_tokens) AS input, sum(cached_tokens) AS cached, sum(output_tokens) AS output
        FROM model_calls WHERE run_id = %(run)s AND item_id IS NOT NULL GROUP BY item_id
    ) made ON made.item_id = item.id
    WHERE item.run_id = %(run)s ORDER BY item.id
"""


type Row = tuple[str, ...]


def items_csv(run_id: UUID, *, named: bool = True) -> Iterator[str]:
    """Pieces of the file, in the language of who asks; decimals and separators as its spreadsheets want them.

    `named` false: for who may not know the learners, the numbers of items stand in their place.
    Nothing is asked of the database before the first piece is taken.
    """
    # Looked up now: the pieces may be taken when the request, and with it the language, is over.
    comma = get_format("DECIMAL_SEPARATOR") == ","
    states = {state.value: str(state.label) for state in ItemState}
    happened = _error_words(get_language())
    pieces = (
        _lines((_cells(row, states, happened, comma) for row in rows), comma)
        for rows in _pieces(run_id, named=named)
    )
    return chain([BOM + _lines([_headings(named=named)], comma)], pieces)


def _error_words(language: str | None) -> Callable[[str, str], str]:
    """What happened, by code and message: the same few in a million rows."""

    @lru_cache(maxsize=1_000)
    def words(code: str, message: str) -> str:
        with override(language):
            return defused(explanation(code, message)) if code else ""

    return words


def defused(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _pieces(run_id: UUID, *, named: bool) -> Iterator[list[Row]]:
    # Outside a transaction the cursor is WITH HOLD: a slow reader keeps neither locks nor a snapshot.
    with connection.chunked_cursor() as cursor:
        cursor.execute(ITEMS, {"run": run_id, "named": named, "zone": get_current_timezone_name()})
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield rows


def _headings(*, named: bool) -> list[str]:
    return [
        _("Learner") if named else _("Item"),
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


def _cells(
    row: Row, states: Mapping[str, str], happened: Callable[[str, str], str], comma: bool
) -> list[str]:
    identifier, course, number, title, state, code, message, attempts, calls, cost, *rest = row
    return [
        defused(identifier),
        defused(course),
        number,
        defused(title),
        states[state],
        defused(code),
        happened(code, message),
        attempts,
        calls,
        cost.replace(".", ",") if comma else cost,
        *rest,
    ]


def _lines(rows: Iterable[list[str]], comma: bool) -> str:
    out = StringIO()
    # Where the comma is the decimal sign a spreadsheet parts cells by semicolons. Quoted, no cell falls apart
    # into several with the other one.
    csv.writer(out, delimiter=";" if comma else ",", quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()
