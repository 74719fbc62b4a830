"""Why items failed, were skipped or are tried again: an item to look at for each kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from personalization.models.runs import ItemState
from personalization.queries import ErrorKind
from personalization.run_report.condensing import waits_for_condensing

# `error_code <> ''` is what the index holds; the planner cannot conclude it from a variable. The inner limit
# bounds the search for a state that is rare among a million items of one code.
EXAMPLES = """
    SELECT kind.place, item.id, item.error_message, item.attempts, profile.id,
           coalesce(profile.user_identifier, ''), lesson.id, lesson.lesson_number, lesson.title
    FROM unnest(%(states)s::text[], %(codes)s::text[]) WITH ORDINALITY AS kind (state, code, place)
    CROSS JOIN LATERAL (
        SELECT * FROM (
            SELECT id, state, error_message, attempts, profile_id, lesson_id FROM generation_items
            WHERE run_id = %(run)s AND error_code = kind.code AND error_code <> '' LIMIT 1000
        ) of_code WHERE state = kind.state LIMIT 1
    ) item
    LEFT JOIN profiles profile ON profile.id = item.profile_id
    JOIN lessons lesson ON lesson.id = item.lesson_id
"""


# Neither is an error: what waits for a person, or for its lesson, is told of as that.
WAITING = {(ItemState.HELD, "budget"), (ItemState.HELD, "pilot")}


@dataclass(frozen=True, slots=True)
class ErrorExample:
    """One of the items that an error happened to; the learner by identifier, never by name.

    `profile_id` None, `identifier` "": it is of the lesson alone.
    """

    item_id: int
    message: str
    attempts: int
    profile_id: UUID | None
    identifier: str
    lesson_id: UUID
    lesson_number: int
    lesson_title: str


def went_wrong(kinds: Sequence[ErrorKind]) -> list[ErrorKind]:
    """The kinds without those that only wait: for somebody's decision, or until their lesson is condensed."""
    return [
        kind for kind in kinds if (kind.state, kind.code) not in WAITING and not waits_for_condensing(kind)
    ]


def error_examples(run_id: UUID, kinds: Sequence[ErrorKind]) -> list[ErrorExample | None]:
    """An example for each of the kinds, in their order; None where none was found any more."""
    parameters: dict[str, Any] = {
        "run": run_id,
        "states": [kind.state for kind in kinds],
        "codes": [kind.code for kind in kinds],
    }
    with connection.cursor() as cursor:
        cursor.execute(EXAMPLES, parameters)
        found = {row[0]: ErrorExample(*row[1:]) for row in cursor.fetchall()}
    return [found.get(place) for place in range(1, len(kinds) + 1)]
