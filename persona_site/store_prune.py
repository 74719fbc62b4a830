"""Deleting what a store does not hold any more: listed first, then agreed to, then done as listed.

Only lessons, standard descriptions and assets of the imported courses, and the personal texts, feedback and
quiz results that hang on deleted lessons. Learners, whole courses, transcripts and the texts of lessons that
stay are never deleted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from courses.course_folder.findings import Findings
from courses.course_folder.plan import CoursePlan
from courses.course_folder.report import Counts
from courses.services.course_import import CourseChanged, check_unchanged
from courses.services.prune import delete_leaving, leaving_lessons, leaving_rows, lock_leaving_lessons
from personalization.services.prune import LeavingTexts, leaving_results, leaving_texts
from personalization.services.text_import import TEXT_TABLE

MOST_SHOWN = 20  # lessons in one line


@dataclass(frozen=True, slots=True)
class Leaving:
    """What would be deleted of one course."""

    course: str
    lessons: Sequence[int]
    tables: Mapping[str, Counts]
    texts: LeavingTexts

    def __bool__(self) -> bool:
        """Whether there is anything to delete."""
        return any(counts.deleted for counts in self.tables.values())

    def __str__(self) -> str:
        """One line: the course, how many rows of each table, which lessons, whose texts."""
        rows = [f"{table} {counts.deleted:,}" for table, counts in self.tables.items() if counts.deleted]
        shown = ", ".join(map(str, self.lessons[:MOST_SHOWN])) + (", …" * (len(self.lessons) > MOST_SHOWN))
        origins = ", ".join(f"{origin} {count:,}" for origin, count in self.texts.origins.items())
        details = [f"lessons: {shown}"] * bool(self.lessons) + [f"texts by origin: {origins}"] * bool(origins)
        return f"{self.course}: {', '.join(rows)}" + (f" ({'; '.join(details)})" if details else "")


type Confirm = Callable[[Sequence[Leaving]], bool]
"""Is shown what would be deleted; False: it must not be, and nothing is imported either."""


def list_leaving(plans: Sequence[CoursePlan], findings: Findings) -> dict[str, Leaving]:
    """What would be deleted, by course. Changes nothing.

    A text that an editor changed is a problem, and so is a folder that may be a deleted lesson's.
    """
    found = {plan.slug: _leaving(plan.slug) for plan in plans}
    for plan in plans:
        for folder in plan.folder.passed_by if found[plan.slug].lessons else ():
            message = "has no lesson.json, and --prune would delete a lesson: write it, or remove the folder"
            findings.problem(folder, message)
        for lesson, texts in found[plan.slug].texts.edited.items():
            findings.problem(
                plan.folder.path,
                f"lesson {lesson} is not in the store, but an editor changed personal texts of it ({texts}): "
                "bring the lesson back, or delete it in the admin",
            )
    return found


def prune_course(plan: CoursePlan, agreed: Leaving, seen: Mapping[UUID, int]) -> dict[str, Counts]:
    """Deletes inside the caller's transaction what was agreed to; what was deleted, by table.

    Raises CourseChanged where it would be something else by now.
    """
    check_unchanged(plan.slug, seen)
    lock_leaving_lessons(plan.slug)
    if _leaving(plan.slug) != agreed:
        raise CourseChanged(plan.slug)
    delete_leaving(plan.slug)
    return dict(agreed.tables)


def _leaving(course: str) -> Leaving:
    texts = leaving_texts(course)
    tables = leaving_rows(course) | {TEXT_TABLE: Counts(deleted=texts.total)} | leaving_results(course)
    return Leaving(course, leaving_lessons(course), tables, texts)
