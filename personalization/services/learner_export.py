"""The learners of one course and their texts as files of a store."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from courses.course_folder.store import PROFILES
from courses.course_folder.wording import line_problem, tidy
from courses.course_folder.writer import as_file
from courses.errors import Problem
from courses.formats.shapes import ordered_items, personal_document, personal_format
from courses.models import Course
from courses.services.course_export import Exported, File
from personalization.learner_files.privacy import is_contact, shown_identifier
from personalization.learner_files.profiles import LONGEST_IDENTIFIER
from personalization.models import Origin, PersonalizedLessonDescription, Profile

TEXTS = "personalized_lesson_descriptions"
OWN_KEYS = ("name", "user_id", "course")
LONGEST_NAME = 255  # bytes; what file systems take


def learners_of(course: Course) -> QuerySet[Profile]:
    """Who is on the course, or has texts of it."""
    with_texts = PersonalizedLessonDescription.objects.filter(lesson__course=course).values("profile")
    return Profile.objects.filter(Q(course=course.slug) | Q(pk__in=with_texts)).order_by("user_identifier")


def learner_files(course: Course, seen: Exported, tick: Callable[[], None]) -> Iterator[File]:
    """user_profiles.json and every personal text of the course. `tick` after each learner and text."""
    profiles: dict[str, Any] = {}
    places: Counter[str] = Counter()
    identifiers: dict[UUID, str] = {}
    for place, profile in enumerate(learners_of(course).iterator(), start=1):
        identifier = profile.user_identifier
        identifiers[profile.pk] = identifier
        seen.rows["profiles"] += 1
        places[identifier.casefold()] += 1
        if problem := _problem(profile, twice=places[identifier.casefold()] > 1):
            seen.problems.append(Problem(PROFILES, shown_identifier(identifier, place), problem))
        profiles[identifier] = _answers(profile, course, seen)
        tick()
    if not seen.problems:
        yield PROFILES, as_file(profiles, in_order=True)
        yield from _texts(course, identifiers, seen, tick)


def _problem(profile: Profile, *, twice: bool) -> str:
    """Why the learner cannot be in a store; empty: they can."""
    identifier, survey = profile.user_identifier, profile.survey
    taken = [key for key in OWN_KEYS if isinstance(survey, dict) and key in survey]
    found = line_problem(identifier, LONGEST_IDENTIFIER)
    no_folder = "/" in identifier or identifier.startswith(".") or len(identifier.encode()) > LONGEST_NAME
    reasons = {
        f"the identifier {found}": found,
        "the identifier cannot be a folder's name: no slash, no dot in front, at most 255 bytes": no_folder,
        "the identifier has blanks around it or decomposed letters": tidy(identifier) != identifier,
        "another identifier differs only in capitals: on some disks it is the same folder": twice,
        "the answers are no object": not isinstance(survey, dict | None),
        f"the answers have keys that a store uses otherwise: {', '.join(taken)}": taken,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _answers(profile: Profile, course: Course, seen: Exported) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    name = profile.name
    if profile.survey is None or (name is not None and (is_contact(name) or tidy(name) != name or not name)):
        seen.converted["profiles"] += 1
    if name and not is_contact(name):
        entry["name"] = name
    if profile.course_id == course.slug:
        entry["course"] = course.slug
    elif profile.course_id is not None:
        seen.left_out["courses of learners"] += 1
    survey = profile.survey if isinstance(profile.survey, dict) else {}
    return entry | {key: survey[key] for key in sorted(survey)}


def _texts(
    course: Course, identifiers: Mapping[UUID, str], seen: Exported, tick: Callable[[], None]
) -> Iterator[File]:
    # Joined here and in no order: of a table with few lessons PostgreSQL has no statistics, and a join in
    # order would then compare every learner with every text.
    numbers = dict(course.lessons.values_list("pk", "lesson_number"))
    texts = PersonalizedLessonDescription.objects.filter(lesson__in=[*numbers])
    for text in texts.only("content", "origin", "edited_at", "lesson_id", "profile_id").iterator():
        seen.rows[TEXTS] += 1
        if text.origin != Origin.IMPORT or text.edited_at:
            seen.left_out["origins"] += 1
        try:
            document = personal_document(text.content)
        except ValueError as error:
            seen.problems.append(Problem(TEXTS, str(text.pk), str(error)))
            continue
        if not any(document.values()):
            seen.left_out[TEXTS] += 1
            continue
        if document != text.content:
            seen.converted[TEXTS] += 1
        name = f"{numbers[text.lesson_id]}-{text.lesson_id}.json"
        ordered = dict(ordered_items(document, personal_format(document)))
        path = f"{course.slug}/personalize/{identifiers[text.profile_id]}/{name}"
        yield path, as_file(ordered, in_order=True)
        tick()
