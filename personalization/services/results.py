"""Feedback and quiz results: one at a time, or a whole file. The learners' clusters follow at once."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from courses.course_folder.report import Counts
from courses.errors import InvalidInput, Problem
from courses.models import Lesson
from courses.services.staging import copy_rows, staging
from personalization.models import LessonFeedback, Profile, QuizResult
from personalization.result_files.entries import FEEDBACK, QUIZ, Kind, entries
from personalization.result_files.table import Findings
from personalization.services import staged_results
from personalization.services.clusters import Recalculated, recalculate
from personalization.services.runs import CLOCK
from personalization.services.staged_results import Target

MOST_PROBLEMS = 100  # told of one file; nobody reads more of them at once


@dataclass(frozen=True, slots=True)
class ResultImport:
    """What an import did, or (dry run) would do. `clusters`: of the file's learners."""

    counts: Counts
    clusters: Recalculated = field(default_factory=Recalculated)
    warnings: tuple[Problem, ...] = ()


@transaction.atomic
def add_feedback(
    *, profile: Profile, lesson: Lesson, rating: int, issue: str = "", created_at: datetime | None = None
) -> LessonFeedback:
    """An IntegrityError where the rating is not 1 to 5, or this moment is taken for learner and lesson."""
    feedback = LessonFeedback.objects.create(
        profile=profile, lesson=lesson, rating=rating, issue=issue, created_at=created_at or CLOCK
    )
    recalculate(profiles=[profile.pk])
    return feedback


@transaction.atomic
def add_quiz_result(
    *, profile: Profile, lesson: Lesson, score: Decimal, created_at: datetime | None = None
) -> QuizResult:
    """An IntegrityError where the score is not 0 to 100, or this moment is taken for learner and lesson."""
    result = QuizResult.objects.create(
        profile=profile, lesson=lesson, score=score, created_at=created_at or CLOCK
    )
    recalculate(profiles=[profile.pk])
    return result


@transaction.atomic
def delete_results(*, rows: QuerySet[LessonFeedback] | QuerySet[QuizResult]) -> int:
    """How many were deleted."""
    profiles: list[UUID] = list(rows.order_by().values_list("profile_id", flat=True).distinct())
    deleted, _ = rows.delete()
    recalculate(profiles=profiles)
    return deleted


def import_feedback(*, data: bytes, file: str, dry_run: bool = False) -> ResultImport:
    """All of the file or nothing. A row is the same one when learner, lesson and moment are the same: a
    second import changes nothing, and a corrected file corrects.

    Raises InvalidInput with everything that is wrong, each with its line.
    """
    target = Target("lesson_feedback", {"rating": "smallint", "issue": "text"})
    return _import(FEEDBACK, target, data, file, dry_run=dry_run)


def import_quiz(*, data: bytes, file: str, dry_run: bool = False) -> ResultImport:
    """As import_feedback."""
    return _import(QUIZ, Target("quiz_results", {"score": "numeric(5, 2)"}), data, file, dry_run=dry_run)


def _import(kind: Kind, target: Target, data: bytes, file: str, *, dry_run: bool) -> ResultImport:
    findings = Findings(file)
    with transaction.atomic(), staging([target.staged]):
        copy_rows(target.staged, entries(kind, data, findings))
        staged_results.find(target)
        staged_results.find_problems(target, findings, MOST_PROBLEMS + 1)
        if problems := findings.problems(MOST_PROBLEMS):
            raise InvalidInput(problems)
        counts = staged_results.write(target)
        moves = recalculate(profiles=staged_results.learners()) if counts.changed else Recalculated()
        transaction.set_rollback(dry_run)
    return ResultImport(counts, moves, tuple(findings.warnings))
