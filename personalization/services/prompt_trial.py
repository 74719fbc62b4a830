"""A version of a prompt is tried: with one lesson and a few learners, before anybody else's texts change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import floor
from uuid import UUID

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import Lesson, LessonDescription
from courses.services.stores import known_stores
from personalization.brief import Brief, Current, reason_to_skip
from personalization.condensing.plan import FILLED, plan_of
from personalization.costs.estimate import Estimate, estimate
from personalization.errors import Permanent, PlanRefused
from personalization.live_prompts import live_prompts
from personalization.models import GenerationItem, GenerationRun, Profile, PromptVersion
from personalization.models import PersonalizedLessonDescription as Text
from personalization.models.runs import ENDED, Backend, Kind
from personalization.pairs import Selection
from personalization.personal_prompt import LESSON_TEMPLATE
from personalization.prompts import messages
from personalization.services.clusters import UNREFINED, clusters_for
from personalization.services.course_parts import course_parts
from personalization.services.fitting import fitted
from personalization.services.runs import Started, start_run
from personalization.services.sources import materials, transcripts
from personalization.services.template_runs import start_template_run
from personalization.services.template_work import template_brief
from personalization.services.work import make_brief
from personalization.sizes import condensing_size
from personalization.tokens import estimated_tokens
from personalization.windows import window_of
from personalization.writers.registry import current_recipe, model_of

MOST_LEARNERS = 5
MOST_LESSONS = 5  # whose descriptions are written to try a prompt
ALL_TEXTS_EDITED = gettext_lazy(
    "An editor changed the texts of all these learners for the lesson, and a pilot leaves them as they are: "
    "nothing would be written. Choose other learners, or another lesson."
)
_ALL_DESCRIPTIONS_EDITED = gettext_lazy(
    "An editor changed the descriptions of all these lessons, and a pilot leaves them as they are: nothing "
    "would be written. Choose other lessons."
)
# A text that a run finds and leaves alone, whatever else is to be said of it.
_EDITED = Current(fingerprint=None, origin=None, locked=True)


@dataclass(frozen=True, slots=True)
class Message:
    """`role`: of the chat. `tokens`: an estimate."""

    role: str
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What would be sent for one learner. `skipped`: a code why a run would write nothing, or ""."""

    profile: Profile
    messages: tuple[Message, ...]
    cluster: str
    skipped: str = ""

    @property
    def tokens(self) -> int:
        return sum(message.tokens for message in self.messages)


@dataclass(frozen=True, slots=True)
class Condensing:
    """What a run does first with a lesson that is too long for `model`, which has `room` tokens for it: in
    `parts` requests it is condensed to about `result` tokens. `problem`: why even that cannot be.

    `estimate`: of these requests.
    """

    model: str
    tokens: int
    room: int
    parts: int
    result: int
    problem: str
    estimate: Estimate


def condensing_before(version: PromptVersion, lesson: Lesson) -> Condensing | None:
    """None where the lesson fits as it is, or is condensed by now. `lesson` has its course."""
    model = model_of(Backend.OPENAI)
    of_transcript = version.key == LESSON_TEMPLATE
    said = (transcripts([lesson], model) if of_transcript else materials([lesson], model))[lesson.pk]
    if not said.too_long:
        return None
    window, tokens = window_of(model), estimated_tokens(said.text)
    try:
        parts, problem = len(plan_of(said.text, window).parts), ""
    except Permanent as error:
        parts, problem = 0, error.message
    size = condensing_size(lesson.course.language, [tokens], window.room)
    costs = estimate([size], Backend.OPENAI)
    return Condensing(model, tokens, window.room, parts, _condensed_tokens(model), problem, costs)


def _condensed_tokens(model: str) -> int:
    """As the estimate has it."""
    return floor(FILLED * window_of(model).room)


def trials(version: PromptVersion, lesson: Lesson, profiles: Sequence[Profile]) -> list[Trial]:
    """The exact messages, as a run would send them. Raises RunBlocked where the prompt cannot be used.

    `lesson` has its course.
    """
    prompts = live_prompts(version)
    recipe = current_recipe(Backend.OPENAI, prompts.personal)
    clusters, parts = clusters_for(profiles), course_parts([lesson.course_id])[lesson.course_id]
    edited, found = _edited_texts(lesson, profiles), []
    for profile in profiles:
        cluster = clusters.get(profile.pk, UNREFINED)
        brief = make_brief(profile, lesson, cluster, parts, prompts)
        current = _EDITED if profile.pk in edited else None
        reason = reason_to_skip(brief, current, recipe, force=True)
        found.append(Trial(profile, _sent(brief), cluster, reason or ""))
    return found


