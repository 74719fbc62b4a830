"""A version is tried here: the exact messages for a lesson and a few learners, and a pilot of their texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from courses.admin.held import telling_when_held
from courses.models import Course, Lesson
from personalization.admin.prompts.names import prompt_label
from personalization.admin.rights import may_run, may_see_learners
from personalization.costs.words import estimate_said
from personalization.errors import PlanRefused, WriterError
from personalization.live_prompts import live_content
from personalization.models import ClusterType, GenerationRun, Profile, PromptEntry, PromptVersion
from personalization.models.runs import Backend
from personalization.personal_prompt import CLUSTER_PREFIX, LESSON_TEMPLATE
from personalization.services.prompt_trial import (
    ALL_TEXTS_EDITED,
    MOST_LEARNERS,
    MOST_LESSONS,
    Trial,
    condensing_before,
    edited_descriptions,
    lesson_trial,
    start_lesson_trial,
    start_trial,
    trials,
)
from personalization.writers.registry import backend_problem

WITH_LESSONS = Course.objects.filter(Exists(Lesson.objects.filter(course=OuterRef("pk"))))
CLUSTERS = dict(ClusterType.choices)
OFFERED = 12  # learners to choose from; others are named by their identifiers


@dataclass(slots=True)
class Choice:
    """What was chosen in the form. `problem`: what is wrong with it."""

    course: Course | None = None
    lesson: Lesson | None = None
    learners: Sequence[Profile] = ()
    lessons: Sequence[Lesson] = ()  # whose descriptions are to be written
    identifiers: str = ""
    problem: str = ""


def trial_page(
    admin: "ModelAdmin[PromptEntry]", request: HttpRequest, entry: PromptEntry, version: PromptVersion
) -> HttpResponse:
    """The form and, once it is filled in, the messages; posted, the pilot's run."""
    if not may_see_learners(request):
        raise PermissionDenied
    posted = request.method == "POST"
    data = request.POST if posted else request.GET
    choice = _choice(data, entry.key)
    if posted and not choice.problem and (started := _started(request, version, choice)):
        return started
    shown = _messages(version, choice) if "show" in data or posted else {}
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Try version %(number)s: %(prompt)s")
        % {"number": version.number, "prompt": prompt_label(entry.key)},
        "model_admin": admin,
        "opts": admin.opts,
        "entry": entry,
        "version": version,
        "is_live": live_content(entry.key) == version.content,
        "choice": choice,
        "courses": WITH_LESSONS.all().only("title", "slug"),
        "lessons": _lessons(choice.course),
        "offered": _offered(choice),
        "most": MOST_LEARNERS,
        "most_lessons": MOST_LESSONS,
        "personal": entry.key != LESSON_TEMPLATE,
        "of_cluster": entry.key.startswith(CLUSTER_PREFIX),
        "may_change": admin.has_change_permission(request, entry),
        "may_run": may_run(request),
        "no_pilot": _("No model key is set.") if backend_problem(Backend.OPENAI) else "",
        "token": data.get("token") or uuid4().hex,
        **shown,
    }
    return TemplateResponse(request, "admin/personalization/prompts/try.html", context)


def _choice(data: QueryDict, key: str) -> Choice:
    """Without anything chosen: the first course and its first lesson."""
    course = WITH_LESSONS.filter(slug=_text(data, "course")).first() or WITH_LESSONS.first()
    lessons = Lesson.objects.select_related("course").filter(course=course)
    named = _uuid(_text(data, "lesson"))
    lesson = (lessons.filter(pk=named).first() if named else None) or lessons.first()
    choice = Choice(course, lesson, identifiers=_text(data, "identifiers"))
    if course is None:
        return choice
    if key == LESSON_TEMPLATE:
        named_lessons = [found for text in data.getlist("lessons")[:100] if (found := _uuid(text))]
        choice.lessons = list(lessons.filter(pk__in=named_lessons))
        return choice
    names = [name for name in choice.identifiers.replace(",", " ").split() if name]
    ids = [found for text in data.getlist("learner")[:100] if (found := _uuid(text))]
    learners = Profile.objects.filter(course=course)
    by_name = list(learners.filter(user_identifier__in=names))
    choice.learners = list({p.pk: p for p in [*learners.filter(pk__in=ids), *by_name]}.values())
    asked = "show" in data or "start" in data
    if len(by_name) < len(set(names)):
        choice.problem = _("Not every identifier is one of a learner of this course.")
    elif len(choice.learners) > MOST_LEARNERS or (asked and not choice.learners):
        choice.problem = _("Choose one to %(most)s learners.") % {"most": MOST_LEARNERS}
    return choice


