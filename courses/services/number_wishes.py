"""Which numbers lessons shall have, from what a person asks for or a store says. Nothing here writes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from courses.course_folder.fields import as_uuid, number_problem
from courses.course_folder.wording import tidy
from courses.errors import InvalidInput, Problem
from courses.services.numbering import Place, by_number


@dataclass(frozen=True, slots=True)
class StoreLesson:
    """A lesson as a store has it; `id` None where the store does not say one."""

    file: str
    number: int
    title: str
    id: UUID | None


def wished(places: Sequence[Place], wishes: Iterable[str]) -> dict[UUID, int]:
    """Numbers from wishes such as "Title=5" or "<id>=5", for every lesson of the course.

    The others keep their numbers. Where a wished number is another lesson's, those between the old and the
    new place move by one place, as when a lesson is dragged there. Raises InvalidInput with every problem.
    """
    problems: list[Problem] = []
    fixed: dict[UUID, int] = {}
    for wish in wishes:
        lesson, number, problem = _read(wish, places)
        if lesson and lesson in fixed:
            problem = "is the same lesson as in another --set: keep one"
        elif number in fixed.values():
            problem = f"asks for {number}, as another --set does: two lessons cannot have one number"
        if problem or lesson is None or number is None:
            problems.append(Problem("--set", wish, problem))
        else:
            fixed[lesson] = number
    if problems:
        raise InvalidInput(problems)
    return _around(places, fixed)


def stored(places: Sequence[Place], lessons: Sequence[StoreLesson]) -> tuple[dict[UUID, int], list[Problem]]:
    """The store's numbers for every lesson of the course, and warnings of those that have no counterpart.

    Lessons match by id, else by title. One that the store does not hold keeps its number where it can; else
    it follows after the store's last number. Raises InvalidInput with all that is ambiguous.
    """
    matched, problems, unmatched = _matched(places, lessons)
    if problems:
        raise InvalidInput(problems)
    warnings = [
        Problem(lesson.file, "", f"is not in the database: its number {lesson.number} is kept free for it")
        for lesson in unmatched
    ]
    taken = {lesson.number for lesson in lessons}
    last = max(taken, default=0)
    before: int | None = None
    for place in by_number([place for place in places if place.id not in matched]):
        keeps = place.number not in taken and (before is None or place.number > before)
        before = place.number if keeps else max(last, before or last) + 1
        matched[place.id] = before
        fate = "keeps its number" if keeps else f"gets the number {before}, after the others"
        warnings.append(Problem("", _named(place), f"is not in the store: {fate}"))
    return matched, warnings


def _read(wish: str, places: Sequence[Place]) -> tuple[UUID | None, int | None, str]:
    """Lesson, number, and what is wrong with the wish: empty where it is fine."""
    name, sign, digits = wish.rpartition("=")
    digits = digits.strip()
    number = int(digits) if digits.removeprefix("-").isdecimal() and len(digits) < 10 else None
    if not sign:
        return None, None, "has no “=”: write the title or id, =, and the number"
    if found := number_problem(digits if number is None else number):
        return None, None, f"the number {found}"
    found_lessons = _named_so(name, places)
    if not found_lessons:
        return None, number, "is no lesson of this course: write its whole title, or its id"
    if len(found_lessons) > 1:
        return None, number, f"is the title of several lessons, write the id: {_list(found_lessons)}"
    return found_lessons[0].id, number, ""


def _named_so(name: str, places: Sequence[Place]) -> list[Place]:
    lesson_id = as_uuid(name.strip())
    by_id = [place for place in places if place.id == lesson_id]
    return by_id or [place for place in places if tidy(place.title) == tidy(name)]


def _around(places: Sequence[Place], fixed: Mapping[UUID, int]) -> dict[UUID, int]:
    """The fixed numbers, and the other lessons in their order over what is left of today's numbers.

    A lesson that goes to a free number leaves its own number empty, or that of whoever takes it, and so on;
    one that goes to a taken number makes the others move up to the place that it left.
    """
    now = {place.id: place.number for place in places}
    owners = {number: lesson for lesson, number in now.items()}
    takers = {number: lesson for lesson, number in fixed.items()}
    left_empty = set()
    for lesson, number in fixed.items():
        if number not in owners:
            place = now[lesson]
            while place in takers:
                place = now[takers[place]]
            left_empty.add(place)
    slots = sorted(owners.keys() - takers.keys() - left_empty)
    others = [place.id for place in by_number(places) if place.id not in fixed]
    return {**fixed, **dict(zip(others, slots, strict=True))}


def _matched(
    places: Sequence[Place], lessons: Sequence[StoreLesson]
) -> tuple[dict[UUID, int], list[Problem], list[StoreLesson]]:
    """id → number, what is ambiguous, and the lessons of the store that are not in the database."""
    here = {place.id for place in places}
    matched = {lesson.id: lesson.number for lesson in lessons if lesson.id is not None and lesson.id in here}
    titles: dict[str, list[StoreLesson]] = defaultdict(list)
    for lesson in lessons:
        if lesson.id not in matched:
            titles[tidy(lesson.title)].append(lesson)
    problems, unmatched = [], []
    for title, same in titles.items():
        found = [place for place in places if place.id not in matched and tidy(place.title) == title]
        if not found:
            unmatched += same
        elif len(found) > 1 or len(same) > 1:
            files = ", ".join(lesson.file for lesson in same)
            message = f"the title {title!r} is ambiguous: write ids. The database has {_list(found)}"
            problems.append(Problem(files, "/title", message))
        else:
            matched[found[0].id] = same[0].number
    return matched, problems, unmatched


def _list(places: Iterable[Place]) -> str:
    return "; ".join(map(_named, places))


def _named(place: Place) -> str:
    return f"{place.number}. {place.title} ({place.id})"