def lesson_trial(version: PromptVersion, lesson: Lesson) -> tuple[Message, ...]:
    """What the lesson's standard description would be asked for with. Raises RunBlocked."""
    said = transcripts([lesson], model_of(Backend.OPENAI))[lesson.pk]
    return _sent(template_brief(lesson, live_prompts(version).lesson, said))


def edited_descriptions(lessons: Iterable[Lesson]) -> set[UUID]:
    """Ids of the lessons (a query set, too) whose description an editor changed: no pilot writes those."""
    rows = LessonDescription.objects.filter(lesson__in=lessons, edited_at__isnull=False)
    return set(rows.values_list("lesson_id", flat=True))


def _edited_texts(lesson: Lesson, profiles: Sequence[Profile]) -> set[UUID]:
    """Ids of those of the learners whose text for the lesson an editor changed."""
    rows = Text.objects.filter(lesson=lesson, profile__in=profiles, edited_at__isnull=False)
    return set(rows.values_list("profile_id", flat=True))


def _sent(brief: Brief) -> tuple[Message, ...]:
    """Of a lesson that is condensed first, with a note in the place of what nobody knows yet."""
    more = 0
    if brief.too_long:
        more = _condensed_tokens(model_of(Backend.OPENAI))
        note = _("[Here stands what the lesson is condensed to.]")
        brief = replace(brief, transcript=note)
    shared, *others = messages(fitted(brief, window_of(model_of(Backend.OPENAI))))
    sent = [Message(shared["role"], shared["content"], estimated_tokens(shared["content"]) + more)]
    sent += [Message(one["role"], one["content"], estimated_tokens(one["content"])) for one in others]
    return tuple(sent)


def start_trial(
    *,
    version: PromptVersion,
    lesson: Lesson,
    profiles: Sequence[Profile],
    token: str,
    user: User | None = None,
) -> Started:
    """A pilot of these learners' texts for the lesson; nobody sees them before the version is live and they
    are accepted. Raises PlanRefused."""
    if version.key == LESSON_TEMPLATE:
        raise PlanRefused(_("This prompt writes no personal texts."))
    if not 1 <= len(profiles) <= MOST_LEARNERS:
        raise PlanRefused(_("Choose one to %(most)s learners.") % {"most": MOST_LEARNERS})
    all_edited = len(_edited_texts(lesson, profiles)) == len(profiles)
    if all_edited and not _given_before(token, user):
        raise PlanRefused(ALL_TEXTS_EDITED)
    open_items = GenerationItem.objects.filter(profile__in=profiles, lesson=lesson).exclude(state__in=ENDED)
    if open_items.exclude(run__idempotency_key=token).exists():
        # They would go over to this run, and with it be thrown away.
        raise PlanRefused(
            _(
                "A text of one of these learners is waiting in another run. Choose others, or wait for that "
                "run."
            )
        )
    return start_run(
        selection=Selection(
            profiles=tuple(sorted(profile.pk for profile in profiles)),
            course=lesson.course_id,
            lessons=(lesson.lesson_number,),
        ),
        backend=Backend.OPENAI,
        force=True,  # also where the version would send what was sent before
        pilot=MOST_LEARNERS,
        requested_by=user,
        idempotency_key=token,
        tried_version=version.pk,
    )


def start_lesson_trial(
    *, version: PromptVersion, lessons: Sequence[Lesson], token: str, user: User | None = None
) -> Started:
    """A pilot of these lessons' standard descriptions; lessons keep what they have before the version is live
    and they are accepted, and then their files say it, too. Raises PlanRefused."""
    if version.key != LESSON_TEMPLATE:
        raise PlanRefused(_("This prompt writes no standard descriptions."))
    if not 1 <= len(lessons) <= MOST_LESSONS:
        raise PlanRefused(_("Choose one to %(most)s lessons.") % {"most": MOST_LESSONS})
    all_edited = len(edited_descriptions(lessons)) == len(lessons)
    if all_edited and not _given_before(token, user):
        raise PlanRefused(_ALL_DESCRIPTIONS_EDITED)
    open_items = GenerationItem.objects.filter(kind=Kind.TEMPLATES, lesson__in=lessons).exclude(
        state__in=ENDED
    )
    if open_items.exclude(run__idempotency_key=token).exists():
        raise PlanRefused(
            _(
                "The description of one of these lessons is waiting in another run. Choose others, or wait "
                "for that run."
            )
        )
    return start_template_run(
        lessons=[lesson.pk for lesson in lessons],
        stores=known_stores({lesson.course_id for lesson in lessons}),
        force=True,  # also where the version would send what was sent before
        requested_by=user,
        idempotency_key=token,
        tried_version=version.pk,
    )


def _given_before(token: str, user: User | None) -> bool:
    """Whether this is the second click: it gives the run of the first, whatever was edited in between."""
    return GenerationRun.objects.filter(idempotency_key=token, requested_by=user).exists()
