"""The page of a course that shows at a glance what is missing, and where."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.admin.base import BaseAdmin
from courses.models import Course
from personalization.admin.heat_map_table import grouped, heat_map_context
from personalization.course_status import (
    LessonFigures,
    TextFigures,
    learner_figures,
    lesson_figures,
    pair_count,
)
from personalization.course_status.conditions import MARKS

# Learner × lesson pairs. Below this the learners' figures take less than 0.2 s; those of a larger course
# come by a second request, while the editor looks at the rest.
AT_ONCE_UP_TO = 50_000

LESSON_LIST = "courses_lesson"
LEARNER_LIST = "personalization_profile"
TEXT_LIST = "personalization_personalizedlessondescription"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, what it counts, and the list of just these rows. `good`: nothing is to be done here."""

    count: int
    words: str
    link: str
    note: str = ""
    neutral: bool = False  # says how much there is, not what is missing

    @property
    def number(self) -> str:
        return grouped(self.count)

    @property
    def good(self) -> bool:
        return not self.count and not self.neutral


def overview_page(admin: BaseAdmin[Course], request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the person may not look at is left out; the rights of the lists behind the figures decide."""
    course = _course(pk)
    rights = _rights(request)
    learners = rights["learners"] and rights["texts"]
    at_once = "count" in request.GET or (learners and pair_count(course.pk, course.slug) <= AT_ONCE_UP_TO)
    context = {
        **admin.admin_site.each_context(request),
        "title": _("What is missing: {course}").format(course=course.title),
        "model_admin": admin,
        "course": course,
        "may": rights,
        "lesson_figures": _lesson_figures(course) if rights["lessons"] else [],
        "learner_figures": _learner_figures(course) if learners and at_once else [],
        "learners_list": _link(LEARNER_LIST, course),
        "may_see_learners": learners,
        **(heat_map_context(course, request.GET.get("page", "")) if learners and rights["lessons"] else {}),
    }
    return TemplateResponse(request, "admin/personalization/course_overview.html", context)


def overview_learners(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The learners' figures alone, for a page that is shown already."""
    rights = _rights(request)
    figures = _learner_figures(_course(pk)) if rights["learners"] and rights["texts"] else []
    return render(request, "admin/personalization/overview_figures.html", {"figures": figures})


def _course(pk: UUID) -> Course:
    return get_object_or_404(Course.objects.only("slug", "title"), pk=pk)


def _rights(request: HttpRequest) -> dict[str, bool]:
    return {
        "lessons": request.user.has_perm("courses.view_lesson"),
        "learners": request.user.has_perm("personalization.view_profile"),
        "texts": request.user.has_perm("personalization.view_personalizedlessondescription"),
    }


def _link(model: str, course: Course, **query: str) -> str:
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode({'course': course.slug, **query})}"


def _lesson_figures(course: Course) -> list[Figure]:
    found = lesson_figures(course.pk)

    def missing(count: int, words: str, value: str, note: str = "") -> Figure:
        return Figure(count, words, _link(LESSON_LIST, course, missing=value), note)

    words = ngettext("lesson", "lessons", found.total)
    return [
        Figure(found.total, words, _link(LESSON_LIST, course), neutral=True),
        missing(found.without_transcript, _("without transcript"), "transcript"),
        missing(
            found.transcript_too_short,
            _("with a transcript too short to personalise"),
            "short",
        ),
        missing(found.without_description, _("without description"), "description"),
        missing(found.without_assets, _("without assets"), "assets"),
        missing(found.working_marks, _("with working marks in the title"), MARKS),
        missing(found.number_gaps, _("after a gap in the numbering"), "gap", _gaps(found)),
    ]


def _gaps(found: LessonFigures) -> str:
    """The numbers that no lesson has."""
    ranges = [str(first) if first == last else f"{first}–{last}" for first, last in found.gaps]
    more = " …" if found.number_gaps > len(ranges) else ""
    return _("Missing: {numbers}").format(numbers=", ".join(ranges) + more) if ranges else ""


def _learner_figures(course: Course) -> list[Figure]:
    learners, texts = learner_figures(course.pk)

    def lacking(count: int, words: str, note: str = "", **query: str) -> Figure:
        return Figure(count, words, _link(LEARNER_LIST, course, **query), note)

    words = ngettext("learner", "learners", learners.total)
    could = ngettext("%s text could be written", "%s texts could be written", texts.missing)
    note = could % grouped(texts.missing) if texts.missing else ""
    return [
        Figure(learners.total, words, _link(LEARNER_LIST, course), neutral=True),
        lacking(learners.without_texts, _("without any text"), texts="none"),
        lacking(
            learners.without_texts_and_answers,
            _("of them without answers: they cannot get one"),
            texts="none",
            answers="no",
        ),
        lacking(learners.without_answers, _("without answers"), answers="no"),
        lacking(learners.missing_texts, _("could have more texts"), note, texts="missing"),
        *_text_figures(course, texts),
    ]


def _text_figures(course: Course, texts: TextFigures) -> list[Figure]:
    words = ngettext("personal text", "personal texts", texts.total)
    edited = _("texts edited, and locked by that")
    stale = ngettext("stale text", "stale texts", texts.stale)
    return [
        Figure(texts.total, words, _link(TEXT_LIST, course), neutral=True),
        Figure(texts.stale, stale, _link(TEXT_LIST, course, stale="yes")),
        Figure(texts.edited, edited, _link(TEXT_LIST, course, edited="yes"), neutral=True),
    ]
