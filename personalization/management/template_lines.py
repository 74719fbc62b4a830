"""A plan and the results of a run of standard descriptions, in lines of a terminal and for programs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from courses.models import Course
from personalization.costs.estimate import Estimate
from personalization.pricing import amount
from personalization.template_queries import LessonResult, TemplatePreview

VERDICTS = {
    "write": "to write",
    "unchanged": "unchanged: nothing new since it was written",
    "locked": "skipped: an editor changed the description (--replace-edited replaces it)",
    "no_source": "skipped: the lesson has no transcript, or one of a few words",
}
MOST_NAMED = 20  # lesson numbers in a line


@dataclass(frozen=True, slots=True)
class Store:
    """Whose files are written; `files` false: nobody's, but this is where the course was imported from.

    `writable`: by whoever started the command; workers may be somebody else. `described`: the numbers of
    lessons whose lesson.json holds a description, too.
    """

    path: Path
    writable: bool = True
    described: frozenset[int] = frozenset()
    files: bool = True


def plan_lines(course: Course, plan: TemplatePreview, store: Store | None) -> Iterator[str]:
    yield f"{course.slug}: {lessons(len(plan.lessons))}"
    for verdict, words in VERDICTS.items():
        found = [lesson.number for lesson in plan.lessons if lesson.verdict == verdict]
        if found:
            named = "" if verdict == "write" else f" ({_numbers(found)})"
            yield f"  {len(found):>9,}  {words}{named}"
    if plan.condensed:
        yield f"  lessons that are too long for the model, and condensed first: {plan.condensed:,}"
    if plan.replaces_locked:
        yield f"  {plan.replaces_locked:,} of those to write replace the words of an editor"
    if store is None or not store.files:
        yield "Files: none, the descriptions are written to the database only"
        yield from undone_lines(store, [lesson.number for lesson in plan.lessons])
        return
    yield f"Files: {store.path}"
    if not store.writable:
        yield "  You may not write there. Workers must, or each lesson is saved and reported as failed."
    yield from undone_lines(store, [lesson.number for lesson in plan.lessons])


def undone_lines(store: Store | None, numbers: Iterable[int]) -> Iterator[str]:
    """What the next import makes of the new descriptions of these lessons, where it is not what they say."""
    if store and not store.files:
        yield f"  The next import from {store.path} brings back what its files say of these lessons."
    if store and store.files and (twice := sorted(store.described.intersection(numbers))):
        yield (
            f"  lesson.json holds a description, too ({_numbers(twice)}): take it out there, "
            "or the next import warns that the two differ, and one with --strict refuses."
        )


def result_lines(results: Sequence[LessonResult]) -> Iterator[str]:
    for result in results:
        words = f": {result.words}" if result.words else ""
        yield f"lesson {result.number}, {result.title}: {result.state}{words}"


def plan_as_json(
    course: Course, plan: TemplatePreview, store: Store | None, cost: Estimate, *, dry_run: bool
) -> dict[str, Any]:
    """Amounts are texts: a program must not lose millionths to floating point."""
    return {
        "course": course.slug,
        "dry_run": dry_run,
        "store": str(store.path) if store and store.files else None,
        "store_writable": store.writable if store and store.files else None,
        "counts": plan.by_verdict,
        "condensed": plan.condensed,
        "replaces_edited": plan.replaces_locked,
        "estimate": amount(cost.micro),
        "lessons": [
            {"number": lesson.number, "title": lesson.title, "verdict": lesson.verdict}
            for lesson in plan.lessons
        ],
        "run": None,
        "results": None,
    }


def results_as_json(results: Sequence[LessonResult]) -> list[dict[str, Any]]:
    return [asdict(result) for result in results]


def lessons(count: int) -> str:
    return f"{count:,} lesson" if count == 1 else f"{count:,} lessons"


def _numbers(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:MOST_NAMED]))
    word = "lesson" if len(numbers) == 1 else "lessons"
    return f"{word} {named}, …" if len(numbers) > MOST_NAMED else f"{word} {named}"