def _messages(version: PromptVersion, choice: Choice) -> dict[str, Any]:
    """What would be sent, for the template; the first message is the same for all learners."""
    if choice.problem or choice.lesson is None:
        return {}
    try:
        if version.key == LESSON_TEMPLATE:
            shared, last = lesson_trial(version, choice.lesson)
            edited = edited_descriptions(Lesson.objects.filter(course=choice.course))
            said = {"shared": shared, "last": last, "edited": edited, "shown": True}
            return said | _condensing(version, choice.lesson)
        found: list[Trial] = trials(version, choice.lesson, choice.learners)
    except WriterError as error:
        choice.problem = error.message
        return {}
    return {
        "shared": found[0].messages[0],
        "own": [(trial, trial.messages[1:], CLUSTERS.get(trial.cluster)) for trial in found],
        "tokens": sum(trial.tokens for trial in found),
        "shown": True,
        **({"no_pilot": ALL_TEXTS_EDITED} if all(trial.skipped == "locked" for trial in found) else {}),
        **_condensing(version, choice.lesson),
    }


def _condensing(version: PromptVersion, lesson: Lesson) -> dict[str, Any]:
    """What comes before, of a lesson that is too long for the model."""
    first = condensing_before(version, lesson)
    return {"condensing": first, "condensing_costs": estimate_said(first.estimate)} if first else {}


def _started(request: HttpRequest, version: PromptVersion, choice: Choice) -> HttpResponse | None:
    """The run's page; None, with the reason in the choice or a message, where it cannot start."""
    if not may_run(request):
        raise PermissionDenied
    try:
        with telling_when_held(request):
            run = _start(request, version, choice)
            said = _("The trial has started. Its texts are shown beside today's, and no learner sees them.")
            messages.success(request, said)
            return redirect("admin:personalization_generationrun_change", run.pk)
    except PlanRefused as error:
        choice.problem = str(error)
    return None


def _start(request: HttpRequest, version: PromptVersion, choice: Choice) -> GenerationRun:
    """Raises PlanRefused."""
    token = _text(request.POST, "token")[:64]
    user = request.user if request.user.is_authenticated else None
    if version.key == LESSON_TEMPLATE:
        return start_lesson_trial(version=version, lessons=choice.lessons, token=token, user=user).run
    if choice.lesson is None:
        raise PlanRefused(_("There is no lesson yet to try it with."))
    started = start_trial(
        version=version, lesson=choice.lesson, profiles=choice.learners, token=token, user=user
    )
    return started.run


def _lessons(course: Course | None) -> Sequence[Lesson]:
    if course is None:
        return []
    return list(Lesson.objects.filter(course=course).only("lesson_number", "title", "course"))


def _offered(choice: Choice) -> Sequence[Profile]:
    """Those that are chosen, and learners who have answered."""
    if choice.course is None:
        return []
    answered = Profile.objects.filter(course=choice.course, survey__isnull=False).exclude(survey={})
    offered = list(answered.only("user_identifier", "name").order_by("pk")[:OFFERED])
    return list({p.pk: p for p in [*choice.learners, *offered]}.values())


def _text(data: QueryDict, name: str) -> str:
    """PostgreSQL has no text with NUL."""
    return data.get(name, "").replace("\0", "")[:1000]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
