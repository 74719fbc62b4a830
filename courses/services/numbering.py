"""The order of a course's lessons. A number is only a place: texts, links, assets hang on the lesson's id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from psycopg.errors import ForeignKeyViolation, UniqueViolation

from courses.errors import ChangedMeanwhile
from courses.models import Course

# A lesson with a new number is locked against new texts, too. Workers take their locks in the order of the
# ids as well: none of them holds one lesson of these and waits for another that is locked already.
_LOCK_MOVING: LiteralString = """
    SELECT FROM lessons JOIN ({wanted}) wanted USING (id)
    WHERE wanted.lesson_number <> lessons.lesson_number ORDER BY lessons.id FOR UPDATE OF lessons
"""
# Unique numbers forbid to swap two lessons, whatever the order of the updates: first all that move step
# aside, to the highest negative numbers that are free (an adopted lesson may have such a number too).
_STEP_ASIDE: LiteralString = """
    WITH here AS (
        SELECT l.id, l.lesson_number FROM lessons l JOIN courses c ON c.id = l.course_id
        WHERE c.slug = %(course)s
    ), moving AS (
        SELECT id, row_number() OVER () AS place
        FROM here JOIN ({wanted}) wanted USING (id) WHERE wanted.lesson_number <> here.lesson_number
    ), free AS (
        SELECT -step AS number, row_number() OVER (ORDER BY step) AS place
        FROM generate_series(1, 2 * (SELECT count(*)::int FROM here)) step
        WHERE -step NOT IN (SELECT lesson_number FROM here)
    )
    UPDATE lessons SET lesson_number = free.number
    FROM moving JOIN free USING (place) WHERE lessons.id = moving.id
"""
_WANTED: LiteralString = "SELECT * FROM unnest(%(ids)s::uuid[], %(numbers)s::int[]) AS w (id, lesson_number)"
_SET_NUMBERS: LiteralString = """
    UPDATE lessons SET lesson_number = wanted.lesson_number FROM ({wanted}) wanted
    WHERE lessons.id = wanted.id AND lessons.lesson_number <> wanted.lesson_number
"""
RENUMBER: tuple[LiteralString, ...] = (_LOCK_MOVING, _STEP_ASIDE, _SET_NUMBERS)
"""One after the other in a transaction; `wanted`: a SELECT of id and lesson_number, for %(course)s."""


@dataclass(frozen=True, slots=True)
class Place:
    """A lesson where it stands."""

    id: UUID
    number: int
    title: str


@dataclass(frozen=True, slots=True)
class Move:
    """A lesson with its number before and after; the same one where it stays."""

    id: UUID
    title: str
    old: int
    new: int

    @property
    def moved(self) -> bool:
        return self.old != self.new


def read_places(course: Course) -> list[Place]:
    """The course's lessons in today's order."""
    rows = course.lessons.order_by("lesson_number").values_list("id", "lesson_number", "title")
    return [Place(*row) for row in rows]


def compacted(places: Sequence[Place]) -> dict[UUID, int]:
    """Numbers 1 to n in today's order."""
    return {place.id: number for number, place in enumerate(by_number(places), start=1)}


def reordered(places: Sequence[Place], order: Sequence[UUID]) -> dict[UUID, int]:
    """The lessons in a new order over the same numbers: gaps stay where they are.

    Raises ValueError where `order` is not each of the lessons once.
    """
    if sorted(order) != sorted(place.id for place in places):
        raise ValueError("the order does not hold each lesson of the course once")
    return dict(zip(order, (place.number for place in by_number(places)), strict=True))


def by_number(places: Sequence[Place]) -> list[Place]:
    return sorted(places, key=lambda place: place.number)


def moves(places: Sequence[Place], numbers: Mapping[UUID, int]) -> list[Move]:
    """Every lesson in the new order. `numbers`: id → new number, of each lesson."""
    made = (Move(place.id, place.title, place.number, numbers[place.id]) for place in places)
    return sorted(made, key=lambda move: move.new)


def renumber(*, course: Course, places: Sequence[Place], numbers: Mapping[UUID, int]) -> list[Move]:
    """Gives the lessons their new numbers, all or none; every lesson in the new order.

    `places`: the lessons as they were when the numbers were chosen; `numbers`: id → number, of each lesson.
    A few statements, whatever the size; none where nothing moves. Raises ChangedMeanwhile, with nothing
    written, where a lesson came, went or moved since; a renumbering or an import that is under way is waited
    for (lock_timeout).
    """
    made = moves(places, numbers)
    try:
        with transaction.atomic():
            if _locked_numbers(course) != {place.id: place.number for place in places}:
                raise ChangedMeanwhile
            if any(move.moved for move in made):
                _write(course, numbers)
    except IntegrityError as error:
        # The locks hold off whoever changes these lessons, but not who adds one.
        if isinstance(error.__cause__, UniqueViolation | ForeignKeyViolation):
            raise ChangedMeanwhile from error
        raise
    return made


def _locked_numbers(course: Course) -> dict[UUID, int]:
    """id → number, locked until the end of the transaction.

    In order, so that two of these never deadlock, and no stronger than needed: workers go on publishing texts
    for the lessons meanwhile, except for those that get another number, until the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM courses WHERE id = %s FOR NO KEY UPDATE", [course.pk])
        cursor.execute(
            "SELECT id, lesson_number FROM lessons WHERE course_id = %s ORDER BY id FOR NO KEY UPDATE",
            [course.pk],
        )
        return dict(cursor.fetchall())


def _write(course: Course, numbers: Mapping[UUID, int]) -> None:
    values: dict[str, Any] = {"course": course.slug, "ids": list(numbers), "numbers": list(numbers.values())}
    with connection.cursor() as cursor:
        for statement in RENUMBER:
            cursor.execute(statement.format(wanted=_WANTED), values)
        cursor.execute("SELECT id, lesson_number FROM lessons WHERE course_id = %s", [course.pk])
        written = dict(cursor.fetchall())
    if written != dict(numbers):
        raise ChangedMeanwhile  # somebody added a lesson, or a trigger of the site's own sets numbers
