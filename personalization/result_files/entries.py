"""Rows → what they say, checked."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from courses.course_folder.wording import line_problem, tidy
from personalization.learner_files.privacy import is_contact
from personalization.learner_files.profiles import LONGEST_IDENTIFIER
from personalization.models.results import Issue
from personalization.result_files.table import Columns, Findings, Row, read_rows

type Read = Callable[[str], Any]  # text of a cell → value; _Unreadable says why not
type Entry = tuple[Any, ...]
"""(line, user_identifier, lesson_id, course, lesson_number, created_at, *values of the kind)"""

_WHERE = ("lesson_id", "course", "lesson")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_RATING = re.compile(r"([1-5])(?:[.,]0+)?")
_SCORE = re.compile(r"\d{1,3}(?:[.,]\d{1,2})?", re.ASCII)
_LESSON = re.compile(r"\d{1,9}", re.ASCII)
_HARMLESS = re.compile(r"[-+\d.,:%/ ]{1,30}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file holds: its columns, and how to read those that say something."""

    columns: Columns
    values: Mapping[str, Read]


class _Unreadable(ValueError):
    """Why a cell cannot be read."""


def entries(kind: Kind, data: bytes, findings: Findings) -> Iterator[Entry]:
    """What can be read; the rest goes to the findings, all of a row at once. Raises InvalidInput."""
    latest = datetime.now(UTC) + timedelta(days=1)
    readers: dict[str, Read] = {
        "user_identifier": _remembered(_identifier),
        "lesson_id": _remembered(_lesson_id),
        "course": _remembered(_course),
        "lesson": _remembered(_lesson),
        "created_at": lambda text: _moment(text, latest),
        **{column: _remembered(read) for column, read in kind.values.items()},
    }
    for row in read_rows(data, kind.columns, findings):
        values, problems = _read(row, readers)
        for column, problem in problems:
            findings.problem(row.line, problem, column)
        if not problems:
            yield row.line, *values


def _remembered(read: Read) -> Read:
    """All but the moments come again and again in a file: reading them once halves what a row takes."""
    return lru_cache(100_000)(read)


def _read(row: Row, readers: Mapping[str, Read]) -> tuple[list[Any], list[tuple[str, str]]]:
    """The values in the readers' order, and (column, problem) of what cannot be read."""
    values: list[Any] = []
    problems: list[tuple[str, str]] = []
    for column, read in readers.items():
        try:
            values.append(read(row[column]))
        except _Unreadable as error:
            problems.append((column, str(error)))
    if not row["lesson_id"] and not row["lesson"]:
        problems.append(("lesson", _("no lesson is named: write its number, or its id in lesson_id")))
    return values, problems


def _identifier(text: str) -> str:
    if line_problem(text, LONGEST_IDENTIFIER):
        message = _("must be one line of at most {most} characters, without control characters")
        raise _Unreadable(message.format(most=LONGEST_IDENTIFIER))
    return tidy(text)


def _lesson_id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise _Unreadable(_("must be a UUID")) from error


def _course(text: str) -> str | None:
    return tidy(text) or None


def _lesson(text: str) -> int | None:
    if text and not _LESSON.fullmatch(text):
        raise _Unreadable(_("must be the number of a lesson") + _found(text))
    return int(text) if text else None


def _moment(text: str, latest: datetime) -> datetime:
    """With its time zone; without one it is UTC, without a time midnight."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        example = "2026-11-26T09:30:00+03:00"
        message = _("must be a date and time such as {example}").format(example=example)
        raise _Unreadable(message + _found(text)) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not _EARLIEST <= moment <= latest:
        raise _Unreadable(_("must lie between the year 2000 and tomorrow") + _found(text))
    return moment


def _rating(text: str) -> int:
    rating = _RATING.fullmatch(text)
    if rating is None:
        raise _Unreadable(_("must be a whole number from 1 to 5") + _found(text))
    return int(rating[1])


def _score(text: str) -> float:
    score = float(text.replace(",", ".")) if _SCORE.fullmatch(text) else None
    if score is None or score > 100:
        raise _Unreadable(_("must be a number from 0 to 100 with at most two decimals") + _found(text))
    return score


def _issue(text: str) -> str:
    issue = re.sub(r"[\s_-]+", "_", text).casefold()
    if issue and issue not in Issue.values:
        raise _Unreadable(_("must be empty or one of {issues}").format(issues=", ".join(Issue.values)))
    return issue


def _found(text: str) -> str:
    """What stands there, where it cannot be a person's: that may be anywhere where columns are shifted."""
    if not text:
        return _(", and is empty")
    if _HARMLESS.fullmatch(text) and not is_contact(text):
        return _(", found {text}").format(text=text)
    return _(", found {count} characters").format(count=len(text))


FEEDBACK = Kind(
    Columns(("user_identifier", "rating", "created_at"), (*_WHERE, "issue")),
    {"rating": _rating, "issue": _issue},
)
QUIZ = Kind(Columns(("user_identifier", "score", "created_at"), _WHERE), {"score": _score})
