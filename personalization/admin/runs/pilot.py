"""The page on which a pilot is looked at: of each text the standard, what the learner has, the draft."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.admin.readable import readable
from courses.models import Lesson
from personalization.admin.answers import LABELS
from personalization.admin.rights import may_run, may_see_learners
from personalization.admin.runs.money import money_view
from personalization.admin.runs.pilot_marks import description_marks, marks, word_count
from personalization.delivery import personal_html, standard_html
from personalization.explanations import explanation
from personalization.models import GenerationItem, GenerationRun, Pilot, Profile, RunState
from personalization.models import PersonalizedLessonDescription as Text
from personalization.models.runs import PILOT_PRIORITY, Kind
from personalization.queries import progress
from personalization.run_report.held import held_items
from personalization.run_report.words import grouped
from personalization.services.pilot import PilotItem, pilot_items, tried_draft

SEE_TEXTS = "personalization.view_personalizedlessondescription"
SEE_LESSONS = "courses.view_lesson"


@dataclass(frozen=True, slots=True)
class Pane:
    """One of the three texts. `note` says where it comes from; no `html`: there is none."""

    key: str
    label: str
    html: SafeString
    words: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """One text of the pilot, for one learner and lesson. `who` it is for, "": it is the lesson's description;
    `profile` None: that, or the learner may not be known to who looks."""

    place: int
    who: str
    profile: Profile | None
    lesson: Lesson
    panes: Sequence[Pane]
    answers: SafeString | str
    marks: Sequence[str]

    @property
    def anchor(self) -> str:
        return f"text-{self.place}"


def pilot_page(admin: "ModelAdmin[GenerationRun]", request: HttpRequest, run: GenerationRun) -> HttpResponse:
    """The drafts there are; of a run without a pilot to look at, its own page."""
    if not request.user.has_perm(SEE_LESSONS if run.kind == Kind.TEMPLATES else SEE_TEXTS):
        raise PermissionDenied
    if run.state not in (RunState.OPEN, RunState.PAUSED) or run.pilot not in (Pilot.WRITING, Pilot.WAITING):
        messages.info(request, _("There is no pilot to look at: it has been decided on already."))
        return redirect("admin:personalization_generationrun_change", run.pk)
    drafts = pilot_items(run.pk)
    named = may_see_learners(request)
    looks = list(_looks(drafts, named=named))
    others = list(_without_a_draft(run, {item.item_id for item in drafts}))
    now = progress(run.pk)
    rest = now.total - len(looks) - now.ended
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Look at the pilot"),
        "model_admin": admin,  # the breadcrumbs begin with its list
        "run": run,
        "looks": looks,
        "others": others,
        "waiting": run.pilot == Pilot.WAITING,
        "tried": tried_draft(run),
        "may_run": may_run(request),
        "may_see_learners": named,
        "of_lessons": run.kind == Kind.TEMPLATES,
        "rest": grouped(rest),
        "rest_count": rest,
        "money": money_view(now),
        "held_for_money": grouped(held) if (held := held_items(now, "budget")) else "",
    }
    return TemplateResponse(request, "admin/personalization/pilot.html", context)


def _looks(items: Sequence[PilotItem], *, named: bool) -> Iterator[Look]:
    """`named` false: the numbers of items stand in the place of learners."""
    profiles = Profile.objects.in_bulk({item.profile_id for item in items if item.profile_id})
    lessons = Lesson.objects.select_related("course").in_bulk({item.lesson_id for item in items})
    texts = {
        (text.profile_id, text.lesson_id): text
        for text in Text.objects.filter(profile__in=profiles, lesson__in=lessons)
    }
    of_lesson: dict[UUID, list[PilotItem]] = defaultdict(list)
    for item in items:
        of_lesson[item.lesson_id].append(item)
    for place, item in enumerate(items, start=1):
        lesson = lessons[item.lesson_id]
        if item.profile_id is None:
            yield _look_at_description(place, item, lesson)
            continue
        profile = profiles[item.profile_id]
        old = texts.get((profile.pk, lesson.pk))
        others = [
            (_who(other, profiles[other.profile_id], named=named), other.answer)
            for other in of_lesson[item.lesson_id]
            if other is not item and other.profile_id
        ]
        yield Look(
            place=place,
            who=_who(item, profile, named=named),
            profile=profile if named else None,
            lesson=lesson,
            panes=[_standard(item, lesson), _old(old, lesson), _draft(item, old, lesson)],
            answers=readable(profile.survey, LABELS) if named else "",
            marks=marks(item.answer, old.content if old else None, profile.name, others),
        )


def _who(item: PilotItem, profile: Profile, *, named: bool) -> str:
    return profile.user_identifier if named else _("item %(number)s") % {"number": item.item_id}


def _look_at_description(place: int, item: PilotItem, lesson: Lesson) -> Look:
    """Today's description beside the new one."""
    draft = standard_html(item.answer, lesson.course.language)
    panes = [
        _standard(item, lesson, _("Standard description now")),
        Pane("draft", _("New draft"), draft, _compared(item.answer, item.standard)),
    ]
    return Look(place, "", None, lesson, panes, "", description_marks(item.answer, item.standard))


def _standard(item: PilotItem, lesson: Lesson, label: str = "") -> Pane:
    html = standard_html(item.standard, lesson.course.language)
    return Pane("standard", label or _("Standard description"), html, _words(item.standard))


def _old(old: Text | None, lesson: Lesson) -> Pane:
    label = _("The learner's text now")
    if old is None:
        return Pane("old", label, SafeString(), "")
    html = personal_html(old.content, lesson.course.language)
    note = _("edited by an editor") if old.locked else str(old.get_origin_display() or "")
    return Pane("old", label, html, _words(old.content), note)


def _draft(item: PilotItem, old: Text | None, lesson: Lesson) -> Pane:
    html = personal_html(item.answer, lesson.course.language)
    return Pane("draft", _("New draft"), html, _compared(item.answer, old.content if old else None))


def _compared(draft: Any, now: Any) -> str:
    """How many words it has, and how many more or less than what there is now."""
    words, before = _words(draft), word_count(now)
    if before:
        change = round(100 * (word_count(draft) - before) / before)
        words = _("{words}, {change} % against now").format(words=words, change=f"{change:+}")
    return words


def _words(document: Any) -> str:
    count = word_count(document)
    return ngettext("%s word", "%s words", count) % grouped(count) if count else ""


def _without_a_draft(
    run: GenerationRun, drafts: Collection[int]
) -> Iterator[tuple[GenerationItem, str, str]]:
    """(item, its state, what happened) of the pilot's other items: failed, skipped, unchanged, on the way, or
    waiting for money."""
    items = GenerationItem.objects.filter(run=run, priority=PILOT_PRIORITY).exclude(pk__in=drafts)
    for item in items.select_related("profile", "lesson").order_by("pk"):
        words = explanation(item.error_code, item.error_message) if item.error_code else ""
        yield item, str(item.get_state_display()), words
